"""What the last run that applied a phase to an org left, as its record tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnxlib.model import Outcome
from cnxlib.ui.commands import verify_command
from cnxlib.ui.display import notice
from cnxlib.ui.following import Ending
from cnxlib.ui.view import Code, Part, Small, View

_READ = "After the last apply the org was read again:"


def verified_view(ending: Ending, phase_id: str, now: Outcome | None = None) -> View:
    """What reading the org again found when the phase was last applied.

    Parameters
    ----------
    ending:
        Of that run.
    phase_id:
        The phase.
    now:
        What a plan has found since, None where there is none: the org may have moved, a person done what was left.
    """
    phase = ending.outcome(phase_id)
    run = Small(f"Run {ending.record.name if ending.record else ''}, {ending.when}")
    if phase is None:
        return notice("The last apply was cut off before it was verified.", "warn", run, "The plan above tells all.")
    left = len(phase.get("remaining") or ())
    if left:
        found = "1 difference was left" if left == 1 else f"{left} differences were left"
        return notice(f"{_READ} {found}.", "bad", run)
    if phase.get("error"):
        return notice("The last apply failed; the org was not read again.", "bad", run, str(phase.get("reason") or ""))
    by_hand = left_to_people(phase)
    if by_hand:
        return _left(by_hand, run, now)
    if now is not None and now.changes:
        return notice(
            "After the last apply nothing differed from the guide. Now something does.", "warn", run, _see(now)
        )
    return notice(f"{_READ} nothing differed from the guide.", "good", run)


def left_to_people(phase: Mapping[str, Any]) -> list[str]:
    """What a phase that ended (`Outcome.as_json`) leaves to people."""
    return [str(step["what"]) for step in phase.get("manual") or () if not step["done_at"]]


def steps_left(count: int) -> str:
    """Such as "2 steps are left to a person"."""
    return "1 step is left to a person" if count == 1 else f"{count} steps are left to a person"


def records_view(ending: Ending) -> View | None:
    """Where the record of that run is, and how anybody can check it; None where it has none."""
    if ending.record is None:
        return None
    how = (Code(str(ending.record)), Small("To check that nobody altered it:"))
    return notice("The last apply is on record.", "good", *how, Code(verify_command(ending.record)))


def _left(by_hand: list[str], run: Small, now: Outcome | None) -> View:
    said = f"{_READ} {steps_left(len(by_hand))}. Nothing else differed."
    if now is None:
        return notice(said, "warn", *by_hand, run)
    if now.changes:
        return notice(said, "warn", run, _see(now))
    if all(step.done_at for step in now.manual):
        done = "What it left to a person is done, or not asked for any more."
        return notice(f"{_READ} nothing else differed from the guide.", "good", done, run)
    return notice(said, "warn", "The plan above says what is to be done, and takes down that it was.", run)


def _see(now: Outcome) -> Part:
    count = len(now.changes)
    return f"See the plan above: {'1 change waits' if count == 1 else f'{count} changes wait'} to be applied."
