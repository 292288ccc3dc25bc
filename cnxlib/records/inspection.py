"""One sealed record, judged by itself: its envelope, its signature, its files."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cnxlib.records.envelope import PAYLOAD_TYPE, Envelope
from cnxlib.records.finding import Finding, Kind
from cnxlib.records.keys import PublicKey
from cnxlib.records.statement import Statement
from cnxlib.records.subjects import PUBLIC_KEY, STATEMENT, differences
from cnxlib.records.summary import misfits

_MOST = 64 * 1024 * 1024
"""Bytes that a statement may have: some 400,000 files. More is not read into memory."""


@dataclass(frozen=True)
class Opened:
    """A record's statement, read from its file.

    Attributes
    ----------
    folder:
        The record.
    sha256:
        Of the statement's file, as the next run's statement names it; "" where it cannot be read.
    envelope, statement:
        None where `fault` says why. The statement of a spoilt envelope is what it claims.
    key:
        The public key that lies in the record, None where there is none to be read.
    fault:
        What is wrong with the statement's file or its payload, "" where it is one of this project.
    """

    folder: Path
    sha256: str = ""
    envelope: Envelope | None = None
    statement: Statement | None = None
    key: PublicKey | None = None
    fault: str = ""

    @property
    def is_genuine(self) -> bool:
        """Whether the key that lies in the record signed it: it was not altered, whoever that is."""
        return self.key is not None and self.is_signed_by(self.key)

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether `key` signed it."""
        return self.envelope is not None and self.envelope.is_signed_by(key)


def open_statement(folder: Path) -> Opened | None:
    """Read the statement of a record, without believing it; None where there is none."""
    path = folder / STATEMENT
    key = _key_in(folder)
    try:
        size = _size_of(path)
        if size > _MOST:
            return Opened(folder, key=key, fault="it is too large to be one")
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except ValueError as error:
        return Opened(folder, key=key, fault=str(error))
    except OSError as error:
        return Opened(folder, key=key, fault=f"it cannot be read: {error.strerror}")
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        envelope = Envelope.read(content)
    except ValueError as error:
        return Opened(folder, sha256, None, _claimed(content), key, str(error))
    try:
        if envelope.payload_type != PAYLOAD_TYPE:
            raise ValueError(f"its payload type is {envelope.payload_type!r}, not {PAYLOAD_TYPE}")
        statement = Statement.read(envelope.payload)
    except ValueError as error:
        return Opened(folder, sha256, envelope, key=key, fault=str(error))
    return Opened(folder, sha256, envelope, statement, key)


def _claimed(content: bytes) -> Statement | None:
    """What a spoilt envelope still says: nothing to believe, and enough to tell which run it was."""
    try:
        return Statement.read(base64.b64decode(json.loads(content)["payload"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _key_in(folder: Path) -> PublicKey | None:
    path = folder / PUBLIC_KEY
    try:
        return PublicKey.from_pem(path.read_bytes()) if _size_of(path) < _MOST else None
    except (OSError, ValueError):
        return None


def _size_of(path: Path) -> int:
    """Bytes of a file; raises `ValueError` where it is none by itself, such as a pipe, at which a reader would wait."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is a symbolic link" if stat.S_ISLNK(found.st_mode) else "it is no regular file")
    return found.st_size


def fault_of_statement(
    opened: Opened, keys: Mapping[str, PublicKey], trusted: frozenset[str]
) -> tuple[Kind, str] | None:
    """Why a statement is not to be believed: kind and sentence; None where a trusted key signed it.

    Parameters
    ----------
    opened:
        The statement.
    keys:
        All public keys at hand, by fingerprint.
    trusted:
        Fingerprints of the keys that may sign.
    """
    envelope, statement = opened.envelope, opened.statement
    if envelope is None:
        return "altered", opened.fault
    key = keys.get(envelope.keyid)
    if key is None and envelope.keyid in trusted:
        return "unreadable", f"the public key sha256:{envelope.keyid} is missing: give it by --public-key"
    signed = key is not None and opened.is_signed_by(key)
    if key is not None and not signed:
        return "altered", "its signature does not hold"
    if statement is not None and statement.predicate.key != envelope.keyid:
        return "altered", f"it was to be signed by sha256:{statement.predicate.key}, not by sha256:{envelope.keyid}"
    if envelope.keyid not in trusted:
        whose = "another key" if signed else "a key that is not here"
        return "foreign", f"{whose} signed it: sha256:{envelope.keyid}"
    return ("foreign", opened.fault) if statement is None else None


def differing_files(opened: Opened, alias: str) -> Iterator[Finding]:
    """What is altered, missing or added among the files that a believed statement names, and events of another run.

    Parameters
    ----------
    opened:
        The statement; it is believed.
    alias:
        The org, as findings call it.
    """
    statement = opened.statement
    if statement is None:
        return
    said, run = statement.predicate, opened.folder.name
    files = differences(opened.folder, statement.files)
    for one in files:
        yield Finding(one.kind, alias, run, said.number, one.file, one.detail)
    if not files:
        for sentence in events_of_another(opened.folder, said.run_id, said.org.alias, said.org.id):
            yield Finding("foreign", alias, run, said.number, "events.jsonl", sentence)


def is_whole(opened: Opened) -> bool:
    """Whether the files beside a statement are those that it names."""
    return opened.statement is not None and not differences(opened.folder, opened.statement.files)


def events_of_another(folder: Path, run_id: str, alias: str, org_id: str = "") -> list[str]:
    """As `misfits`; what cannot be read is a sentence too."""
    try:
        return list(misfits(folder, run_id, alias, org_id))
    except OSError as error:
        return [f"it cannot be read: {error.strerror}"]
