"""Handing a reviewed plan to the runner: a process of its own, which outlives the kernel that started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cnxlib.records import runs_of
from cnxlib.records.presence import is_present
from cnxlib.ui.following import POLL_S, Ending, Running, at_work, last_ending, started_by

__all__ = ["Ending", "Handover", "Running", "Started", "at_work", "last_ending"]

PATIENCE_S = 15.0
"""How long the notebook's kernel may outlive a runner that was killed before it counts as over, in seconds."""


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


class Started(Running):
    """A runner that this process starts.

    Parameters
    ----------
    handover:
        What it is asked.
    """

    def __init__(self, handover: Handover) -> None:
        super().__init__(handover.phase_id)
        self._handover = handover
        self._before = set(runs_of(handover.alias))
        self._folder = Path(tempfile.mkdtemp(prefix="cnx-apply-"))

    def start(self) -> None:
        """Start the process.

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

    def ending(self) -> Ending:
        """How it ended: what it printed, else what its record has."""
        on_record = super().ending()
        said = self._said()
        record = Path(said["record"]) if said.get("record") else on_record.record
        ending = replace(on_record, record=record, code=self._process.returncode, last_words=self._last_words())
        self._clean_up()
        return replace(ending, result=said) if said else ending

    def _over(self) -> bool:
        alias, phase_id = self._handover.alias, self._handover.phase_id
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(POLL_S)
        if self._record is None:
            self._record = started_by(self._process.pid, alias, phase_id, self._before)
        if self._process.poll() is None:
            return False
        self._outlived()
        return True

    def _outlived(self) -> None:
        """Wait for the kernel of a runner that was killed: until it has noticed, it may still be writing."""
        until = time.monotonic() + PATIENCE_S
        while self._record is not None and is_present(self._record) and time.monotonic() < until:
            time.sleep(POLL_S)

    def _clean_up(self) -> None:
        with suppress(OSError):
            for name in ("parameters.json", "out", "err"):
                (self._folder / name).unlink(missing_ok=True)
            self._folder.rmdir()

    def _said(self) -> Mapping[str, Any]:
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
