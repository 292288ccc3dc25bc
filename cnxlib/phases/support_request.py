"""09 · Email Conexiom Support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.handoff import MailServer, is_recipient
from cnxlib.model import Check
from cnxlib.phases.base import (
    AGE_RECIPIENT_OR_BLANK,
    HOST_OR_BLANK,
    OCCASION,
    REFERENCE_OR_BLANK,
    EmailOrBlank,
    Phase,
    PhaseParams,
    UsernameOrBlank,
)
from cnxlib.phases.integration_user import integration_username
from cnxlib.resources.conexiom_credentials import Sources
from cnxlib.resources.hand_over import HandOver, Lock
from cnxlib.resources.report import Report
from cnxlib.resources.rotation import Rotation
from cnxlib.resources.support_mail import SupportMail
from cnxlib.resources.support_request import REGIONS, Request, draft, setup_file
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

Occasion = Annotated[str, StringConstraints(pattern=OCCASION)]


class Params(PhaseParams):
    """Parameters of 09_support_request."""

    region: Literal["us_canada", "emea", "asia_pacific"] = Field("us_canada", description="whose support is written to")
    support_email: EmailOrBlank = Field("", description="the region's address; the guide leaves the addresses blank")
    deliver: Literal["draft", "smtp"] = Field("draft", description="draft: you send the mail; smtp: it is sent, once")
    credentials: Literal["sealed", "live_call", "in_body"] = Field(
        "sealed", description="how the credentials reach Conexiom; in_body only when insisted on"
    )
    recipient_key: str = Field(
        "", pattern=AGE_RECIPIENT_OR_BLANK, description="Conexiom's age key, to seal the credentials to"
    )
    seal_passphrase_ref: str = Field(
        "", pattern=REFERENCE_OR_BLANK, description="reference to a passphrase, to seal them without a key"
    )
    confirm_in_body: str = Field("", description="support_email typed again, to have the credentials in the mail")
    smtp_host: str = Field("", pattern=HOST_OR_BLANK, description="the mail server, to send by smtp")
    smtp_port: int = Field(0, ge=0, le=65535, description="its port (0: the usual one)")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="how the way to it is encrypted")
    smtp_user: str = Field("", description="who logs in to it, where it asks")
    smtp_ref: str = Field("", pattern=REFERENCE_OR_BLANK, description="reference to the SMTP password, to send by smtp")
    mail_from: EmailOrBlank = Field("", description='who writes the mail ("" is who is logged in)')
    resend: str = Field("", description="Message-ID of a mail that never arrived, to send it again")
    email_to_case_integration: bool = Field(False, description="as in 02: whether credentials go with the request")
    user_username: UsernameOrBlank = Field("", description="as in 02: the integration user")
    credential_route: Literal["security_token", "trusted_ip", "client_credentials"] = Field(
        "security_token", description="as in 02: what the integration user logs in with"
    )
    app_name: str = Field("Conexiom", description="as in 03: the connected app")
    password_ref: str = Field("", pattern=REFERENCE_OR_BLANK, description="reference to the password, if not ours")
    security_token_ref: str = Field("", pattern=REFERENCE_OR_BLANK, description="reference to the security token")
    consumer_key_ref: str = Field("", pattern=REFERENCE_OR_BLANK, description="reference to the key, if not ours")
    consumer_secret_ref: str = Field("", pattern=REFERENCE_OR_BLANK, description="reference to the secret, if not ours")
    rotate: tuple[Occasion, ...] = Field(
        (), description="replace after the hand-over: password@NAME, consumer_secret@NAME"
    )

    @field_validator("recipient_key")
    @classmethod
    def _is_key(cls, key: str) -> str:
        if key and not is_recipient(key):
            raise ValueError("is no age recipient: a character of it is wrong or missing")
        return key

    @model_validator(mode="after")
    def _whole(self) -> Params:
        if self.recipient_key and self.seal_passphrase_ref:
            raise ValueError("recipient_key and seal_passphrase_ref: one of them opens the file, not both")
        if self.deliver == "smtp":
            self._check_smtp()
        if self.credentials == "in_body":
            self._check_in_body()
        return self

    def _check_smtp(self) -> None:
        if not (self.support_email and self.smtp_host):
            raise ValueError("deliver=smtp needs support_email (the guide leaves it blank: ask Conexiom) and smtp_host")
        if not (self.support_email + self.mail_from).isascii():
            raise ValueError("support_email and mail_from: mail servers take letters without accents in an address")
        if bool(self.smtp_user) != bool(self.smtp_ref):
            raise ValueError("smtp_user and smtp_ref are given together, or neither of them")
        if self.smtp_ref and self.smtp_tls == "none":
            raise ValueError("smtp_tls=none would send the password of smtp_ref in the clear")

    def _check_in_body(self) -> None:
        if self.deliver != "smtp":
            raise ValueError("credentials=in_body needs deliver=smtp: a draft that holds them would be kept on disk")
        if self.smtp_tls == "none":
            raise ValueError("credentials=in_body is not sent with smtp_tls=none")
        if self.confirm_in_body != self.support_email:
            raise ValueError(
                "credentials=in_body sends passwords in a mail that anybody on its way can read: to insist, type "
                "support_email again as confirm_in_body; sealed and live_call are the safe ways"
            )


def _environment(me: Identity) -> Asking[Check]:
    yield from ()
    kind = Request.environment(me)
    return Check(
        "kind of environment", True, "info", detail=f"{kind} (this org is a {me.org_type} org)", guide=("G9.1",)
    )


def _address(params: Params) -> Asking[Check]:
    yield from ()
    return Check(
        "address of Conexiom's support",
        bool(params.support_email),
        "warning",
        detail=params.support_email or f"not known for {REGIONS[params.region]}; the guide leaves it blank",
        hint="Ask your Conexiom contact and give it as support_email.",
        guide=("G9.1",),
    )


def _in_the_clear(params: Params) -> Asking[Check]:
    yield from ()
    return Check(
        "CREDENTIALS IN THE CLEAR",
        False,
        "warning",
        detail=f"passwords and secrets go to {params.support_email} in a mail that stays in mailboxes for good",
        hint="Choose credentials=sealed or live_call. If you go on, rotate them afterwards: cnx handoff rotate.",
        guide=("G9.2",),
    )


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    loud = [lambda: _in_the_clear(params)] if params.credentials == "in_body" else []
    return (lambda: _environment(me), lambda: _address(params), *loud)


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    username = integration_username(params.user_username, me)
    if params.rotate:
        return (Rotation(params.rotate, username, params.app_name, me),)
    sources = Sources(
        params.email_to_case_integration,
        username,
        params.app_name,
        params.credential_route,
        params.password_ref,
        params.security_token_ref,
        params.consumer_key_ref,
        params.consumer_secret_ref,
    )
    request = Request(params.region, params.support_email, sources, params.credentials, params.mail_from)
    title = f"Credentials for Conexiom: {me.org_name} ({me.org_id}), {request.environment(me)}"
    lock = Lock(params.recipient_key, params.seal_passphrase_ref)
    server = MailServer(params.smtp_host, params.smtp_port, params.smtp_tls, params.smtp_user, params.smtp_ref)
    return (
        Report(lambda: draft(request, me))
        if params.deliver == "draft"
        else SupportMail(request, me, server, PHASE.id, params.resend),
        HandOver(sources, params.credentials, lock, title),
        Report(setup_file),
    )


PHASE = Phase(
    id="09_support_request",
    title="Email Conexiom Support",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G9.1", "G9.2", "G9.3"),
    needs=("01_install_package",),
)
