"""The engine: preflight, plan, apply, verify. It knows no Salesforce and no phase."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

from cnxlib.changes import Change, Item, Plan
from cnxlib.errors import CnxError, NotYet, StalePlan, leaves_open
from cnxlib.history import Attempted, Confirmation, Recall, no_history, recalling
from cnxlib.model import (
    MEND,
    Check,
    Mode,
    Observation,
    Outcome,
    Status,
    Step,
    convergence_error,
    decided,
    preflight_error,
    step_error,
)
from cnxlib.rounds import Asking, Emit, Request, Rounds, Send

T = TypeVar("T")
E = TypeVar("E", bound=CnxError | None)

STILL_HOLDS_S = 60.0
"""How old, in seconds, what preflight read may be for a plan to take it for the org of now."""


@dataclass(frozen=True)
class Done:
    """What became of one change: the id born in it, the error, or why it was left to a person and nothing changed."""

    id: str = ""
    error: CnxError | None = None
    left: str = ""


class Resource(Protocol):
    """One kind of thing: how it is read and how it is changed."""

    batch: int
    """How many changes `apply` takes at a time."""

    def observe(self) -> Asking[Observation]:
        """Read the org; return what is there and what the guide asks for. Sends no write."""
        ...

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Make `changes` so; `ids` holds the Salesforce ids of the items ("kind:key") known so far."""
        ...


CheckGenerator = Callable[[], Asking[Check]]


