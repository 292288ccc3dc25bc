"""Who is logged in: `/services/oauth2/userinfo` and the identity URL `/id/{org}/{user}`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
    "LanguageLocaleKey", "LocaleSidKey", "IsActive", "LastModifiedDate", "UserType", "MobilePhone", "Street", "City",
    "State", "PostalCode", "Country", "ProfileId",
]  # fmt: skip


_PICTURE = "/profilephoto/005/"


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
        return _no_token(request)
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
            "picture": f"{base}{_PICTURE}F",
            "address": _address(user),
            "phone_number": user["MobilePhone"],
            "phone_number_verified": False,
            "is_salesforce_integration_user": _is_integration_user(org, user),
            "updated_at": user["LastModifiedDate"],
            "is_app_installed": True,
        }
        | _common(org, user, base)
    )


def identity(request: Request) -> Response:
    """The user that the URL names, to a session of the same org; `?version=` fills in the URLs' version."""
    try:
        org, actor = caller(request)
    except ApiError:
        return _no_token(request)
    if not ids.same(request.path_params["org"], org.org_id):
        return PlainTextResponse("Wrong_Org", 403)
    try:
        user = org.get("User", request.path_params["user"], _FIELDS)
    except ApiError:
        return PlainTextResponse("Bad_Id", 404)
    if not user["IsActive"]:
        return PlainTextResponse("Inactive", 404)
    base = base_url(request)
    version = request.query_params.get("version", "{version}")
    return JSONResponse(
        {
            "id": f"{base}/id/{org.org_id}/{user['Id']}",
            "asserted_user": user["Id"] == actor.user_id,  # whether the token was given to the user that is asked for
            "username": user["Username"],
            "nick_name": user["CommunityNickname"],
            "display_name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "first_name": user["FirstName"],
            "last_name": user["LastName"],
            "timezone": user["TimeZoneSidKey"],
            "addr_street": user["Street"],
            "addr_city": user["City"],
            "addr_state": user["State"],
            "addr_zip": user["PostalCode"],
            "addr_country": user["Country"],
            "mobile_phone": user["MobilePhone"],
            "mobile_phone_verified": False,
            "is_lightning_login_user": False,
            "status": {"created_date": None, "body": None},
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
        "utcOffset": _utc_offset(user["TimeZoneSidKey"]),
        "photos": {"picture": f"{base}{_PICTURE}F", "thumbnail": f"{base}{_PICTURE}T"},
        "urls": {
            "enterprise": f"{base}/services/Soap/c/{version}/{org.org_id[:15]}",
            "metadata": f"{base}/services/Soap/m/{version}/{org.org_id[:15]}",
            "partner": f"{base}/services/Soap/u/{version}/{org.org_id[:15]}",
            "rest": rest,
            "sobjects": f"{rest}sobjects/",
            "query": f"{rest}query/",
            "search": f"{rest}search/",
            "recent": f"{rest}recent/",
            "users": f"{rest}chatter/users",
            "groups": f"{rest}chatter/groups",
            "feeds": f"{rest}chatter/feeds",
            "feed_elements": f"{rest}chatter/feed-elements",
            "tooling_rest": f"{rest}tooling/",
            "profile": f"{base}/{user['Id']}",
            "custom_domain": base,
        },
    }


def _no_token(request: Request) -> Response:
    """The answer to a request without a session (Help, "Identity URLs": its errors)."""
    query = request.query_params
    given = request.headers.get("authorization") or query.get("access_token") or query.get("oauth_token")
    return PlainTextResponse("Bad_OAuth_Token" if given else "Missing_OAuth_Token", 403)


def _address(user: dict[str, Any]) -> dict[str, str]:
    """OpenID Connect's claim `address`: what is known of it."""
    names = {
        "street_address": "Street",
        "locality": "City",
        "region": "State",
        "postal_code": "PostalCode",
        "country": "Country",
    }
    return {claim: user[name] for claim, name in names.items() if user[name]}


def _is_integration_user(org: Org, user: dict[str, Any]) -> bool:
    licence = org.get("Profile", user["ProfileId"], ["UserLicenseId"])["UserLicenseId"]
    return bool(org.get("UserLicense", licence, ["Name"])["Name"] == "Salesforce Integration")


def _utc_offset(zone: str) -> int:
    """The zone's offset in milliseconds, without daylight saving time."""
    try:
        winter = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
        summer = datetime(2026, 7, 1, tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):  # no time zone database on this machine
        return 0
    standard = winter if not winter.dst() else summer
    offset = standard.utcoffset()
    return int(offset.total_seconds() * 1000) if offset else 0
