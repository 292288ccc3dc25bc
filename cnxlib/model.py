"""What the engine speaks of: changes, plans, checks, steps, outcomes. Frozen, typed, pure; no Salesforce.

The shapes of ``as_json`` are published: command line, run record and notebooks carry them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from cnxlib.errors import CnxError, PhaseError

State = Mapping[str, Any]
"""One thing's managed properties, JSON values by name."""

Op = Literal["create", "update", "delete"]
Mode = Literal["plan", "apply", "verify"]


class Status(StrEnum):
    """How a phase, or a whole run, ended."""

    CONVERGED = "converged"
    CHANGED = "changed"
    PENDING = "pending"
    KNOWN_LATER = "known-later"
    WAITING = "waiting"
    NOT_NEEDED = "not-needed"
    FAILED = "failed"
    BLOCKED = "blocked"


_WORST_LAST = (
    Status.NOT_NEEDED,
    Status.CONVERGED,
    Status.CHANGED,
    Status.PENDING,
    Status.KNOWN_LATER,
    Status.WAITING,
    Status.BLOCKED,
    Status.FAILED,
)


def worst(statuses: Sequence[Status]) -> Status:
    """The status of a run: that of its phase which needs the most attention."""
    return max(statuses, key=_WORST_LAST.index, default=Status.CONVERGED)


@dataclass(frozen=True)
class Item:
    """One managed thing: what the org holds (`actual`) and what the guide asks for (`desired`).

    None means absent. Only the properties named in `desired` are managed: others are left alone.
    """

    kind: str
    key: str
    actual: State | None
    desired: State | None
    guide: tuple[str, ...] = ()
    reversible: bool = True
    requires: tuple[str, ...] = ()
    """Ids ("kind:key") of the items that must be there before this one."""
    found: str = ""
    """The Salesforce id of the thing, "" where it is absent or has none."""

    @property
    def id(self) -> str:
        """Name of the thing, unique in a plan: "kind:key"."""
        return f"{self.kind}:{self.key}"

    def fact(self) -> dict[str, Any]:
        """What the org holds, as the run record keeps it; its value is null where the thing is absent."""
        value = None if self.actual is None else dict(self.actual)
        return {"kind": self.kind, "key": self.key, "id": self.found, "value": value}

    def change(self) -> Change | None:
        """The difference, or None where there is none."""
        if self.desired is None:
            if self.actual is None:
                return None
            return self._change("delete", self.actual, None)
        if self.actual is None:
            return self._change("create", None, self.desired)
        differing = [name for name in self.desired if self.actual.get(name) != self.desired[name]]
        if not differing:
            return None
        before = {name: self.actual.get(name) for name in differing}
        return self._change("update", before, {name: self.desired[name] for name in differing})

    def _change(self, op: Op, before: State | None, after: State | None) -> Change:
        return Change(op, self.kind, self.key, before, after, self.guide, self.reversible, self.requires)