class Engine:
    """One phase on one org.

    Parameters
    ----------
    phase, title:
        Id and heading of the phase.
    org_id:
        Binds plans to the org.
    resources, checks:
        What the phase wants, and what must hold before.
    send:
        The door to the org.
    emit:
        Receives every event.
    sleep, clock:
        Stand in for time's in tests.
    recall:
        Answers what is asked of the org's earlier runs.
    alias, guide:
        The org's name here and the ids of the phase's guide steps: what an error tells that names none of its own.
    """

    def __init__(
        self,
        phase: str,
        title: str,
        org_id: str,
        resources: Sequence[Resource],
        checks: Sequence[CheckGenerator],
        send: Send,
        emit: Emit = lambda name, data: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        recall: Recall = no_history,
        alias: str = "",
        guide: Sequence[str] = (),
    ) -> None:
        self._phase, self._title, self._org_id = phase, title, org_id
        self._alias, self._guide = alias, tuple(guide)
        self._resources, self._checks = tuple(resources), tuple(checks)
        self._emit, self._clock = emit, clock
        self._rounds = Rounds(recalling(send, recall), emit, sleep, clock)
        self._owners: dict[str, Resource] = {}
        self._found: dict[str, str] = {}
        self._read: dict[Request, Any] = {}
        self._read_at = 0.0
        self._outcome = Outcome(phase, title, "plan", Status.CONVERGED)

    def preflight(self) -> tuple[Check, ...]:
        """Run the checks; raises `PreflightFailed` naming the required ones that are not ok."""
        self._read, self._read_at = {}, self._clock()
        results = self._rounds.drive([check() for check in self._checks], self._read)
        checks = tuple(_value(result) for result in results)
        for check in checks:
            self._emit("check", check.as_json())
        self._outcome = replace(self._outcome, checks=checks)
        error = preflight_error(checks)
        if error is not None:
            raise error
        return checks

    def plan(self) -> tuple[Plan, Outcome]:
        """Observe, and return the differences with the outcome that stands if nothing is applied.

        What a preflight of this minute read is not read again; a second plan, like every verify, begins anew.

        Raises
        ------
        NotYet
            What a resource needs comes from an earlier phase.
        """
        fresh = self._clock() - self._read_at <= STILL_HOLDS_S
        observations = self._observe("before", self._read if fresh else {})
        plan = self._differences(observations)
        self._emit("plan", {"digest": plan.digest, "changes": [change.as_json() for change in plan.changes]})
        self._outcome = _described(self._outcome, observations, plan)
        return plan, self._outcome

    def apply(self, plan: Plan, expected_digest: str = "") -> tuple[Step, ...]:
        """Make the changes of `plan`, in its order; what depends on a failed one is not run.

        Raises
        ------
        StalePlan
            `expected_digest` is given and is not the plan's: the org or the parameters moved since the review.
        """
        if expected_digest and expected_digest != plan.digest:
            raise StalePlan(
                f"The plan that was reviewed ({expected_digest[:19]}…) is not the plan of now ({plan.digest[:19]}…)",
                hint="Plan again, review the differences, and apply the new digest.",
            )
        ids = dict(self._found)
        steps: list[Step] = []
        for resource, batch in self._batches(plan):
            lost = {step.change.id for step in steps if step.result != "done"}
            ready = [change for change in batch if not lost.intersection(change.requires)]
            for change in batch:
                if change not in ready:
                    steps.append(self._ended(Step(change, "not-run", "what it requires was not done")))
            if ready:
                steps.extend(self._apply_batch(resource, ready, ids))
        self._outcome = replace(self._outcome, steps=tuple(steps))
        return tuple(steps)

    def verify(self, mode: Mode) -> Outcome:
        """Observe from scratch; the plan must be empty. Returns the final outcome of an apply or a verify."""
        observations = self._observe("after", {})
        remaining = self._differences(observations)
        before = self._outcome
        after = _described(before, observations, remaining)
        error = self._told(step_error(before.steps) or convergence_error(remaining.changes))
        applied = bool(before.changes) and mode == "apply"
        status = Status.CHANGED if applied and after.status == Status.CONVERGED else after.status
        self._outcome = replace(
            after,
            mode=mode,
            status=Status.FAILED if error else status,
            reason=error.message if error else after.reason,
            error=error,
            changes=before.changes if mode == "apply" else remaining.changes,
            digest=before.digest if mode == "apply" else remaining.digest,
            remaining=remaining.changes,
        )
        self._emit("verified", {"remaining": [change.as_json() for change in remaining.changes]})
        return self._outcome

    def failed(self, error: CnxError, mode: Mode) -> Outcome:
        """The outcome of a phase that `error` ended. `NotYet` is known-later in a plan, and blocks otherwise."""
        status = Status.FAILED
        if isinstance(error, NotYet):
            status = Status.KNOWN_LATER if mode == "plan" else Status.BLOCKED
        self._outcome = replace(self._outcome, mode=mode, status=status, reason=error.message, error=self._told(error))
        return self._outcome

    def _told(self, error: E) -> E:
        """The error with org, guide step and what to do, as far as it does not name them itself."""
        if error is not None:
            error.org = error.org or self._alias
            error.guide = error.guide or self._guide
            error.hint = error.hint or MEND
        return error

    def _observe(self, when: Literal["before", "after"], known: dict[Request, Any]) -> list[Observation]:
        self._read = {}
        results = self._rounds.drive([resource.observe() for resource in self._resources], known)
        found: list[Observation] = [_value(result) for result in results]
        observations = [_value(result) for result in self._rounds.drive([self._confirmed(one) for one in found])]
        for resource, observation in zip(self._resources, observations, strict=True):
            self._owners.update({item.id: resource for item in observation.items})
            self._found.update({item.id: item.found for item in observation.items if item.found})
        items = [item for observation in observations for item in observation.items]
        asked = {step.step for observation in observations for step in observation.manual}
        done = sorted({name for observation in observations for name in observation.done} - asked)
        self._emit("facts", {"when": when, "facts": [item.fact() for item in items], "done": done})
        return observations

    def _confirmed(self, observation: Observation) -> Asking[Observation]:
        """The observation with who confirmed which of its manual steps."""
        if not observation.manual:
            return observation
        answers = yield [Confirmation(self._phase, step.step, step.digest) for step in observation.manual]
        steps = [
            step.confirmed(answer.by, answer.at) if answer else step
            for step, answer in zip(observation.manual, answers, strict=True)
        ]
        return replace(observation, manual=tuple(steps))

    def _differences(self, observations: Iterable[Observation]) -> Plan:
        changes = [item.change() for observation in observations for item in observation.items]
        return Plan.of(self._org_id, self._phase, [change for change in changes if change is not None])

    def _batches(self, plan: Plan) -> list[tuple[Resource, list[Change]]]:
        """Runs of changes of one resource of which none requires another, no longer than it takes at a time."""
        batches: list[tuple[Resource, list[Change]]] = []
        for change in plan.changes:
            owner = self._owners[change.id]
            if batches:
                resource, batch = batches[-1]
                inside = {other.id for other in batch}
                if resource is owner and len(batch) < owner.batch and not inside.intersection(change.requires):
                    batch.append(change)
                    continue
            batches.append((owner, [change]))
        return batches

    def _apply_batch(self, resource: Resource, batch: list[Change], ids: dict[str, str]) -> list[Step]:
        for change in batch:
            self._emit("step-started", change.as_json())
        started = self._clock()
        try:
            done = self._rounds.perform(resource.apply(batch, ids))
        except CnxError as error:
            done = [Done(error=error)] * len(batch)
        there = self._there_all_the_same(resource, batch, done)
        seconds = (self._clock() - started) / len(batch)
        steps = []
        for change, result in zip(batch, done, strict=True):
            found = there.get(change.id)
            id = result.id or (found.found if found else "")
            if id:
                ids[change.id] = id
            if result.left:
                step = Step(change, "not-run", result.left, "", seconds)
            elif result.error is None:
                step = Step(change, "done", "", result.id, seconds)
            elif found:
                remark = f"{result.error.message}. The org was read again: it was done, and its answer was lost"
                step = Step(change, "done", "", id if change.op == "create" else "", seconds, remark=remark)
            else:
                told, known = result.error, not leaves_open(result.error)
                step = Step(change, "failed", told.message, result.id, seconds, told.hint, known=known)
            steps.append(self._ended(step))
        return steps

    def _there_all_the_same(self, resource: Resource, batch: Sequence[Change], done: Sequence[Done]) -> dict[str, Item]:
        """What is as it was to be though nobody learnt the end of its step: looked for once, and never sent again."""
        unsure = {
            change.id
            for change, result in zip(batch, done, strict=True)
            if result.error is not None and leaves_open(result.error)
        }
        if not unsure:
            return {}
        # That the steps were begun is on record by now, and is no sign of their having been done.
        known: dict[Request, Any] = {Attempted(change.kind): {} for change in batch}
        (seen,) = self._rounds.drive([resource.observe()], known)
        if isinstance(seen, CnxError):
            return {}
        return {item.id: item for item in seen.items if item.id in unsure and item.change() is None}

    def _ended(self, step: Step) -> Step:
        self._emit(f"step-{step.result}", {**step.change.as_json(), **step.as_json()})
        return step


def _value(result: T | CnxError) -> T:
    if isinstance(result, CnxError):
        raise result
    return result


def _described(outcome: Outcome, observations: Sequence[Observation], plan: Plan) -> Outcome:
    manual = tuple(step for observation in observations for step in observation.manual)
    left = [step for step in manual if not step.done_at]
    reasons = [observation.not_needed for observation in observations if observation.not_needed]
    managed = any(observation.items for observation in observations)
    if plan:
        status, reason = Status.PENDING, ""
    elif left:
        status, reason = Status.WAITING, left[0].what
    elif reasons and not managed:
        status, reason = Status.NOT_NEEDED, reasons[0]
    else:
        status, reason = Status.CONVERGED, decided(manual)
    return replace(
        outcome,
        status=status,
        reason=reason,
        digest=plan.digest,
        changes=plan.changes,
        manual=manual,
        tables=tuple(table for observation in observations for table in observation.tables),
        documents=tuple(document for observation in observations for document in observation.documents),
    )
