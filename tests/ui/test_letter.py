"""The support mail as it will look, what is offered with it, and what was handed over."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cnxlib.handoff import Mail, compose
from cnxlib.model import Document, Outcome, Status
from cnxlib.records import RunRecord
from cnxlib.ui.letter import LONGEST_LINK, Letter, SealedFile, receipts
from cnxlib.ui.view import Grid

BODY = "Hello,\n\nI WILL be enabling & more? Straße 5%\n"
SEALED = "-----BEGIN AGE ENCRYPTED FILE-----\nabc\n-----END AGE ENCRYPTED FILE-----\n"


def letter(to: str = "support@conexiom.example", body: str = BODY, message_id: str = "") -> Letter:
    mail = Mail("ann@acme.example", to, "Conexiom for Salesforce App", body, message_id)
    return Letter(Document("support-request.eml", compose(mail).as_string()))


def test_the_mail_is_read_as_its_receiver_will_read_it() -> None:
    for form in (letter().text(), letter().html().replace("&amp;", "&").replace("<wbr>", "")):
        assert "I WILL be enabling & more? Straße 5%" in form
        for part in ("support@conexiom.example", "ann@acme.example", "Conexiom for Salesforce App", "Attached"):
            assert part in form
        assert "Content-Transfer-Encoding" not in form


def test_the_link_says_the_same_as_the_mail() -> None:
    link = urlsplit(letter().widget().mailto)
    assert (link.scheme, link.path) == ("mailto", "support@conexiom.example")
    said = parse_qs(link.query, strict_parsing=True)
    assert said == {"subject": ["Conexiom for Salesforce App"], "body": [BODY.replace("\n", "\r\n")]}


def test_a_mail_without_an_address_says_whom_to_ask() -> None:
    widget = letter(to="").widget()
    assert "ask your Conexiom contact" in letter(to="").text()
    assert widget.mailto.startswith("mailto:?")
    assert widget.heads[0][2] == ""


def test_a_mail_too_long_for_a_link_says_so_and_can_be_saved() -> None:
    widget = letter(body="long line\n" * (LONGEST_LINK // 10)).widget()
    assert widget.mailto == ""
    assert "too long" in widget.note
    assert [file["name"] for file in widget.files] == ["support-request.eml"]


def test_a_mail_that_the_runbook_sends_is_not_offered_for_sending() -> None:
    sent = letter(message_id="<1@acme.example>")
    widget = sent.widget()
    assert (widget.mailto, widget.files) == ("", [])
    assert "Do not send it yourself" in widget.note
    assert "Do not send it yourself" in sent.text()


def test_the_saved_file_is_the_records_document() -> None:
    one = letter()
    (file,) = one.widget().files
    assert file == {"name": "support-request.eml", "type": "message/rfc822", "text": one.document.text}


def test_another_text_can_be_copied_and_saved() -> None:
    widget = Letter(Document("to-conexiom.txt", "Dear Conexiom")).widget()
    assert (widget.title, widget.body, widget.mailto) == ("to-conexiom.txt", "Dear Conexiom", "")
    assert widget.files[0]["text"] == "Dear Conexiom"


ORG = "00D000000000001EAA"


def outcome(*names: str) -> Outcome:
    documents = tuple(Document(name, compose(Mail("a@b.example", "", "s", "b\n")).as_string()) for name in names)
    return Outcome("09_support_request", "Mail", "plan", Status.WAITING, documents=documents)


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The org acme, for which a file was sealed."""
    monkeypatch.setenv("CNX_RUNS", str(tmp_path))
    record = RunRecord.begin("acme")
    path = record.write_text("credentials-1.age", SEALED)
    after = {"file": path.name, "sealed_to": "age1key", "contents": ["Password", "Security Token"]}
    digest = "sha256:" + hashlib.sha256(SEALED.encode()).hexdigest()
    data = {"kind": "sealed_credentials", "after": after, "id": digest}
    record.event("step-done", data, phase="09_support_request", known={"user": "ann@acme.example", "org_id": ORG})
    return path


def test_what_was_handed_over_has_a_receipt_and_the_file(sealed: Path) -> None:
    table, file = receipts(outcome("support-request.eml"), "acme", ORG)
    assert isinstance(table, Grid)
    for part in ("ann@acme.example", "Security Token", "age1key", hashlib.sha256(SEALED.encode()).hexdigest()[:20]):
        assert part in table.html()
    assert isinstance(file, SealedFile)
    assert file.widget().files[0]["text"] == SEALED
    assert str(sealed) in file.text()


def test_the_receipt_of_what_a_person_sent_names_who_got_it(sealed: Path) -> None:
    known = {"user": "ann@acme.example", "org_id": ORG}
    said = {"step": "send_request", "what": "Send the request to support@conexiom.example.", "evidence": None}
    RunRecord.begin("acme").event("confirmed", said, phase="09_support_request", known=known)
    table, _ = receipts(outcome("support-request.eml"), "acme", ORG)
    assert "support@conexiom.example" in table.html()


def test_a_file_that_is_not_what_was_sealed_is_not_offered(sealed: Path) -> None:
    sealed.write_text(SEALED.replace("abc", "abd"))
    assert len(receipts(outcome("support-request.eml"), "acme", ORG)) == 1
    sealed.unlink()
    assert len(receipts(outcome("support-request.eml"), "acme", ORG)) == 1


def test_a_phase_that_writes_to_nobody_and_an_org_without_records_have_no_receipts(sealed: Path) -> None:
    assert receipts(outcome("07-who-holds-what.csv"), "acme", ORG) == []
    assert receipts(outcome("support-request.eml"), "another", ORG) == []
    assert receipts(outcome("support-request.eml"), "acme", "00D000000000002EAA") == [], "another org by now"


def test_the_front_end_fetches_nothing_and_takes_texts_as_texts() -> None:
    script = letter().widget()._esm
    assert "clipboard" in script
    for word in ("innerHTML", "insertAdjacentHTML", "eval(", "Function(", "fetch(", "import ", "http:", "https:"):
        assert word not in script
