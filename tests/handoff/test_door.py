"""The door to Conexiom: what is sealed, what is sent, and the receipts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage
import pytest

from cnxlib.errors import CnxError, MailUncertain, RecordError, SecretError
from cnxlib.handoff import Handed, Mail, Part, Seal, SendMail, handing_over
from cnxlib.rounds import Send
from cnxlib.salesforce import Query, Secret
from cnxlib.secrets import SecretStore
from tests.handoff.conftest import Running

SECRET = "9fK2xPq7!TokenValue"
PARTS = (Part("Username", "conexiom@acme.example"), Part("Security Token", Secret("env:TOKEN")))
MAIL = Mail("ann@acme.example", "support@conexiom.example", "Conexiom", "Here they are:\n", "<1@acme.example>")


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Send:
    monkeypatch.setenv("TOKEN", SECRET)

    def keep(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    def to_the_org(requests: Sequence[Any]) -> list[Any]:
        return [f"the org on {request.soql}" for request in requests]

    return handing_over(to_the_org, keep, SecretStore(tmp_path / "store"))


def kept(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.*") if path.suffix != ".pem"}


def test_the_receiver_alone_opens_what_is_sealed(door: Send, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    before, handed, after = door([Query("a"), Seal("c.age", "For Conexiom", PARTS, recipient), Query("b")])
    assert (before, after) == ("the org on a", "the org on b")
    assert isinstance(handed, Handed)
    files = kept(tmp_path)
    opened = pyrage.decrypt(files["c.age"].encode(), [identity]).decode()
    assert opened == f"For Conexiom\n\nUsername: conexiom@acme.example\nSecurity Token: {SECRET}\n"
    receipt = json.loads(files["receipt-c.json"])
    assert receipt["what"] == ["Username", "Security Token"]
    assert (receipt["sealed_to"], receipt["sha256"]) == (recipient, handed.digest)
    assert SECRET not in "".join(files.values())
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(files["c.age"].encode(), [pyrage.x25519.Identity.generate()])


def test_a_passphrase_opens_it_too_and_a_short_one_seals_nothing(
    door: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHRASE", "too short")
    request = Seal("c.age", "For Conexiom", PARTS, passphrase="env:PHRASE")
    (refused,) = door([request])
    assert isinstance(refused, SecretError)
    assert kept(tmp_path) == {}
    monkeypatch.setenv("PHRASE", "four long words and more")
    (handed,) = door([request])
    assert isinstance(handed, Handed)
    sealed = kept(tmp_path)["c.age"].encode()
    assert SECRET.encode() in pyrage.passphrase.decrypt(sealed, "four long words and more")
    assert "four long" not in kept(tmp_path)["receipt-c.json"]


def test_credentials_in_a_body_go_out_and_are_kept_nowhere(door: Send, tmp_path: Path, smtp: Running) -> None:
    (handed,) = door([SendMail(smtp.server, MAIL, PARTS)])
    assert handed == Handed(MAIL.digest)
    (sent,) = smtp.box.mails
    assert f"Security Token: {SECRET}".encode() in sent
    files = kept(tmp_path)
    receipt = json.loads(files["receipt-support-request.json"])
    assert (receipt["to"], receipt["message_id"], receipt["sent"]) == (MAIL.to, MAIL.message_id, True)
    assert receipt["what"] == ["the request for the setup file", "Username", "Security Token"]
    assert SECRET not in "".join(files.values())


def test_a_lost_answer_is_an_answer(door: Send, tmp_path: Path, smtp: Running) -> None:
    smtp.box.then = None
    (answer,) = door([SendMail(smtp.server, MAIL)])
    assert isinstance(answer, MailUncertain)
    assert json.loads(kept(tmp_path)["receipt-support-request.json"])["sent"] is False


def test_nothing_goes_out_where_nothing_can_be_kept(smtp: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    answers: list[CnxError] = handing_over(lambda requests: [])(
        [SendMail(smtp.server, MAIL, PARTS), Seal("c.age", "For Conexiom", PARTS, recipient)]
    )
    assert [type(answer) for answer in answers] == [RecordError, RecordError]
    assert smtp.box.mails == []


def test_a_reference_that_leads_nowhere_sends_nothing(
    door: Send, smtp: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKEN")
    (answer,) = door([SendMail(smtp.server, MAIL, PARTS)])
    assert isinstance(answer, SecretError)
    assert smtp.box.mails == []
