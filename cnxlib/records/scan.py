"""Searching a run record for secrets before it is sealed, and taking out what is found."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError
from cnxlib.records.leaves import KEY, Content, Leaf, Path_
from cnxlib.records.unpacking import unpacked
from cnxlib.secrets.redaction import MARK, Redactor, Span, cut
from cnxlib.secrets.secret_rules import Found, own_value, suspicions

REGISTERED = "registered"
"""Kind of a hit that a run has touched; all other kinds are names of rules."""
REMOVED = "[secret removed]"

_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/]+=*)")
_PNG = b"\x89PNG\r\n\x1a\n"
_STATEMENT = "statement.dsse.json"
"""Signatures and digests alone, wherever it is there already."""


@dataclass(frozen=True)
class Hit:
    """A secret in a record: where it was, never what it was.

    Attributes
    ----------
    file:
        Name below the record's folder, POSIX.
    place:
        Where in it: "line 12: data.after", "cells[4].outputs[0].text"; "" is the file as a whole.
    kind:
        "registered", or the rule that found it.
    path, span:
        The same for who takes it out: the way to its text, and which part of that.
    """

    file: str
    place: str
    kind: str
    path: Path_ = field(default=(), repr=False)
    span: Span = field(default=(0, 0), repr=False)

    def as_json(self) -> dict[str, Any]:
        """What is written down of it."""
        return {"file": self.file, "place": self.place, "kind": self.kind}


def scan(folder: Path, values: Iterable[str]) -> list[Hit]:
    """Search every file below `folder`.

    Parameters
    ----------
    folder:
        A run record.
    values:
        The secrets that the run has touched; beside them, all that looks like one is found.

    Raises
    ------
    RecordError
        A file cannot be read, so nobody knows what it holds.
    """
    redactor = Redactor(values)
    raw = dict(_files(folder))
    contents = {name: Content(name, data) for name, data in raw.items()}
    leaves = {name: list(content.leaves()) for name, content in contents.items() if not content.binary}
    ours = {own_value(leaf.name, leaf.text) for each in leaves.values() for leaf in each}
    answers: dict[tuple[str, str, bool], list[Found]] = {}
    hits: list[Hit] = []
    for name, content in contents.items():
        if content.binary:
            if any(map(redactor.find, unpacked(raw[name]))):
                hits.append(Hit(name, "", REGISTERED))
            continue
        for leaf in leaves[name]:
            asked = leaf.text, "" if leaf.path[-1:] == (KEY,) else leaf.name, name != _STATEMENT and not leaf.binary
            if asked not in answers:  # a record says the same again and again
                answers[asked] = _found(leaf, redactor, *asked[1:])
            found = [
                each for each in answers[asked] if each[0] == REGISTERED or leaf.text[each[1] : each[2]] not in ours
            ]
            told = tuple(step if step == KEY or not _is_secret(step, redactor) else MARK for step in leaf.path)
            hits += [Hit(name, content.place(told, start), kind, leaf.path, (start, end)) for kind, start, end in found]
    return hits


def take_out(folder: Path, hits: Sequence[Hit]) -> None:
    """Rewrite the files in which `scan` found something, which must not have changed since.

    A notebook stays one, an object too. A text keeps what stood around the secret; an image, or a file that is no
    text, goes as a whole.

    Raises
    ------
    RecordError
        A file cannot be rewritten; says which. It still holds a secret.
    """
    for name in sorted({hit.file for hit in hits}):
        path = folder / name
        content = Content(name, _read(path))
        if content.binary:
            _write(path, REMOVED.encode() + b"\n")
            continue
        spans: dict[Path_, list[Span]] = {}
        for hit in hits:
            if hit.file == name:
                spans.setdefault(hit.path, []).append(hit.span)
        texts = {
            leaf.path: cut(leaf.text, _joined(spans[leaf.path]), REMOVED)
            for leaf in content.leaves()
            if leaf.path in spans
        }
        _write(path, content.replace(texts))


def _found(leaf: Leaf, redactor: Redactor, name: str, by_rule: bool) -> list[Found]:
    spans = redactor.spans(leaf.text)
    if spans:
        return [(REGISTERED, *span) for span in spans]
    if redactor.holds(leaf.text) or (leaf.binary and any(map(redactor.find, unpacked(leaf.binary)))):
        return [(REGISTERED, 0, len(leaf.text))]
    hits, shown = _pictures(leaf.text, redactor)
    return [*hits, *(suspicions(name, shown) if by_rule else ())]


def _pictures(text: str, redactor: Redactor) -> tuple[list[Found], str]:
    """What a run has touched in the PNG images within a text of HTML, and the text with blanks in their place.

    An image looks random; to the rules it is what an output that is an image is: nothing to be read.
    """
    hits: list[Found] = []
    for match in reversed(list(_PICTURE.finditer(text))):
        try:
            content = base64.b64decode(match[1], validate=True)
        except ValueError:
            continue
        if any(map(redactor.find, unpacked(content))):
            hits.append((REGISTERED, *match.span(1)))
        if content.startswith(_PNG):
            text = text[: match.start(1)] + " " * len(match[1]) + text[match.end(1) :]
    return hits, text


def _is_secret(step: str | int, redactor: Redactor) -> bool:
    return isinstance(step, str) and (redactor.holds(step) or bool(suspicions("", step)))


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), _read(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} cannot be searched for secrets: {error.strerror}") from None


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        raise RecordError(
            f"{path} holds a secret and cannot be rewritten: {error.strerror}", hint="Delete the file."
        ) from None
