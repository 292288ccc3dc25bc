"""Who is at work on a run: a lock of the operating system that ends with the process, however it ends."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from cnxlib.errors import RecordError
from cnxlib.records.run_record import RunRecord

_FOLDER = ".present"
"""Beside the runs of an org: what lies within a run is its record."""


@contextmanager
def present(record: RunRecord) -> Iterator[None]:
    """Be at work on `record`, which is not sealed by anybody else meanwhile.

    Raises
    ------
    RecordError
        The lock's file cannot be written.
    """
    folder = record.path.parent / _FOLDER
    path = folder / f"{record.run_id}.{secrets.token_hex(4)}"
    lock = FileLock(path)
    try:
        folder.mkdir(exist_ok=True)
        lock.acquire(timeout=2)  # whoever looks whether anybody is at work holds it for an instant
    except OSError as error:  # filelock's Timeout is one
        raise RecordError(f"{path} cannot be locked: {error.strerror or error}", org=record.org) from None
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            path.unlink(missing_ok=True)


def is_present(path: Path) -> bool:
    """Whether any process is at work on the run in the folder `path`, on this machine or where its locks reach."""
    for held in sorted((path.parent / _FOLDER).glob(f"{path.name}.*")):
        lock = FileLock(held)
        try:
            lock.acquire(timeout=0)
        except OSError:  # filelock's Timeout is one; and what cannot be looked at may be at work
            return True
        lock.release()
        with suppress(OSError):
            held.unlink(missing_ok=True)  # whoever held it is gone, and its name is never used again
    return False
