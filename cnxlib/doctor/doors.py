"""The org's doors: what kind of org it is, its API versions, its limits, and the ways to log in that it has open."""

from __future__ import annotations

from collections.abc import Sequence

from cnxlib.model import Check
from cnxlib.rounds import Asking
from cnxlib.salesforce import Get, Identity, LoginDoor, Query, ReadMetadata
from cnxlib.salesforce.metadata import WSDL_VERSION

CALLS = 300
"""API requests that a complete set-up may send, with room; one of a small org takes about half."""


def checks(me: Identity, versions: Sequence[str]) -> Sequence[tuple[str, Asking[Check]]]:
    """The checks with their names; `versions` are the API versions that the org offers, oldest first."""
    return [
        ("org", _org(me)),
        ("API versions", _versions(me, versions)),
        ("API requests left", _requests()),
        ("Metadata API", _metadata()),
        ("SOAP login", _soap_login()),
        ("username-password flow", _password_flow()),
        ("token endpoint", _token_door()),
    ]


def _org(me: Identity) -> Asking[Check]:
    (rows,) = yield [Query("SELECT OrganizationType, InstanceName, IsSandbox, TrialExpirationDate FROM Organization")]
    row = rows[0]
    said = f"{me.org_name} ({me.org_id}): {me.org_type}, {row['OrganizationType']}, on {row['InstanceName']}"
    if row["TrialExpirationDate"] and me.org_type == "trial":
        said += f", trial until {row['TrialExpirationDate'][:10]}"
    return Check("org", True, "info", detail=said)


def _versions(me: Identity, versions: Sequence[str]) -> Asking[Check]:
    yield from ()
    said = f"{versions[0]} to {versions[-1]}; {me.api_version} is used, {WSDL_VERSION} for metadata"
    hint = (
        f"The Metadata API is used in version {WSDL_VERSION}, which this org does not offer: bring cnxlib up to date."
    )
    return Check("API versions", WSDL_VERSION in versions, detail=said, hint=hint)


def _requests() -> Asking[Check]:
    """Limits of REST API, "DailyApiRequests": {"Max", "Remaining"}; who may not see Setup is not told."""
    (answer,) = yield [Get("limits")]
    daily = answer.get("DailyApiRequests")
    if not daily:
        return Check("API requests left", True, "info", detail="the org does not tell")
    left, most = int(daily["Remaining"]), int(daily["Max"])
    hint = "Wait until requests of the last 24 hours drop out (Setup, Company Information), or buy more."
    return Check("API requests left", left >= CALLS, detail=f"{left:,} of {most:,} a day", hint=hint)


def _metadata() -> Asking[Check]:
    (settings,) = yield [ReadMetadata("CaseSettings", "Case")]
    said = "answers" if settings is not None else "answers, but has no CaseSettings"
    hint = "Phase 01 reads Email-to-Case there: Service Cloud, or the Case object, seems to be missing."
    return Check("Metadata API", settings is not None, detail=said, hint=hint)


def _soap_login() -> Asking[Check]:
    """Whether the door refuses a user whom nobody knows as a wrong password, or for itself.

    Where it is switched off in the org (Setup, User Interface), it may say so to the org's own users alone [R].
    """
    (code,) = yield [LoginDoor("soap", "64.0")]
    said = "there, if the org has it switched on" if code == "INVALID_LOGIN" else f"closed ({code})"
    return Check("SOAP login", True, "info", detail=f"{said}; the password route without an app goes there")


def _password_flow() -> Asking[Check]:
    (settings,) = yield [ReadMetadata("OauthOidcSettings", "OauthOidc")]
    if settings is None or "blockOAuthUnPwFlow" not in settings:
        said = "the org does not tell"
    else:
        said = "blocked" if settings["blockOAuthUnPwFlow"] else "allowed"
    return Check("username-password flow", True, "info", detail=f"{said}; 04_api_access says what that means")


def _token_door() -> Asking[Check]:
    """What the token endpoint says to an app that nobody knows; it serves the routes jwt and client_credentials."""
    (code,) = yield [LoginDoor("oauth", "client_credentials")]
    served = code in ("invalid_client_id", "invalid_client")
    said = "serves apps" if served else f"answers {code}"
    return Check("token endpoint", True, "info", detail=f"{said}; the routes jwt and client_credentials go there")
