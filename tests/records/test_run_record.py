"""The run record: what is written is whole, in order, and never reported when it could not be."""

import json
import threading
from pathlib import Path

import pytest

from cnxlib.errors import RecordError
from cnxlib.records import RunRecord, read_events, runs_of, runs_root
from cnxlib.secrets import touched


def test_runs_root_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CNX_RUNS", raising=False)
    assert runs_root() == tmp_path / "runs"
    monkeypatch.setenv("CNX_RUNS", "kept")
    assert runs_root() == tmp_path / "kept"


def test_an_event_carries_who_what_and_when(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    known = {
        "org_id": "00D1",
        "user": "a@b.c",
        "ticket": "CHG-1",
        "api_calls": 7,
        "server_at": "2026-11-23T20:00:00+00:00",
    }
    record.event("progress", {"text": "Grüße"}, phase="01_install_package", mode="apply", known=known)
    (event,) = read_events(record.path)
    assert event.pop("at").endswith("+00:00")
    assert event == {
        **known,
        "run_id": record.run_id,
        "org": "acme",
        "phase": "01_install_package",
        "mode": "apply",
        "event": "progress",
        "data": {"text": "Grüße"},
    }


def test_run_ids_sort_by_time_and_never_collide(tmp_path: Path) -> None:
    records = [RunRecord.begin("acme", tmp_path) for _ in range(20)]
    assert len({record.run_id for record in records}) == 20
    stamps = [record.run_id.split("-")[0] for record in records]
    assert stamps == sorted(stamps)
    assert runs_of("acme", tmp_path) == sorted(record.path for record in records)


@pytest.mark.parametrize("alias", ["../../etc", "a/b", "..", "C:\\x", "Größe GmbH", "acme"])
def test_any_alias_stays_below_the_root_and_comes_back(tmp_path: Path, alias: str) -> None:
    record = RunRecord.begin(alias, tmp_path)
    assert record.path.parent.parent == tmp_path
    assert RunRecord.join(record.path).org == alias
    assert runs_of(alias, tmp_path) == [record.path]


def test_a_line_cut_by_a_crash_is_left_out_and_spoils_no_other(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    record.event("plan", {})
    events = record.path / "events.jsonl"
    with events.open("ab") as file:
        file.write(b'{"event": "step-star')
    assert [event["event"] for event in read_events(record.path)] == ["plan"]
    RunRecord.join(record.path).event("run-ended", {})
    assert [event["event"] for event in read_events(record.path)] == ["plan", "run-ended"]


def test_events_of_many_writers_stay_whole(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)

    def write(writer: int) -> None:
        mine = RunRecord.join(record.path)
        for number in range(50):
            mine.event("progress", {"writer": writer, "number": number, "text": "x" * 500})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [(event["data"]["writer"], event["data"]["number"]) for event in read_events(record.path)]
    assert sorted(seen) == [(writer, number) for writer in range(4) for number in range(50)]


def test_join_refuses_what_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no run record"):
        RunRecord.join(tmp_path)


def test_a_root_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "acme").write_text("a file where the folder belongs")
    with pytest.raises(RecordError, match="acme"):
        RunRecord.begin("acme", tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
def test_a_full_disk_is_an_error_not_a_silence(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    (record.path / "events.jsonl").unlink()
    (record.path / "events.jsonl").symlink_to("/dev/full")
    with pytest.raises(RecordError, match="No space left"):
        record.event("plan", {})


def test_json_is_replaced_as_a_whole(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    assert record.read_json() is None
    record.write_json("run.json", {"status": "failed"})
    record.write_json("run.json", {"status": "converged"})
    assert record.read_json() == {"status": "converged"}
    assert sorted(path.name for path in record.path.iterdir()) == ["events.jsonl", "run.json"]
    (record.path / "run.json").write_text("{")
    with pytest.raises(RecordError, match=r"run\.json"):
        record.read_json()


def test_every_line_is_one_json_object(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    record.event("progress", {"text": "two\nlines\u2028three"})
    (line,) = (record.path / "events.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert json.loads(line)["data"]["text"] == "two\nlines\u2028three"


def test_a_text_keeps_its_line_ends(tmp_path: Path) -> None:
    record = RunRecord.begin("acme", tmp_path)
    path = record.write_text("mail.eml", "To: a\r\n\r\nGrüße\r\n")
    assert path.read_bytes() == "To: a\r\n\r\nGrüße\r\n".encode()


def test_what_was_touched_comes_into_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touched, "_values", {'a"b&c\\d', "true", "nfirst"})
    record = RunRecord.begin("acme", tmp_path)
    record.event("progress", {"message": 'refused a"b&c\\d\nfirst', "done": True})
    record.write_json("run.json", {'a"b&c\\d': '<p>a"b&amp;c\\d</p>'})
    record.write_text("mail.txt", 'a"b&c\\d, nfirst')
    (event,) = read_events(record.path)
    assert event["data"] == {"message": "refused [secret]\nfirst", "done": True}
    assert record.read_json() == {"[secret]": "<p>[secret]</p>"}
    assert (record.path / "mail.txt").read_text(encoding="utf-8") == "[secret], [secret]"
