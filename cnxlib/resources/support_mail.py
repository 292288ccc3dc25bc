"""The request to Conexiom's support, sent once: a mail server takes no second look at what it was given.

What was sent is known from the records of earlier runs. Where one of them was cut off after the mail was handed over,
nobody here can know whether it went out, so a person is asked before anything is sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import MailUncertain, serving
from cnxlib.handoff import MailServer, SendMail, compose
from cnxlib.history import Attempted, Confirmation, Made
from cnxlib.model import Document, ManualStep, Observation
from cnxlib.resources.conexiom_credentials import find_credentials
from cnxlib.resources.support_request import DRAFT, NOT_KEPT, SUBJECT, Request, sending_by_hand, written
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

KIND = "support_mail"
GUIDE = ("G9.1",)


class SupportMail:
    """The request as a mail that the runbook sends by SMTP.

    Parameters
    ----------
    request:
        What is asked of Conexiom; its address is known.
    me:
        Who is logged in where.
    server:
        Who takes the mail.
    phase:
        Id of the phase, in which a person may have confirmed that they sent the mail.
    resend:
        Message-ID of a mail of which a person found out that it never arrived; "" otherwise.
    """

    batch = 1

    def __init__(self, request: Request, me: Identity, server: MailServer, phase: str, resend: str = "") -> None:
        self._request, self._me, self._server = request, me, server
        self._phase, self._resend = phase, resend

    def observe(self) -> Asking[Observation]:
        """What was sent, by the records; the mail as it is kept; and whether a person has to be asked about it."""
        with serving("G9.1"):
            mail = yield from written(self._request, self._me)
        request = self._request
        found = yield from find_credentials(request.sources)
        if request.way == "in_body" and found.missing:
            return Observation()
        by_hand = sending_by_hand(request, self._me)
        made, attempted, confirmed = yield [
            Made(KIND),
            Attempted(KIND),
            Confirmation(self._phase, by_hand.step, by_hand.digest),
        ]
        if confirmed and request.way != "in_body":
            return Observation(manual=(by_hand,))  # a person sent it: done, and nothing is sent
        mark = f", credentials {found.mark}" if request.way == "in_body" else ""
        base = f"{request.to}: {request.will} enable Email-to-Case, {request.environment(self._me)}{mark}"
        again = f"{base}, again"
        lost = self._resend == self._message_id(base) and base not in made
        key = again if lost or again in made else base
        message_id = self._message_id(key)
        state = {
            "to": request.to,
            "subject": SUBJECT,
            "server": str(self._server),
            "message_id": message_id,
            "credentials": request.way,
        }
        settled = key in made or key in attempted
        item = Item(KIND, key, state if settled else None, state, GUIDE, reversible=False, found=made.get(key, ""))
        asked = (self._arrived(message_id),) if key in attempted and key not in made else ()
        kept = compose(replace(mail, message_id=message_id), NOT_KEPT if request.way == "in_body" else "")
        del kept["Date"]  # the record says when; a draft that says another time at each reading is no evidence
        return Observation((item,), manual=asked, documents=(Document(DRAFT, kept.as_string()),))

    def _arrived(self, message_id: str) -> ManualStep:
        again = "" if self._resend else f" If it did not, run again with resend={message_id}."
        return ManualStep(
            "mail_arrived",
            GUIDE,
            f"A run was cut off while {self._server.host} was given the mail {message_id}, and nobody here knows "
            f"whether it went out. Ask {self._request.to} whether it arrived, and confirm this step if it did.{again}",
        )

    def _message_id(self, key: str) -> str:
        """The same for the same mail, so that its receiver, too, would know it again."""
        told = hashlib.sha256(f"{self._me.org_id} {key}".encode()).hexdigest()[:20]
        return f"<conexiom-{told}@{self._request.sender(self._me).rpartition('@')[2]}>"

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Send it. An answer that was lost leaves the Message-ID with the failed step: it may have gone out."""
        (change,) = changes
        message_id = str((change.after or {})["message_id"])
        mail = yield from written(self._request, self._me)
        found = yield from find_credentials(self._request.sources)
        parts = found.parts if self._request.way == "in_body" else ()
        try:
            yield [SendMail(self._server, replace(mail, message_id=message_id), parts)]
        except MailUncertain as error:
            return [Done(message_id, error)]
        return [Done(message_id)]
