"""A runner at work, followed by what it writes: by the kernel that started it, or any other that finds its record."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError
from cnxlib.records.presence import is_present
from cnxlib.records.run_record import EVENTS, RUN, org_of, parse_events, runs_of
from cnxlib.records.tail import Tail

POLL_S = 0.3
"""How often the record is looked at, in seconds."""

Event = Mapping[str, Any]
"""One event, in the shape of the record."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Parameters
    ----------
    result:
        The run's object, as the runner prints it and its record keeps it; empty where there is none.
    record:
        Its record, None where it did not come to have one.
    code:
        The runner's exit code, None where another process started it.
    last_words:
        What the runner said last, "" where that is not known.
    at:
        When its last event was written (ISO 8601, UTC), "" where there is none.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    record: Path | None = None
    code: int | None = None
    last_words: str = ""
    at: str = ""

    @property
    def cut_off(self) -> bool:
        """Whether the runner ended before its run did: nobody is at work on it, and its end is not on record."""
        return not self.result

    @property
    def when(self) -> str:
        """`at` as people write it, such as "2026-11-24 04:44 UTC"."""
        try:
            return f"{datetime.fromisoformat(self.at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        except ValueError:
            return self.at

    def outcome(self, phase_id: str) -> Mapping[str, Any] | None:
        """What became of a phase (`Outcome.as_json`), None where the run says nothing of it."""
        phases: Sequence[Mapping[str, Any]] = self.result.get("phases") or ()
        return next((phase for phase in phases if phase["phase"] == phase_id), None)


class Running:
    """A run of a phase that another process carries out.

    Parameters
    ----------
    phase_id:
        The phase.
    record:
        The run's record, None where it is not known yet.
    """

    def __init__(self, phase_id: str, record: Path | None = None) -> None:
        self._phase_id = phase_id
        self._record = record
        self._tail: Tail | None = None
        self._events: list[Event] = []
        self._thread: threading.Thread | None = None

    @property
    def record(self) -> Path | None:
        """The run's record, None while it has none."""
        return self._record

    def follow(self, on_events: Callable[[Sequence[Event]], None], on_end: Callable[[Ending], None]) -> None:
        """Follow it to its end, in a thread.

        Parameters
        ----------
        on_events:
            Receives the new events of the run and of its phase; called from that thread, a few times a second, with
            none where there are none.
        on_end:
            Receives the ending; called from that thread, last.
        """

        def work() -> None:
            while not self._over():
                on_events(self._news())
            on_events(self._news())
            on_end(self.ending())

        self._thread = threading.Thread(target=work, name="cnx-apply", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end, where it is followed; whether it has come."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def ending(self) -> Ending:
        """How it ended, as its record has it; of a run that is not over, as if it were cut off."""
        self._news()
        at = str(self._events[-1].get("at", "")) if self._events else ""
        return Ending(self._result(), self._record, at=at)

    def _over(self) -> bool:
        """Let some time pass; whether the run is over by then."""
        time.sleep(POLL_S)
        if self._record is None or not is_present(self._record):
            return True
        # A run over many phases goes on to the next ones
        return self._last("phase-ended") is not None and len(self._phases()) > 1

    def _news(self) -> list[Event]:
        if self._record is None:
            return []
        self._tail = self._tail or Tail(self._record)
        fresh: list[Event] = []
        with suppress(RecordError):
            fresh = [event for event in self._tail.news() if event.get("phase") in ("", self._phase_id)]
        self._events.extend(fresh)
        return fresh

    def _result(self) -> Mapping[str, Any]:
        if self._record is None:
            return {}
        with suppress(OSError, ValueError):
            result = json.loads((self._record / RUN).read_text(encoding="utf-8"))
            if isinstance(result, dict):
                return result
        ended = self._last("phase-ended") if len(self._phases()) > 1 else None
        return {"run_id": self._record.name, "record": str(self._record), "phases": [ended]} if ended else {}

    def _last(self, name: str) -> Mapping[str, Any] | None:
        return next((event["data"] for event in reversed(self._events) if event["event"] == name), None)

    def _phases(self) -> Sequence[str]:
        phases: Sequence[str] = (self._last("run-started") or {}).get("phases", ())
        return phases


def at_work(alias: str, phase_id: str, org_id: str) -> Running | None:
    """The run that any process is applying this phase by to this org right now, None where there is none.

    Whoever is at work holds a lock that ends with its process (`cnxlib.records.presence`), so a run whose process died
    is not taken for one at work.

    Parameters
    ----------
    alias, org_id:
        The org, as for `last_ending`.
    phase_id:
        The phase.
    """
    runs = (path for path in reversed(runs_of(alias)) if _applies(path, phase_id) and is_present(path))
    for path in (path for path in runs if went_to(path, org_id)):
        running = Running(phase_id, path)
        running._news()
        if running._last("phase-ended") is None or len(running._phases()) == 1:
            return Running(phase_id, path)
    return None


def last_ending(alias: str, phase_id: str, org_id: str) -> Ending | None:
    """How the last run ended that applied this phase to this org; None where there was none, or it is at work.

    Parameters
    ----------
    alias, org_id:
        The org. A run under its alias that went to another org, such as a sandbox before its refresh, does not count;
        one that did not come to know the org does. With the id "" all of the alias do.
    phase_id:
        The phase.
    """
    runs = (path for path in reversed(runs_of(alias)) if _applies(path, phase_id))
    path = next((path for path in runs if went_to(path, org_id)), None)
    return None if path is None or is_present(path) else Running(phase_id, path).ending()


def started_by(pid: int, alias: str, phase_id: str, before: Collection[Path] = ()) -> Path | None:
    """The record of the run that the process `pid` applies this phase by, None while it has none.

    Parameters
    ----------
    pid:
        That of the runner, or of the launcher that Windows puts before the Python of a virtual environment.
    alias, phase_id:
        The org and the phase.
    before:
        The records that were there before the process was.
    """
    for path in reversed(runs_of(alias)):
        if path not in before:
            data = _applies(path, phase_id)
            if data is not None and pid in (data.get("pid"), data.get("parent_pid")):
                return path
    return None


def went_to(path: Path, org_id: str) -> bool:
    """Whether a run is not known to have gone to another org."""
    return not org_id or (org_of(path) or org_id) == org_id


def _applies(path: Path, phase_id: str) -> Mapping[str, Any] | None:
    """The data of the run's beginning, where a runner began it in mode "apply" with this phase."""
    with suppress(OSError):
        with (path / EVENTS).open("rb") as file:
            first = next(parse_events([file.readline()]), {})
        data = first.get("data")
        if first.get("event") == "run-started" and first.get("mode") == "apply" and isinstance(data, dict):
            return data if phase_id in data.get("phases", ()) else None
    return None
