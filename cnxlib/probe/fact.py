"""What a fact is, and what is found of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cnxlib.errors import NotPermitted, SalesforceError
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

Look = Callable[[Identity], Asking[str | None]]
"""Looks a fact up: what it found, in words that hold nothing out of the org; None where this org cannot tell."""


class Verdict(StrEnum):
    """What became of a fact."""

    AGREES = "as expected"
    DIFFERS = "differs"
    OPEN = "not to be told here"


@dataclass(frozen=True)
class Fact:
    """Something that this project relies on, or that the simulated org does.

    Parameters
    ----------
    id:
        Its name: that of the function, with hyphens.
    said:
        The fact as a sentence.
    expected:
        What is found where it is true.
    source:
        Where it is known from; "inferred" where nobody has said it.
    look:
        Looks it up.
    """

    id: str
    said: str
    expected: str
    source: str
    look: Look


@dataclass(frozen=True)
class Finding:
    """A fact, and what the org said to it."""

    fact: Fact
    found: str
    verdict: Verdict

    def as_json(self) -> dict[str, str]:
        """The fact and the answer."""
        fact = self.fact
        return {
            "fact": fact.id,
            "said": fact.said,
            "source": fact.source,
            "expected": fact.expected,
            "found": self.found,
            "verdict": self.verdict.value,
        }


def fact(*, expected: str, source: str) -> Callable[[Look], Fact]:
    """Make a fact of a generator function; the first line of its docstring is the fact as a sentence."""

    def made(look: Look) -> Fact:
        name: str = getattr(look, "__name__", "")
        said = (look.__doc__ or "").strip().partition("\n")[0]
        return Fact(name.replace("_", "-"), said, expected, source, look)

    return made


def refused(error: SalesforceError) -> str:
    """How a refusal is told: by its code, for its message may name what is in the org."""
    return f"refused: {error.code or error.status}"


def looked_up(one: Fact, me: Identity) -> Asking[Finding]:
    """Look a fact up; a refusal is a finding too."""
    try:
        found = yield from one.look(me)
    except NotPermitted as error:
        return Finding(one, f"{refused(error)} (the user may not look)", Verdict.OPEN)
    except SalesforceError as error:
        return Finding(one, refused(error), Verdict.DIFFERS)
    if found is None:
        return Finding(one, "nothing in this org shows it", Verdict.OPEN)
    return Finding(one, found, Verdict.AGREES if found == one.expected else Verdict.DIFFERS)
