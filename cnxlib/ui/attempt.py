"""One attempt at a phase: from its parameters to its end on record, whatever happens on the way."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

from cnxlib.changes import Change, Plan
from cnxlib.engine import Engine
from cnxlib.errors import CnxError, PhaseError, RecordError
from cnxlib.handoff import Keep, handing_over, nothing_kept
from cnxlib.inventory import find_org
from cnxlib.model import Check, Mode, Outcome, Status, Step
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.records import RunRecord, lease
from cnxlib.records.drift import last_facts, moved
from cnxlib.records.past import Past
from cnxlib.records.presence import present
from cnxlib.records.versions import versions
from cnxlib.resources.setup_changes import setup_changes
from cnxlib.rounds import Emit, Rounds
from cnxlib.salesforce.org import Org
from cnxlib.ui.display import notice
from cnxlib.ui.production import require_confirmed
from cnxlib.ui.view import View

Connect = Callable[[str], Org]
"""Logs in to the org of an alias."""


class Attempt:
    """Carries a phase through connect, preflight, plan, apply and verify, and ends it on record exactly once.

    Parameters
    ----------
    phase:
        The phase.
    values:
        All of its parameters, not checked yet.
    connect:
        Logs in.

    Attributes
    ----------
    record:
        The run record, None before there is one.
    outcome:
        How it stands, None before there is anything to say.
    settled:
        What the remaining cells show, where nothing is left to do; else None.
    ended:
        Whether it is over.
    """

    def __init__(self, phase: Phase[Any], values: Mapping[str, Any], connect: Connect) -> None:
        self._phase, self._connect = phase, connect
        self.values = dict(values)
        self.record: RunRecord | None = None
        self.outcome: Outcome | None = None
        self.settled: View | None = None
        self.ended = False
        self._org: Org | None = None
        self._engine: Engine | None = None
        self._checks: tuple[Check, ...] | None = None
        self._plan: Plan | None = None
        self._steps: tuple[Step, ...] | None = None
        self._opened = self._started = False
        self._seconds = 0.0
        self._facts: Sequence[Mapping[str, Any]] = ()
        self._held = ExitStack()

    @property
    def alias(self) -> str:
        """The org's alias."""
        return str(self.values["org"])

    @property
    def mode(self) -> Mode:
        """The mode, as given."""
        mode: Mode = self.values["mode"]
        return mode

    @property
    def org(self) -> Org:
        """The org, logged in."""
        if self._org is None:
            raise PhaseError(f"{self._phase.title}: no org is connected", hint="Run the Connect cell first.")
        return self._org

    @property
    def org_id(self) -> str:
        """The org's id, "" where nobody is logged in."""
        return self._org.identity.org_id if self._org is not None else ""

    @property
    def planned(self) -> tuple[Change, ...]:
        """The changes of the plan, empty before there is one."""
        return self._plan.changes if self._plan else ()

    @property
    def digest(self) -> str:
        """The plan's digest, "" before there is one."""
        return self._plan.digest if self._plan else ""

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the time within: a person's time between the cells is not the phase's."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._seconds += time.monotonic() - started

    def open(self) -> None:
        """Check the parameters, join or begin the record, and log in; once."""
        if self._opened:
            return
        self._opened = True
        if self.values["record"]:
            self.record = RunRecord.join(self.values["record"])
        params: PhaseParams = self._phase.parse(self.values)
        if self.record is None:
            find_org(self.alias)
            self.record = RunRecord.begin(self.alias)
        self._held.enter_context(present(self.record))
        reason = self._phase.not_needed(params)
        if reason:
            self._start(params)
            self.outcome = Outcome(self._phase.id, self._phase.title, self.mode, Status.NOT_NEEDED, reason=reason)
            self.settled = notice("Not needed", "plain", reason, "The org is not contacted.")
            return
        self._org = self._connect(self.alias)
        self._held.callback(self._org.close)
        self._start(params)
        if self.mode == "apply":
            require_confirmed(self._org.identity, self.alias, params.confirm_org_id)
        self._engine = engine_for(self._phase, params, self._org, self._event, self.record.write_text)

    def preflight(self) -> tuple[Check, ...]:
        """The checks' results; they run once. Raises `PreflightFailed`."""
        if self._checks is None:
            self._checks = self._working.preflight()
        return self._checks

    def make_plan(self) -> Outcome:
        """Observe the org. In mode "apply" the org is held from here until the end, so that the plan stays true."""
        if self.mode == "apply" and self._plan is None:
            self._held.enter_context(lease(self._recording, phase=self._phase.id))
        self._plan, outcome = self._working.plan()
        if self.mode == "plan":
            self.outcome = outcome
        return outcome

    def apply(self) -> tuple[Step, ...]:
        """Make the planned changes, once. Raises `StalePlan` where they are not those of `expected_digest`."""
        if self._plan is None:
            raise PhaseError(f"{self._phase.title}: nothing is planned yet", hint="Run the Plan cell first.")
        if self._steps is None:
            self._steps = self._working.apply(self._plan, self.values["expected_digest"])
        return self._steps

    def verify(self) -> Outcome:
        """Observe from scratch; the outcome says what is left."""
        self.outcome = self._working.verify(self.mode)
        if self.mode == "verify":
            self.outcome = self._with_drift(self.outcome)
        return self.outcome

    def _with_drift(self, outcome: Outcome) -> Outcome:
        """The outcome with what moved since the phase last converged here, and who was in Setup meanwhile."""
        last = last_facts(self.org.alias, self.org.identity.org_id, self._phase.id)
        if last is None:
            return outcome
        drift = moved(last, self._facts)
        changes = Rounds(self.org.send, self._event).perform(setup_changes(last.at)) if drift else ()
        return replace(outcome, drift=drift, drift_since=last.run_id, tables=(*outcome.tables, *changes))

    def end(self) -> Outcome:
        """Write the end to the record, where it is not there yet.

        Raises
        ------
        PhaseError
            There is nothing to write yet.
        RecordError
            It could not be written.
        """
        if self.outcome is None:
            raise PhaseError(f"{self._phase.title}: there is no outcome yet", hint="Run the cells above first.")
        if not self.ended:
            self.ended = True
            calls = self._org.api_calls if self._org else 0
            self.outcome = replace(self.outcome, mode=self.mode, seconds=self._seconds, api_calls=calls)
            with self._held:  # until its end is on record, nobody else takes the run for abandoned
                if self.record is not None:
                    self._start(None)
                    for document in self.outcome.documents:
                        self.record.write_text(document.name, document.text)
                    self._event("phase-ended", self.outcome.as_json())
        return self.outcome

    def fail(self, error: BaseException) -> None:
        """End the phase by `error`. In mode "plan", what an earlier phase has to bring is known later."""
        if self.ended:
            return
        told = error if isinstance(error, CnxError) else PhaseError(_said(error))
        told.org = told.org or self.alias
        if self._engine is not None:
            self.outcome = self._engine.failed(told, self.mode)
        else:
            phase = self._phase
            self.outcome = Outcome(phase.id, phase.title, self.mode, Status.FAILED, reason=told.message, error=told)
        if self.outcome.status is not Status.KNOWN_LATER:
            with suppress(RecordError):  # `error` is raised all the same
                self.end()

    def abandon(self) -> None:
        """End it because another attempt begins, with what stands."""
        if not self.ended and self._opened:
            if self.outcome is None:
                self.fail(PhaseError("Given up before there was a plan"))
            else:
                self.end()

    @property
    def _working(self) -> Engine:
        if self._engine is None:
            raise PhaseError(f"{self._phase.title}: no org is connected", hint="Run the Connect cell first.")
        return self._engine

    @property
    def _recording(self) -> RunRecord:
        if self.record is None:
            raise RecordError("There is no run record", org=self.alias)
        return self.record

    def _event(self, name: str, data: Mapping[str, Any]) -> None:
        if name == "facts":
            self._facts = data["facts"]
        org = self._org
        known = {"ticket": self.values["ticket"]}
        if org is not None:
            me = org.identity
            known |= {"org_id": me.org_id, "user": me.username, "server_at": org.server_time}
            known |= {"api_calls": org.api_calls}
        self._recording.event(name, data, phase=self._phase.id, mode=self.mode, known=known)

    def _start(self, params: PhaseParams | None) -> None:
        """Write the beginning, with what is known of org and parameters by now; once."""
        if self._started:
            return
        self._started = True
        identity = self._org.identity if self._org else None
        org = {"alias": self.alias, "id": "", "name": "", "type": ""}
        if identity is not None:
            org |= {"id": identity.org_id, "name": identity.org_name, "type": identity.org_type}
        self._event(
            "phase-started",
            {
                "org": org,
                "user": identity.username if identity else "",
                "simulated": self._org.simulated if self._org else None,
                "host": self._org.host if self._org else "",
                "certificate": self._org.certificate if self._org else "",
                "params": params.model_dump(mode="json") if params else {},
                "guide": list(self._phase.guide),
                # A runner says them once for all phases
                **({} if self.values["record"] else {"versions": versions()}),
            },
        )


def engine_for(
    phase: Phase[Any],
    params: PhaseParams,
    org: Org,
    emit: Emit = lambda name, data: None,
    keep: Keep = nothing_kept,
) -> Engine:
    """The engine of a phase on an org; `keep` writes files to the run record."""
    return Engine(
        phase.id,
        phase.title,
        org.identity.org_id,
        phase.resources(params, org.identity),
        phase.checks(params, org.identity),
        handing_over(org.send, keep),
        emit,
        recall=Past(org.alias, org.identity.org_id).recall,
        alias=org.alias,
        guide=phase.guide,
    )


def _said(error: BaseException) -> str:
    """What an unforeseen error is called on record. Its own text is left out: nobody has looked for secrets in it."""
    if isinstance(error, KeyboardInterrupt):
        return "It was interrupted"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"An unforeseen {type(error).__name__}{place}"
