"""Who is logged in: `/services/oauth2/userinfo` and the identity URL `/id/{org}/{user}`."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .. import ids
from ..errors import ApiError
from ..gate import ALIAS
from ..org import Actor, Org
from . import sessions

_FIELDS = [
    "Id", "Username", "Name", "FirstName", "LastName", "Email", "CommunityNickname", "TimeZoneSidKey",
    "LanguageLocaleKey", "LocaleSidKey", "IsActive", "LastModifiedDate", "UserType",
]  # fmt: skip


def routes() -> list[Route]:
    """The two addresses."""
    return [
        Route("/services/oauth2/userinfo", userinfo, methods=["GET", "POST"]),
        Route("/id/{org}/{user}", identity, methods=["GET", "POST"]),
    ]


def userinfo(request: Request) -> Response:
    """The user behind the session, in OpenID Connect's claims and Salesforce's own."""
    try:
        org, actor = caller(request)
    except ApiError:
        return PlainTextResponse("Bad_OAuth_Token", 403)
    user = org.get("User", actor.user_id, _FIELDS)
    base = base_url(request)
    return JSONResponse(
        {
            "sub": f"{base}/id/{org.org_id}/{user['Id']}",
            "preferred_username": user["Username"],
            "nickname": user["CommunityNickname"],
            "email": user["Email"],
            "email_verified": True,
            "given_name": user["FirstName"],
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "profile": f"{base}/{user['Id']}",
            "updated_at": user["LastModifiedDate"],
            "is_app_installed": True,
        }
        | _common(org, user, base)
    )


def identity(request: Request) -> Response:
    """The user that the URL names, to a session of the same org; `?version=` fills in the URLs' version."""
    try:
        org, _ = caller(request)
    except ApiError:
        return PlainTextResponse("Bad_OAuth_Token", 403)
    if not ids.same(request.path_params["org"], org.org_id):
        return PlainTextResponse("Wrong_Org", 403)
    try:
        user = org.get("User", request.path_params["user"], _FIELDS)
    except ApiError:
        return PlainTextResponse("Bad_Id", 404)
    base = base_url(request)
    version = request.query_params.get("version", "{version}")
    return JSONResponse(
        {
            "id": f"{base}/id/{org.org_id}/{user['Id']}",
            "asserted_user": True,
            "username": user["Username"],
            "nick_name": user["CommunityNickname"],
            "display_name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "first_name": user["FirstName"],
            "last_name": user["LastName"],
            "timezone": user["TimeZoneSidKey"],
            "last_modified_date": user["LastModifiedDate"],
            "is_app_installed": True,
        }
        | _common(org, user, base, "68.0" if version == "latest" else version)
    )


def caller(request: Request) -> tuple[Org, Actor]:
    """The session of the header or of the parameter `access_token` / `oauth_token`; API Enabled is not asked for.

    Raises:
        ApiError: INVALID_SESSION_ID.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "oauth"):
        token = request.query_params.get("access_token") or request.query_params.get("oauth_token", "")
    org, actor = sessions.resolve(request.app.state.orgs, token.strip())
    request.scope[ALIAS] = org.alias
    return org, actor


def base_url(request: Request) -> str:
    """Scheme and host that the request came in by."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _common(org: Org, user: dict[str, Any], base: str, version: str = "{version}") -> dict[str, Any]:
    rest = f"{base}/services/data/v{version}/"
    return {
        "user_id": user["Id"],
        "organization_id": org.org_id,
        "name": user["Name"],
        "active": user["IsActive"],
        "user_type": str(user["UserType"]).upper(),
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "urls": {
            "enterprise": f"{base}/services/Soap/c/{version}/{org.org_id[:15]}",
            "metadata": f"{base}/services/Soap/m/{version}/{org.org_id[:15]}",
            "partner": f"{base}/services/Soap/u/{version}/{org.org_id[:15]}",
            "rest": rest,
            "sobjects": f"{rest}sobjects/",
            "query": f"{rest}query/",
            "tooling_rest": f"{rest}tooling/",
            "profile": f"{base}/{user['Id']}",
            "custom_domain": base,
        },
    }
