"""How far a run has come: its stage, each planned step, the installation's bar. Pure: events in, words out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from cnxlib.ui.view import Tone


class Look(NamedTuple):
    """How a step's state is shown: a sign and a word say the same as the colour."""

    sign: str
    word: str
    tone: Tone


STATES: dict[str, Look] = {
    "waiting": Look("○", "waiting", "plain"),
    "doing": Look("▶", "doing", "plain"),
    "done": Look("✓", "done", "good"),
    "failed": Look("✗", "failed", "bad"),
    "not-run": Look("!", "not run", "warn"),
    "cut-off": Look("!", "cut off", "warn"),
    "not-begun": Look("○", "not begun", "plain"),
}
"""The states that a step can be in."""

_RESULTS = {"step-done": "done", "step-failed": "failed", "step-not-run": "not-run"}


@dataclass
class Line:
    """One planned step, and what became of it by now.

    Parameters
    ----------
    step:
        In the published shape: `Change.as_json`, with that of the step once it has ended.
    state:
        A key of `STATES`.
    since:
        When it was begun, None before.
    """

    step: Mapping[str, Any]
    state: str = "waiting"
    since: datetime | None = None

    def seconds(self, now: datetime) -> float | None:
        """How long it took, or has taken by now; None before it was begun."""
        if self.state == "doing" and self.since is not None:
            return max(0.0, (now - self.since).total_seconds())
        seconds: float | None = self.step.get("seconds")
        return seconds


class Work:
    """A run at work on a phase.

    Parameters
    ----------
    changes:
        The reviewed plan (`Change.as_json`); the run's own takes its place once it has one.

    Attributes
    ----------
    lines:
        The steps by the name of their thing, in the plan's order.
    verified:
        Whether the org was read again after the changes.
    stage:
        What the runner is about, in a few words.
    message, fraction:
        What the step at hand says of itself, "" where nothing, and how far it is (0-1, None where unknown).
    """

    def __init__(self, changes: Sequence[Mapping[str, Any]] = ()) -> None:
        self.lines: dict[str, Line] = {}
        self.verified = False
        self.stage = "The runner is starting."
        self.message = ""
        self.fraction: float | None = None
        self._plan(changes)

    def take(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Go on with what has happened since."""
        for event in events:
            self._take(str(event["event"]), event["data"], str(event.get("at", "")))

    def close(self, outcome: Mapping[str, Any] | None) -> None:
        """The run has ended; take what became of each step from its outcome, None where it has none."""
        for step in (outcome or {}).get("steps", ()):
            line = self._line(step)
            line.step, line.state = {**line.step, **step}, step["result"]
        for line in self.lines.values():
            if line.state == "doing":  # nobody knows whether the org took it
                line.state = "cut-off"
            elif line.state == "waiting":
                line.state = "not-begun"

    def count(self, state: str) -> int:
        """How many steps are in a state."""
        return self._states()[state]

    @property
    def ended(self) -> int:
        """How many steps have ended, however they did."""
        return len(self.lines) - self.count("waiting") - self.count("doing")

    def said(self) -> str:
        """How far it is, such as "3 of 12 steps done, 1 failed"; "" where there are no steps."""
        if not self.lines:
            return ""
        states = self._states()
        parts = [f"{states['done']} of {len(self.lines)} {'step' if len(self.lines) == 1 else 'steps'} done"]
        parts += [f"{states[name]} {look.word}" for name, look in STATES.items() if name not in _QUIET and states[name]]
        return ", ".join(parts)

    def doing(self) -> str:
        """What the step at hand says of itself, "" where it says nothing."""
        return self.message + ("" if self.fraction is None else f" ({self.fraction:.0%})")

    def fraction_done(self) -> float | None:
        """How many of the steps have ended (0-1), None while none has begun."""
        begun = len(self.lines) - self.count("waiting")
        return self.ended / len(self.lines) if begun else None

    def _states(self) -> Counter[str]:
        return Counter(line.state for line in self.lines.values())

    def _plan(self, changes: Sequence[Mapping[str, Any]]) -> None:
        self.lines = {f"{change['kind']}:{change['key']}": Line(change) for change in changes}

    def _take(self, name: str, data: Mapping[str, Any], at: str) -> None:
        if name != "progress":
            self.message, self.fraction = "", None
        match name:
            case "run-started":
                self.stage = "The runner opens the phase's notebook."
            case "phase-started":
                self.stage = "It is logged in, and checks the org."
            case "check":
                self.stage = f"It checks the org: {data['name']}."
            case "facts":
                before = data["when"] == "before"
                self.stage = "It compares the org with the plan." if before else "It reads the org again to verify."
            case "plan":
                self._plan(data["changes"])
                self.stage = "It makes the changes."
            case "step-started":
                self._line(data).state = "doing"
                self._line(data).since = _moment(at)
                self.stage = "It makes the changes."
            case "step-done" | "step-failed" | "step-not-run":
                line = self._line(data)
                line.step, line.state = data, _RESULTS[name]
                if self.ended == len(self.lines):
                    self.stage = "It reads the org again to verify."
            case "verified":
                self.verified = True
                left = len(data["remaining"])
                self.stage = "It has read the org again: " + (f"{left} still differ." if left else "no change is left.")
            case "phase-ended":
                self.stage = "It closes and seals the record."
            case "run-ended":
                self.stage = "It has ended."
            case "progress":
                self.message, self.fraction = str(data.get("message", "")), _fraction(data.get("fraction"))

    def _line(self, change: Mapping[str, Any]) -> Line:
        return self.lines.setdefault(f"{change['kind']}:{change['key']}", Line(change))


_QUIET = ("waiting", "done")


def _moment(at: str) -> datetime | None:
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None


def _fraction(value: Any) -> float | None:
    return min(1.0, max(0.0, float(value))) if isinstance(value, int | float) else None
