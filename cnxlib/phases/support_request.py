"""09 · Email Conexiom Support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check
from cnxlib.phases.base import (
    AGE_RECIPIENT_OR_BLANK,
    REFERENCE_OR_BLANK,
    EmailOrBlank,
    Phase,
    PhaseParams,
    UsernameOrBlank,
)
from cnxlib.phases.integration_user import integration_username
from cnxlib.resources.report import Report
from cnxlib.resources.support_request import Request, support_request
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(PhaseParams):
    """Parameters of 09_support_request."""

    region: Literal["us_canada", "emea", "asia_pacific"] = Field("us_canada", description="whose support is written to")
    support_email: EmailOrBlank = Field("", description="the region's address; the guide leaves the addresses blank")
    deliver: Literal["draft", "smtp"] = Field("draft", description="draft writes the mail as a file; you send it")
    credentials: Literal["sealed", "live_call", "in_body"] = Field(
        "live_call", description="how the credentials reach Conexiom; never in the mail by default"
    )
    recipient_key: str = Field(
        "", pattern=AGE_RECIPIENT_OR_BLANK, description="Conexiom's age key, to seal the credentials to"
    )
    smtp_ref: str = Field("", pattern=REFERENCE_OR_BLANK, description="reference to the SMTP password, to send by smtp")
    email_to_case_integration: bool = Field(False, description="as in 02: whether credentials go with the request")
    user_username: UsernameOrBlank = Field("", description="as in 02: the integration user")
    app_name: str = Field("Conexiom", description="as in 03: the connected app")

    @field_validator("deliver")
    @classmethod
    def _draft(cls, value: str) -> str:
        if value != "draft":
            raise ValueError("sending by SMTP is not built yet; use draft and send the mail yourself")
        return value

    @field_validator("credentials")
    @classmethod
    def _live_call(cls, value: str) -> str:
        if value != "live_call":
            raise ValueError("only live_call is built yet, which the guide allows as well")
        return value


def _environment(me: Identity) -> Asking[Check]:
    yield from ()
    kind = "Sandbox" if me.org_type == "sandbox" else "Production"
    return Check(
        "kind of environment", True, "info", detail=f"{kind} (this org is a {me.org_type} org)", guide=("G9.1",)
    )


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    request = Request(
        params.region,
        params.support_email,
        params.email_to_case_integration,
        integration_username(params.user_username, me),
        params.app_name,
    )
    return (Report(lambda: support_request(request, me)),)


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (lambda: _environment(me),)


PHASE = Phase(
    id="09_support_request",
    title="Email Conexiom Support",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G9.1", "G9.2", "G9.3"),
    needs=("01_install_package",),
)
