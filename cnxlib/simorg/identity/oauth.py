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
from ..org import Org
from ..orgs import Orgs
from . import admission, authorize, clients, history, jwt, logins, refresh, sessions
from .clients import Client
from .problems import OAuthError

Form = Mapping[str, str]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
"""Served by an endpoint that takes POST alone, so that others are refused in its own shape."""


def routes() -> list[Route]:
    """The endpoints `/services/oauth2/token` and `/services/oauth2/revoke`."""
    return [
        Route("/services/oauth2/token", token, methods=METHODS),
        Route("/services/oauth2/revoke", revoke, methods=["GET", "POST"]),
    ]


def token(request: Request) -> Response:
    """Exchange a grant for an access token (OAuth 2.0 token endpoint)."""
    try:
        form = posted(request)
        grant = _GRANTS.get(form.get("grant_type", ""))
        if grant is None:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return JSONResponse(grant(request, form), headers={"Cache-Control": "no-store"})
    except OAuthError as error:
        return error.response()
    except ApiError:  # the user is no longer active
        return OAuthError("invalid_grant", "inactive user").response()


def revoke(request: Request) -> Response:
    """End the session or the refresh token given as `token`; an unknown one is a 400 `invalid_token`."""
    form = form_of(request)
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


def posted(request: Request) -> Form:
    """The form of an endpoint that takes POST alone: credentials have no place in an address.

    Raises:
        OAuthError: another method.
    """
    if request.method != "POST":
        raise OAuthError("invalid_request", "must use HTTP POST")  # [R: text]
    return form_of(request)


def form_of(request: Request) -> Form:
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


def client_of(request: Request, form: Form, *, secret_needed: bool = True) -> Client:
    """The app of the form's client id, its secret checked.

    Raises:
        OAuthError: no such app, or another secret.
    """
    client = clients.find(request.app.state.orgs, form.get("client_id", ""))
    if client is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    given = form.get("client_secret", "")
    if (given or secret_needed) and not client.secret_matches(given):
        raise OAuthError("invalid_client", "invalid client credentials")
    request.scope[ALIAS] = client.org.alias
    return client


def _password(request: Request, form: Form) -> dict[str, Any]:
    client = client_of(request, form)
    client, user = _used_by(request, client, form.get("username", ""))
    org = client.org
    if user is None:
        raise OAuthError("invalid_grant", "authentication failure")
    settings = org.document("OauthOidcSettings", "OauthOidc") or {}
    if client.external or settings.get("blockOAuthUnPwFlow", False):
        status = history.FLOW_DISABLED  # external client apps have no such flow at all
    else:
        status = logins.verify(org, user, form.get("password", ""), logins.address(request))
    if status == history.SUCCESS and admission.problem(org.actor(user["Id"]), client):
        status = history.APP_NOT_INSTALLED
    _record(request, org, user["Id"], client, status)
    if status == history.APP_NOT_INSTALLED:
        admission.admit(org.actor(user["Id"]), client)
    if status == history.RESTRICTED_IP:
        raise OAuthError("invalid_grant", "ip restricted")
    if status != history.SUCCESS:
        raise OAuthError("invalid_grant", "authentication failure")
    return _issue(request, client, user["Id"], tell_scope=False)


def _client_credentials(request: Request, form: Form) -> dict[str, Any]:
    client = client_of(request, form)
    _no_scope(form)
    if not client.run_as:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    user = logins.find_user(client.org, client.run_as)
    if user is None or not user["IsActive"]:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    # Those scopes are filtered out of this flow; since Winter '26 an app that has no other is refused (release notes).
    allowed = scopes(client, without=("full", "web", "refresh_token", "offline_access"))
    if not allowed:
        raise OAuthError("invalid_grant", "no valid scopes defined")
    _record(request, client.org, user["Id"], client, history.SUCCESS)
    return _issue(request, client, user["Id"], scope=" ".join(allowed))


