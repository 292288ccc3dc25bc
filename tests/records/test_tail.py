"""Following events: each comes once, and only when it is whole."""

from pathlib import Path

from cnxlib.records import RunRecord
from cnxlib.records.tail import Tail


def test_events_come_once_and_whole(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    tail = Tail(record.path)
    assert tail.news() == []
    record.event("plan", {"n": 1})
    with (record.path / "events.jsonl").open("ab") as file:
        file.write(b'{"event": "check", ')
    assert [event["event"] for event in tail.news()] == ["plan"]
    assert tail.news() == []
    with (record.path / "events.jsonl").open("ab") as file:
        file.write('"data": {"text": "ü"}}\n'.encode())
    assert [event["data"] for event in tail.news()] == [{"text": "ü"}]
    assert tail.news() == []
