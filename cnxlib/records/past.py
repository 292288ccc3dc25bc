"""The past of an org, as the records of its runs hold it: what was confirmed, and what was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError
from cnxlib.history import (
    Asked,
    AskedBefore,
    Confirmation,
    Confirmed,
    Given,
    Left,
    LeftToPeople,
    Made,
    PastRun,
    Remembered,
    RunSteps,
)
from cnxlib.model import ManualStep, Status
from cnxlib.records.given import given
from cnxlib.records.listing import find_run
from cnxlib.records.run_record import EVENTS, read_events, runs_of
from cnxlib.records.steps import steps_of

_CUT_SHORT = (Status.FAILED, Status.BLOCKED, Status.KNOWN_LATER, Status.NOT_NEEDED)
"""How a phase may have ended before it came to ask for anything."""


class Past:
    """Answers what the engine asks of the past (`cnxlib.history`).

    Parameters
    ----------
    alias, org_id:
        The org. Runs under its alias that went to another org, such as a sandbox before its refresh, do not count.
    root:
        The records' root, the usual one by default.
    """

    def __init__(self, alias: str, org_id: str, root: Path | None = None) -> None:
        self._alias, self._org_id, self._root = alias, org_id, root
        self._read: dict[Path, tuple[int, list[dict[str, Any]]]] = {}

    def recall(self, request: Remembered) -> Confirmed | Asked | Mapping[str, Any] | PastRun | None:
        """Answer one request.

        Raises
        ------
        RecordError
            An earlier record cannot be read, or that of the run asked for is not as it was sealed.
        UsageError
            There is no such run, or it went to another org, or goes on.
        """
        if isinstance(request, RunSteps):
            path = find_run(request.run_id, self._alias, self._root)
            return steps_of(path, self._alias, self._org_id, unverified=request.unverified)
        if isinstance(request, Confirmation):
            return self._confirmed.get((request.phase, request.step), {}).get(request.digest)
        if isinstance(request, AskedBefore):
            return self._asked(request.phase).get(request.step)
        if isinstance(request, LeftToPeople):
            return self._left.get(request.kind, {})
        if isinstance(request, Given):
            return given(self._events, request.kinds)
        return (self._made if isinstance(request, Made) else self._attempted).get(request.kind, {})

    @property
    def _events(self) -> list[dict[str, Any]]:
        # By the clock: ids of runs that began within a second sort by chance
        return sorted(self._of_all_runs(), key=lambda event: str(event.get("at")))

    def _of_all_runs(self) -> Iterator[dict[str, Any]]:
        """The org's events. A record that grew is read again: what this very run did is past too."""
        for path in runs_of(self._alias, self._root):
            try:
                size = (path / EVENTS).stat().st_size
            except OSError as error:
                raise RecordError(f"{path / EVENTS} cannot be read: {error.strerror}", org=self._alias) from None
            if self._read.get(path, (-1, []))[0] != size:
                events = read_events(path)
                ours = [e for e in events if e.get("org_id") == self._org_id and isinstance(e.get("data"), dict)]
                self._read[path] = size, ours
            yield from self._read[path][1]

    @property
    def _confirmed(self) -> dict[tuple[str, str], dict[str, Confirmed]]:
        """What was confirmed: by phase and step, then by digest. A run that found the step done makes it void."""
        confirmed: dict[tuple[str, str], dict[str, Confirmed]] = {}
        for event in self._events:
            data, phase = event["data"], str(event["phase"])
            if event["event"] == "confirmed":
                said = Confirmed(
                    str(event["user"]), str(event["at"]), str((data.get("evidence") or {}).get("sha256", ""))
                )
                confirmed.setdefault((phase, str(data.get("step"))), {})[str(data.get("digest"))] = said
            elif event["event"] == "facts":
                for name in data.get("done", ()):
                    confirmed.pop((phase, str(name)), None)
        return confirmed

    def _asked(self, phase: str) -> dict[str, Asked]:
        """The manual steps of the newest apply or verify of a phase that read the org to its end, by name."""
        asked: dict[str, Asked] = {}
        for event in self._events:
            ended = event["event"] == "phase-ended" and event["phase"] == phase
            if not ended or event.get("mode") not in ("apply", "verify"):
                continue
            told = event["data"].get("manual") or []
            if told or event["data"].get("status") not in _CUT_SHORT:
                steps = [_manual_step(one) for one in told]
                asked = {step.step: Asked(step, str(event["at"])) for step in steps}
        return asked

    @property
    def _made(self) -> dict[str, dict[str, str]]:
        made: dict[str, dict[str, str]] = {}
        for event in self._events:
            if event["event"] != "step-done":
                continue
            step = event["data"]
            of_kind = made.setdefault(str(step.get("kind")), {})
            if step.get("op") == "create":
                of_kind[str(step.get("key"))] = str(step.get("id", ""))
            elif step.get("op") == "delete":
                of_kind.pop(str(step.get("key")), None)
        return made

    @property
    def _attempted(self) -> dict[str, dict[str, str]]:
        begun: dict[str, dict[str, str]] = {}
        for event in self._events:
            step, name = event["data"], event["event"]
            if not name.startswith("step-") or step.get("op") != "create":
                continue
            of_kind, key = begun.setdefault(str(step.get("kind")), {}), str(step.get("key"))
            if name == "step-started" or (name == "step-failed" and step.get("id")):
                of_kind[key] = str(step.get("id", ""))
            else:
                of_kind.pop(key, None)
        return begun

    @property
    def _left(self) -> dict[str, dict[str, Left]]:
        left: dict[str, dict[str, Left]] = {}
        begun: set[tuple[str, str]] = set()
        for event in self._events:
            step, name = event["data"], event["event"]
            if not name.startswith("step-") or step.get("op") != "create":
                continue
            kind, key = str(step.get("kind")), str(step.get("key"))
            if name == "step-started":
                begun.add((kind, key))
            elif name == "step-not-run" and (kind, key) in begun:  # it was tried: else it waited for another step
                left.setdefault(kind, {})[key] = Left(str(step.get("error", "")), str(event["at"]))
                begun.discard((kind, key))
            elif name == "step-done":
                left.get(kind, {}).pop(key, None)
        return left


def _manual_step(told: Mapping[str, Any]) -> ManualStep:
    """A step from its published shape, as it was before anybody confirmed it; older records say less of it."""
    names = {one.name for one in fields(ManualStep)} - {"done_by", "done_at"}
    given = {name: value for name, value in told.items() if name in names}
    return ManualStep(**{**given, "guide": tuple(told["guide"])})
