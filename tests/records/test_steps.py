"""What a run did, by its record: also what it began and never learnt the end of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnxlib.records import RunRecord
from cnxlib.records.steps import steps_of

ORG_ID = "00D000000000001EAA"


def change(key: str, **more: Any) -> dict[str, Any]:
    said = {"op": "create", "kind": "lamp", "key": key, "before": None, "after": {}, "guide": [], "reversible": True}
    return {**said, **more}


def test_a_failed_step_counts_where_its_end_is_not_known(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    for name, data in (
        *(("step-started", change(key)) for key in ("made", "refused", "lost", "cut off", "left")),
        ("step-done", change("made", id="1", known=True, error="")),
        ("step-failed", change("refused", id="", known=True, error="no")),
        ("step-failed", change("of an older runbook", id="", error="no")),
        ("step-failed", change("lost", id="", known=False, error="no answer")),
        ("step-not-run", change("left", id="", known=True, error="by hand")),
    ):
        record.event(name, data, phase="02_lamps", mode="apply", known={"org_id": ORG_ID})
    found = steps_of(record.path, "acme", ORG_ID, unverified=True).steps
    assert {step.key: (step.known, step.id, step.error) for step in found} == {
        "made": (True, "1", ""),
        "lost": (False, "", "no answer"),
        "cut off": (False, "", ""),
    }
