"""The request to Conexiom's support: the mail, what goes with it, and the wait for the setup file."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage

from cnxlib.errors import NotYet
from cnxlib.model import Document, ManualStep, Observation
from cnxlib.resources.connected_app import find_consumer
from cnxlib.resources.package import conexiom_package, version_text
from cnxlib.resources.password import password_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, Query, SecretHeld, soql

SUBJECT = "Conexiom for Salesforce App"

REGIONS = {"us_canada": "US & Canada", "emea": "EMEA", "asia_pacific": "Asia Pacific"}


@dataclass(frozen=True)
class Request:
    """What is asked of Conexiom.

    Parameters
    ----------
    region:
        A key of `REGIONS`.
    support_email:
        The region's address, "" where it is not known: the guide leaves the addresses blank.
    email_to_case:
        Whether the Email-to-Case integration will be enabled, for which credentials go with the request.
    username:
        The integration user's.
    app:
        Name of the connected app.
    """

    region: str
    support_email: str
    email_to_case: bool
    username: str
    app: str


def support_request(request: Request, me: Identity) -> Asking[Observation]:
    """The mail as a draft, and the manual steps: send it, hand over the credentials, wait for the setup file.

    Raises
    ------
    NotYet
        The package, or for Email-to-Case the integration user, is not there yet.
    """
    package = yield from conexiom_package()
    users, password = yield [
        Query(soql("SELECT Id FROM User WHERE Username = {} AND IsActive = true", request.username)),
        SecretHeld(password_name(request.username)),
    ]
    app = yield from find_consumer(request.app)
    if request.email_to_case and not users:
        raise NotYet(
            f"There is no integration user {request.username} yet", phase="02_integration_user", guide=("G9.2",)
        )
    mail = _mail(request, me, version_text(package.version))
    whom = request.support_email or f"Conexiom support for {REGIONS[request.region]} (ask Conexiom for the address)"
    steps = (
        ManualStep("send_request", ("G9.1",), f"Send the request for the setup file to {whom}."),
        _hand_over(request, password, app.key, app.secret),
        ManualStep(
            "setup_file",
            ("G9.3",),
            "Wait for Conexiom's setup file. Only with it does the next part of the set-up begin.",
            who="Conexiom support",
        ),
    )
    return Observation(manual=steps, documents=(Document("support-request.eml", mail),))


def _mail(request: Request, me: Identity, version: str) -> str:
    will = "WILL" if request.email_to_case else "WILL NOT"
    environment = "Sandbox" if me.org_type == "sandbox" else "Production"
    lines = [
        "Hello,",
        "",
        f"I have installed the Conexiom Salesforce application (version {version}) in our org {me.org_name}",
        f"({me.org_id}).",
        "Please share the setup file required to establish OAuth connectivity.",
        f"I {will} be enabling the Email-to-Case feature.",
        f"This is a {environment} environment.",
        "",
    ]
    if request.email_to_case:
        lines += [
            f"The Conexiom Integration user is {request.username}. Its password and security token, and the",
            "consumer key and secret of the connected app, are not in this mail: we would like to share them on a",
            "live call.",
            "",
        ]
    else:
        lines += ["The consumer key and secret of the connected app we would like to share on a live call.", ""]
    mail = EmailMessage()
    mail["Subject"] = SUBJECT
    mail["From"] = me.email
    if request.support_email:
        mail["To"] = request.support_email
    mail.set_content("\n".join(lines))
    return mail.as_string()


def _hand_over(request: Request, password: str, key: str, secret: str) -> ManualStep:
    unknown = "not held here: get it from Setup"
    parts = [f"consumer key ({key or unknown})", f"consumer secret ({secret or unknown})"]
    if request.email_to_case:
        parts += [
            f"user name {request.username}",
            f"password ({password or 'not held here: whoever set it knows it'})",
            "security token (e-mailed to the user by Setup, Reset My Security Token)",
        ]
    return ManualStep(
        "hand_over_credentials",
        ("G9.2", "G3.4"),
        "Share with Conexiom's Customer Success team on a live call: " + ", ".join(parts) + ".",
    )
