"""What comes of a phase: observations, checks, steps, outcomes. Frozen, typed, pure; no Salesforce.

The shapes of ``as_json`` are published: command line, run record and notebooks carry them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from cnxlib.changes import Change, Item, State
from cnxlib.errors import CnxError, NotConverged, PhaseError, PreflightFailed, StepFailed

Mode = Literal["plan", "apply", "verify"]

MEND = "Mend the cause, then run again: what is done is kept."
"""What to do about an error that says nothing better."""


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
    closed_by: Literal["confirmation", "decision", "reading"] = "confirmation"
    """What closes it. A person's word, where nothing that can be read tells; reading that it is done, or else the
    decision of a person to leave it as it is; or reading alone, where what follows needs it."""
    as_it_is: str = ""
    """What a decision leaves as it is, in a few words: "Email-to-Case is off"."""
    wants_evidence: bool = False
    """Whether a file is to be put on record with its confirmation."""

    @property
    def confirmation(self) -> str:
        """Who confirmed it, and when: "ann@acme.example, 2026-11-24 04:24 UTC"."""
        try:
            when = datetime.fromisoformat(self.done_at).astimezone(UTC)
        except ValueError:
            return f"{self.done_by}, {self.done_at}"
        return f"{self.done_by}, {when:%Y-%m-%d %H:%M} UTC"

    @property
    def meaning(self) -> str:
        """What it means to confirm it, "" where it says that it was done."""
        if self.closed_by == "reading":
            return "It cannot be confirmed: what is read closes it, and nothing else. Do it, then plan again."
        if self.closed_by == "decision":
            return (
                f"To confirm it is to decide that it stays as it is: {self.as_it_is}. Once it is found done, the "
                "decision ends."
            )
        return ""

    def confirmed(self, by: str, at: str) -> ManualStep:
        """The same as `by` confirmed it: closed, unless reading alone closes it."""
        done = replace(self, done_by=by, done_at=at)
        if self.closed_by != "reading":
            return done
        return replace(self, what=f"{self.what} (Confirmed by {done.confirmation}, but what is read does not show it.)")

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
    remark: str = ""
    """What else is to be known, such as how a step came to be known for done whose answer was lost."""
    known: bool = True
    """Whether its end is known: a failed step may have been done all the same where its answer was lost."""

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
            "remark": self.remark,
            "known": self.known,
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
    done: tuple[str, ...] = ()
    """Names of manual steps that reading found done: with that, a decision to leave them as they are ends."""


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
        return replace(self, manual=manual, status=status, reason=left[0].what if left else decided(manual))

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


def decided(steps: Sequence[ManualStep]) -> str:
    """What people decided to leave as it is, in a sentence; "" where nothing is."""
    left = [step for step in steps if step.done_at and step.closed_by == "decision"]
    return ". ".join(f"Left as it is, by {step.confirmation}: {step.as_it_is}" for step in left)


def preflight_error(checks: Sequence[Check]) -> PreflightFailed | None:
    """The error that stops a phase whose required checks are not all ok."""
    bad = [check for check in checks if not check.ok and check.severity == "required"]
    if not bad:
        return None
    said = "; ".join(f"{check.name}: {check.detail}" if check.detail else check.name for check in bad)
    hint = " ".join(check.hint for check in bad if check.hint)
    return PreflightFailed(said, guide=list(dict.fromkeys(s for check in bad for s in check.guide)), hint=hint)


def step_error(steps: Sequence[Step]) -> StepFailed | None:
    """The error that failed steps come to."""
    bad = [step for step in steps if step.result == "failed"]
    if not bad:
        return None
    said = _listed([f"{step.change.op} {step.change.id}: {step.error}" for step in bad])
    guide = dict.fromkeys(name for step in bad for name in step.change.guide)
    hints = dict.fromkeys(step.hint for step in bad if step.hint)
    return StepFailed(said, guide=tuple(guide), hint=" ".join(hints or (MEND,)))


def convergence_error(remaining: Sequence[Change]) -> NotConverged | None:
    """The error that differences come to which should not be there any more."""
    if not remaining:
        return None
    said = _listed([f"{change.op} {change.id}" for change in remaining])
    guide = dict.fromkeys(name for change in remaining for name in change.guide)
    return NotConverged(
        f"The org differs from the guide: {said}",
        guide=tuple(guide),
        hint="Look at the plan, then apply it.",
    )


def _listed(texts: Sequence[str], most: int = 5) -> str:
    more = f" (and {len(texts) - most} more)" if len(texts) > most else ""
    return "; ".join(texts[:most]) + more
