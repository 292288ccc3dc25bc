"""What a run comes to: the object that the command line prints and the record keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cnxlib import errors
from cnxlib.errors import CnxError
from cnxlib.model import Mode, Status, worst

DONE, FAILED, WRONG_USE, A_PERSON_MUST_ACT, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes. 130 is what shells give to a command that Ctrl-C ended."""


def error_class(name: str) -> type[CnxError] | None:
    """The class of this project's error of that name, None where it is none of them."""
    found = getattr(errors, name, None)
    return found if isinstance(found, type) and issubclass(found, CnxError) else None


@dataclass(frozen=True)
class RunResult:
    """One run over phases of the guide on an org.

    Attributes
    ----------
    org:
        alias, id, name, type; all but the alias are "" where the org was never reached.
    record:
        The run record's folder.
    phases:
        `Outcome.as_json` of each phase, in the guide's order.
    seconds, api_calls:
        Of the whole run: from its beginning to its end, and HTTP requests to the org.
    error:
        type and message of what ended the run before its time, None where nothing did.
    interrupted:
        Whether a person ended it.
    head:
        SHA-256 of the statement that sealed its record ("sha256:…"), "" where it is not sealed (yet).
    """

    org: Mapping[str, str]
    run_id: str
    mode: Mode | Literal["confirm"]
    record: Path
    ticket: str
    started_at: str
    ended_at: str
    seconds: float
    phases: Sequence[Mapping[str, Any]]
    error: Mapping[str, Any] | None = None
    interrupted: bool = False
    head: str = ""
    api_calls: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_calls", sum(phase["api_calls"] for phase in self.phases))

    @property
    def statuses(self) -> list[Status]:
        """The phases' statuses, in order."""
        return [Status(phase["status"]) for phase in self.phases]

    @property
    def status(self) -> Status:
        """That of the phase which needs the most attention."""
        return Status.FAILED if self.error or self.interrupted else worst(self.statuses)

    @property
    def exit_code(self) -> int:
        """0 done or planned · 1 failed · 2 wrong use · 3 a person must act · 130 interrupted."""
        if self.interrupted:
            return INTERRUPTED
        if self.error is not None:
            cause = error_class(self.error["type"])
            return cause.exit_code if cause else FAILED
        if {Status.FAILED, Status.BLOCKED}.intersection(self.statuses):
            return FAILED
        return A_PERSON_MUST_ACT if Status.WAITING in self.statuses and self.mode != "plan" else DONE

    def as_json(self) -> dict[str, Any]:
        """The published shape of a run."""
        return {
            "org": dict(self.org),
            "run_id": self.run_id,
            "mode": self.mode,
            "status": str(self.status),
            "record": str(self.record),
            "ticket": self.ticket,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "api_calls": self.api_calls,
            "seconds": round(self.seconds, 3),
            "phases": [dict(phase) for phase in self.phases],
            **({"head": self.head} if self.head else {}),
            **({"error": dict(self.error)} if self.error else {}),
            **({"interrupted": True} if self.interrupted else {}),
        }
