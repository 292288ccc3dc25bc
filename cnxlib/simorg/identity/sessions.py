"""Sessions: access tokens `00D<12 characters>!<random>`, which name the org they open, and the caller behind one.

Only a token's hash is kept (documents of kind `_Session`), so a state file opens no session by itself.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import HTTPConnection

from ..errors import ApiError
from ..gate import ALIAS
from ..languages import LANGUAGE
from ..org import Actor, Org
from ..orgs import Orgs
from . import clients, policy

KIND = "_Session"

_ALPHABET = string.ascii_letters + string.digits + "._"


def new_token(org: Org) -> str:
    """An access token that opens nothing yet."""
    return f"{org.org_id[:15]}!" + "".join(secrets.choice(_ALPHABET) for _ in range(96))


def open_session(org: Org, user_id: str, *, token: str = "", client: str = "", scope: str = "") -> str:
    """Open a session of the user and return its access token: `token`, or a new one.

    `client` is the consumer key of the app that it was opened for, and `scope` what the app may; empty for none.
    """
    token = token or new_token(org)
    opened = {"issued": datetime.now(UTC).isoformat(), "client": client, "scope": scope}
    org.put_document(KIND, _name(token), {"user": user_id, "expires": _deadline(org), **opened})
    return token


def about(org: Org, token: str) -> dict[str, Any] | None:
    """What is kept of a live session: `user`, `client`, `scope`, `issued` and `expires`; None where it is over."""
    session = org.document(KIND, _name(token))
    if session is None or datetime.fromisoformat(session["expires"]) < datetime.now(UTC):
        return None
    return session


def close_session(org: Org, token: str) -> None:
    """End the session of that token, if there is one."""
    org.drop_document(KIND, _name(token))


def authenticate(request: HTTPConnection) -> tuple[Org, Actor]:
    """The org and the user behind a REST request's `Authorization: Bearer|OAuth <token>`.

    Raises:
        ApiError: INVALID_AUTH_HEADER or INVALID_SESSION_ID (401); API_DISABLED_FOR_ORG (403).
    """
    header = request.headers.get("authorization")
    if header is None:
        raise expired()
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in ("bearer", "oauth") or not token.strip():
        raise ApiError("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401)
    org, actor = resolve(request.app.state.orgs, token.strip())
    request.scope[ALIAS] = org.alias
    require_api(actor)
    check_app(request.app.state.orgs, org, actor, token.strip())
    return org, actor


def resolve(orgs: Orgs, token: str) -> tuple[Org, Actor]:
    """The org and the user of a live session.

    Raises:
        ApiError: INVALID_SESSION_ID (401): no such session, an expired one, or one of a user who is no longer active.
    """
    org = orgs.by_org_id(token.partition("!")[0])
    session = org.document(KIND, _name(token)) if org else None
    if org is None or session is None:
        raise expired()
    left = datetime.fromisoformat(session["expires"]) - datetime.now(UTC)
    if left < timedelta(0):
        close_session(org, token)
        raise expired()
    # Its time-out counts from the last half-life in which the session was used
    if left < policy.session_lifetime(org) / 2:
        org.put_document(KIND, _name(token), {**session, "expires": _deadline(org)})
    actor = org.actor(session["user"])
    LANGUAGE.set(actor.language)  # of this request alone: each is served in a context of its own
    return org, actor


def require_api(actor: Actor) -> None:
    """Refuse a user without the API Enabled permission (API_DISABLED_FOR_ORG, 403)."""
    if not actor.has("ApiEnabled"):
        raise ApiError("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", status=403)


def check_app(orgs: Orgs, org: Org, actor: Actor, token: str) -> None:
    """Refuse a session that API Access Control keeps out of the APIs.

    Where ConnectedAppSettings.enableAdminApprovedAppsOnly is on, sessions are taken of the org's own apps whose users
    an administrator approves; one by a password alone, or out of a browser, is not. Use Any API Client lifts it.

    Raises:
        ApiError: INVALID_SESSION_ID (401), in the words that users have reported.
    """
    settings = org.document("ConnectedAppSettings", "ConnectedApp") or {}
    if not settings.get("enableAdminApprovedAppsOnly") or actor.has("UseAnyApiClient"):
        return
    client = clients.find(orgs, (about(org, token) or {}).get("client", ""))
    if client is None or client.home is not org or not client.approved_only:
        raise ApiError("INVALID_SESSION_ID", "This session is not valid for use with the REST API", status=401)


def expired() -> ApiError:
    """The error of a token that opens nothing."""
    return ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def _name(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _deadline(org: Org) -> str:
    return (datetime.now(UTC) + policy.session_lifetime(org)).isoformat()
