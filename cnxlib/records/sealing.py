"""Sealing: a run's record gets its statement, signed, and its place in the chain of its org's runs."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock
from pydantic import ValidationError

from cnxlib.errors import RecordError, SecretError
from cnxlib.records.envelope import sign
from cnxlib.records.head import HEAD, head_of
from cnxlib.records.keys import SigningKey, signing_key
from cnxlib.records.presence import is_present
from cnxlib.records.run_record import RunRecord, read_events, runs_of
from cnxlib.records.scan import Hit, scan, take_out
from cnxlib.records.statement import (
    By,
    Digest,
    Ending,
    Link,
    Predicate,
    Scan,
    Seal,
    SealedOrg,
    SealedPhase,
    SecretHit,
    Statement,
    Subject,
)
from cnxlib.records.subjects import PUBLIC_KEY, STATEMENT, digest_of, files_of
from cnxlib.records.summary import misfits, summary
from cnxlib.secrets import resolve
from cnxlib.secrets.references import REFERENCE
from cnxlib.secrets.touched import touched

_LOCK = ".sealing"
_PATIENCE_S = 120.0
"""How long another process may take to seal a run of the org."""
_UNSEALED = "The run is on record but nothing vouches for it: `cnx records seal {}` once this is mended."


@dataclass(frozen=True)
class Sealed:
    """A record that was sealed.

    Attributes
    ----------
    path:
        Its statement's file.
    number:
        Its place in the chain of its org's runs.
    head:
        "sha256:…" of that file: who keeps it can ask `cnx records verify --head` for it.
    """

    path: Path
    number: int
    head: str


def seal(record: RunRecord, *, by: By, ending: Ending, hits: Sequence[Hit] = ()) -> Sealed:
    """Write the statement of a record, wholly or not at all. The record must not change from here on.

    Parameters
    ----------
    record:
        The record. Its events and files are what they will be.
    by:
        Who seals it: its runner, the run after it, or a person.
    ending:
        Whether the run came to its end.
    hits:
        What the scan for secrets took out of it before.

    Raises
    ------
    SecretError, StoreLocked
        There is no key to sign with.
    RecordError
        The record is sealed already, holds what cannot be sealed, or cannot be written; says which file.
    """
    key = signing_key()
    try:
        with _one_at_a_time(record):
            if (record.path / STATEMENT).exists():
                raise RecordError(f"{record.path} is sealed already", org=record.org, hint="`cnx records verify` it.")
            record.write_text(PUBLIC_KEY, key.public.pem.decode("ascii"))
            subjects = _subjects(record)
            previous = head_of(record.path.parent, key.public)
            described = _predicate(record, previous, by, ending, hits, key)
            content = sign(Statement(subject=subjects, predicate=described).payload(), key)
            path = _write(record.path.parent, record.path / STATEMENT, content)
            link = Link(run_id=record.run_id, number=described.number, sha256=hashlib.sha256(content).hexdigest())
            with suppress(OSError):  # the next seal finds the statement itself
                _write(record.path.parent, record.path.parent / HEAD, link.model_dump_json().encode() + b"\n")
            return Sealed(path, link.number, f"sha256:{link.sha256}")
    except OSError as error:
        where = error.filename or record.path
        raise RecordError(
            f"{where}: the record cannot be sealed: {error.strerror or error}",
            org=record.org,
            hint=_UNSEALED.format(record.run_id),
        ) from None
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise RecordError(
            f"{record.path}: no statement can be made of its events: {place} is malformed", org=record.org
        ) from None


def seal_cut_off(alias: str, root: Path | None = None) -> list[str]:
    """Seal what earlier runs of an org left unsealed; returns their ids, oldest first.

    That is what a runner began and was cut off from, which is sealed as interrupted, and what a notebook by itself
    only planned, as one that is read in JupyterLab does. One that wrote to the org is sealed by a person, who brings
    the notebook. What cannot be sealed stays as it is, and `cnx records verify` names it.

    Raises
    ------
    SecretError, StoreLocked
        There is no key to sign with, so that the run to come could not be sealed either.
    """
    sealed: list[str] = []
    for path in runs_of(alias, root):
        if (path / STATEMENT).exists() or is_present(path):
            continue
        try:
            told = summary(read_events(path))
            if not told.by_runner and told.mode != "plan":
                continue
            record = RunRecord.join(path)
            ending: Ending = "complete" if told.ended and not told.by_runner else "interrupted"
            seal(record, by="next-run", ending=ending, hits=scanned(record))
        except RecordError:
            continue
        sealed.append(record.run_id)
    return sealed


def scanned(record: RunRecord) -> Sequence[Hit]:
    """Take every secret out of a record, those that its parameters refer to among them; returns what was found where.

    Raises
    ------
    RecordError
        It cannot be read or rewritten.
    """
    for reference in _references(summary(read_events(record.path)).parameters):
        with suppress(SecretError):  # what is no longer there cannot be looked for; the rules still are
            resolve(reference)
    hits = scan(record.path, touched())
    if hits:
        take_out(record.path, hits)
    return hits


def _references(value: object) -> Iterator[str]:
    """What reads like a reference to a secret, anywhere in a run's parameters."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
    elif isinstance(value, str) and re.fullmatch(REFERENCE, value):
        yield value


def _predicate(
    record: RunRecord, previous: Link | None, by: By, ending: Ending, hits: Sequence[Hit], key: SigningKey
) -> Predicate:
    told = summary(read_events(record.path))
    return Predicate(
        run_id=record.run_id,
        number=previous.number + 1 if previous else 1,
        previous=previous,
        org=SealedOrg(alias=record.org, **told.org),
        simulated=told.simulated,
        host=told.host,
        certificate=told.certificate,
        user=told.user,
        mode=told.mode,
        ticket=told.ticket,
        phases={id_: SealedPhase.model_validate(phase) for id_, phase in told.phases.items()},
        status=told.status,
        started_at=told.started_at,
        ended_at=told.ended_at,
        ending=ending,
        sealed=Seal(by=by, at=datetime.now(UTC).isoformat(timespec="seconds")),
        versions=told.versions,
        scan=Scan(
            tools={"detect-secrets": version("detect-secrets")},
            hits=tuple(SecretHit(file=hit.file, place=hit.place, kind=hit.kind) for hit in hits),
        ),
        key=key.public.fingerprint,
    )


def _subjects(record: RunRecord) -> tuple[Subject, ...]:
    for said in misfits(record.path, record.run_id, record.org):
        raise RecordError(
            f"{record.path / 'events.jsonl'} is that of another run: {said}",
            org=record.org,
            hint="Nothing was sealed. Find out how it came here.",
        )
    subjects = []
    for name, fault in files_of(record.path).items():
        if fault:
            raise RecordError(
                f"{str(record.path / name)!r} cannot be sealed: {fault}",
                org=record.org,
                hint="Nothing was sealed. Take it out of the record, then seal again.",
            )
        digest = digest_of(record.path / name, settle=True)
        subjects.append(Subject(name=name, digest=Digest(sha256=digest)))
    return tuple(subjects)


@contextmanager
def _one_at_a_time(record: RunRecord) -> Iterator[None]:
    """Hold the chain of the record's org among all processes, so that it stays one line."""
    with FileLock(record.path.parent / _LOCK, timeout=_PATIENCE_S):
        yield


def _write(beside: Path, path: Path, content: bytes) -> Path:
    """Replace `path` by way of a hidden file beside the runs, so that a crash leaves nothing in a record."""
    fresh = beside / f".{path.parent.name}.{os.getpid()}.new"
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path
