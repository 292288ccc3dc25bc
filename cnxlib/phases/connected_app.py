"""03 · Connected App Configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check, ManualStep
from cnxlib.phases.base import DEVELOPER_NAME, EmailOrBlank, Phase, PhaseParams
from cnxlib.phases.integration_params import CREDENTIAL_ROUTES
from cnxlib.resources.app import API, SCOPES, App
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.resources.report import Report
from cnxlib.resources.sign_on_app import SignOnApp, made_by_hand
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

ID = "03_connected_app"

GUIDE_CALLBACK = "https://portal-na1.cloud.conexiom.com/Partner/login"
"""The guide's example; each customer has one of their own."""


class Params(PhaseParams):
    """Parameters of 03_connected_app."""

    callback_url: str = Field(
        "",
        validate_default=True,
        title="Callback URL",
        description="callback URL that Conexiom gave you, unique to your environment",
        examples=[GUIDE_CALLBACK],
        json_schema_extra=in_form(
            help="Conexiom gives it to you: it is unique to your environment. The guide's example is offered below."
        ),
    )
    contact_email: EmailOrBlank = Field(
        "",
        title="Contact e-mail",
        description='contact e-mail ("" is that of the admin who is logged in)',
        json_schema_extra=in_form(help="Leave it empty to have your own."),
    )
    app_name: str = Field(
        "Conexiom",
        pattern=DEVELOPER_NAME,
        max_length=80,
        title="Name of the app",
        description="name and API name of the app",
        json_schema_extra=in_form(group=EXPERTS, offers="apps"),
    )
    route: Literal["auto", "connected_app", "external_client_app", "manual"] = Field(
        "auto",
        title="How the app is made",
        description="how the app is made; auto finds one of either kind, else makes the one Conexiom accepts",
        json_schema_extra=in_form(
            help="“As it fits” finds an app of either kind, else makes the one that Conexiom accepts.",
            choices={
                "auto": "As it fits (recommended)",
                "connected_app": "As a connected app",
                "external_client_app": "As an External Client App",
                "manual": "By hand, in Setup",
            },
        ),
    )
    conexiom_accepts: Literal["unknown", "connected_app", "external_client_app"] = Field(
        "unknown",
        title="Kind of app that Conexiom accepts",
        description="what kind of app Conexiom said they accept",
        json_schema_extra=in_form(
            choices={
                "unknown": "Not known yet",
                "connected_app": "A connected app",
                "external_client_app": "An External Client App",
            }
        ),
    )
    credential_route: Literal["security_token", "trusted_ip", "client_credentials"] = Field(
        "security_token",
        title="How the integration user logs in",
        description="as in 02: by client_credentials it takes the scope Api besides",
        json_schema_extra=in_form(
            group=EXPERTS, choices=CREDENTIAL_ROUTES, help="As in 02. Client credentials take the scope Api besides."
        ),
    )
    propagation_timeout_minutes: int = Field(
        15,
        ge=0,
        le=60,
        title="Longest wait, in minutes",
        description="minutes to wait until Salesforce's login knows a new app",
        json_schema_extra=in_form(group=EXPERTS),
    )

    @field_validator("callback_url")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value:
            raise ValueError(
                "is required: get it from Conexiom, it is unique to your environment "
                f"(the guide's example is {GUIDE_CALLBACK})"
            )
        try:
            parts = urlsplit(value)
            whole = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
            good = whole and not parts.fragment and parts.username is None
        except ValueError:
            good = False
        if not good or any(character.isspace() for character in value):
            raise ValueError("must be a URL that begins with https://, without blanks, a user name or a # part")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Params:
        made, accepted = self.route, self.conexiom_accepts
        if made in ("connected_app", "external_client_app") and accepted not in ("unknown", made):
            raise ValueError(f"route {made} makes what Conexiom does not accept (conexiom_accepts is {accepted})")
        return self


def _callback(params: Params) -> Asking[Check]:
    yield from ()
    example = params.callback_url == GUIDE_CALLBACK
    return Check(
        "callback URL",
        not example,
        "warning",
        detail=f"{params.callback_url} is the guide's example" if example else params.callback_url,
        hint="Make sure that Conexiom gave you this one: it is unique to each customer." if example else "",
        guide=("G3.1",),
    )


def _accepted(params: Params) -> Asking[Check]:
    yield from ()
    known = params.conexiom_accepts != "unknown"
    return Check(
        "kind of app that Conexiom accepts",
        known,
        "warning",
        detail=params.conexiom_accepts.replace("_", " ") if known else "not known",
        hint=""
        if known
        else "Since Spring '26 most orgs create no more connected apps: ask Conexiom whether an External Client App "
        "will do, and set conexiom_accepts.",
        guide=("G3.2",),
    )


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    guide = ("G3.2", "G3.3", "G3.4")
    patience = params.propagation_timeout_minutes * 60.0
    scopes = (*SCOPES, API) if params.credential_route == "client_credentials" else SCOPES
    app = App(params.app_name, params.callback_url, params.contact_email, me, guide, patience, scopes)
    if params.route == "manual":
        step = ManualStep(
            "connected_app",
            guide,
            f"Make an app {app.name} with the callback URL {app.callback_url} and the scopes {app.scopes_said}, "
            "and share its consumer key and secret with Conexiom's Customer Success team.",
            url=app.app_manager(),
            closed_by="reading",
        )
        return (Report(lambda: made_by_hand(app, step)),)
    return (SignOnApp(app, params.route, params.conexiom_accepts, ID),)


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (lambda: _callback(params), lambda: _accepted(params))


PHASE = Phase(
    id=ID,
    title="Connected App Configuration",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G3.1", "G3.2", "G3.3", "G3.4"),
    setup_path="/lightning/setup/NavigationMenus/home",
)
