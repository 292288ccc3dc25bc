"""Handing a reviewed plan to the runner: a process of its own, which outlives the kernel that started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError
from cnxlib.records import read_events, runs_of

POLL_S = 0.3
"""How often the record is looked at, in seconds."""


@dataclass(frozen=True)
class Handover:
    """What the runner is asked to apply.

    Parameters
    ----------
    alias, phase_id:
        The org and the phase.
    digest:
        The plan that was reviewed.
    values:
        The phase's own parameters; they hold no secret, only references.
    ticket, confirm_org_id:
        As the parameters of the same names.
    command:
        How `cnx` is started.
    """

    alias: str
    phase_id: str
    digest: str
    values: Mapping[str, Any]
    ticket: str = ""
    confirm_org_id: str = ""
    command: tuple[str, ...] = (sys.executable, "-m", "cnxlib")

    def arguments(self) -> list[str]:
        """The command line after `cnx`, without the parameters."""
        options = {
            "--org": self.alias,
            "--phase": self.phase_id[:2],
            "--expected-digest": self.digest,
            "--ticket": self.ticket,
            "--confirm-org-id": self.confirm_org_id,
        }
        return ["apply", *(part for option, value in options.items() if value for part in (option, value))]


@dataclass(frozen=True)
class Ending:
    """How the runner ended: its exit code, the object it printed (empty if none), and its last words."""

    code: int
    result: Mapping[str, Any]
    last_words: str = ""


class Running:
    """A runner at work.

    Parameters
    ----------
    handover:
        What it is asked.
    on_events:
        Receives the phase's new events, in the shape of the record; called from a thread.
    on_end:
        Receives the ending; called from that thread, last.
    """

    def __init__(
        self,
        handover: Handover,
        on_events: Callable[[Sequence[Mapping[str, Any]]], None],
        on_end: Callable[[Ending], None],
    ) -> None:
        self._handover, self._on_events, self._on_end = handover, on_events, on_end
        self._before = set(runs_of(handover.alias))
        self._record: Path | None = None
        self._seen = 0
        self._folder = Path(tempfile.mkdtemp(prefix="cnx-apply-"))
        self._thread = threading.Thread(target=self._follow, name="cnx-apply", daemon=True)

    def start(self) -> None:
        """Start the process, and the thread that follows it.

        Raises
        ------
        OSError
            It cannot be started.
        """
        try:
            self._process = self._popen()
        except OSError:
            self._clean_up()
            raise
        self._thread.start()

    def _popen(self) -> subprocess.Popen[bytes]:
        parameters = self._folder / "parameters.json"
        with os.fdopen(os.open(parameters, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(dict(self._handover.values), file)
        # Files, not pipes, and a session of its own: an interrupted or lost kernel must not end the run.
        with (self._folder / "out").open("wb") as out, (self._folder / "err").open("wb") as err:
            return subprocess.Popen(
                [*self._handover.command, *self._handover.arguments(), "--parameters", str(parameters), "--json"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=_plain_environment(),
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _follow(self) -> None:
        while True:
            try:
                code = self._process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                self._tell()
                continue
            self._tell()
            break
        ending = Ending(code, self._result(), self._last_words())
        self._clean_up()
        self._on_end(ending)

    def _clean_up(self) -> None:
        with suppress(OSError):
            for name in ("parameters.json", "out", "err"):
                (self._folder / name).unlink(missing_ok=True)
            self._folder.rmdir()

    def _tell(self) -> None:
        """Hand on the events of the phase since the last look."""
        self._record = self._record or next(
            (path for path in runs_of(self._handover.alias) if self._is_ours(path)), None
        )
        if self._record is None:
            return
        with suppress(RecordError):
            events = read_events(self._record)
            fresh, self._seen = events[self._seen :], len(events)
            told = [event for event in fresh if event.get("phase") == self._handover.phase_id]
            if told:
                self._on_events(told)

    def _is_ours(self, path: Path) -> bool:
        if path in self._before:
            return False
        with suppress(RecordError):
            return any(
                event["event"] == "run-started" and event["data"].get("phases") == [self._handover.phase_id]
                for event in read_events(path)
            )
        return False

    def _result(self) -> Mapping[str, Any]:
        with suppress(ValueError, OSError):
            result = json.loads((self._folder / "out").read_text(encoding="utf-8"))
            return result if isinstance(result, dict) else {}
        return {}

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = (self._folder / "err").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return "\n".join(lines[-5:])
        return ""


def _plain_environment() -> dict[str, str]:
    """This process's environment without what ipykernel adds to have colours drawn for a notebook."""
    return {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "CLICOLOR_FORCE")}
