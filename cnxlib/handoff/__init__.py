"""What leaves this computer for Conexiom: the mail, and the credentials sealed to them."""

from cnxlib.handoff.door import Keep, handing_over, nothing_kept, revealed
from cnxlib.handoff.mail import Mail, MailServer, compose, mailto
from cnxlib.handoff.requests import Handed, Part, Seal, SendMail
from cnxlib.handoff.sealing import is_recipient

__all__ = [
    "Handed",
    "Keep",
    "Mail",
    "MailServer",
    "Part",
    "Seal",
    "SendMail",
    "compose",
    "handing_over",
    "is_recipient",
    "mailto",
    "nothing_kept",
    "revealed",
]
