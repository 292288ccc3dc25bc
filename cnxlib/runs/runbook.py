"""One run: the notebooks of some phases on one org, in the guide's order.

The notebook does the work, in a kernel of its own, and writes down what happens; the runner executes it, follows what
it writes, and takes the outcome from its last event. Nothing else passes between them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cnxlib.errors import InventoryError, LimitExceeded, NotConfirmed, OrgBusy, RecordError, SecretError, UnknownOrg
from cnxlib.model import Mode, Outcome, Status
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.records import RunRecord
from cnxlib.records.keys import signing_key
from cnxlib.records.presence import present
from cnxlib.records.sealing import seal_cut_off
from cnxlib.records.tail import Tail
from cnxlib.records.versions import versions
from cnxlib.runs.closing import close
from cnxlib.runs.execution import Ending, execute
from cnxlib.runs.notebooks import notebook_path
from cnxlib.runs.result import RunResult, error_class
from cnxlib.secrets.heritage import Heritage

_END_THE_RUN = (InventoryError, UnknownOrg, NotConfirmed, OrgBusy, LimitExceeded, RecordError)
"""After one of these no other phase of the run can fare better."""

_LOST = (Status.FAILED, Status.BLOCKED)


@dataclass(frozen=True)
class Order:
    """What is to be done.

    Parameters
    ----------
    alias:
        The org.
    mode:
        plan, apply or verify.
    phases:
        In the guide's order.
    parameters:
        The checked parameters of each phase, by its id.
    ticket:
        Change number, kept in the record.
    """

    alias: str
    mode: Mode
    phases: Sequence[Phase[Any]]
    parameters: Mapping[str, PhaseParams]
    ticket: str = ""


class Watch:
    """Who wants to follow a run overrides what it cares for; called in the thread of `carry_out`."""

    def phase_begins(self, phase: Phase[Any]) -> None:
        """A phase's notebook is about to be executed."""

    def happened(self, event: Mapping[str, Any]) -> None:
        """An event was written to the record."""

    def phase_ended(self, outcome: Mapping[str, Any]) -> None:
        """A phase came to this (`Outcome.as_json`)."""


def carry_out(order: Order, watch: Watch | None = None) -> RunResult:
    """Execute the notebooks of `order`, each in mode `order.mode`, and leave a run record.

    A phase whose needs failed is blocked and not executed. A plan and a verify only read: there each phase speaks for
    itself. Ctrl-C ends the run after the step at hand; that is in its result and its record. Runs of the org that were
    cut off before are sealed first, as interrupted; this one is sealed when its last notebook is closed.

    Raises
    ------
    UnknownPhase
        A notebook is missing.
    SecretError
        There is no key to seal the record with; nothing was sent to the org.
    RecordError
        The run record cannot begin.
    """
    for phase in order.phases:
        notebook_path(phase.id)
    signing_key()
    seal_cut_off(order.alias)
    record = RunRecord.begin(order.alias)
    with present(record), Heritage() as heritage:
        return _Run(order, record, heritage, watch or Watch()).carry_out()


