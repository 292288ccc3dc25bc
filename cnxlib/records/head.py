"""The newest link of an org's chain of statements: what the next seal names."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from cnxlib.records.inspection import open_statement
from cnxlib.records.keys import PublicKey
from cnxlib.records.statement import Link
from cnxlib.records.subjects import STATEMENT

HEAD = ".head.json"
"""Beside an org's runs: the newest link of their chain. The next seal names it; it vouches for nothing."""


def head_of(folder: Path, key: PublicKey) -> Link | None:
    """The newest link of the chain in an org's folder, None before the first.

    The note of the last seal is believed, also where that statement is altered or gone by now: what names it shows it.
    Without a note the statements tell: those that `key` signed, else (the key is a new one) those that are genuine.
    """
    own: dict[str | None, Link] = {}
    others: list[Link] = []
    for path in sorted(folder.glob(f"[!.]*/{STATEMENT}")):
        opened = open_statement(path.parent)
        if opened is None or opened.statement is None or opened.statement.predicate.run_id != path.parent.name:
            continue
        said = opened.statement.predicate
        link = Link(run_id=said.run_id, number=said.number, sha256=opened.sha256)
        if opened.is_signed_by(key):
            own[said.previous.sha256 if said.previous else None] = link
        elif opened.is_genuine:
            others.append(link)
    head = note_of(folder)
    if head is None:
        return max(own.values() or others, key=lambda link: link.number, default=None)
    while head.sha256 in own:  # sealed, and cut off before it was noted
        head = own[head.sha256]
    return head


def note_of(folder: Path) -> Link | None:
    """What the last seal in an org's folder noted, None where there is no note to be read. Nothing vouches for it."""
    try:
        return Link.model_validate_json((folder / HEAD).read_bytes())
    except (OSError, ValidationError):
        return None
