"""09 · Email Conexiom Support."""

from __future__ import annotations

from collections.abc import Sequence

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.handoff import MailServer
from cnxlib.model import Check
from cnxlib.phases.base import Phase
from cnxlib.phases.integration_params import integration_username
from cnxlib.phases.support_params import Params
from cnxlib.resources.conexiom_credentials import Sources
from cnxlib.resources.hand_over import HandOver, Lock
from cnxlib.resources.report import Report
from cnxlib.resources.rotation import Rotation, left_by_rotation
from cnxlib.resources.support_mail import SupportMail
from cnxlib.resources.support_request import REGIONS, Request, draft, setup_file
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

ID = "09_support_request"


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


def sources_of(params: Params, me: Identity) -> Sources:
    """Which credentials are due, and where they lie."""
    return Sources(
        params.email_to_case_integration or params.case_alerts,
        integration_username(params.user_username, me),
        params.app_name,
        params.credential_route,
        params.password_ref,
        params.security_token_ref,
        params.consumer_key_ref,
        params.consumer_secret_ref,
    )


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    sources = sources_of(params, me)
    if params.rotate:
        return (Rotation(params.rotate, sources.username, params.app_name, me),)
    request = Request(
        params.region,
        params.support_email,
        params.email_to_case_integration,
        sources,
        params.credentials,
        params.mail_from,
    )
    title = f"Credentials for Conexiom: {me.org_name} ({me.org_id}), {request.environment(me)}"
    lock = Lock(params.recipient_key, params.seal_passphrase_ref)
    server = MailServer(params.smtp_host, params.smtp_port, params.smtp_tls, params.smtp_user, params.smtp_ref)
    return (
        Report(lambda: draft(request, me))
        if params.deliver == "draft"
        else SupportMail(request, me, server, ID, params.resend),
        HandOver(sources, params.credentials, lock, title, params.org),
        Report(lambda: left_by_rotation(ID, handing_over=params.mode == "apply")),
        Report(setup_file),
    )


PHASE = Phase(
    id=ID,
    title="Email Conexiom Support",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G9.1", "G9.2", "G9.3"),
    needs=("01_install_package",),
)
