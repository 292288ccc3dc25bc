"""How far each phase is in an org: read with the parameters that the inventory holds, and changed in nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cnxlib.errors import CnxError, ParameterError, RecordError
from cnxlib.inventory import find_org
from cnxlib.model import Outcome, Status
from cnxlib.phases.base import Phase
from cnxlib.phases.saved import defaults, saved_parameters
from cnxlib.records.drift import last_facts, moved
from cnxlib.salesforce.org import Org
from cnxlib.ui.attempt import engine_for
from cnxlib.ui.fields import fields_of, refusals
from cnxlib.ui.guide import told_below
from cnxlib.ui.view import Badge, Link, Part, Small, Tone


@dataclass(frozen=True)
class Standing:
    """How a phase stands, in a sign and words: the colour is never alone."""

    sign: str
    word: str
    tone: Tone
    means: str
    to_do: bool
    """Whether somebody has something to do there."""


DONE = Standing("✓", "done", "good", "the org is as the guide asks", False)
WAITING = Standing("☞", "waits for a person", "warn", "you, or Conexiom, have something left to do", True)
PENDING = Standing("+", "changes to apply", "warn", "the org differs from the guide", True)
DRIFTED = Standing("≠", "drifted", "bad", "it was as the guide asks, and somebody changed it since", True)
LATER = Standing("…", "known later", "plain", "an earlier phase has to be applied first", True)
NOT_NEEDED = Standing("–", "not needed", "plain", "nothing to do with your answers", False)
INPUT = Standing("?", "needs your answer", "warn", "a field of its form has to be filled in first", True)
FAILED = Standing("✗", "failed", "bad", "something stands in the way; the row says what", True)

LEGEND = (DONE, WAITING, PENDING, DRIFTED, INPUT, LATER, NOT_NEEDED, FAILED)

_BY_STATUS = {
    Status.CONVERGED: DONE,
    Status.CHANGED: DONE,
    Status.WAITING: WAITING,
    Status.PENDING: PENDING,
    Status.KNOWN_LATER: LATER,
    Status.NOT_NEEDED: NOT_NEEDED,
    Status.FAILED: FAILED,
    Status.BLOCKED: FAILED,
}


def standing(outcome: Outcome) -> Standing:
    """What a person calls the outcome of a survey."""
    if isinstance(outcome.error, ParameterError):
        return INPUT
    if outcome.status is Status.PENDING and outcome.drift:
        return DRIFTED
    return _BY_STATUS[outcome.status]


def badge(outcome: Outcome) -> Badge:
    """The standing as a word with its sign."""
    how = standing(outcome)
    return Badge(how.word, how.tone, how.sign)


def remarks(outcome: Outcome) -> list[Part]:
    """What else is to be said of it, and what to do."""
    if outcome.status is Status.PENDING:
        count = len(outcome.changes)
        return ["1 change to apply" if count == 1 else f"{count} changes to apply", *_moved(outcome)]
    error = outcome.error
    below = (
        told_below(error.guide, error.hint) if isinstance(error, CnxError) and error.message == outcome.reason else []
    )
    said: list[Part] = [outcome.reason] if outcome.reason else []
    left = sum(not step.done_at for step in outcome.manual)
    if outcome.status is Status.WAITING and left > 1:
        said.append(Small(f"and {left - 1} more, which the notebook lists"))
    return [*said, *_moved(outcome), *map(Small, below)]


def link(outcome: Outcome) -> Link:
    """The way to the phase's notebook."""
    return Link(f"{outcome.phase[:2]} · {outcome.title}", f"{outcome.phase}.ipynb")


def survey(phase: Phase[Any], alias: str, phases: Sequence[Phase[Any]], org: Org) -> Outcome:
    """How far `phase` is, and what moved since it last converged. Reads only; an error is an outcome."""
    engine = None
    facts: list[Mapping[str, Any]] = []

    def hear(name: str, data: Mapping[str, Any]) -> None:
        if name == "facts":
            facts[:] = data["facts"]

    values: dict[str, Any] = {}
    try:
        values = {**defaults(phase), **saved_parameters(phase, alias, find_org(alias), phases), "org": alias}
        params = phase.parse(values)
        reason = phase.not_needed(params)
        if reason:
            return Outcome(phase.id, phase.title, "plan", Status.NOT_NEEDED, reason=reason)
        engine = engine_for(phase, params, org, hear)
        engine.preflight()
        return _with_drift(engine.plan()[1], org, facts)
    except CnxError as error:
        if engine is not None:
            return engine.failed(error, "plan")
        reason = _refused(phase, values) or error.message
        return Outcome(phase.id, phase.title, "plan", Status.FAILED, reason=reason, error=error)


def _refused(phase: Phase[Any], values: Mapping[str, Any]) -> str:
    """Which fields of the phase's form ask for something, as the form says it; "" for none."""
    said = refusals(phase.params, values) if values else {}
    labels = {
        field.name: field.label for field in fields_of(phase.params, list(said.keys() & phase.params.model_fields))
    }
    return "; ".join(f"{labels[name]}: {text}" if name in labels else text for name, text in said.items())


def _with_drift(outcome: Outcome, org: Org, facts: Sequence[Mapping[str, Any]]) -> Outcome:
    try:
        last = last_facts(org.alias, org.identity.org_id, outcome.phase)
    except RecordError:  # the records say so themselves: here the org is looked at
        return outcome
    return outcome if last is None else replace(outcome, drift=moved(last, facts), drift_since=last.run_id)


def _moved(outcome: Outcome) -> list[Part]:
    if not outcome.drift:
        return []
    said = [f"{one.kind.replace('_', ' ')} {one.key}" for one in outcome.drift[:3]]
    more = f" and {len(outcome.drift) - 3} more" if len(outcome.drift) > 3 else ""
    return [Small(f"moved since run {outcome.drift_since}: {', '.join(said)}{more}")]
