"""The partner and enterprise SOAP doors (`/services/Soap/u`, `/c`), as far as logging in and passwords go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import dml, soap
from ..errors import ApiError
from ..gate import ALIAS, BODY
from ..org import Actor, Org
from ..orgs import Orgs
from ..scenarios import flags
from ..soap import Call, SoapFault
from . import history, logins, passwords, sessions

PARTNER = "urn:partner.soap.sforce.com"
ENTERPRISE = "urn:enterprise.soap.sforce.com"
NAMESPACES = {"u": PARTNER, "c": ENTERPRISE}

LAST_LOGIN_VERSION = 64
"""The last API version that has login()."""

_LOGIN_REFUSED = "Invalid username, password, security token; or user locked out."
_TOKEN_NEEDED = (
    f"{_LOGIN_REFUSED} Are you at a new location? When accessing Salesforce--either via a desktop client or the "
    "API--from outside of your company’s trusted networks, you must add a security token to your password to log in."
)
_LOGIN_OFF = (
    "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login()."
)


@dataclass(frozen=True)
class _Context:
    """One call: where it came in and what it says."""

    request: Request
    call: Call
    namespace: str
    version: str

    @property
    def orgs(self) -> Orgs:
        orgs: Orgs = self.request.app.state.orgs
        return orgs

    def caller(self) -> tuple[Org, Actor]:
        """The session's org and user.

        Raises:
            SoapFault: INVALID_SESSION_ID.
        """
        try:
            org, actor = sessions.resolve(self.orgs, self.call.session_id or "")
        except ApiError as error:
            raise SoapFault(
                "INVALID_SESSION_ID",
                "Invalid Session ID found in SessionHeader: Illegal Session",
                "UnexpectedErrorFault",
            ) from error
        self.request.scope[ALIAS] = org.alias
        return org, actor


def routes() -> list[Route]:
    """Both doors, with or without the org id or a trailing slash after the version."""
    return [Route(f"/services/Soap/{door}/{{rest:path}}", serve, methods=["POST"], name=door) for door in NAMESPACES]


def serve(request: Request) -> Response:
    """Answer one SOAP call, or a fault."""
    door = request.url.path.split("/")[3]
    namespace = NAMESPACES[door]
    try:
        version = soap.api_version(request.path_params["rest"].split("/")[0])
        call = soap.parse(request.scope[BODY])
        handle = _CALLS.get(call.name)
        if handle is None:
            raise _no_operation(namespace, call.name)
        return handle(_Context(request, call, namespace, version))
    except SoapFault as fault:
        return fault.response(namespace.replace("urn:", "urn:fault."))


def _login(context: _Context) -> Response:
    if float(context.version) > LAST_LOGIN_VERSION:
        raise _no_operation(context.namespace, "login")  # [R] the exact words of the fault at 65 and above
    found = context.orgs.by_username(soap.text(context.call.element, "username") or "")
    if found is None:
        raise SoapFault("INVALID_LOGIN", _LOGIN_REFUSED, "LoginFault")
    org, user = found
    context.request.scope[ALIAS] = org.alias
    if not flags.read(org).soap_login:
        raise SoapFault("INVALID_OPERATION", _LOGIN_OFF, "LoginFault")
    address = logins.address(context.request)
    status = logins.verify(org, user, soap.text(context.call.element, "password") or "", address)
    if status == history.SUCCESS and not org.actor(user["Id"]).has("ApiEnabled"):
        raise SoapFault("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", "LoginFault")
    history.record(
        org,
        user["Id"],
        status=status,
        login_type=history.SOAP_PARTNER if context.namespace == PARTNER else history.SOAP_OTHER,
        application="",
        url=context.request.url.netloc,
        version=context.version,
        source=address,
    )
    if status == history.RESTRICTED_IP:
        text = "user is not allowed to login from this IP address"  # [R: text]
        raise SoapFault("LOGIN_DURING_RESTRICTED_DOMAIN", text, "LoginFault")
    if status == history.TOKEN_REQUIRED:
        raise SoapFault("LOGIN_MUST_USE_SECURITY_TOKEN", _TOKEN_NEEDED, "LoginFault")
    if status != history.SUCCESS:
        raise SoapFault("INVALID_LOGIN", _LOGIN_REFUSED, "LoginFault")
    base = f"{context.request.url.scheme}://{context.request.url.netloc}/services/Soap"
    door = "u" if context.namespace == PARTNER else "c"
    organization = org.rows("Organization")[0]
    result: dict[str, soap.Value] = {
        "metadataServerUrl": f"{base}/m/{context.version}/{org.org_id[:15]}",
        "passwordExpired": False,
        "sandbox": bool(organization["IsSandbox"]),
        "serverUrl": f"{base}/{door}/{context.version}/{org.org_id[:15]}",
        "sessionId": sessions.open_session(org, user["Id"]),
        "userId": user["Id"],
        "userInfo": _user_info(org, user["Id"]),
    }
    return soap.answer("login", context.namespace, soap.xml("result", result))


def _logout(context: _Context) -> Response:
    org, _ = context.caller()
    sessions.close_session(org, context.call.session_id or "")
    return soap.answer("logout", context.namespace, "")


def _get_user_info(context: _Context) -> Response:
    org, actor = context.caller()
    return soap.answer("getUserInfo", context.namespace, soap.xml("result", _user_info(org, actor.user_id)))


def _get_server_timestamp(context: _Context) -> Response:
    org, _ = context.caller()
    moment = history.stamp(org.now()).replace("+0000", "Z")
    return soap.answer("getServerTimestamp", context.namespace, soap.xml("result", {"timestamp": moment}))


def _set_password(context: _Context) -> Response:
    org, caller, user_id = _password_target(context)
    try:
        with org.transaction():
            passwords.set_password(org, user_id, soap.text(context.call.element, "password") or "")
            dml.trace(org, caller, "changedpassword", "Manage Users", f"Changed password for user {user_id}")
    except ApiError as error:
        kind = "InvalidNewPasswordFault" if error.code == "INVALID_NEW_PASSWORD" else "InvalidIdFault"
        raise SoapFault(error.code, error.message, kind) from error
    return soap.answer("setPassword", context.namespace, "<result/>")


def _reset_password(context: _Context) -> Response:
    org, caller, user_id = _password_target(context)
    with org.transaction():
        fresh = passwords.reset(org, user_id)
        dml.trace(org, caller, "resetpassword", "Manage Users", f"Reset password for user {user_id}")
    return soap.answer("resetPassword", context.namespace, soap.xml("result", {"password": fresh}))


def _password_target(context: _Context) -> tuple[Org, str, str]:
    """The org, the caller's id, and the id of the user whose password a call changes, which the caller may do."""
    org, actor = context.caller()
    given = soap.text(context.call.element, "userId") or ""
    try:
        user_id = str(org.get("User", given, ["Id"])["Id"])
    except ApiError as error:
        raise SoapFault("INVALID_ID_FIELD", f"invalid id: {given}", "InvalidIdFault") from error
    if not passwords.may_set(actor, user_id):
        raise SoapFault(
            "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id", "UnexpectedErrorFault"
        )
    return org, actor.user_id, user_id


_CALLS: dict[str, Callable[[_Context], Response]] = {
    "login": _login,
    "logout": _logout,
    "getUserInfo": _get_user_info,
    "getServerTimestamp": _get_server_timestamp,
    "setPassword": _set_password,
    "resetPassword": _reset_password,
}


def _no_operation(namespace: str, name: str) -> SoapFault:
    return SoapFault(
        "Client", f"No operation available for request {{{namespace}}}{name}, please check the WSDL for the service."
    )


def _user_info(org: Org, user_id: str) -> dict[str, soap.Value]:
    user = org.get("User", user_id)
    organization = org.rows("Organization")[0]
    return {
        "accessibilityMode": False,
        "organizationId": org.org_id,
        "organizationMultiCurrency": False,
        "organizationName": organization["Name"],
        "profileId": user["ProfileId"],
        "roleId": user["UserRoleId"],
        "userEmail": user["Email"],
        "userFullName": user["Name"],
        "userId": user["Id"],
        "userLanguage": user["LanguageLocaleKey"],
        "userLocale": user["LocaleSidKey"],
        "userName": user["Username"],
        "userTimeZone": user["TimeZoneSidKey"],
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }
