"""What moved since a phase last converged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cnxlib.model import Drift
from cnxlib.records import RunRecord
from cnxlib.records.drift import last_facts, moved
from cnxlib.records.run_record import EVENTS
from cnxlib.records.sealing import seal

ORG, PHASE = "00D000000000001EAA", "07_existing_users"


def fact(key: str, value: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"kind": "lamp", "key": key, "id": "1", "value": value}


def run(root: Path, value: Mapping[str, Any] | None, status: str = "changed", sealed: bool = True) -> RunRecord:
    record = RunRecord.begin("acme", root)
    known = {"org_id": ORG, "user": "ann@acme.example"}
    org = {"alias": "acme", "id": ORG, "name": "Acme", "type": "sandbox"}
    told = (
        ("phase-started", {"org": org, "user": "ann@acme.example", "simulated": True}),
        ("facts", {"when": "before", "facts": [fact("hall", {"on": "never"})]}),
        ("facts", {"when": "after", "facts": [fact("hall", value), fact("attic", {"on": True})]}),
        ("phase-ended", {"status": status, "digest": ""}),
    )
    for name, data in told:
        record.event(name, data, phase=PHASE, mode="apply", known=known)
    if sealed:
        seal(record, by="runner", ending="complete")
    return record


def test_what_is_managed_then_and_now_is_compared_property_by_property(tmp_path: Path) -> None:
    record = run(tmp_path, {"on": True, "colour": "red"})
    last = last_facts("acme", ORG, PHASE, tmp_path)
    assert last is not None
    assert last.run_id == record.run_id
    now = [fact("hall", {"on": False, "colour": "red"}), fact("cellar", {"on": True})]
    assert moved(last, now) == (Drift("lamp", "hall", {"on": True}, {"on": False}),)
    assert moved(last, [fact("attic", None)]) == (Drift("lamp", "attic", {"on": True}, None),)
    assert moved(last, [fact("attic", {"on": True})]) == ()


@pytest.mark.parametrize(("status", "sealed"), [("failed", True), ("changed", False)])
def test_a_run_that_failed_or_that_nobody_vouches_for_does_not_count(tmp_path: Path, status: str, sealed: bool) -> None:
    good = run(tmp_path, {"on": True})
    later = run(tmp_path, {"on": False}, status, sealed)
    later.path.rename(later.path.with_name("29991231T000000Z-0000"))
    last = last_facts("acme", ORG, PHASE, tmp_path)
    assert last is not None
    assert last.run_id == good.run_id


def test_neither_do_an_altered_one_another_org_and_another_phase(tmp_path: Path) -> None:
    events = run(tmp_path, {"on": True}).path / EVENTS
    assert last_facts("acme", "00D000000000002EAA", PHASE, tmp_path) is None
    assert last_facts("acme", ORG, "01_install_package", tmp_path) is None
    events.write_bytes(events.read_bytes().replace(b"true", b"false"))
    assert last_facts("acme", ORG, PHASE, tmp_path) is None
