"""Facts about doors: which resources there are, and which ways of logging in are open."""

from __future__ import annotations

from cnxlib.errors import SalesforceError
from cnxlib.probe.fact import fact, refused
from cnxlib.rounds import Asking
from cnxlib.salesforce import Get, Identity, LoginDoor

_NEEDED = ("composite", "limits", "query", "sobjects", "tooling")


@fact(expected="of this org and user", source="REST API, Resources by Version; clients that use it")
def resource_map_tells_who_is_logged_in(me: Identity) -> Asking[str | None]:
    """The resource map's `identity` ends with the ids of the org and of the session's user."""
    (answer,) = yield [Get("")]
    identity = str(answer.get("identity", ""))
    if not identity:
        return "no identity"
    return "of this org and user" if identity.endswith(f"/id/{me.org_id}/{me.user_id}") else "of another shape"


@fact(expected=" ".join(_NEEDED), source="REST API, Resources by Version")
def resources_that_the_runbook_uses(me: Identity) -> Asking[str | None]:
    """The resource map lists composite, limits, query, sobjects and tooling."""
    (answer,) = yield [Get("")]
    return " ".join(name for name in _NEEDED if name in answer) or "none of them"


@fact(expected="answered", source="REST API, Composite; Tooling API, Composite")
def tooling_resources(me: Identity) -> Asking[str | None]:
    """The Tooling API has a resource map of its own with composite in it."""
    (answer,) = yield [Get("tooling")]
    return "answered" if "composite" in answer else "without composite"


@fact(expected="a list", source="Salesforce Help: API 60 and later")
def oauth_usage_is_told(me: Identity) -> Asking[str | None]:
    """GET apps/oauth/usage lists the apps in use, for who may see them."""
    try:
        (answer,) = yield [Get("apps/oauth/usage")]
    except SalesforceError as error:
        return refused(error)
    return "a list" if isinstance(answer, list) or isinstance(answer.get("apps"), list) else "of another shape"


def _at_the_soap_door(version: str) -> Asking[str]:
    (said,) = yield [LoginDoor("soap", version)]
    return str(said)


@fact(
    expected="INVALID_LOGIN", source="SOAP API, login(); an org in which it is off is said to answer INVALID_OPERATION"
)
def soap_login_is_there_until_64(me: Identity) -> Asking[str | None]:
    """SOAP login() at API 64 refuses a user whom nobody knows as it refuses a wrong password."""
    return (yield from _at_the_soap_door("64.0"))


@fact(expected="another refusal", source="Salesforce Help: login() is absent from API 65 on")
def soap_login_is_gone_at_65(me: Identity) -> Asking[str | None]:
    """SOAP login() at API 65 is refused for itself, whoever calls."""
    said = yield from _at_the_soap_door("65.0")
    return said if said == "INVALID_LOGIN" else "another refusal"


@fact(expected="invalid_client_id", source="inferred")
def token_door_refuses_unknown_apps(me: Identity) -> Asking[str | None]:
    """The token endpoint names an app that nobody knows before it looks at user and password."""
    (said,) = yield [LoginDoor("oauth", "password")]
    return str(said)


@fact(expected="invalid_client_id", source="inferred")
def token_door_serves_client_credentials(me: Identity) -> Asking[str | None]:
    """The org's own token endpoint takes client credentials, and refuses an app that nobody knows by name."""
    (said,) = yield [LoginDoor("oauth", "client_credentials")]
    return str(said)
