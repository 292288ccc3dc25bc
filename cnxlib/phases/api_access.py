"""04 · Verify API Access is Enabled."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check, ManualStep
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.resources.setting import Setting
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

RETIREMENT = "2027-02-20"
"""When Salesforce stops the username-password flow everywhere (announced for Spring '27, second-hand)."""

_PAGE = "/lightning/setup/OauthAndOpenIdConnectSettings/home"


class Params(PhaseParams):
    """Parameters of 04_api_access."""

    allow_password_flow: bool = Field(
        False, description="switch Allow OAuth Username-Password Flows on where it is off"
    )


def _retirement() -> Asking[Check]:
    yield from ()
    return Check(
        "OAuth username-password flow is being retired",
        True,
        "info",
        detail=f"Salesforce announced its end for {RETIREMENT}; External Client Apps do not support it",
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
            ),
        ),
    )


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (_retirement,)


PHASE = Phase(
    id="04_api_access",
    title="Verify API Access is Enabled",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G4.1",),
    setup_path=_PAGE,
)
