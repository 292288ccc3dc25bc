"""What can be asked of the door to Conexiom: plain values that resources yield in `apply`, never in `observe`."""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.handoff.mail import Mail, MailServer
from cnxlib.salesforce import Secret


@dataclass(frozen=True)
class Part:
    """One credential.

    Parameters
    ----------
    name:
        As the guide calls it: "Security Token".
    value:
        It, where it is no secret; else what stands for it until it is sealed or sent.
    """

    name: str
    value: str | Secret


@dataclass(frozen=True)
class Seal:
    """Encrypt credentials (age, armoured) into a file of the run record, with a receipt beside it. Answer: `Handed`.

    Parameters
    ----------
    file:
        Its name.
    title:
        Its first line: whose credentials they are.
    parts:
        The credentials.
    recipient:
        The age key that opens it ("age1…"), "" where a passphrase does.
    passphrase:
        Reference to that passphrase, "" where a key opens it.
    """

    file: str
    title: str
    parts: tuple[Part, ...]
    recipient: str = ""
    passphrase: str = ""


@dataclass(frozen=True)
class SendMail:
    """Send a mail, and leave a receipt in the run record. Answer: `Handed`, a `MailRefused` or a `MailUncertain`.

    Parameters
    ----------
    server, mail:
        By which server, and what.
    parts:
        Credentials that are added to the text while it is sent. They are kept nowhere.
    """

    server: MailServer
    mail: Mail
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Handed:
    """What was handed over: SHA-256, as "sha256:…", of the sealed file, or of the mail without credentials."""

    digest: str
