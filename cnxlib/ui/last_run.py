"""What the last run that applied a phase to an org left, as its record tells it."""

from __future__ import annotations

from cnxlib.ui.commands import verify_command
from cnxlib.ui.display import notice
from cnxlib.ui.following import Ending
from cnxlib.ui.view import Code, Small, View


def verified_view(ending: Ending, phase_id: str) -> View:
    """What reading the org again found when the phase was last applied."""
    phase = ending.outcome(phase_id)
    run = Small(f"Run {ending.record.name if ending.record else ''}, {ending.when}")
    if phase is None:
        return notice("The last apply was cut off before it was verified.", "warn", run, "The plan above tells all.")
    left = len(phase.get("remaining") or ())
    if left:
        found = "1 difference was left" if left == 1 else f"{left} differences were left"
        return notice(f"After the last apply the org was read again: {found}.", "bad", run)
    if phase.get("error"):
        return notice("The last apply failed; the org was not read again.", "bad", run, str(phase.get("reason") or ""))
    return notice("After the last apply the org was read again: nothing differed from the guide.", "good", run)


def records_view(ending: Ending) -> View | None:
    """Where the record of that run is, and how anybody can check it; None where it has none."""
    if ending.record is None:
        return None
    how = (Code(str(ending.record)), Small("To check that nobody altered it:"))
    return notice("The last apply is on record.", "good", *how, Code(verify_command(ending.record)))