def _jwt_bearer(request: Request, form: Form) -> dict[str, Any]:
    client, username = jwt.verify(request.app.state.orgs, form.get("assertion", ""))
    client, user = _used_by(request, client, username)
    if user is None or not user["IsActive"]:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return _logged_in(request, client, user["Id"])


def _authorization_code(request: Request, form: Form) -> dict[str, Any]:
    client = client_of(request, form, secret_needed=False)
    _no_scope(form)
    org, pending = authorize.redeem(request.app.state.orgs, client, form)
    if "client_secret" not in form and not client.secret_optional:
        raise OAuthError("invalid_client", "invalid client credentials")
    client = client.used_in(org)
    request.scope[ALIAS] = org.alias
    answer = _logged_in(request, client, pending.user_id)
    if {"RefreshToken", "OfflineAccess"} & set(client.scopes):
        answer["refresh_token"] = refresh.issue(client.org, pending.user_id, client.key)
    return answer


def _refresh_token(request: Request, form: Form) -> dict[str, Any]:
    client = client_of(request, form, secret_needed=False)
    org, user_id = refresh.redeem(request.app.state.orgs, form.get("refresh_token", ""), client.key)
    client = client.used_in(org)
    request.scope[ALIAS] = org.alias
    admission.admit(org.actor(user_id), client)
    return _issue(request, client, user_id)


_GRANTS: dict[str, Callable[[Request, Form], dict[str, Any]]] = {
    "password": _password,
    "client_credentials": _client_credentials,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _jwt_bearer,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
}


def scopes(client: Client, without: tuple[str, ...] = ()) -> list[str]:
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


def _no_scope(form: Form) -> None:
    """Scopes are asked for where the user approves, or come from the app; the token endpoint refuses to be told them.

    Raises:
        OAuthError: a scope was given.
    """
    if "scope" in form:
        raise OAuthError("invalid_request", "scope parameter not supported")


def _record(request: Request, org: Org, user_id: str, client: Client, status: str) -> None:
    history.record(
        org,
        user_id,
        status=status,
        login_type=history.OAUTH,
        application=client.name,
        url=request.url.netloc,
        source=logins.address(request),
    )


def _used_by(request: Request, client: Client, username: str) -> tuple[Client, dict[str, Any] | None]:
    """The app as it is used in the org of that user, and the user's row; the app in its own org for an unknown one."""
    orgs: Orgs = request.app.state.orgs
    known = orgs.by_username(username) if username else None
    if known is None:
        return client, None
    request.scope[ALIAS] = known[0].alias
    return client.used_in(known[0]), known[1]


def _logged_in(request: Request, client: Client, user_id: str) -> dict[str, Any]:
    """A session of a user who has shown who it is, where the app is one that this user may log in by."""
    refused = bool(admission.problem(client.org.actor(user_id), client))
    _record(request, client.org, user_id, client, history.APP_NOT_INSTALLED if refused else history.SUCCESS)
    admission.admit(client.org.actor(user_id), client)
    return _issue(request, client, user_id)


def _issue(
    request: Request, client: Client, user_id: str, *, scope: str | None = None, tell_scope: bool = True
) -> dict[str, Any]:
    scope = " ".join(scopes(client)) if scope is None else scope
    base = f"{request.url.scheme}://{request.url.netloc}"
    identity = f"{base}/id/{client.org.org_id}/{user_id}"
    issued_at = str(int(datetime.now(UTC).timestamp() * 1000))
    stored = (client.home.document(clients.SECRETS, client.key) if client.home else None) or {}
    signature = hmac.new(
        str(stored.get("secret", "")).encode(), (identity + issued_at).encode(), hashlib.sha256
    ).digest()
    return {
        "access_token": sessions.open_session(client.org, user_id, client=client.key, scope=scope),
        "instance_url": base,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "signature": base64.b64encode(signature).decode(),
        **({"scope": scope} if tell_scope else {}),
    }
