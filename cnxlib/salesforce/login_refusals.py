"""A refused login as an error that says what to do.

SOAP login() refuses by a code (SOAP API, ExceptionCode). OAuth's `error` is one of a few words, of which
`invalid_grant` means ten things; which of them is in `error_description`, that nobody has seen translated [R]. It is
looked at for the remedy alone: with words that are not known here, the remedy is that of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnxlib.errors import CnxError, LoginRefused
from cnxlib.salesforce.refusals import API_ENABLED, refusal

_HISTORY = "Setup, Login History shows the reason."
_TRUST = "Add this machine's address to Setup, Network Access, and to the profile's Login IP Ranges where it has any."
_INSTALL = (
    "Install the app (Setup, Connected Apps OAuth Usage, Install), or grant the user Approve Uninstalled Connected "
    "Apps or Use Any API Client."
)
_INSTALL_EXTERNAL = (
    "An external client app is used in the orgs that have it, and nowhere else: install it there (Setup, External "
    "Client App Manager), or take the key of an app of this org."
)
_APPROVE = (
    "Admit the user to the app (Setup, the app's OAuth policies): Admin approved users are pre-authorized, and the "
    "user's profile or a permission set of the user assigned to it. Else the user approves it once, by a browser."
)
_OTHER_ROUTE = "Log in by another route: sf org login web --alias NAME, and `route: sf` in the inventory."

_SOAP = {
    "INVALID_LOGIN": "Check user name, password and security token (a new password makes a new token), and the url: "
    f"sandboxes log in at https://test.salesforce.com. {_HISTORY}",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "Give security_token in the org's entry (Settings, Reset My Security Token, "
    f"e-mails one), or: {_TRUST}",
    "INVALID_OPERATION": f"SOAP login is switched off in the org (Setup, User Interface), as in all new ones. "
    f"{_OTHER_ROUTE}",
    "Client": f"The org has no SOAP login in this API version. {_OTHER_ROUTE}",
    "UNSUPPORTED_API_VERSION": f"The org has no SOAP login in this API version any more. {_OTHER_ROUTE}",
    "LOGIN_DURING_RESTRICTED_DOMAIN": _TRUST,
    "LOGIN_DURING_RESTRICTED_TIME": "The profile's Login Hours exclude this time: wait, or have them changed.",
    "LOGIN_CHALLENGE_ISSUED": f"The org wants the user's identity verified. {_OTHER_ROUTE}",
    "LOGIN_CHALLENGE_PENDING": f"The org wants the user's identity verified. {_OTHER_ROUTE}",
    "INVALID_SSO_GATEWAY_URL": f"The user logs in by single sign-on. {_OTHER_ROUTE}",
    "PASSWORD_LOCKOUT": "Too many wrong passwords: wait, or have an administrator unlock the user (Setup, Users).",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "Log in by a browser and choose a new password; then store it anew.",
    "API_DISABLED_FOR_ORG": API_ENABLED,
    "API_CURRENTLY_DISABLED": "Salesforce has the API switched off for now: see https://status.salesforce.com.",
    "ORG_LOCKED": "The org is locked: ask Salesforce Support.",
    "TRIAL_EXPIRED": "The org's trial is over: ask Salesforce.",
}

_OAUTH_WORDS = {
    "app must be installed into org": _INSTALL,
    "oauth_approval_error_generic": _INSTALL,
    "oauth_ec_app_not_found": _INSTALL_EXTERNAL,
    "not installed in this org": _INSTALL_EXTERNAL,
    "hasn't approved this consumer": f"Check username and url (sandboxes: https://test.salesforce.com). {_APPROVE}",
    "not admin approved": _APPROVE,
    "no client credentials user enabled": "Switch the client credentials flow on for the app, and name the user to run "
    "as in its policies (Setup, the app's OAuth settings and policies).",
    "not supported on this domain": "Give the org's My Domain as url (https://NAME.my.salesforce.com): "
    "login.salesforce.com and test.salesforce.com do not serve this flow.",
    "ip restricted": f"{_TRUST} Or relax the IP restrictions in the app's policies.",
    "inactive user": "The user is not active, or frozen: have an administrator look (Setup, Users).",
    "user is locked": "Too many wrong passwords: wait, or have an administrator unlock the user (Setup, Users).",
    "expired password": "Log in by a browser and choose a new password; then store it anew.",
    "password expired": "Log in by a browser and choose a new password; then store it anew.",
    "audience": "The audience of the org's entry does not fit its url: https://login.salesforce.com for production, "
    "https://test.salesforce.com for sandboxes. Leave it out to have it derived.",
    "invalid assertion": "The private_key is not the one whose certificate the app holds (Setup, the app, Use digital "
    "signatures), or the app takes no assertions.",
    "expired authorization code": "The clock of this machine differs from Salesforce's by minutes: set it right.",
    "authentication failure": "User name, password or security token is wrong (a new password makes a new token), or "
    "the org blocks the username-password flow, as new ones do (Setup, OAuth and OpenID Connect Settings); external "
    f"client apps have no such flow at all. {_HISTORY}",
}
"""By words of `error` or `error_description`, in small letters; as reported by users and in Salesforce Help."""

_OAUTH = {
    "invalid_client_id": "Check client_id, and that the url is of the same org (production or sandbox). An app that "
    "was made or changed within the last ten minutes may not be known everywhere yet.",
    "invalid_client": "Check client_secret (Setup, the app, Manage Consumer Details).",
    "invalid_app_access": _APPROVE,
    "oauth_app_access_denied": _APPROVE,
    "unsupported_grant_type": "The app, or the org, does not serve this flow: see the app's OAuth settings.",
    "unauthorized_client": "The app, or the org, does not serve this flow: see the app's OAuth settings.",
    "inactive_org": "The org is locked, closed or suspended: ask Salesforce Support.",
    "rate_limit_exceeded": "Too many logins: wait some minutes.",
    "invalid_grant": f"Check all of the org's login entry. {_HISTORY}",
}


def soap_refusal(alias: str, who: str, found: Mapping[str, str], status: int) -> CnxError:
    """The error for a SOAP fault, of which `found` holds the texts by local name; `status` is the HTTP status."""
    code = found.get("faultcode", "").rpartition(":")[2]
    message = found.get("faultstring") or f"HTTP {status} without a session"
    # A fault's text begins with its code.
    return _refused(alias, who, code, message.removeprefix(f"{code}: "), status, _SOAP.get(code, _HISTORY))


def oauth_refusal(alias: str, who: str, told: Mapping[str, Any], status: int) -> CnxError:
    """The error for an answer of the token endpoint without a token; `told` is its object, empty where it was none."""
    code, message = str(told.get("error") or ""), str(told.get("error_description") or "")
    words = f"{code} {message}".lower()
    remedy = next((remedy for words_of, remedy in _OAUTH_WORDS.items() if words_of in words), "")
    if not code and not message:
        message = f"HTTP {status} without an answer that can be read"
        remedy = "Check the url in the org's entry: it must be a Salesforce address, without a path."
    return _refused(alias, who, code, message, status, remedy or _OAUTH.get(code.lower(), _HISTORY))


def _refused(alias: str, who: str, code: str, message: str, status: int, hint: str) -> CnxError:
    if status in (429, 502, 503, 504) or code == "SERVER_UNAVAILABLE":
        return refusal(code or "SERVER_UNAVAILABLE", message, status=status, org=alias)  # no answer to the login itself
    said = f"{code}: {message}" if code and message else code or message
    return LoginRefused(f"The login of {who} was refused: {said}", org=alias, hint=hint)
