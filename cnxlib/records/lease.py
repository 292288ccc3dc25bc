"""The lease: one run at a time writes to an org.

It is a lock of the operating system on a file beside the org's runs, held by the process that writes. So it holds among
all who share one records root, and ends with that process, however it ends: a runner that was killed leaves no stale
lease, and a kernel that outlives its runner still keeps the next run off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from cnxlib.errors import OrgBusy, RecordError
from cnxlib.records.run_record import RunRecord


@contextmanager
def lease(record: RunRecord, *, phase: str = "", wait_s: float = 60.0) -> Iterator[None]:
    """Hold the org of `record` for this process.

    Parameters
    ----------
    record:
        The run that wants the org; is told by a "progress" event when it has to wait.
    phase:
        Named in that event.
    wait_s:
        How long to wait for another run, in seconds.

    Raises
    ------
    OrgBusy
        Another run still holds the org; says which, and since when.
    RecordError
        The lock's file cannot be written.
    """
    folder = record.path.parent
    holder = folder / ".lease.json"
    lock = FileLock(folder / ".lease")
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            record.event("progress", {"message": f"waiting for the org: {_held_by(holder)}"}, phase=phase)
            lock.acquire(timeout=wait_s)
    except Timeout:
        raise OrgBusy(
            f"Another run holds the org: {_held_by(holder)}",
            org=record.org,
            hint="Wait until it has ended, or end it, then run again.",
        ) from None
    except OSError as error:
        raise RecordError(f"{folder / '.lease'} cannot be locked: {error.strerror}", org=record.org) from None
    try:
        content = {
            "run_id": record.run_id,
            "pid": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with suppress(OSError):  # it serves the message alone
            holder.write_text(json.dumps(content), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _held_by(holder: Path) -> str:
    try:
        said = json.loads(holder.read_text(encoding="utf-8"))
        return f"run {said['run_id']}, process {said['pid']}, since {said['since']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "it does not say which run it is"
