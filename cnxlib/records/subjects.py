"""The files of a record: what its statement vouches for, each by its name below the record and its SHA-256."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

STATEMENT = "statement.dsse.json"
"""The envelope. It vouches for all other files of the record and is vouched for by the next run's."""
PUBLIC_KEY = "signing-key.pem"
"""The public key, in each record."""


@dataclass(frozen=True)
class Difference:
    """How a file differs from what a statement says of it."""

    kind: Literal["altered", "missing", "added", "unreadable"]
    file: str
    detail: str


def files_of(folder: Path) -> dict[str, str]:
    """All that lies in a record but its statement, by name ("/" between folders): "" or why it can be no part of it.

    Symbolic links are not followed: what they lead to is no part of the record.

    Raises
    ------
    OSError
        A folder cannot be read.
    """
    found = dict(sorted(_entries(folder, "")))
    statement = next((name for name in found if _same(folder, STATEMENT, name)), None)
    if statement is not None:
        del found[statement]
    return found


def _entries(folder: Path, before: str) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = before + entry.name
            if entry.is_symlink():
                yield name, "it is a symbolic link"
            elif entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path), f"{name}/")
            elif not entry.is_file(follow_symlinks=False):
                yield name, "it is no regular file"
            elif any(0xD800 <= ord(character) <= 0xDFFF for character in name):
                yield name, "its name is no Unicode"  # Python's stand-in for a byte that is no UTF-8
            else:
                yield name, ""


def digest_of(path: Path, *, settle: bool = False) -> str:
    """SHA-256 of a file of any size, 64 hexadecimal digits.

    Parameters
    ----------
    path:
        The file.
    settle:
        Have the operating system put it on the disk first: a statement must not outlive what it vouches for.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with path.open("rb") as file:
        if settle:
            with suppress(OSError):  # Windows flushes only what was opened for writing
                os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(folder: Path, subjects: Mapping[str, str]) -> list[Difference]:
    """What is altered, missing or added in a record, sorted by name.

    Names are the same when they read the same: a copy may come back in another Unicode normal form (macOS), and a file
    system that ignores case may write them otherwise.

    Parameters
    ----------
    folder:
        The record.
    subjects:
        SHA-256 by name, as its statement says.
    """
    try:
        files = files_of(folder)
    except OSError as error:
        return [Difference("unreadable", "", f"it cannot be read: {error.strerror}")]
    found: list[Difference] = []
    here = {name: name for name in subjects if name in files}
    rest = [name for name in files if name not in here]
    for name in subjects.keys() - here.keys():
        twin = next((other for other in rest if _same(folder, name, other)), None)
        if twin is None:
            found.append(Difference("missing", name, "the statement names it"))
        else:
            here[name] = twin
            rest.remove(twin)
    found += [Difference("added", name, files[name] or "the statement does not name it") for name in rest]
    for name, file in here.items():
        if files[file]:
            found.append(Difference("altered", name, files[file]))
            continue
        try:
            if digest_of(folder / file) != subjects[name]:
                found.append(Difference("altered", name, "its SHA-256 is not the one that was sealed"))
        except OSError as error:
            found.append(Difference("unreadable", name, f"it cannot be read: {error.strerror}"))
    return sorted(found, key=lambda difference: (difference.file, difference.kind))


def _same(folder: Path, name: str, written: str) -> bool:
    """Whether the file that is written `written` here is the one called `name`."""
    one, other = unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", written)
    if one == other or one.casefold() != other.casefold():
        return one == other
    try:
        return (folder / name).samefile(folder / written)
    except OSError:
        return False
