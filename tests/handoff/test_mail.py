"""Mails: what they look like, and giving them to a real server."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from cnxlib.errors import MailRefused, MailUncertain
from cnxlib.handoff import Mail, MailServer, compose, mailto
from cnxlib.handoff.mail import send
from tests.handoff.conftest import PASSWORD, Running

MAIL = Mail("ann@acme.example", "support@conexiom.example", "Conexiom", "Hello,\n\n.hidden?\n", "<1@acme.example>")


def test_a_mail_goes_out_over_tls_with_a_login(smtp: Running) -> None:
    send(smtp.server, PASSWORD, compose(MAIL))
    (got,) = smtp.box.mails
    message = email.message_from_bytes(got, policy=email.policy.default)
    assert (message["To"], message["Message-ID"]) == (MAIL.to, MAIL.message_id)
    assert message.get_content().replace("\r\n", "\n") == MAIL.body, "a line that begins with a dot too"
    assert smtp.box.logins == 1


@pytest.mark.parametrize(
    ("server", "mail", "said"),
    [
        ({"user": "somebody"}, {}, "login"),
        ({}, {"to": "nobody@conexiom.example"}, "550"),
        ({"host": "127.0.0.1"}, {}, "certificate"),
        ({"tls": "tls"}, {}, "could not be spoken with"),
        ({"user": ""}, {}, "530"),
        ({"port": 1}, {}, "could not be spoken with"),
    ],
)
def test_what_is_refused_did_not_go_out(smtp: Running, server: dict[str, str], mail: dict[str, str], said: str) -> None:
    with pytest.raises(MailRefused) as caught:
        send(replace(smtp.server, **server), PASSWORD, compose(replace(MAIL, **mail)))  # type: ignore[arg-type]
    assert said in caught.value.message
    assert PASSWORD not in str(caught.value)
    assert smtp.box.mails == []


def test_a_server_that_refuses_the_whole_mail_has_not_sent_it(smtp: Running) -> None:
    smtp.box.then = "554 Looks like spam"
    with pytest.raises(MailRefused, match="554 Looks like spam"):
        send(smtp.server, PASSWORD, compose(MAIL))


def test_a_lost_answer_leaves_it_open_whether_the_mail_went_out(smtp: Running) -> None:
    smtp.box.then = None
    with pytest.raises(MailUncertain, match=r"<1@acme\.example>"):
        send(smtp.server, PASSWORD, compose(MAIL))
    assert len(smtp.box.mails) == 1


def test_a_draft_is_read_by_people_in_any_language() -> None:
    draft = replace(MAIL, message_id="", to="", body="Grüße aus der Müller GmbH, 株式会社\n" * 20)
    text = compose(draft).as_string()
    assert "X-Unsent: 1" in text
    assert "To:" not in text
    assert "base64" not in text
    assert email.message_from_string(text, policy=email.policy.default).get_content() == draft.body


def test_a_link_holds_the_same() -> None:
    parts = urlsplit(mailto(replace(MAIL, body="a & b\n100 %\n")))
    assert (parts.scheme, parts.path) == ("mailto", MAIL.to)
    assert parse_qs(parts.query) == {"subject": ["Conexiom"], "body": ["a & b\r\n100 %\r\n"]}


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (MailServer("m.example"), "m.example:587 (starttls)"),
        (MailServer("m.example", tls="tls"), "m.example:465 (tls)"),
        (MailServer("m.example", 2525, "none"), "m.example:2525 (no TLS)"),
    ],
)
def test_a_server_is_told_with_its_port_and_never_with_its_login(server: MailServer, said: str) -> None:
    assert str(replace(server, user=PASSWORD)) == said
