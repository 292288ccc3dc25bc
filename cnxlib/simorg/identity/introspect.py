"""Token introspection: at `/services/oauth2/introspect` an app asks what a token of its own is good for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..org import Org
from ..orgs import Orgs
from . import oauth, refresh, sessions
from .clients import Client
from .problems import OAuthError


def routes() -> list[Route]:
    """The address."""
    return [Route("/services/oauth2/introspect", introspect, methods=oauth.METHODS)]


def introspect(request: Request) -> Response:
    """`{"active": false}` for a token that is over, unknown or another app's; else what it stands for (RFC 7662)."""
    try:
        form = oauth.posted(request)
        client = oauth.client_of(request, form)
    except OAuthError as error:
        return error.response()
    token = form.get("token", "")
    orgs: Orgs = request.app.state.orgs
    found = _session(orgs, token, client) or _refresh_token(orgs, token, client)
    if found is None:
        return JSONResponse({"active": False})
    org, user_id, about = found
    user = org.get("User", user_id, ["Id", "Username"])
    base = f"{request.url.scheme}://{request.url.netloc}"
    subject = {"username": user["Username"], "sub": f"{base}/id/{org.org_id}/{user['Id']}"}
    return JSONResponse({"active": True, **about, **subject})


def _session(orgs: Orgs, token: str, client: Client) -> tuple[Org, str, dict[str, Any]] | None:
    org = orgs.by_org_id(token.partition("!")[0])
    session = sessions.about(org, token) if org else None
    if org is None or session is None or session.get("client") != client.key:
        return None
    issued, expires = (int(datetime.fromisoformat(session[name]).timestamp()) for name in ("issued", "expires"))
    times = {"exp": expires, "iat": issued, "nbf": issued}
    told = {"scope": session["scope"], "client_id": client.key, "token_type": "access_token"}
    return org, session["user"], told | times


def _refresh_token(orgs: Orgs, token: str, client: Client) -> tuple[Org, str, dict[str, Any]] | None:
    found = refresh.find(orgs, token, client.key)
    if found is None:
        return None
    scope = " ".join(oauth.scopes(client))
    return *found, {"scope": scope, "client_id": client.key, "token_type": "refresh_token"}
