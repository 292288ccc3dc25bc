"""Undoing a run: what it made is taken away, what it changed is put back, in reverse order.

A thing that the run created is deleted where it is still that very thing, by its id. A property that the run changed
gets its old value where it still has the new one. What was there before, and what was changed since, is left alone; so
is what the run began and never learnt the end of (`cnxlib.resources.undo_unlearnt`), which is named.
`cnxlib.resources.undo_kinds` says how each kind of thing is taken back; one that nobody knows is named, not guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import CnxError, LimitExceeded, OrgUnreachable, SalesforceError, SessionExpired, Temporary
from cnxlib.history import PastRun, PastStep, RunSteps
from cnxlib.model import ManualStep, Observation, Table
from cnxlib.resources.undo_unlearnt import how_it_ended, may_be_there
from cnxlib.rounds import Asking

PASSING = (LimitExceeded, SessionExpired, Temporary, OrgUnreachable)
"""Refusals that say nothing of the thing itself: another time it may go."""

LEFT = "Not undone"
"""Title of the table of what stays, and why."""

UNKNOWN_HERE = "how that is taken back is not known here"


@dataclass(frozen=True)
class Found:
    """What of one kind is to be taken back, what stays: (what, why), and what a person has to take back."""

    items: tuple[Item, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    manual: tuple[ManualStep, ...] = ()


@dataclass
class Going:
    """What the kinds are told, and those that come first tell those after them.

    Attributes
    ----------
    steps:
        All that the run did.
    items:
        All that is to be taken back so far.
    sets:
        API names of the permission sets that the run created: what hangs below them goes, or stays, with them.
    """

    steps: tuple[PastStep, ...] = ()
    items: list[Item] = field(default_factory=list)
    sets: frozenset[str] = frozenset()


class Kind(Protocol):
    """How things of one kind are taken back."""

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read what has become of what `steps` did, at most one of them a thing."""
        ...

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """As a resource's: make `changes` so."""
        ...


class Undo:
    """What a run did, taken back.

    Parameters
    ----------
    request:
        Which run.
    kinds:
        By kind of thing, in the order in which they look at the org.
    """

    batch = 200

    def __init__(self, request: RunSteps, kinds: Mapping[str, Kind]) -> None:
        self._request, self._kinds = request, kinds

    def observe(self) -> Asking[Observation]:
        """Read what the run did, then what has become of it."""
        run: PastRun
        (run,) = yield [self._request]
        steps, left = _sorted_out(run.steps)
        unlearnt = yield from self._unlearnt(run.steps)
        going = Going(run.steps)
        manual: list[ManualStep] = []
        for name, kind in self._kinds.items():
            own = [step for step in steps if step.kind == name]
            if own:
                found = yield from _looked_at(kind, own, going)
                going.items += found.items
                left += found.left
                manual += found.manual
        gone = {item.key for item in going.items if item.kind == "permission_set" and item.desired is None}
        left += [(said(step), why) for step, why in unlearnt if step.key.partition("/")[0] not in gone]
        left += [(said(step), UNKNOWN_HERE) for step in steps if self._is_strange(step)]
        tables = (Table(LEFT, ("what", "why"), tuple(left)),) if left else ()
        return Observation(tuple(going.items), tuple(manual), tables)

    def _unlearnt(self, steps: Sequence[PastStep]) -> Asking[list[tuple[PastStep, str]]]:
        """What the run began and never learnt the end of, where it may be there: nobody knows whose it is."""
        made = {(step.kind, step.key) for step in steps if step.known and step.op == "create"}
        begun = {(step.kind, step.key): step for step in steps if not step.known}
        named: list[tuple[PastStep, str]] = []
        for name in dict.fromkeys(kind for kind, _ in begun):
            own = [step for thing, step in begun.items() if thing[0] == name and thing not in made]
            if name in self._kinds:
                named += yield from may_be_there(name, own, partial(_looked_at, self._kinds[name], going=Going()))
            else:
                named += [(step, f"{how_it_ended(step)}; {UNKNOWN_HERE}") for step in own]
        return named

    def _is_strange(self, step: PastStep) -> bool:
        return step.kind not in self._kinds

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Each kind for itself: one that is refused keeps no other from being tried."""
        done: dict[str, Done] = {}
        for name in dict.fromkeys(change.kind for change in changes):
            own = [change for change in changes if change.kind == name]
            try:
                results = yield from self._kinds[name].apply(own, ids)
            except CnxError as error:
                results = [Done(error=error)] * len(own)
            done.update({change.id: result for change, result in zip(own, results, strict=True)})
        return [done[change.id] for change in changes]


def _looked_at(kind: Kind, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
    """What the kind finds; what Salesforce refuses to show is left alone, and named."""
    try:
        return (yield from kind.observe(steps, going))
    except PASSING:
        raise
    except SalesforceError as error:
        return Found(left=tuple((said(step), f"Salesforce does not show it: {error.message}") for step in steps))


def _sorted_out(steps: Sequence[PastStep]) -> tuple[list[PastStep], list[tuple[str, str]]]:
    """What a run came to, thing by thing, and what of it cannot be taken back whatever the org holds."""
    left: list[tuple[str, str]] = []
    certain: list[PastStep] = []
    for step in (step for step in steps if step.known):
        if _is_hidden(step):
            left.append((said(step), "the record does not hold the value, which was taken for a secret"))
        else:
            certain.append(step)
    return net(certain), left


def net(steps: Sequence[PastStep]) -> list[PastStep]:
    """One step for each thing: from what was there before the first to what was there after the last."""
    merged: dict[tuple[str, str], PastStep] = {}
    for step in steps:
        name = (step.kind, step.key)
        first = merged.pop(name, None)
        both = step if first is None else _merged(first, step)
        if both is not None:
            merged[name] = both
    return list(merged.values())


def _merged(first: PastStep, then: PastStep) -> PastStep | None:
    reversible = first.reversible and then.reversible
    if (first.op, then.op) == ("create", "delete"):
        return None
    if first.op == "create":
        return replace(first, after={**(first.after or {}), **(then.after or {})}, reversible=reversible)
    if (first.op, then.op) == ("delete", "create"):
        return None
    if then.op == "delete":
        return replace(then, before={**(then.before or {}), **(first.before or {})}, reversible=reversible)
    before = {**(then.before or {}), **(first.before or {})}
    return replace(then, before=before, after={**(first.after or {}), **(then.after or {})}, reversible=reversible)


def _is_hidden(step: PastStep) -> bool:
    return "[secret" in json.dumps([step.before, step.after], ensure_ascii=False)


_DID = {"create": "created", "update": "changed", "delete": "removed"}


def said(step: PastStep) -> str:
    """What a step did, for people."""
    did = _DID[step.op] if step.known else f"perhaps {_DID[step.op]}"
    return f"{step.kind.replace('_', ' ')} {step.key} ({did})"
