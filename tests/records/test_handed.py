"""What the records say was handed over: names, places and hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnxlib.records import RunRecord
from cnxlib.records.handed import handed_over

SEALED = {"kind": "sealed_credentials", "after": {"file": "c.age", "sealed_to": "age1x", "contents": ["Consumer Key"]}}
MAIL = {"kind": "support_mail", "after": {"to": "support@conexiom.example", "credentials": "live_call"}}


def run(root: Path, *events: tuple[str, dict[str, Any]], phase: str = "09_support_request") -> RunRecord:
    record = RunRecord.begin("acme", root)
    for name, data in events:
        record.event(name, data, phase=phase, known={"org_id": "00D1", "user": "ann@acme.example"})
    return record


def test_nothing_was_handed_over_where_there_are_no_runs(tmp_path: Path) -> None:
    assert handed_over("acme", tmp_path) == []


def test_each_way_is_told_with_its_run_and_its_hash(tmp_path: Path) -> None:
    first = run(
        tmp_path,
        ("step-started", SEALED),
        ("step-done", {**SEALED, "id": "sha256:1"}),
        ("step-failed", {**MAIL, "id": ""}),
        ("step-failed", {**MAIL, "id": "<1@acme>"}),
    )
    second = run(
        tmp_path,
        ("step-done", {**MAIL, "after": {**MAIL["after"], "credentials": "in_body"}, "id": "<2@acme>"}),  # type: ignore[dict-item]
        ("step-done", {"kind": "rotation", "key": "password@CHG-1", "after": {"username": "u"}, "id": "005"}),
        ("confirmed", {"step": "setup_file", "note": "by mail", "evidence": {"name": "s.zip", "sha256": "ab"}}),
        ("confirmed", {"step": "send_request", "what": "Send it to support@conexiom.example.", "evidence": None}),
        ("confirmed", {"step": "rotate_consumer_secret", "note": "", "evidence": None}),
    )
    run(tmp_path, ("step-done", {"kind": "user", "key": "u", "id": "005"}), phase="02_integration_user")
    told = handed_over("acme", tmp_path)
    assert [(one.how, one.what, one.to, one.sha256, one.note) for one in told] == [
        ("sealed", ("Consumer Key",), "age1x", "sha256:1", ""),
        ("uncertain", ("the request for the setup file",), "support@conexiom.example", "", "<1@acme>"),
        ("mailed", ("the request for the setup file", "the credentials"), "support@conexiom.example", "", "<2@acme>"),
        ("rotated", ("password@CHG-1",), "", "", ""),
        ("confirmed", ("setup_file",), "", "sha256:ab", "by mail"),
        ("confirmed", ("send_request",), "", "", ""),
    ]
    assert [one.run for one in told] == [first.run_id] * 2 + [second.run_id] * 4
    assert [one.asked for one in told if one.how == "confirmed"] == ["", "Send it to support@conexiom.example."]
    assert told[0].file == str(first.path / "c.age")
    assert {one.by for one in told} == {"ann@acme.example"}
