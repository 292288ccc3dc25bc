"""What somebody said when they confirmed a manual step: their note, and the file that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.errors import RecordError
from cnxlib.records.run_record import read_events, runs_of


@dataclass(frozen=True)
class Said:
    """What went on record with a confirmation; "" where nothing did.

    Attributes
    ----------
    note:
        Their words.
    evidence:
        Name of the file.
    sha256:
        Its SHA-256, in hex.
    """

    note: str = ""
    evidence: str = ""
    sha256: str = ""


def said_with(alias: str, phase: str, step: str, at: str) -> Said:
    """What was said when `step` of a phase was confirmed `at` that time (`ManualStep.done_at`).

    A record that cannot be read says nothing: who confirmed is known without it.
    """
    for path in reversed(runs_of(alias)):
        try:
            events = read_events(path)
        except RecordError:
            continue
        for event in events:
            data = event.get("data")
            if event.get("event") != "confirmed" or not isinstance(data, dict):
                continue
            if (event.get("phase"), data.get("step"), event.get("at")) == (phase, step, at):
                shown = data.get("evidence") or {}
                return Said(str(data.get("note", "")), str(shown.get("name", "")), str(shown.get("sha256", "")))
    return Said()
