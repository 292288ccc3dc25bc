"""The request to Conexiom's support, filled in from the org, as a draft that a person sends."""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.handoff import Mail, compose, mailto
from cnxlib.model import Document, ManualStep, Observation
from cnxlib.resources.conexiom_credentials import Sources
from cnxlib.resources.hand_over import Way
from cnxlib.resources.package import conexiom_package, version_text
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

SUBJECT = "Conexiom for Salesforce App"
DRAFT = "support-request.eml"
NOT_KEPT = "\n(The credentials stood here when the mail was sent. They are kept nowhere.)\n"

REGIONS = {"us_canada": "US & Canada", "emea": "EMEA", "asia_pacific": "Asia Pacific"}


@dataclass(frozen=True)
class Request:
    """What is asked of Conexiom.

    Parameters
    ----------
    region:
        A key of `REGIONS`.
    to:
        The region's address, "" where it is not known: the guide leaves the addresses blank.
    email_to_case:
        Whether the Email-to-Case integration will be enabled.
    sources:
        Which credentials go with it.
    way:
        How they go.
    mail_from:
        Who writes; "" is who is logged in.
    """

    region: str
    to: str
    email_to_case: bool
    sources: Sources
    way: Way
    mail_from: str = ""

    @property
    def will(self) -> str:
        """The guide's choice: whether the Email-to-Case integration will be enabled."""
        return "WILL" if self.email_to_case else "WILL NOT"

    def sender(self, me: Identity) -> str:
        """Who writes."""
        return self.mail_from or me.mailbox

    @staticmethod
    def environment(me: Identity) -> str:
        """The guide's other choice."""
        return "Sandbox" if me.org_type == "sandbox" else "Production"


def written(request: Request, me: Identity) -> Asking[Mail]:
    """The mail.

    Raises
    ------
    NotYet
        The package is not there yet.
    """
    package = yield from conexiom_package()
    return Mail(request.sender(me), request.to, SUBJECT, _body(request, me, version_text(package.version)))


def draft(request: Request, me: Identity) -> Asking[Observation]:
    """The mail as a draft, and the manual step to send it; raises as `written` does."""
    mail = yield from written(request, me)
    document = Document(DRAFT, compose(mail).as_string())
    return Observation(manual=(sending_by_hand(request, me),), documents=(document,))


def sending_by_hand(request: Request, me: Identity) -> ManualStep:
    """The manual step that a draft leaves. The version is not in its link, lest an update has it asked again."""
    region = REGIONS[request.region]
    whom = request.to or f"Conexiom support for {region} (the guide leaves its address blank: ask Conexiom)"
    link = mailto(Mail(request.sender(me), request.to, SUBJECT, _body(request, me)))
    return ManualStep("send_request", ("G9.1",), f"Send the request for the setup file to {whom}.", url=link)


def setup_file() -> Asking[Observation]:
    """The manual step that ends the guide's first part."""
    yield from ()
    step = ManualStep(
        "setup_file",
        ("G9.3",),
        "Wait for Conexiom's setup file. Only with it does the next part of the set-up begin. When it has arrived, "
        "confirm this step with the file as its evidence: its hash is put on record.",
        who="Conexiom support",
        wants_evidence=True,
    )
    return Observation(manual=(step,))


def _body(request: Request, me: Identity, version: str = "") -> str:
    which, org = f" (version {version})" if version else "", " ".join(me.org_name.split())
    lines = [
        "Hello,",
        "",
        f"I have installed the Conexiom Salesforce application{which} in our org {org} ({me.org_id}).",
        "Please share the setup file required to establish OAuth connectivity.",
        f"I {request.will} be enabling the Email-to-Case feature.",
        f"This is a {request.environment(me)} environment.",
        "",
        _credentials(request),
    ]
    return "\n".join(lines) + "\n"


def _credentials(request: Request) -> str:
    """The sentence about them; in the body they follow it."""
    user = (
        f"The credentials for the Conexiom Integration user {request.sources.username}, and the key and secret of the"
    )
    what = f"{user} connected app" if request.sources.with_user else "The consumer key and secret of the connected app"
    apart = f"{what}, are not in this mail" if request.sources.with_user else f"{what} are not in this mail"
    match request.way:
        case "in_body":
            return f"{what}:"
        case "sealed":
            return f"{apart}: your Customer Success team gets them in a file that is sealed to it."
        case _:
            return f"{apart}: we would like to share them on a live call."
