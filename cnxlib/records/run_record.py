"""The run record: one folder per run, and in it what happened, written down as it happens.

::

    <runs root>/<alias>/<run id>/
        events.jsonl             one JSON object a line, in the order of what happened
        NN_name.ipynb            the executed notebooks
        run.json                 the published object of the whole run, written when it ends

An event is ``{"at", "server_at", "run_id", "org", "org_id", "user", "ticket", "api_calls", "phase", "mode", "event",
"data"}``: `at` is this machine's time and `server_at` the org's (the Date of its newest answer), both UTC; `org` is the
alias; `api_calls` counts the phase's requests so far. What is not known yet is "" or null. The names of events, and
what `data` holds:

=================  =====================================================================================================
run-started        phases (ids), parameters (by phase), ticket, versions (by package); pid and parent_pid of the runner
phase-started      org (alias, id, name, type), user, simulated, host, certificate (SHA-256, hex), params, guide (ids of
                   the steps it serves); versions, where no runner began the run
check              `Check.as_json`
facts              when ("before" the plan or "after" the changes), facts (kind, key, id, value) of all that is managed,
                   done (names of manual steps that reading found done)
plan               digest, changes
step-started       `Change.as_json`
step-done          change and step in one, as are step-failed (`known` false: it may have been done) and step-not-run
progress           message; fraction (0-1, null where unknown), where it has one
verified           remaining (changes)
confirmed          step, digest (`ManualStep.digest`), what and closed_by (of the step as it was asked), note, evidence
                   (name, sha256; null where none was given), warning (that a file was asked for and is not given)
phase-ended        `Outcome.as_json`
run-ended          status, seconds, api_calls
=================  =====================================================================================================

The kernel that executes a notebook writes the events of its phase; the runner writes those of the run. No secret that
the writing process has touched comes into any of it.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from cnxlib.errors import RecordError
from cnxlib.secrets.redaction import dumps, redact

EVENTS = "events.jsonl"
RUN = "run.json"

_HINT = "See that the disk has room and that you may write there, or name another folder in CNX_RUNS."


def runs_root() -> Path:
    """Where records are kept, absolute: $CNX_RUNS, else ./runs."""
    named = os.environ.get("CNX_RUNS")
    return Path(named).expanduser().resolve() if named else Path("runs").resolve()


def folder_of(alias: str, root: Path | None = None) -> Path:
    """The folder of an org's runs. Characters that a file name cannot hold are percent-encoded."""
    name = quote(alias, safe=" @+()'")
    return (root or runs_root()) / (name.replace(".", "%2E") if not name.strip(". ") else name)


def runs_of(alias: str, root: Path | None = None) -> list[Path]:
    """The folders of an org's runs, oldest first; empty where there are none."""
    folder = folder_of(alias, root)
    return sorted(path for path in folder.glob("*/") if (path / EVENTS).exists())


class RunRecord:
    """One run's folder. Several processes may write events to it: each event is one append.

    Attributes
    ----------
    path:
        The folder, absolute.
    run_id:
        Its name, sorted by the time of its beginning: "20261123T204006Z-9f3c" (UTC).
    org:
        Alias of the org.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.run_id = self.path.name
        self.org = unquote(self.path.parent.name)
        self._lock = threading.Lock()
        self._whole = False

    @classmethod
    def begin(cls, alias: str, root: Path | None = None) -> RunRecord:
        """A new record for a run on the org `alias`.

        Raises
        ------
        RecordError
            The folder cannot be made.
        """
        while True:
            run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
            path = folder_of(alias, root) / run_id
            try:
                path.mkdir(parents=True)
                (path / EVENTS).touch()
            except FileExistsError:
                if path.is_dir():  # drawn twice within a second
                    continue
                raise RecordError(f"{path.parent} is no folder", org=alias, hint=_HINT) from None
            except OSError as error:
                raise RecordError(
                    f"No run record can begin at {path}: {error.strerror}", org=alias, hint=_HINT
                ) from None
            return cls(path)

    @classmethod
    def join(cls, path: Path | str) -> RunRecord:
        """The record that another process began.

        Raises
        ------
        RecordError
            `path` is no run record.
        """
        if not (Path(path) / EVENTS).is_file():
            raise RecordError(f"{path} is no run record", hint='Leave `record` "" to begin a new one.')
        return cls(Path(path))

    def event(
        self,
        name: str,
        data: Mapping[str, Any],
        *,
        phase: str = "",
        mode: str = "",
        known: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one event.

        Parameters
        ----------
        name, data, phase, mode:
            As the table above says.
        known:
            server_at, org_id, user, ticket, api_calls, as far as they are known.

        Raises
        ------
        RecordError
            It could not be written: what is not on record must not go on.
        """
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "server_at": "",
            "run_id": self.run_id,
            "org": self.org,
            "org_id": "",
            "user": "",
            "ticket": "",
            "api_calls": None,
            **(known or {}),
            "phase": phase,
            "mode": mode,
            "event": name,
            "data": data,
        }
        line = dumps(entry, ensure_ascii=False, default=str).encode() + b"\n"
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                raise RecordError(
                    f"{self.path / EVENTS} cannot be written: {error.strerror}", org=self.org, hint=_HINT
                ) from None

    def _append(self, line: bytes) -> None:
        path = self.path / EVENTS
        if not self._whole:  # whoever wrote before may have been killed within a line
            with path.open("rb") as file:
                file.seek(0, os.SEEK_END)
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    line = line if file.read() == b"\n" else b"\n" + line
            self._whole = True
        with path.open("ab", buffering=0) as file:
            written = file.write(line)
            if written != len(line):  # a full disk takes a part and says so at the next write
                file.write(line[written:])

    def write_json(self, name: str, value: Mapping[str, Any]) -> Path:
        """Write `value` as the file `name` of the record, wholly or not at all; returns its path.

        Raises
        ------
        RecordError
            It could not be written.
        """
        return self._write(name, dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")

    def write_text(self, name: str, text: str) -> Path:
        """Write `text` as the file `name` of the record, wholly or not at all; returns its path.

        Raises
        ------
        RecordError
            It could not be written.
        """
        return self._write(name, redact(text))

    def _write(self, name: str, text: str) -> Path:
        path = self.path / name
        fresh = path.with_name(f"{name}.{os.getpid()}.new")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise RecordError(f"{path} cannot be written: {error.strerror}", org=self.org, hint=_HINT) from None
        return path

    def read_json(self, name: str = RUN) -> dict[str, Any] | None:
        """The file `name` of the record, None where it was not written.

        Raises
        ------
        RecordError
            It is there and cannot be read.
        """
        try:
            value: dict[str, Any] = json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise RecordError(f"{self.path / name} cannot be read: {error}", org=self.org) from None
        return value


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of a record's folder, in order; a line that a crash cut short is left out.

    Raises
    ------
    RecordError
        There are none to read.
    """
    try:
        content = (path / EVENTS).read_bytes()
    except OSError as error:
        raise RecordError(f"{path / EVENTS} cannot be read: {error.strerror}") from None
    return list(parse_events(content.splitlines()))


def parse_events(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    """The events in `lines`, without those that are no whole JSON object."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def org_of(path: Path) -> str:
    """The id of the org that a run went to, "" where its record does not tell it (yet)."""
    with suppress(OSError), (path / EVENTS).open("rb") as file:
        # One of the first events has it, and a record may be long
        told = (event.get("org_id") for line in file for event in parse_events([line]))
        return next((str(org_id) for org_id in told if org_id), "")
    return ""
