"""Runs of other processes: found while they are at work, followed to their end, told from those that died."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cnxlib.records import RunRecord
from cnxlib.ui.following import Ending, Running, at_work, last_ending, started_by

RUNNER = """
import json, sys, time
from pathlib import Path
from cnxlib.records import RunRecord
from cnxlib.records.presence import present

folder = Path(sys.argv[1])
play = json.loads((folder / "play.json").read_text())
record = RunRecord.begin("acme")
with present(record):
    for name, phase, data in play["events"]:
        record.event(name, data, phase=phase, mode=play["mode"], known={"org_id": play["org_id"] if phase else ""})
    (folder / "ready").write_text(str(record.path))
    while not (folder / "go").exists():
        time.sleep(0.02)
    for name, phase, data in play["later"]:
        record.event(name, data, phase=phase, mode=play["mode"])
    if play["result"] is not None:
        record.write_json("run.json", {**play["result"], "record": str(record.path)})
        record.event("run-ended", {"status": "changed"}, mode=play["mode"])
"""
PHASE = "02_lamps"
ORG = "00D000000000001EAA"
BEFORE = "00D000000000002EAA"
CHANGE = {"op": "update", "kind": "lamp", "key": "hall", "before": {"on": False}, "after": {"on": True}, "guide": []}
DONE = {**CHANGE, "result": "done", "error": "", "hint": "", "id": "", "seconds": 0.2}
ENDED = {"phase": PHASE, "status": "changed", "steps": [DONE], "remaining": [], "manual": []}
RESULT = {"run_id": "r", "phases": [ENDED]}

Process = subprocess.Popen[bytes]
Elsewhere = Callable[..., AbstractContextManager[tuple[Process, Path]]]


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    """Runs another process on the phase until the file "go" is there."""

    @contextmanager
    def begin(
        phases: tuple[str, ...] = (PHASE,),
        mode: str = "apply",
        events: Any = (),
        later: Any = (),
        result: Any = RESULT,
        org_id: str = ORG,
    ) -> Iterator[tuple[Process, Path]]:
        first = [("run-started", "", {"phases": phases}), *events]
        play = {"mode": mode, "events": first, "later": list(later), "result": result, "org_id": org_id}
        (tmp_path / "play.json").write_text(json.dumps(play))
        process = subprocess.Popen([sys.executable, "-c", RUNNER, str(tmp_path)])
        try:
            until((tmp_path / "ready").exists)
            yield process, Path((tmp_path / "ready").read_text())
        finally:
            (tmp_path / "go").touch()
            process.wait(20)

    return begin


def until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to pass")


def followed(running: Running) -> tuple[list[Any], list[Ending]]:
    events: list[Any] = []
    endings: list[Ending] = []
    running.follow(events.extend, endings.append)
    return events, endings


def test_a_run_at_work_is_found_and_followed_to_its_end(elsewhere: Elsewhere, tmp_path: Path) -> None:
    with elsewhere(events=[("step-started", PHASE, CHANGE)], later=[("step-done", PHASE, DONE)]) as (_, record):
        running = at_work("acme", PHASE, ORG)
        assert running is not None
        assert running.record == record
        assert last_ending("acme", PHASE, ORG) is None, "it has not ended"
        events, endings = followed(running)
        until(lambda: [event["event"] for event in events] == ["run-started", "step-started"])
        assert endings == []
        (tmp_path / "go").touch()
        assert running.wait(20)
    assert [event["event"] for event in events][2:] == ["step-done", "run-ended"]
    (ending,) = endings
    assert (ending.cut_off, ending.record, ending.code) == (False, record, None)
    assert ending.outcome(PHASE) == ENDED
    assert at_work("acme", PHASE, ORG) is None
    last = last_ending("acme", PHASE, ORG)
    assert last is not None
    assert last.result == ending.result
    assert last.when.endswith(" UTC")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_run_whose_process_died_is_cut_off_and_not_at_work(elsewhere: Elsewhere) -> None:
    with elsewhere(events=[("step-started", PHASE, CHANGE)]) as (process, record):
        running = at_work("acme", PHASE, ORG)
        assert running is not None
        events, endings = followed(running)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
        assert running.wait(20)
    assert [event["event"] for event in events] == ["run-started", "step-started"]
    (ending,) = endings
    assert (ending.cut_off, ending.record, ending.outcome(PHASE)) == (True, record, None)
    assert at_work("acme", PHASE, ORG) is None
    last = last_ending("acme", PHASE, ORG)
    assert last is not None
    assert last.cut_off


def test_a_run_that_ended_before_it_was_looked_at_is_told_as_it_ended(elsewhere: Elsewhere, tmp_path: Path) -> None:
    with elsewhere(events=[("step-done", PHASE, DONE)]) as (process, record):
        (tmp_path / "go").touch()
        process.wait(20)
        assert at_work("acme", PHASE, ORG) is None
    last = last_ending("acme", PHASE, ORG)
    assert last is not None
    assert last.record == record
    assert last.outcome(PHASE) == ENDED


def test_a_run_that_ends_between_being_found_and_being_followed_is_told(elsewhere: Elsewhere, tmp_path: Path) -> None:
    with elsewhere(events=[("step-done", PHASE, DONE)]) as (process, _):
        running = at_work("acme", PHASE, ORG)
        (tmp_path / "go").touch()
        process.wait(20)
    assert running is not None
    events, endings = followed(running)
    assert running.wait(20)
    assert [event["event"] for event in events] == ["run-started", "step-done", "run-ended"]
    assert [ending.outcome(PHASE) for ending in endings] == [ENDED]


@pytest.mark.parametrize("other", [{"mode": "plan"}, {"mode": "verify"}, {"phases": ("03_fuses",)}], ids=str)
def test_what_applies_nothing_of_this_phase_is_not_found(elsewhere: Elsewhere, other: dict[str, Any]) -> None:
    with elsewhere(**other):
        assert at_work("acme", PHASE, ORG) is None
    assert last_ending("acme", PHASE, ORG) is None


def test_of_a_run_over_many_phases_the_one_is_followed(elsewhere: Elsewhere, tmp_path: Path) -> None:
    phases = ("01_mains", PHASE, "03_fuses")
    first = [("plan", "01_mains", {"changes": []})]
    with elsewhere(phases, events=first) as (_, record):
        running = at_work("acme", PHASE, ORG)
        assert running is not None
        events, endings = followed(running)
        RunRecord.join(record).event("step-done", DONE, phase=PHASE, mode="apply")
        RunRecord.join(record).event("phase-ended", ENDED, phase=PHASE, mode="apply")
        assert running.wait(20), "the run goes on, this phase does not"
        assert [event["event"] for event in events] == ["run-started", "step-done", "phase-ended"]
        assert [ending.outcome(PHASE) for ending in endings] == [ENDED]
        assert at_work("acme", PHASE, ORG) is None
        assert at_work("acme", "03_fuses", ORG) is not None


def test_a_run_on_another_org_of_the_same_alias_is_not_this_ones_past(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """A sandbox that was refreshed, or a simulated org that was born anew."""
    with elsewhere(events=[("phase-started", PHASE, {}), ("step-done", PHASE, DONE)], org_id=BEFORE):
        assert at_work("acme", PHASE, ORG) is None
        assert at_work("acme", PHASE, BEFORE) is not None
    assert last_ending("acme", PHASE, ORG) is None
    for org_id in (BEFORE, ""):
        assert last_ending("acme", PHASE, org_id) is not None, "where nobody knows the org, its alias decides"


def test_a_run_that_reached_no_org_is_told_of_its_alias(elsewhere: Elsewhere) -> None:
    with elsewhere(org_id=""):
        assert at_work("acme", PHASE, ORG) is not None
    assert last_ending("acme", PHASE, ORG) is not None


def test_a_runners_record_is_known_by_its_process(tmp_path: Path) -> None:
    for pid in (11, 12, 13):
        begun = {"phases": [PHASE], "pid": pid, "parent_pid": 10 * pid}
        RunRecord.begin("acme").event("run-started", begun, mode="apply")
    found = started_by(12, "acme", PHASE)
    assert found is not None
    assert started_by(120, "acme", PHASE) == found, "the launcher that Windows puts before Python"
    assert started_by(12, "acme", PHASE, {found}) is None
    assert started_by(12, "acme", "03_fuses") is None
    assert started_by(99, "acme", PHASE) is None