@dataclass(frozen=True)
class Change:
    """One difference between the org and the guide."""

    op: Op
    kind: str
    key: str
    before: State | None
    after: State | None
    guide: tuple[str, ...] = ()
    reversible: bool = True
    requires: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name of the thing, unique in a plan: "kind:key"."""
        return f"{self.kind}:{self.key}"

    def as_json(self) -> dict[str, Any]:
        """The published shape of a change."""
        return {
            "op": self.op,
            "kind": self.kind,
            "key": self.key,
            "before": None if self.before is None else dict(self.before),
            "after": None if self.after is None else dict(self.after),
            "guide": list(self.guide),
            "reversible": self.reversible,
        }


@dataclass(frozen=True)
class Plan:
    """The sorted differences of one phase in one org, bound by a digest.

    Sorted first by what requires what, then by kind and key: the same facts give the same plan.
    """

    org_id: str
    phase: str
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, org_id: str, phase: str, changes: Sequence[Change]) -> Plan:
        """Sort `changes`; raises `ValueError` on a circle or on two changes of one thing."""
        return cls(org_id, phase, _sorted(changes))

    @property
    def digest(self) -> str:
        """SHA-256 over org, phase and changes, as "sha256:…": never digits alone, which papermill reads as a number."""
        content = {
            "org": self.org_id,
            "phase": self.phase,
            "changes": [change.as_json() for change in self.changes],
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def __bool__(self) -> bool:
        return bool(self.changes)


def _sorted(changes: Sequence[Change]) -> tuple[Change, ...]:
    by_id = {change.id: change for change in changes}
    if len(by_id) != len(changes):
        doubled = sorted({c.id for c in changes if sum(o.id == c.id for o in changes) > 1})
        raise ValueError(f"two changes of one thing: {', '.join(doubled)}")
    depth: dict[str, int] = {}

    def level(change: Change, above: tuple[str, ...]) -> int:
        if change.id in above:
            raise ValueError(f"changes require each other: {' > '.join((*above, change.id))}")
        if change.id not in depth:
            required = [by_id[other] for other in change.requires if other in by_id]
            depth[change.id] = 1 + max((level(other, (*above, change.id)) for other in required), default=-1)
        return depth[change.id]

    return tuple(sorted(changes, key=lambda change: (level(change, ()), change.kind, change.key)))


class _AsItIs:
    """What is published with its own names and values."""

    def as_json(self) -> dict[str, Any]:
        """The published shape: every property by its name."""
        return {name: _lists(value) for name, value in vars(self).items()}


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Check(_AsItIs):
    """A named read-only condition. A required one that is not ok stops the phase."""

    name: str
    ok: bool
    severity: Literal["required", "warning", "info"] = "required"
    detail: str = ""
    hint: str = ""
    guide: tuple[str, ...] = ()


@dataclass(frozen=True)
class ManualStep(_AsItIs):
    """Something that only a person can do."""

    step: str
    """Short name, unique in the phase, such as "setup_file"."""
    guide: tuple[str, ...]
    what: str
    who: str = "Salesforce admin"
    url: str = ""
    done_by: str = ""
    done_at: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked, as "sha256:…": what it changes with has to be confirmed again."""
        text = json.dumps([self.step, list(self.guide), self.what, self.url], ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Step:
    """One applied change with its result."""

    change: Change
    result: Literal["done", "failed", "not-run"]
    error: str = ""
    id: str = ""
    """The Salesforce id that was born in it, "" where none was."""
    seconds: float = 0.0
    hint: str = ""
    """What to do about the error."""

    def as_json(self) -> dict[str, Any]:
        """The published shape of a step."""
        return {
            "op": self.change.op,
            "kind": self.change.kind,
            "key": self.change.key,
            "result": self.result,
            "error": self.error,
            "hint": self.hint,
            "id": self.id,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Table(_AsItIs):
    """Facts for people: who holds what, who lacks what. Cells are text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Document(_AsItIs):
    """A text that a phase makes for people, such as a mail; saved beside the notebook. Never holds a secret."""

    name: str
    text: str


@dataclass(frozen=True)
class Observation:
    """What a resource found: its items, what is left to a person, and tables and texts worth showing."""

    items: tuple[Item, ...] = ()
    manual: tuple[ManualStep, ...] = ()
    tables: tuple[Table, ...] = ()
    documents: tuple[Document, ...] = ()
    not_needed: str = ""
    """Why there is nothing to manage here, "" where there is."""


@dataclass(frozen=True)
class Drift(_AsItIs):
    """A managed thing that is no longer as it was: its differing properties then and now, None where it was absent."""

    kind: str
    key: str
    was: State | None
    now: State | None


@dataclass(frozen=True)
class Outcome:
    """How a phase ended in an org."""

    phase: str
    title: str
    mode: Mode
    status: Status
    digest: str = ""
    reason: str = ""
    """One sentence where the status needs one: why not needed, which phase it waits for, what failed."""
    changes: tuple[Change, ...] = ()
    checks: tuple[Check, ...] = ()
    steps: tuple[Step, ...] = ()
    manual: tuple[ManualStep, ...] = ()
    remaining: tuple[Change, ...] = ()
    """What verify still found, empty where it found nothing or was not asked."""
    drift: tuple[Drift, ...] = ()
    """What moved since the phase last converged here; told by verify."""
    drift_since: str = ""
    """The run in which that was, "" where none is known."""
    tables: tuple[Table, ...] = field(default=(), repr=False)
    documents: tuple[Document, ...] = field(default=(), repr=False)
    seconds: float = 0.0
    api_calls: int = 0
    notebook: str = ""
    error: BaseException | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The published shape of a phase in a run."""
        return {
            "phase": self.phase,
            "title": self.title,
            "status": str(self.status),
            "reason": self.reason,
            "error": self.error.as_json() if isinstance(self.error, CnxError) else None,
            "digest": self.digest,
            "changes": [change.as_json() for change in self.changes],
            "steps": [step.as_json() for step in self.steps],
            "manual": [step.as_json() for step in self.manual],
            "checks": [check.as_json() for check in self.checks],
            "remaining": [change.as_json() for change in self.remaining],
            "drift": [moved.as_json() for moved in self.drift],
            "drift_since": self.drift_since,
            "tables": [table.as_json() for table in self.tables],
            "documents": [document.as_json() for document in self.documents],
            "seconds": round(self.seconds, 3),
            "api_calls": self.api_calls,
            "notebook": self.notebook,
        }

    def confirmed(self, done: ManualStep) -> Outcome:
        """The same with the manual step `done` in the place of its like; nobody is waited for once none is left."""
        manual = tuple(done if step.step == done.step else step for step in self.manual)
        left = [step for step in manual if not step.done_at]
        if self.status is not Status.WAITING:
            return replace(self, manual=manual)
        status = Status.WAITING if left else Status.CONVERGED
        return replace(self, manual=manual, status=status, reason=left[0].what if left else "")

    def raise_for_status(self) -> None:
        """Do nothing where the phase ended well or waits for a person.

        Raises
        ------
        PreflightFailed, StepFailed, NotConverged, CnxError
            What made the phase fail.
        """
        if self.status not in (Status.FAILED, Status.BLOCKED):
            return
        if self.error is not None:
            raise self.error
        raise PhaseError(f"{self.title}: {self.reason or self.status}")