class _Run:
    def __init__(self, order: Order, record: RunRecord, heritage: Heritage, watch: Watch) -> None:
        self._order, self._record, self._heritage, self._watch = order, record, heritage, watch
        self._tail = Tail(record.path)
        self._events: list[dict[str, Any]] = []
        """Those of the phase at hand."""
        self._org = {"alias": order.alias, "id": "", "name": "", "type": ""}
        self._outcomes: dict[str, dict[str, Any]] = {}
        self._error: dict[str, Any] | None = None
        self._interrupted = False

    def carry_out(self) -> RunResult:
        order, started_at, clock = self._order, _now(), time.monotonic()
        asked = {id_: params.model_dump(mode="json") for id_, params in order.parameters.items()}
        phases = [phase.id for phase in order.phases]
        try:
            begin = {"phases": phases, "parameters": asked, "ticket": order.ticket, "versions": versions()}
            self._event("run-started", {**begin, "pid": os.getpid(), "parent_pid": os.getppid()})
            for phase in order.phases:
                try:
                    self._carry_out(phase)
                except KeyboardInterrupt:
                    self._interrupted = True
            for phase in order.phases:
                if phase.id not in self._outcomes:
                    self._ended_here(phase, Status.BLOCKED, "The run was interrupted before this phase.")
        except (RecordError, SecretError) as error:
            self._error = error.as_json()
            for phase in order.phases:
                self._outcomes.setdefault(phase.id, self._outcome(phase, Status.BLOCKED, error.message))
        result = RunResult(
            org=self._org,
            run_id=self._record.run_id,
            mode=order.mode,
            record=self._record.path,
            ticket=order.ticket,
            started_at=started_at,
            ended_at=_now(),
            seconds=time.monotonic() - clock,
            phases=[self._outcomes[id_] for id_ in phases],
            error=self._error,
            interrupted=self._interrupted,
        )
        return close(self._record, result, self._heritage)

    def _carry_out(self, phase: Phase[Any]) -> None:
        if self._interrupted:
            return
        reason = self._hindrance(phase)
        if reason:
            self._ended_here(phase, Status.BLOCKED, reason)
        else:
            self._execute(phase)

    def _hindrance(self, phase: Phase[Any]) -> str:
        """Why `phase` cannot be executed, "" where it can."""
        if self._error is not None:
            return "The run ended before this phase."
        if self._order.mode != "apply":
            return ""
        lost = [need for need in phase.needs if Status(self._status(need)) in _LOST]
        return f"It needs {', '.join(lost)}, which {self._status(lost[0])}." if lost else ""

    def _status(self, phase_id: str) -> str:
        """The status of a phase of this run; one that is no part of it is taken to be done: the org will tell."""
        outcome = self._outcomes.get(phase_id)
        return str(outcome["status"]) if outcome else Status.CONVERGED

    def _execute(self, phase: Phase[Any]) -> None:
        self._watch.phase_begins(phase)
        self._events = []
        clock = time.monotonic()
        params = self._order.parameters[phase.id].model_copy(update={"record": str(self._record.path)})
        target = self._record.path / f"{phase.id}.ipynb"
        values, environment = params.model_dump(mode="json"), self._heritage.environment
        ending = execute(notebook_path(phase.id), target, values, self._follow, environment)
        self._heritage.values()  # whatever the kernel said is written without them
        self._interrupted = self._interrupted or ending.interrupted
        outcome = self._last_word(phase)
        if outcome is None:
            outcome = self._cut_short(phase, ending, time.monotonic() - clock)
            self._event("phase-ended", outcome, phase)
        elif ending.error and Status(outcome["status"]) not in _LOST:
            outcome = {**outcome, "status": str(Status.FAILED), "reason": _said(ending)}
            self._event("phase-ended", outcome, phase)
        self._note(phase, {**outcome, "notebook": str(target) if target.exists() else ""})
        self._error = self._end_of_run(phase, ending)

    def _end_of_run(self, phase: Phase[Any], ending: Ending) -> dict[str, Any] | None:
        """What ends the whole run, None where the other phases may be tried."""
        if not ending.error or ending.interrupted:
            return None
        cause = error_class(ending.error)
        # What could not even reach the org (no login, no kernel) would not fare better in the next notebook.
        if any(map(_reached, self._events)) and not (cause and issubclass(cause, _END_THE_RUN)):
            return None
        told = self._outcomes[phase.id]["error"]
        return told or {
            "type": ending.error,
            "message": ending.message,
            "org": self._order.alias,
            "guide": [],
            "hint": "",
        }

    def _follow(self) -> None:
        for event in self._tail.news():
            self._events.append(event)
            if _reached(event):
                self._org = event["data"]["org"]
            self._watch.happened(event)

    def _last_word(self, phase: Phase[Any]) -> dict[str, Any] | None:
        words = [e["data"] for e in self._events if e["event"] == "phase-ended" and e["phase"] == phase.id]
        return words[-1] if words else None

    def _cut_short(self, phase: Phase[Any], ending: Ending, seconds: float) -> dict[str, Any]:
        """The outcome of a notebook that could not give its own: what is on record, and why there is no more."""
        said: dict[str, list[Any]] = {}
        for event in self._events:
            said.setdefault(event["event"], []).append(event["data"])
        steps = [step for name in ("step-done", "step-failed", "step-not-run") for step in said.get(name, [])]
        plan = said.get("plan", [{"digest": "", "changes": []}])[0]
        reason = _said(ending) if ending.error else "The notebook ended without an outcome."
        return {
            **self._outcome(phase, Status.FAILED, "The run was interrupted." if ending.interrupted else reason),
            "digest": plan["digest"],
            "changes": plan["changes"],
            "checks": said.get("check", []),
            "steps": [{name: step[name] for name in _STEP} for step in steps],
            "seconds": round(seconds, 3),
        }

    def _ended_here(self, phase: Phase[Any], status: Status, reason: str) -> None:
        outcome = self._outcome(phase, status, reason)
        self._event("phase-ended", outcome, phase)
        self._note(phase, outcome)

    def _outcome(self, phase: Phase[Any], status: Status, reason: str) -> dict[str, Any]:
        return Outcome(phase.id, phase.title, self._order.mode, status, reason=reason).as_json()

    def _note(self, phase: Phase[Any], outcome: dict[str, Any]) -> None:
        self._outcomes[phase.id] = outcome
        self._watch.phase_ended(outcome)

    def _event(self, name: str, data: Mapping[str, Any], phase: Phase[Any] | None = None) -> None:
        known = {"org_id": self._org["id"], "ticket": self._order.ticket}
        self._record.event(name, data, phase=phase.id if phase else "", mode=self._order.mode, known=known)


def _reached(event: Mapping[str, Any]) -> bool:
    """Whether an event tells that its phase is logged in."""
    return event["event"] == "phase-started" and bool(event["data"]["org"]["id"])


_STEP = ("op", "kind", "key", "result", "error", "hint", "id", "seconds", "remark", "known")


def _said(ending: Ending) -> str:
    """The message of an ending; errors that are not this project's own are named too."""
    return ending.message if error_class(ending.error) else f"{ending.message} ({ending.error})"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
