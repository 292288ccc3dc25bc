"""Texts for people to send: the support mail as it will look, other documents, and what was handed over already.

In a notebook at work they come with buttons (`letter.js`): copy, open in the mail program, save. None of them holds a
secret: credentials are in the sealed file alone, which only Conexiom opens.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email import message_from_string
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError
from cnxlib.handoff import Mail, mailto
from cnxlib.model import Document, Outcome
from cnxlib.records.handed import Given, handed_over
from cnxlib.ui.view import Block, Cell, Code, Grid, Note, Passage, Small

LONGEST_LINK = 1_900
"""Characters of a mailto link. Windows hands a program no more than some 2,000 (ShellExecute)."""

_HERE = Path(__file__).parent
_NO_ADDRESS = "not known yet: ask your Conexiom contact, and put the address into the form"
_BY_RUNBOOK = "The runbook sends this mail when the plan is applied, once. Do not send it yourself."
_TOO_LONG = "This mail is too long for a link to your mail program. Save it as a file and open that, or copy it."


@dataclass(frozen=True)
class Letter(Block):
    """A document that a person sends or passes on.

    Parameters
    ----------
    document:
        A mail (`.eml`), or any other text.
    """

    document: Document

    @property
    def mail(self) -> Mail | None:
        """The document as a mail, None where it is none."""
        if not self.document.name.endswith(".eml"):
            return None
        message = message_from_string(self.document.text, policy=default)
        head = {name: str(message[name] or "") for name in ("From", "To", "Subject", "Message-ID")}
        return Mail(head["From"], head["To"], head["Subject"], message.get_content(), head["Message-ID"])

    def html(self) -> str:
        """Head and text, as they stand."""
        return "".join(block.html() for block in self._blocks())

    def text(self) -> str:
        """Head and text, as they stand."""
        return "\n".join(block.text() for block in self._blocks())

    def widget(self) -> Any:
        """The same with buttons."""
        name, mail = self.document.name, self.mail
        if mail is None:
            return _widget_class()(title=name, body=self.document.text, files=[_file(name, self.document.text)])
        by_runbook = bool(mail.message_id)
        link = "" if by_runbook else mailto(mail)
        too_long = len(link) > LONGEST_LINK
        return _widget_class()(
            title="The mail as it will look",
            heads=[[name, shown, value] for name, shown, value in _heads(mail)],
            body=mail.body,
            mailto="" if too_long else link,
            note=_BY_RUNBOOK if by_runbook else _TOO_LONG if too_long else "",
            files=[] if by_runbook else [_file(name, self.document.text)],
        )

    def _blocks(self) -> list[Block]:
        mail = self.mail
        if mail is None:
            return [Passage(self.document.name, self.document.text)]
        rows: list[tuple[Cell, ...]] = [(name, shown) for name, shown, _ in _heads(mail)]
        note = [Note(_BY_RUNBOOK, "warn")] if mail.message_id else []
        return [*note, Grid((), tuple(rows), "The mail as it will look"), Passage(self.document.name, mail.body)]


@dataclass(frozen=True)
class SealedFile(Block):
    """A file of sealed credentials, to be given to Conexiom.

    Parameters
    ----------
    path:
        Where it lies.
    content:
        What it holds: encrypted, armoured.
    """

    path: Path
    content: str

    def html(self) -> str:
        """Where it lies."""
        return self._note().html()

    def text(self) -> str:
        """Where it lies."""
        return self._note().text()

    def widget(self) -> Any:
        """The same with a button that saves it."""
        where = [["Sealed file", self.path.name, ""], ["Lies in", str(self.path.parent), str(self.path.parent)]]
        return _widget_class()(
            title="To be given to Conexiom", heads=where, files=[_file(self.path.name, self.content)]
        )

    def _note(self) -> Note:
        return Note(f"Sealed file to be given to Conexiom: {self.path.name}", "plain", (Code(str(self.path)),))


def receipts(outcome: Outcome, alias: str, org_id: str) -> list[Block]:
    """What was handed over for an org by its records, and the newest sealed file; empty where nothing was.

    Parameters
    ----------
    outcome:
        Of any phase: those that write nothing to Conexiom have none.
    alias, org_id:
        The org. What was given for another one of the same alias, such as a sandbox before its refresh, does not count.
    """
    if not any(document.name.endswith(".eml") for document in outcome.documents):
        return []
    try:
        given = [one for one in handed_over(alias) if one.org_id == org_id]
    except RecordError:  # they are not what the phase is about, and `cnx handoff show` tells
        return []
    if not given:
        return []
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            [one.at[:19].replace("T", " "), Small(one.by)],
            [one.how, *one.what, *([Small(one.asked)] if one.asked else [])],
            one.to or one.note or "—",
            _code(one.sha256),
        )
        for one in given
    )
    columns = ("When (UTC), by whom", "What", "To, or what was said", "SHA-256")
    table = Grid(columns, rows, "Handed over so far", widths=(20, 28, 26, 26))
    sealed = next((file for one in reversed(given) if (file := _sealed(one)) is not None), None)
    return [table, *([sealed] if sealed else [])]


@cache
def _widget_class() -> Any:
    import anywidget  # on demand: a run without a person makes no widgets
    import traitlets

    class Texts(anywidget.AnyWidget):
        """The front end is `letter.js`; the traits are what it shows, those that are empty left out."""

        _esm = _HERE / "letter.js"
        _css = _HERE / "widgets.css"
        title = traitlets.Unicode().tag(sync=True)
        heads = traitlets.List[list[str]]().tag(sync=True)
        body = traitlets.Unicode().tag(sync=True)
        mailto = traitlets.Unicode().tag(sync=True)
        note = traitlets.Unicode().tag(sync=True)
        files = traitlets.List[dict[str, str]]().tag(sync=True)

    return Texts


def _heads(mail: Mail) -> list[tuple[str, str, str]]:
    """Name, what is shown, and what is copied ("": nothing) of each line above the text."""
    return [
        ("To", mail.to or _NO_ADDRESS, mail.to),
        ("From", mail.sender, ""),
        ("Subject", mail.subject, mail.subject),
        ("Attached", "nothing: credentials go to Conexiom apart from this mail", ""),
    ]


def _file(name: str, text: str) -> dict[str, str]:
    kinds = {".eml": "message/rfc822", ".age": "application/octet-stream"}
    return {"name": name, "type": kinds.get(Path(name).suffix, "text/plain;charset=utf-8"), "text": text}


def _code(text: str) -> Cell:
    return Code(text) if text else "—"


def _sealed(one: Given) -> SealedFile | None:
    """The sealed file, None where it is gone or is not what was sealed."""
    path = Path(one.file)
    try:
        content = path.read_bytes() if one.file else b""
    except OSError:
        return None
    same = one.sha256 == "sha256:" + hashlib.sha256(content).hexdigest()
    return SealedFile(path, content.decode("ascii", "replace")) if content and same else None
