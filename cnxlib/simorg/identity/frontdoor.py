"""From a session to a browser: single-use addresses that log in (Single Access UI Bridge API), and where they lead.

The simulated org has no pages: the address ends at one that says who is logged in and where the way would have led.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..errors import ApiError
from ..gate import ALIAS
from ..org import Org
from ..orgs import Orgs
from .problems import OAuthError
from .users import base_url, caller

KIND = "_Frontdoor"

_LIFETIME = 60.0  # [R] seconds; the documentation says "short-lived" alone


def routes() -> list[Route]:
    """The API and the door that it opens."""
    return [
        Route("/services/oauth2/singleaccess", single_access, methods=["GET", "POST"]),
        Route("/secur/frontdoor.jsp", enter, methods=["GET"]),
    ]


def single_access(request: Request) -> Response:
    """`{"frontdoor_uri"}` for the session of the request; `redirect_uri` is the path to go on to.

    A session that has expired is a 403, as at the other addresses below `/services/oauth2` (the Salesforce CLI renews
    its session before it asks, for that reason).
    """
    try:
        org, actor = caller(request)
    except ApiError:
        return PlainTextResponse("Bad_OAuth_Token", 403)
    target = request.query_params.get("redirect_uri", "/")
    if urlsplit(target).netloc not in ("", request.url.netloc):
        return OAuthError("invalid_request", "redirect_uri must be of this org").response()  # [R] the words
    code = secrets.token_urlsafe(40)
    expires = datetime.now(UTC).timestamp() + _LIFETIME
    org.put_document(KIND, _name(code), {"user": actor.user_id, "target": target, "expires": expires})
    query = urlencode({"otp": f"{org.org_id}!{code}"})
    return JSONResponse({"frontdoor_uri": f"{base_url(request)}/secur/frontdoor.jsp?{query}"})


def enter(request: Request) -> Response:
    """Go in, once."""
    orgs: Orgs = request.app.state.orgs
    org_id, _, code = request.query_params.get("otp", "").partition("!")
    org = orgs.by_org_id(org_id)
    found = org.document(KIND, _name(code)) if org else None
    if org is None or found is None:
        return _page("Log in", "This address has been used, or never was good.", 401)
    request.scope[ALIAS] = org.alias
    org.drop_document(KIND, _name(code))
    if found["expires"] < datetime.now(UTC).timestamp():
        return _page("Log in", "This address is no longer good.", 401)
    return _welcome(org, found["user"], found["target"])


def _welcome(org: Org, user_id: str, target: str) -> Response:
    user = org.get("User", user_id, ["Name", "Username"])
    words = f"You are logged in as {user['Name']} ({user['Username']}). A simulated org has no pages; in Salesforce you"
    return _page(org.alias, f"{words} would see {target} now.", 200)


def _page(title: str, words: str, status: int) -> Response:
    return HTMLResponse(f"<!doctype html><title>{escape(title)}</title><p>{escape(words)}</p>", status)


def _name(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
