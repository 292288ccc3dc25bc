"""Parameters of 09 · Email Conexiom Support."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from cnxlib.handoff import is_recipient
from cnxlib.phases.base import (
    AGE_RECIPIENT_OR_BLANK,
    HOST_OR_BLANK,
    OCCASION,
    REFERENCE_OR_BLANK,
    EmailOrBlank,
    PhaseParams,
    UsernameOrBlank,
)
from cnxlib.phases.integration_params import CREDENTIAL_ROUTES, NEEDED
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.resources.support_request import REGIONS

Occasion = Annotated[str, StringConstraints(pattern=OCCASION)]


_MAIL, _CREDENTIALS, _PLACES = "Mail", "Credentials", "Where the credentials lie"

_SEALED = {"credentials": ["sealed"]}

_PASSWORD, _TOKEN = ["security_token", "trusted_ip"], ["security_token"]


class Params(PhaseParams):
    """Parameters of 09_support_request."""

    region: Literal["us_canada", "emea", "asia_pacific"] = Field(
        "us_canada",
        title="Region",
        description="whose support is written to",
        json_schema_extra=in_form(group=_MAIL, choices=REGIONS),
    )
    support_email: EmailOrBlank = Field(
        "",
        title="Address of Conexiom's support",
        description="the region's address; the guide leaves the addresses blank",
        json_schema_extra=in_form(group=_MAIL, help="Ask your Conexiom contact: the guide leaves the addresses blank."),
    )
    deliver: Literal["draft", "smtp"] = Field(
        "draft",
        title="How the mail goes out",
        description="draft: you send the mail; smtp: it is sent, once",
        json_schema_extra=in_form(
            group=_MAIL,
            choices={"draft": "You send it yourself, from a draft", "smtp": "It is sent by your mail server, once"},
        ),
    )
    credentials: Literal["sealed", "live_call", "in_body"] = Field(
        "sealed",
        title="How the credentials reach Conexiom",
        description="how the credentials reach Conexiom; in_body only when insisted on",
        json_schema_extra=in_form(
            group=_CREDENTIALS,
            choices={
                "sealed": "In a sealed file (recommended)",
                "live_call": "Over a live call",
                "in_body": "In the mail itself: anybody on its way can read them",
            },
        ),
    )
    recipient_key: str = Field(
        "",
        pattern=AGE_RECIPIENT_OR_BLANK,
        title="Conexiom's age key",
        description="Conexiom's age key, to seal the credentials to",
        json_schema_extra=in_form(
            only_when=_SEALED,
            group=_CREDENTIALS,
            help="Conexiom's public key, age1…: only they can then open the file.",
        ),
    )
    seal_passphrase_ref: str = Field(
        "",
        pattern=REFERENCE_OR_BLANK,
        title="Passphrase of the sealed file",
        description="reference to a passphrase, to seal them without a key",
        json_schema_extra=in_form(
            only_when=_SEALED,
            group=_CREDENTIALS,
            help="In place of a key: tell it to Conexiom over the telephone, never by mail.",
        ),
    )
    confirm_in_body: str = Field(
        "",
        title="To insist, the address of support again",
        description="support_email typed again, to have the credentials in the mail",
        json_schema_extra=in_form(only_when={"credentials": ["in_body"]}, group=_CREDENTIALS, keep=False),
    )
    smtp_host: str = Field(
        "",
        pattern=HOST_OR_BLANK,
        title="Mail server",
        description="the mail server, to send by smtp",
        json_schema_extra=in_form(only_when={"deliver": ["smtp"]}, group=_MAIL),
    )
    smtp_port: int = Field(
        0,
        ge=0,
        le=65535,
        title="Port of the mail server",
        description="its port (0: the usual one)",
        json_schema_extra=in_form(only_when={"deliver": ["smtp"]}, group=_MAIL),
    )
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        title="Encryption on the way to it",
        description="how the way to it is encrypted",
        json_schema_extra=in_form(
            only_when={"deliver": ["smtp"]},
            group=_MAIL,
            choices={"starttls": "STARTTLS (usual)", "tls": "TLS from the beginning", "none": "None"},
        ),
    )
    smtp_user: str = Field(
        "",
        title="User of the mail server",
        description="who logs in to it, where it asks",
        json_schema_extra=in_form(only_when={"deliver": ["smtp"]}, group=_MAIL),
    )
    smtp_ref: str = Field(
        "",
        pattern=REFERENCE_OR_BLANK,
        title="Password of the mail server",
        description="reference to the SMTP password, to send by smtp",
        json_schema_extra=in_form(only_when={"deliver": ["smtp"]}, group=_MAIL),
    )
    mail_from: EmailOrBlank = Field(
        "",
        title="Who writes the mail",
        description='who writes the mail ("" is who is logged in)',
        json_schema_extra=in_form(group=_MAIL, help="An e-mail address. Leave it empty to have your own."),
    )
    resend: str = Field(
        "",
        title="Send a mail again",
        description="Message-ID of a mail that never arrived, to send it again",
        json_schema_extra=in_form(only_when={"deliver": ["smtp"]}, group=EXPERTS, keep=False),
    )
    email_to_case_integration: bool = Field(
        False,
        title="Email-to-Case integration is used",
        description="as in 02: whether credentials go with the request",
        json_schema_extra=in_form(
            group=_CREDENTIALS,
            help="As in 02: the mail says whether it is, and Conexiom needs the integration user's credentials for it.",
        ),
    )
    case_alerts: bool = Field(
        False,
        title="Cases are created for alerts",
        description="as in 02: the credentials go with the request for these too",
        json_schema_extra=in_form(
            group=_CREDENTIALS, help="As in 02: Conexiom needs the integration user's credentials for these, too."
        ),
    )
    user_username: UsernameOrBlank = Field(
        "",
        title="User name of the integration user",
        description="as in 02: the integration user",
        json_schema_extra=in_form(
            only_when=NEEDED, group=_PLACES, offers="users", help="As in 02. Leave it empty where 02 made it."
        ),
    )
    credential_route: Literal["security_token", "trusted_ip", "client_credentials"] = Field(
        "security_token",
        title="How the integration user logs in",
        description="as in 02: what the integration user logs in with",
        json_schema_extra=in_form(only_when=NEEDED, group=_PLACES, choices=CREDENTIAL_ROUTES, help="As in 02."),
    )
    app_name: str = Field(
        "Conexiom",
        title="Name of the app",
        description="as in 03: the connected app",
        json_schema_extra=in_form(group=EXPERTS, offers="apps"),
    )
    password_ref: str = Field(
        "",
        pattern=REFERENCE_OR_BLANK,
        title="Password",
        description="reference to the password, if not ours",
        json_schema_extra=in_form(
            only_when=[{**way, "credential_route": _PASSWORD} for way in NEEDED],
            group=_PLACES,
            help="Leave it empty where 02 made the password.",
        ),
    )
    security_token_ref: str = Field(
        "",
        pattern=REFERENCE_OR_BLANK,
        title="Security token",
        description="reference to the security token",
        json_schema_extra=in_form(
            only_when=[{**way, "credential_route": _TOKEN} for way in NEEDED],
            group=_PLACES,
            help="Salesforce mails it to the integration user's address when it is reset.",
        ),
    )
    consumer_key_ref: str = Field(
        "",
        pattern=REFERENCE_OR_BLANK,
        title="Consumer key of the app",
        description="reference to the key, if not ours",
        json_schema_extra=in_form(group=_PLACES, help="Leave it empty where 03 made the app."),
    )
    consumer_secret_ref: str = Field(
        "",
        pattern=REFERENCE_OR_BLANK,
        title="Consumer secret of the app",
        description="reference to the secret, if not ours",
        json_schema_extra=in_form(group=_PLACES, help="Leave it empty where 03 made the app."),
    )
    rotate: tuple[Occasion, ...] = Field(
        (),
        title="Replace after the hand-over",
        description="replace after the hand-over: password@NAME, consumer_secret@NAME",
        json_schema_extra=in_form(
            group=EXPERTS,
            keep=False,
            help="Write password@NAME or consumer_secret@NAME: they are replaced once Conexiom has them. The name is "
            "yours and says on which occasion: password@CHG-4711.",
        ),
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
