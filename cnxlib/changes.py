"""What a phase would change: a thing as it is and as the guide asks for it, the difference, the plan of them all.

Frozen, typed, pure; no Salesforce. The shapes of ``as_json`` are published: command line, run record and notebooks
carry them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Mapping[str, Any]
"""One thing's managed properties, JSON values by name."""

Op = Literal["create", "update", "delete"]


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

    @classmethod
    def left_alone(cls, kind: str, key: str, actual: State | None, guide: tuple[str, ...] = ()) -> Item:
        """A thing that is read and not changed: its fact is told, so that `verify` can say whether it moved."""
        return cls(kind, key, actual, actual, guide)

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
