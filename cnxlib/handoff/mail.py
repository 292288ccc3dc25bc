"""A mail: as a text to be sent by a person, as a link, and by SMTP (RFC 5321, STARTTLS by RFC 3207)."""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Literal
from urllib.parse import quote

from cnxlib.errors import MailRefused, MailUncertain

TIMEOUT_S = 60.0

Tls = Literal["starttls", "tls", "none"]
PORTS: dict[Tls, int] = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True)
class MailServer:
    """Who takes mail.

    Parameters
    ----------
    host, port:
        Its address; port 0 is the usual one of `tls`.
    tls:
        "starttls" (encrypted from the second word on, or not at all used), "tls" (from the first), "none".
    user, password:
        For who has to log in: the name, and a reference to the password.
    """

    host: str
    port: int = 0
    tls: Tls = "starttls"
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port or PORTS[self.tls]} ({'no TLS' if self.tls == 'none' else self.tls})"


@dataclass(frozen=True)
class Mail:
    """What is written to whom.

    Parameters
    ----------
    sender, to:
        Addresses; `to` is "" where nobody knows it yet.
    subject, body:
        Body: lines that end with a line break.
    message_id:
        "<…@…>", "" for a draft.
    """

    sender: str
    to: str
    subject: str
    body: str
    message_id: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of subject and body, as "sha256:…"."""
        return "sha256:" + hashlib.sha256(f"{self.subject}\n\n{self.body}".encode()).hexdigest()


def compose(mail: Mail, more: str = "") -> EmailMessage:
    """The message, with `more` after its body. Without a Message-ID it is a draft that mail programs open to send."""
    message = EmailMessage()
    message["Subject"] = mail.subject
    message["From"] = mail.sender
    if mail.to:
        message["To"] = mail.to
    if mail.message_id:
        message["Message-ID"] = mail.message_id
        message["Date"] = formatdate(localtime=False)
    else:
        message["X-Unsent"] = "1"  # Outlook opens such a file for sending rather than for reading
    text = mail.body + more
    # Never base64: people read the draft, and a search for secrets could not
    message.set_content(text, cte="7bit" if text.isascii() and _has_short_lines(text) else "quoted-printable")
    return message


def mailto(mail: Mail) -> str:
    """The mail as a link (RFC 6068)."""
    body = mail.body.replace("\n", "\r\n")
    return f"mailto:{quote(mail.to, safe='@')}?subject={quote(mail.subject)}&body={quote(body)}"


def send(server: MailServer, password: str, message: EmailMessage) -> None:
    """Hand a message to a server.

    Raises
    ------
    MailRefused
        It is out of reach, shows a certificate that nobody trusts, wants another login, or refuses the mail.
    MailUncertain
        The whole mail was given to it, and its answer was lost.
    """
    try:
        smtp = _connected(server, password)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise _refused(server, error) from None
    try:
        _hand_over(smtp, server, message)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        smtp.close()


def _connected(server: MailServer, password: str) -> smtplib.SMTP:
    port = server.port or PORTS[server.tls]
    smtp: smtplib.SMTP
    if server.tls == "tls":
        smtp = smtplib.SMTP_SSL(server.host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    else:
        smtp = smtplib.SMTP(server.host, port, timeout=TIMEOUT_S)
    try:
        if server.tls == "starttls":
            smtp.starttls(context=ssl.create_default_context())
        if server.user:
            smtp.login(server.user, password)
        smtp.ehlo_or_helo_if_needed()
    except BaseException:
        smtp.close()
        raise
    return smtp


def _hand_over(smtp: smtplib.SMTP, server: MailServer, message: EmailMessage) -> None:
    """MAIL, RCPT, DATA: smtplib's own sendmail does not tell on which side of DATA it was cut off."""
    try:
        for code, said in (smtp.mail(message["From"]), smtp.rcpt(message["To"])):
            if code not in (250, 251):
                raise smtplib.SMTPResponseException(code, said)
        code, said = smtp.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPResponseException(code, said)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise _refused(server, error) from None
    content = re.sub(rb"(?m)^\.", b"..", message.as_bytes(policy=SMTP))
    try:
        smtp.send(content + b".\r\n")
        code, said = smtp.getreply()
    except (smtplib.SMTPException, OSError):
        raise MailUncertain(
            f"{server} was given the mail {message['Message-ID']} and did not answer: nobody knows whether it went out",
            guide=("G9.1",),
            hint="It is not sent again by itself. Ask who it was for, or look in the server's log.",
        ) from None
    if code != 250:
        raise _refused(server, smtplib.SMTPResponseException(code, said))


def _refused(server: MailServer, error: Exception) -> MailRefused:
    """What a server's no means. Its words are left out after a login: they may repeat what they were given."""
    hint = "Mend it and run again, or choose deliver=draft and send the mail yourself."
    match error:
        case smtplib.SMTPAuthenticationError():
            said = f"it refused the login ({error.smtp_code})"
            hint = "Check smtp_user and smtp_ref; many providers want a password made for programs. " + hint
        case smtplib.SMTPResponseException():
            words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
            said = f"it answered {error.smtp_code} {words}".strip()
        case smtplib.SMTPNotSupportedError():
            said = "it offers no STARTTLS, or no login that is known here"
            hint = "Check smtp_tls and smtp_port. " + hint
        case ssl.SSLCertVerificationError():
            said = f"its certificate is not to be trusted ({error.verify_message})"
            hint = "Check smtp_host, or have the computer trust who signed it. " + hint
        case _:
            said = f"it could not be spoken with ({getattr(error, 'strerror', None) or type(error).__name__})"
            hint = "Check smtp_host, smtp_port and smtp_tls. " + hint
    return MailRefused(f"The mail did not go out by {server}: {said}", guide=("G9.1",), hint=hint)


def _has_short_lines(text: str) -> bool:
    return all(len(line) <= 998 for line in text.splitlines())
