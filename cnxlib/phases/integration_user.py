"""02 · Conexiom Integration User."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check
from cnxlib.phases.base import EmailOrBlank, Phase, PhaseParams, UsernameOrBlank
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.conexiom_sets import ADMIN_USER, SUPER_USER
from cnxlib.resources.conexiom_users import ACCOUNT_RIGHTS, CASE_RIGHTS
from cnxlib.resources.field_permissions import Field as SalesforceField
from cnxlib.resources.field_permissions import FieldPermissions
from cnxlib.resources.grants import object_permissions
from cnxlib.resources.password import Password
from cnxlib.resources.permission_set import PermissionSet, api_name
from cnxlib.resources.record_types import CaseRecordTypes, check_record_types
from cnxlib.resources.user import NewUser, User
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

DEFAULT_PROFILE = "Minimum Access - Salesforce"
"""The standard profile that grants next to nothing: all access comes from permission sets."""

FIELDS = (
    SalesforceField("Account", "BillingAddress"),
    SalesforceField("Account", "ShippingAddress"),
    SalesforceField("Account", label="Conexiom ID", edit=True),
    # Case's "Account Name" is the lookup AccountId; Case.Status takes no field-level security.
    SalesforceField("Case", "AccountId", edit=True),
    SalesforceField("Case", "Status", edit=True),
    SalesforceField("Case", "Subject", edit=True),
)


class Params(PhaseParams):
    """Parameters of 02_integration_user."""

    email_to_case_integration: bool = Field(False, description="Conexiom will create cases from e-mail")
    case_alerts: bool = Field(False, description="Conexiom will create cases for its alerts")
    access_via: Literal["permission_set", "profile"] = Field(
        "permission_set", description="what the access is given by"
    )
    label: str = Field("Conexiom Integration User", min_length=1, max_length=80, description="label of that set")
    api_only: bool = Field(False, description="the user may log in by API alone (optional in the guide)")
    user_username: UsernameOrBlank = Field(
        "", description='user name, unique over all of Salesforce ("" derives one from the org)'
    )
    user_email: EmailOrBlank = Field("", description='e-mail ("" is that of the admin who is logged in)')
    base_profile: str = Field("", description=f'profile of the user ("" is {DEFAULT_PROFILE})')
    case_record_types: tuple[str, ...] = Field(
        (), description="record types of Case, by API name ([] is all active ones)"
    )
    credential_route: Literal["security_token", "trusted_ip", "client_credentials"] = Field(
        "security_token", description="how Conexiom will log in as this user"
    )
    take_over_existing: bool = Field(False, description="use an existing user of that name who is somebody else's")

    @field_validator("label")
    @classmethod
    def _gives_a_name(cls, value: str) -> str:
        if not api_name(value)[:1].isalpha():
            raise ValueError("must begin with a letter of A-Z: the set's API name is made of those letters and digits")
        return value

    @field_validator("access_via")
    @classmethod
    def _only_sets(cls, value: str) -> str:
        if value == "profile":
            raise ValueError("access by a profile is not built yet; use permission_set, which the guide allows as well")
        return value


def integration_username(given: str, me: Identity) -> str:
    """The integration user's name: the one given, else one made of the org's id and the admin's domain."""
    return given or f"conexiom.integration.{me.org_id[:15].lower()}@{me.username.rpartition('@')[2]}"


def _needed(params: Params) -> Asking[Check]:
    yield from ()
    uses = [("Email-to-Case integration", params.email_to_case_integration), ("cases for alerts", params.case_alerts)]
    said = ", ".join(name for name, used in uses if used)
    return Check("an integration user is needed", True, "info", detail=said or "no", guide=("G2.1",))


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return lambda: _needed(params), check_record_types


def _not_needed(params: Params) -> str:
    if params.email_to_case_integration or params.case_alerts:
        return ""
    return "Neither the Email-to-Case integration nor cases for alerts are used (G2.1)."


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    set_name = api_name(params.label)
    username = integration_username(params.user_username, me)
    system = ("ApexRestServices", "ApiEnabled", *(("ApiUserOnly",) if params.api_only else ()))
    user = NewUser(
        username,
        last_name="Integration User",
        first_name="Conexiom",
        alias="cnxint",
        profile=params.base_profile or DEFAULT_PROFILE,
        email=params.user_email or me.email,
        take_over=params.take_over_existing,
    )

    def assignments() -> Asking[Sequence[Wanted]]:
        yield from ()
        return [
            Wanted(username, params.label, ("G2.7",)),
            Wanted(username, ADMIN_USER, ("G2.8",)),
            Wanted(username, SUPER_USER, ("G2.8",)),
        ]

    rights = {"Account": ACCOUNT_RIGHTS, "Case": CASE_RIGHTS}
    objects = tuple(f"object_permissions:{set_name}/{sobject}" for sobject in rights)
    return (
        PermissionSet(params.label, system, ("G2.2", "G2.3")),
        object_permissions(set_name, rights, dict.fromkeys(rights, ("G2.5",))),
        CaseRecordTypes(set_name, params.case_record_types, objects, ("G2.4",)),
        FieldPermissions(set_name, FIELDS, ("G2.6",)),
        User(user, ("G2.7",), "user_username"),
        Password(username, ("G2.7",)),
        Assignments(assignments, makes=(username, params.label), parameter="user_username"),
    )


PHASE = Phase(
    id="02_integration_user",
    title="Conexiom Integration User",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G2.1", "G2.2", "G2.3", "G2.4", "G2.5", "G2.6", "G2.7", "G2.8"),
    needs=("01_install_package",),
    setup_path="/lightning/setup/PermSets/home",
    not_needed=_not_needed,
)
