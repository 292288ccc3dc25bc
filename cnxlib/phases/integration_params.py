"""Parameters of 02 · Conexiom Integration User, and what other phases know of that user."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from cnxlib.phases.base import DEVELOPER_NAME, EmailOrBlank, PhaseParams, UsernameOrBlank
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.resources.permission_set import api_name
from cnxlib.salesforce import Identity

NEEDED = ({"email_to_case_integration": [True]}, {"case_alerts": [True]})
"""When there is an integration user (G2.1): what a form asks about that user, it asks only then."""

_THE_USER = "The user"

CREDENTIAL_ROUTES = {
    "security_token": "Password and security token",
    "trusted_ip": "Password, from trusted IP addresses",
    "client_credentials": "Client credentials of an app, without a password",
}


class Params(PhaseParams):
    """Parameters of 02_integration_user."""

    email_to_case_integration: bool = Field(
        False,
        title="Email-to-Case integration is used",
        description="Conexiom will create cases from e-mail",
        json_schema_extra=in_form(
            help="Conexiom will create cases from e-mail. It needs an integration user for this."
        ),
    )
    case_alerts: bool = Field(
        False,
        title="Cases are created for alerts",
        description="Conexiom will create cases for its alerts",
        json_schema_extra=in_form(
            help="Conexiom will create cases for its alerts. It needs an integration user for this."
        ),
    )
    access_via: Literal["permission_set", "profile"] = Field(
        "permission_set",
        title="Access is given by",
        description="what the access is given by",
        json_schema_extra=in_form(
            only_when=NEEDED, choices={"permission_set": "A permission set (recommended)", "profile": "A profile"}
        ),
    )
    label: str = Field(
        "Conexiom Integration User",
        min_length=1,
        max_length=80,
        title="Name of that permission set or profile",
        description="label of that set or profile",
        json_schema_extra=in_form(only_when=NEEDED, group=EXPERTS),
    )
    api_only: bool = Field(
        False,
        title="API Only User",
        description="the user may log in by API alone (optional in the guide)",
        json_schema_extra=in_form(
            only_when=NEEDED,
            help="The user can then log in by API alone, never by the browser (optional in the guide).",
        ),
    )
    user_username: UsernameOrBlank = Field(
        "",
        title="User name",
        description='user name, unique over all of Salesforce ("" derives one from the org)',
        json_schema_extra=in_form(
            only_when=NEEDED,
            group=_THE_USER,
            offers="users",
            help="Unique over all of Salesforce. Leave it empty to have one made from the org's id.",
        ),
    )
    user_email: EmailOrBlank = Field(
        "",
        title="E-mail address",
        description='e-mail ("" is that of the admin who is logged in)',
        json_schema_extra=in_form(only_when=NEEDED, group=_THE_USER, help="Leave it empty to have your own."),
    )
    base_profile: str = Field(
        "",
        title="Profile",
        description='profile of the user ("" is the one of its licence that grants next to nothing)',
        json_schema_extra=in_form(
            only_when=[{**way, "access_via": ["permission_set"]} for way in NEEDED],
            group=_THE_USER,
            offers="profiles",
            help="Leave it empty to have the one of its licence that grants next to nothing.",
        ),
    )
    case_record_types: tuple[str, ...] = Field(
        (),
        title="Record types of Case",
        description="record types of Case, by API name ([] is all active ones)",
        json_schema_extra=in_form(
            only_when=NEEDED,
            offers="case_record_types",
            help="Those that Conexiom may edit, by API name. Leave it empty for all active ones.",
        ),
    )
    credential_route: Literal["security_token", "trusted_ip", "client_credentials"] = Field(
        "security_token",
        title="How Conexiom logs in",
        description="how Conexiom will log in as this user",
        json_schema_extra=in_form(only_when=NEEDED, choices=CREDENTIAL_ROUTES),
    )
    app_name: str = Field(
        "Conexiom",
        pattern=DEVELOPER_NAME,
        max_length=80,
        title="Name of the app",
        description="as in 03: the app that client_credentials log in by",
        json_schema_extra=in_form(
            only_when={"credential_route": ["client_credentials"]}, group=EXPERTS, offers="apps", help="As in 03."
        ),
    )
    take_over_existing: bool = Field(
        False,
        title="Take over an existing user",
        description="use the user of that name though it is somebody else's",
        json_schema_extra=in_form(
            only_when=NEEDED, group=EXPERTS, help="Use the user of that name though this runbook did not make it."
        ),
    )

    @field_validator("label")
    @classmethod
    def _gives_a_name(cls, value: str) -> str:
        if not api_name(value)[:1].isalpha():
            raise ValueError("must begin with a letter of A-Z: the set's API name is made of those letters and digits")
        return value

    @model_validator(mode="after")
    def _names_a_profile(self) -> Self:
        # In metadata a profile goes by its name, in which other characters are escaped.
        if self.access_via == "profile" and not re.fullmatch(r"[\w -]+", self.label, re.ASCII):
            raise ValueError("label: as a profile's name it takes letters, digits, spaces, - and _")
        if self.access_via == "profile" and self.base_profile:
            raise ValueError("base_profile: with access_via profile the user gets the profile that is made")
        return self


def integration_username(given: str, me: Identity) -> str:
    """The integration user's name: the one given, else one made of the org's id and the admin's domain."""
    return given or f"conexiom.integration.{me.org_id[:15].lower()}@{me.username.rpartition('@')[2]}"
