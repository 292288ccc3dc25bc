"""04 · Verify API Access is Enabled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check, ManualStep
from cnxlib.phases.base import DEVELOPER_NAME, Phase, PhaseParams, UsernameOrBlank
from cnxlib.phases.integration_params import integration_username
from cnxlib.resources.api_login import LoginProof
from cnxlib.resources.app_texts import RETIREMENT
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.resources.setting import Setting
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

ID = "04_api_access"

_PAGE = "/lightning/setup/OauthAndOpenIdConnectSettings/home"


class Params(PhaseParams):
    """Parameters of 04_api_access."""

    allow_password_flow: bool = Field(
        False,
        title="Switch the flow on",
        description="switch Allow OAuth Username-Password Flows on where it is off",
        json_schema_extra=in_form(
            help="Left alone, “Allow OAuth Username-Password Flows” is only checked. Tick this to have it switched on "
            "where it is off."
        ),
    )
    user_username: UsernameOrBlank = Field(
        "",
        title="User name of the integration user",
        description="as in 02: the integration user, who logs in as a proof",
        json_schema_extra=in_form(group=EXPERTS, offers="users"),
    )
    app_name: str = Field(
        "Conexiom",
        pattern=DEVELOPER_NAME,
        max_length=80,
        title="Name of the app",
        description="as in 03: the connected app",
        json_schema_extra=in_form(group=EXPERTS, offers="apps"),
    )
    prove_login: Literal["when_applied", "always", "never"] = Field(
        "when_applied",
        title="Log in as a proof",
        description="when the integration user logs in as a proof, which its login history shows",
        json_schema_extra=in_form(
            choices={
                "when_applied": "When applying and verifying (recommended)",
                "always": "In a plan too",
                "never": "Never",
            },
            help="The integration user asks for a token as Conexiom will, and gives it back at once. Each time is an "
            "entry in its login history.",
        ),
    )


def _retirement() -> Asking[Check]:
    yield from ()
    return Check(
        "OAuth username-password flow is being retired",
        True,
        "info",
        detail=f"Salesforce announced its end for {RETIREMENT}: from then on nobody logs in by it, whatever the switch "
        "says; External Client Apps do not have it. Single sign-on (03) is not touched",
        hint="Ask Conexiom which flow comes after it.",
        guide=("G4.1",),
    )


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    return (
        Setting(
            "Allow OAuth Username-Password Flows",
            "OauthOidcSettings",
            "OauthOidc",
            ("blockOAuthUnPwFlow",),
            wanted=True,
            inverse=True,  # the property says whether the flow is blocked
            guide=("G4.1",),
            change=params.allow_password_flow,
            manual=ManualStep(
                "password_flow",
                ("G4.1",),
                "Allow OAuth Username-Password Flows is off. Switch it on, or set allow_password_flow to have the "
                "runbook do it; or agree with Conexiom on a flow without it. Single sign-on (03) works either way.",
                url=f"{me.url}{_PAGE}",
                closed_by="decision",
                as_it_is="Allow OAuth Username-Password Flows is off",
            ),
        ),
        LoginProof(
            integration_username(params.user_username, me),
            params.app_name,
            me,
            not_now=_not_now(params),
            left_in=ID if params.mode == "plan" else "",
        ),
    )


def _not_now(params: Params) -> str:
    """Why nobody logs in as a proof, "" where the integration user does."""
    if params.prove_login == "never":
        return "prove_login is never"
    if params.mode == "plan" and params.prove_login != "always":
        return (
            "a plan leaves nothing in the login history: an apply or cnx verify asks; prove_login always asks here too"
        )
    return ""


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (_retirement,)


PHASE = Phase(
    id=ID,
    title="Verify API Access is Enabled",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G4.1",),
    setup_path=_PAGE,
)
