"""The authorization-code flow: the page where a user logs in for an app, and the code that is exchanged for a token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ..gate import ALIAS, BODY
from ..org import Org
from ..orgs import Orgs
from . import admission, clients, history, logins
from .clients import Client
from .problems import OAuthError

KIND = "_AuthorizationCode"

_LIFETIME = 15 * 60.0  # seconds: "authorization codes expire after 15 minutes" (OAuth 2.0 web server flow)
_FIELDS = ("client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method")


@dataclass(frozen=True)
class Pending:
    """What an authorization code stands for; `expires` is a POSIX time in seconds."""

    user_id: str
    client_key: str
    redirect_uri: str
    challenge: str
    expires: float


def routes() -> list[Route]:
    """The page `/services/oauth2/authorize`."""
    return [Route("/services/oauth2/authorize", page, methods=["GET", "POST"])]


def page(request: Request) -> Response:
    """Show the login form of an app (GET), or log in and send the user back to the app with a code (POST)."""
    form = dict(request.query_params) | dict(
        parse_qsl(request.scope[BODY].decode("utf-8", "replace"), keep_blank_values=True)
    )
    client = clients.find(request.app.state.orgs, form.get("client_id", ""))
    if client is None:
        return OAuthError("invalid_client_id", "client identifier invalid").response()
    if form.get("redirect_uri") not in client.callbacks:
        # Never redirected: the address is not one that the app's owner named.
        return OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration").response()
    if form.get("response_type") != "code":
        return _back(form, error="unsupported_response_type", error_description="response type not supported")
    orgs: Orgs = request.app.state.orgs
    known = orgs.by_username(form.get("username", ""))
    if known:
        client = client.used_in(known[0])
    request.scope[ALIAS] = client.org.alias
    if request.method == "GET":
        return _form(client, form, "")
    user = known[1] if known else None
    # A person in a browser needs no security token; a right password is enough.
    status = history.INVALID_PASSWORD if user is None else _verify(request, client, user, form)
    if user is None or status not in (history.SUCCESS, history.TOKEN_REQUIRED):
        return _form(
            client,
            form,
            "Please check your username and password. If you still can't log in, contact your administrator.",
        )
    if problem := admission.problem(client.org.actor(user["Id"]), client):
        return HTMLResponse(
            "<!doctype html><title>OAuth Error</title><h1>OAuth Error</h1>"
            f"<p>We can't authorize you because of an OAuth error.</p><p>{escape(problem)}</p>",
            400,
        )
    code = "aPrx" + secrets.token_urlsafe(40)
    expires = datetime.now(UTC).timestamp() + _LIFETIME
    pending = Pending(user["Id"], client.key, form["redirect_uri"], form.get("code_challenge", ""), expires)
    client.org.put_document(KIND, _name(code), asdict(pending))
    return _back(form, code=code)


def redeem(orgs: Orgs, client: Client, form: Mapping[str, str]) -> tuple[Org, Pending]:
    """The org that the form's `code` is for, and what it stands for; it works once.

    Raises:
        OAuthError: a code that is unknown, used, expired or another app's; another redirect_uri; a wrong PKCE verifier.
    """
    name = _name(form.get("code", ""))
    org = next((each for each in orgs.live() if each.document(KIND, name) is not None), None)
    found = org.document(KIND, name) if org else None
    if org is None or found is None:
        raise OAuthError("invalid_grant", "invalid authorization code")
    org.drop_document(KIND, name)
    pending = Pending(**found)
    if pending.client_key != client.key:
        raise OAuthError("invalid_grant", "invalid authorization code")
    if pending.expires < datetime.now(UTC).timestamp():
        raise OAuthError("invalid_grant", "expired authorization code")
    if pending.redirect_uri != form.get("redirect_uri"):
        raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
    if pending.challenge:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if not hmac.compare_digest(base64.urlsafe_b64encode(digest).decode().rstrip("="), pending.challenge):
            raise OAuthError("invalid_grant", "invalid code verifier")
    return org, pending


def _back(form: Mapping[str, str], **answer: str) -> Response:
    state = {"state": form["state"]} if "state" in form else {}
    uri = form["redirect_uri"]
    return RedirectResponse(f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer | state)}", 302)


def _form(client: Client, form: Mapping[str, str], problem: str) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(form[name])}">' for name in _FIELDS if name in form
    )
    return HTMLResponse(
        f"<!doctype html><title>Login</title><h1>Log in to {escape(client.org.alias)}</h1>"
        f"<p>for {escape(client.name)}</p>"
        f'<p role="alert">{escape(problem)}</p><form method="post">{hidden}'
        '<label>Username <input name="username"></label> '
        '<label>Password <input name="password" type="password"></label> '
        "<button>Log In</button></form>"
    )


def _verify(request: Request, client: Client, user: Mapping[str, Any], form: Mapping[str, str]) -> str:
    """The LoginHistory status of a login at the page, which users for the API alone cannot use."""
    status = logins.verify(client.org, user, form.get("password", ""), logins.address(request))
    if status in (history.SUCCESS, history.TOKEN_REQUIRED) and client.org.actor(user["Id"]).has("ApiUserOnly"):
        status = history.API_ONLY
    if status not in (history.SUCCESS, history.TOKEN_REQUIRED):
        history.record(
            client.org,
            user["Id"],
            status=status,
            login_type=history.OAUTH,
            application=client.name,
            url=request.url.netloc,
            source=logins.address(request),
        )
    return status


def _name(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
