"""OAuth: the token endpoint and revocation.

Refusals carry the words of RFC 6749 as Salesforce uses them. A blocked username-password flow answers exactly what a
wrong password answers; LoginHistory alone tells them apart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import ApiError
from ..gate import ALIAS, BODY
from ..org import Org, Orgs
from . import authorize, clients, history, jwt, logins, refresh, sessions
from .clients import Client
from .problems import OAuthError

Form = Mapping[str, str]


def routes() -> list[Route]:
    """The endpoints `/services/oauth2/token` and `/services/oauth2/revoke`."""
    return [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route("/services/oauth2/revoke", revoke, methods=["GET", "POST"]),
    ]


def token(request: Request) -> Response:
    """Exchange a grant for an access token (OAuth 2.0 token endpoint)."""
    form = _form(request)
    try:
        grant = _GRANTS.get(form.get("grant_type", ""))
        if grant is None:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return JSONResponse(grant(request, form), headers={"Cache-Control": "no-store"})
    except OAuthError as error:
        return error.response()


def revoke(request: Request) -> Response:
    """End the session or the refresh token given as `token`; an unknown one is a 400 `invalid_token`."""
    form = _form(request)
    orgs: Orgs = request.app.state.orgs
    given = form.get("token") or request.query_params.get("token", "")
    if refresh.drop(orgs, given):
        return Response(status_code=200)
    try:
        org, _ = sessions.resolve(orgs, given)
    except ApiError:
        return OAuthError("invalid_token", f"invalid token: {given[:15]}").response()
    sessions.close_session(org, given)
    request.scope[ALIAS] = org.alias
    return Response(status_code=200)


def _form(request: Request) -> Form:
    """The form fields, with client id and secret from an `Authorization: Basic` header where there is one."""
    fields = dict(parse_qsl(request.scope[BODY].decode("utf-8", "replace"), keep_blank_values=True))
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            key, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            return fields
        fields |= {"client_id": unquote_plus(key), "client_secret": unquote_plus(secret)}
    return fields


def _client(request: Request, form: Form, *, secret_needed: bool = True) -> Client:
    """The app of the form's client id, its secret checked."""
    client = clients.find(request.app.state.orgs, form.get("client_id", ""))
    if client is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    given = form.get("client_secret", "")
    if (given or secret_needed) and not client.secret_matches(given):
        raise OAuthError("invalid_client", "invalid client credentials")
    request.scope[ALIAS] = client.org.alias
    return client


def _password(request: Request, form: Form) -> dict[str, Any]:
    client = _client(request, form)
    org = client.org
    user = logins.find_user(org, form.get("username", ""))
    if user is None:
        raise OAuthError("invalid_grant", "authentication failure")
    settings = org.document("OauthOidcSettings", "OauthOidc") or {}
    if client.external or settings.get("blockOAuthUnPwFlow", False):
        status = history.FLOW_DISABLED  # external client apps have no such flow at all
    else:
        status = logins.verify(org, user, form.get("password", ""), logins.address(request))
    _record(request, org, user["Id"], client, status, history.OAUTH)
    if status == history.RESTRICTED_IP:
        raise OAuthError("invalid_grant", "ip restricted")
    if status != history.SUCCESS:
        raise OAuthError("invalid_grant", "authentication failure")
    return _issue(request, client, user["Id"])


def _client_credentials(request: Request, form: Form) -> dict[str, Any]:
    client = _client(request, form)
    if not client.run_as:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    user = logins.find_user(client.org, client.run_as)
    if user is None or not user["IsActive"]:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    _record(request, client.org, user["Id"], client, history.SUCCESS, history.OAUTH)
    # Never full, web or refresh_token: those scopes are filtered out of this flow.
    answer = _issue(request, client, user["Id"])
    return answer | {
        "scope": " ".join(_scopes(client, without=("full", "web", "refresh_token", "offline_access"))) or "api"
    }


def _jwt_bearer(request: Request, form: Form) -> dict[str, Any]:
    client, username = jwt.verify(request.app.state.orgs, form.get("assertion", ""))
    request.scope[ALIAS] = client.org.alias
    user = logins.find_user(client.org, username)
    if user is None or not user["IsActive"]:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    _record(request, client.org, user["Id"], client, history.SUCCESS, history.OAUTH)
    return _issue(request, client, user["Id"]) | {"scope": " ".join(_scopes(client))}


def _authorization_code(request: Request, form: Form) -> dict[str, Any]:
    client = _client(request, form, secret_needed=False)
    pending = authorize.redeem(client, form)
    if "client_secret" not in form and not client.secret_optional:
        raise OAuthError("invalid_client", "invalid client credentials")
    _record(request, client.org, pending.user_id, client, history.SUCCESS, history.OAUTH)
    answer = _issue(request, client, pending.user_id) | {"scope": " ".join(_scopes(client))}
    if {"RefreshToken", "OfflineAccess"} & set(client.scopes):
        answer["refresh_token"] = refresh.issue(client.org, pending.user_id, client.key)
    return answer


def _refresh_token(request: Request, form: Form) -> dict[str, Any]:
    client = _client(request, form, secret_needed=False)
    user_id = refresh.redeem(client.org, form.get("refresh_token", ""), client.key)
    return _issue(request, client, user_id) | {"scope": " ".join(_scopes(client))}


_GRANTS: dict[str, Callable[[Request, Form], dict[str, Any]]] = {
    "password": _password,
    "client_credentials": _client_credentials,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _jwt_bearer,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
}


def _scopes(client: Client, without: tuple[str, ...] = ()) -> list[str]:
    """The app's scopes by their OAuth names: `RefreshToken` is `refresh_token`."""
    names = {
        "RefreshToken": "refresh_token",
        "OfflineAccess": "offline_access",
        "OpenID": "openid",
        "Basic": "id",
        "CustomPermissions": "custom_permissions",
    }
    found = [names.get(scope, scope.lower()) for scope in client.scopes]
    return [scope for scope in found if scope not in without]


def _record(request: Request, org: Org, user_id: str, client: Client, status: str, login_type: str) -> None:
    history.record(
        org,
        user_id,
        status=status,
        login_type=login_type,
        application=client.name,
        url=request.url.netloc,
        source=logins.address(request),
    )


def _issue(request: Request, client: Client, user_id: str) -> dict[str, Any]:
    base = f"{request.url.scheme}://{request.url.netloc}"
    identity = f"{base}/id/{client.org.org_id}/{user_id}"
    issued_at = str(int(datetime.now(UTC).timestamp() * 1000))
    stored = client.org.document(clients.SECRETS, client.key) or {}
    signature = hmac.new(
        str(stored.get("secret", "")).encode(), (identity + issued_at).encode(), hashlib.sha256
    ).digest()
    return {
        "access_token": sessions.open_session(client.org, user_id),
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "signature": base64.b64encode(signature).decode(),
    }
