"""What is asked of the past: requests that the records of an org's earlier runs answer, not the org."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cnxlib.errors import UsageError
from cnxlib.model import ManualStep
from cnxlib.rounds import Send


@dataclass(frozen=True)
class Confirmation:
    """Whether a person confirmed a manual step, as it reads now. Answer: `Confirmed`, or None.

    A confirmation holds until a run finds the step done by reading: what is undone after that is asked again.

    Parameters
    ----------
    phase, step:
        Id of the phase, and the step's name in it.
    digest:
        `ManualStep.digest`: a step whose words changed, and with them the facts in it, is asked again.
    """

    phase: str
    step: str
    digest: str


@dataclass(frozen=True)
class Confirmed:
    """Who confirmed a step, by the login and not by what they typed, and when (ISO 8601, UTC)."""

    by: str
    at: str
    evidence: str = ""
    """SHA-256 of the file that was put on record with it, "" where none was."""


@dataclass(frozen=True)
class AskedBefore:
    """A manual step as the newest apply or verify of its phase asked it. Answer: `Asked`, or None where it did not.

    Parameters
    ----------
    phase, step:
        As those of `Confirmation`.
    """

    phase: str
    step: str


@dataclass(frozen=True)
class Asked:
    """A manual step as a run asked it, and when that was (ISO 8601, UTC)."""

    step: ManualStep
    at: str


@dataclass(frozen=True)
class Made:
    """What runs of this runbook created in this org and did not take away again. Answer: Salesforce ids by key.

    Parameters
    ----------
    kind:
        Of the items, such as "assignment".
    """

    kind: str


@dataclass(frozen=True)
class Given:
    """What runs of this runbook wrote in this org, or may have. Answer: by kind, and by key, the values by their names.

    What was written later wins; what a run took away, and all that is below a permission set that it took away or made
    anew, is left out. A step whose end nobody learned counts.

    Parameters
    ----------
    kinds:
        Of the items, such as "object_permissions".
    """

    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Attempted:
    """What runs began to create and whose end they never learned. Answer: ids by key, "" where there is none.

    That is a step on record without its result, because the run was killed in it, or a failed one that left an id: what
    was to be made may be there all the same.

    Parameters
    ----------
    kind:
        Of the items, such as "support_mail".
    """

    kind: str


@dataclass(frozen=True)
class LeftToPeople:
    """What the newest attempt to create left to a person, and nothing changed since. Answer: `Left` by key.

    Parameters
    ----------
    kind:
        Of the items, such as "connected_app".
    """

    kind: str


@dataclass(frozen=True)
class Left:
    """Why an attempt was left to a person, and when that was (ISO 8601, UTC)."""

    why: str
    at: str


@dataclass(frozen=True)
class RunSteps:
    """What a run of the runbook did to this org. Answer: `PastRun`.

    Parameters
    ----------
    run_id:
        The run's id, or the beginning of it.
    unverified:
        Whether a record that is not as it was sealed will do.
    """

    run_id: str
    unverified: bool = False


@dataclass(frozen=True)
class PastStep:
    """One change that a run made. `op` and what follows are those of its `Change`.

    Attributes
    ----------
    id:
        Salesforce id of the thing: of what was born in a create, else as the run found it; "" where it has none.
    known:
        Whether the record says that it was done. Where not, the run was cut off, or it ended in `error`.
    error:
        What it ended in, after which nobody knew whether it was done; "" where it was done or cut off.
    """

    phase: str
    op: Literal["create", "update", "delete"]
    kind: str
    key: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    guide: tuple[str, ...]
    reversible: bool
    id: str = ""
    known: bool = True
    error: str = ""


@dataclass(frozen=True)
class PastRun:
    """A run, and the changes that it made, in their order."""

    run_id: str
    at: str
    user: str
    steps: tuple[PastStep, ...] = ()


Recall = Callable[[Any], Any]
"""Answers one request about the past."""


Remembered = Confirmation | AskedBefore | Made | Given | Attempted | LeftToPeople | RunSteps
"""What the past is asked for."""


def no_history(request: Remembered) -> Mapping[str, Any] | UsageError | None:
    """The answers where there were no runs before."""
    if isinstance(request, RunSteps):
        return UsageError(f"There is no run {request.run_id!r}", hint="`cnx records list` shows them all.")
    return None if isinstance(request, Confirmation | AskedBefore) else {}


def recalling(send: Send, recall: Recall) -> Send:
    """`send`, with the requests about the past answered by `recall`."""

    def answer(requests: Sequence[Any]) -> list[Any]:
        past = [isinstance(request, Remembered) for request in requests]
        others = [request for request, is_past in zip(requests, past, strict=True) if not is_past]
        sent = iter(send(others) if others else [])
        return [recall(request) if is_past else next(sent) for request, is_past in zip(requests, past, strict=True)]

    return answer
