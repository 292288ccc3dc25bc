import json
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cnxlib.changes import Change
from cnxlib.records import RunRecord
from cnxlib.ui.commands import verify_command
from cnxlib.ui.handover import Ending, Handover, Started, at_work
from cnxlib.ui.live import WIDGET_VIEW
from cnxlib.ui.panel import Panel

from .fakes import ORG_ID, identity

RUNNER = '''
"""Stands in for `cnx`: notes how it was called, and plays what the test wrote down."""
import json, os, sys, time
from pathlib import Path
from contextlib import ExitStack
from cnxlib.records import RunRecord
from cnxlib.records.presence import present

play = json.loads(Path(sys.argv[1]).read_text())
arguments = sys.argv[2:]
parameters = Path(arguments[arguments.index("--parameters") + 1])
seen = {
    "arguments": arguments,
    "parameters": json.loads(parameters.read_text()),
    "file_mode": parameters.stat().st_mode,
    "session": os.getsid(0) if hasattr(os, "getsid") else None,
}
Path(play["seen"]).write_text(json.dumps(seen))
at_work = ExitStack()
if play["events"] is not None:
    record = RunRecord.begin("acme")
    at_work.enter_context(present(record))
    pids = {"pid": os.getpid(), "parent_pid": os.getppid()}
    record.event("run-started", {"phases": ["02_lamps"], **pids}, mode="apply")
    for name, data in play["events"]:
        record.event(name, data, phase="02_lamps", mode="apply")
for _ in range(300):
    if Path(play["go"]).exists():
        break
    time.sleep(0.05)
at_work.close()
print(play["said"], file=sys.stderr)
print(json.dumps(play["result"]) if play["result"] is not None else "no JSON")
sys.exit(play["code"])
'''

CHANGE = {"op": "update", "kind": "lamp", "key": "hall", "before": {"on": False}, "after": {"on": True}, "guide": []}
DONE = {**CHANGE, "result": "done", "error": "", "id": "", "seconds": 0.2}
PHASE = {
    "phase": "02_lamps",
    "title": "Lamps",
    "status": "changed",
    "reason": "",
    "changes": [CHANGE],
    "steps": [DONE],
    "manual": [],
    "remaining": [],
    "seconds": 1.5,
    "api_calls": 9,
}
RESULT = {"run_id": "r1", "record": "/runs/acme/r1", "phases": [PHASE]}
PLANNED = tuple(Change("update", "lamp", key, {"on": False}, {"on": True}) for key in ("hall", "porch"))
DIGEST = "sha256:" + "a" * 64

Runner = Callable[..., Handover]


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))

    def make(result: Any = RESULT, events: Any = (), code: int = 0, said: str = "", wait: bool = False) -> Handover:
        (tmp_path / "runner.py").write_text(RUNNER)
        play = {
            "seen": str(tmp_path / "seen.json"),
            "go": str(tmp_path / "go"),
            "events": events if events is None else list(events),
            "result": result,
            "said": said,
            "code": code,
        }
        (tmp_path / "play.json").write_text(json.dumps(play))
        if not wait:
            (tmp_path / "go").touch()
        command = (sys.executable, str(tmp_path / "runner.py"), str(tmp_path / "play.json"))
        return Handover("acme", "02_lamps", DIGEST, {"lamps": ["hall"]}, ticket="CHG-1", command=command)

    return make


def panel_of(handover: Handover, org_type: str = "sandbox", **more: Any) -> Panel:
    return Panel(handover, identity(org_type), PLANNED, **more)


def click(panel: Panel, typed: str = "") -> None:
    """What the browser sends."""
    panel.widget._handle_custom_msg({"press": typed}, [])


def seen(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "seen.json").read_text())
    return found


def text(panel: Panel) -> str:
    return str(panel._repr_mimebundle_()["text/plain"])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to pass")


def test_nothing_happens_before_the_button_is_pressed(runner: Runner, tmp_path: Path) -> None:
    panel = panel_of(runner(), differing={"lamps": ["hall"], "name": "a b"})
    assert set(panel._repr_mimebundle_()) == {"text/html", "text/plain", WIDGET_VIEW}
    shown = text(panel).replace("\n", " ")
    assert "Nothing is applied yet: 2 changes reviewed." in shown
    assert f"cnx apply --org acme --phase 02 --expected-digest {DIGEST} --ticket CHG-1" in shown
    assert """-p 'lamps=["hall"]' -p 'name=a b'""" in shown
    assert panel.wait(0)
    assert not (tmp_path / "seen.json").exists()


def test_the_button_hands_over_the_reviewed_plan(runner: Runner, tmp_path: Path) -> None:
    panel = panel_of(runner())
    click(panel)
    assert panel.wait(30)
    arguments = seen(tmp_path)["arguments"]
    assert arguments[:7] == ["apply", "--org", "acme", "--phase", "02", "--expected-digest", DIGEST]
    assert arguments[7:9] == ["--ticket", "CHG-1"]
    assert arguments[-1] == "--json"
    assert seen(tmp_path)["parameters"] == {"lamps": ["hall"]}
    assert not Path(arguments[arguments.index("--parameters") + 1]).exists(), "the file is gone afterwards"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX file modes and sessions")
def test_the_parameters_are_private_and_the_runner_is_no_child_of_the_kernels_session(
    runner: Runner, tmp_path: Path
) -> None:
    panel = panel_of(runner())
    panel.press()
    assert panel.wait(30)
    assert stat.S_IMODE(seen(tmp_path)["file_mode"]) == 0o600
    assert seen(tmp_path)["session"] != os.getsid(0)


def test_steps_appear_while_the_runner_is_at_work(runner: Runner, tmp_path: Path) -> None:
    events = [("step-started", CHANGE), ("step-done", DONE), ("progress", {"message": "Installing", "fraction": 0.4})]
    panel = panel_of(runner(events=events, wait=True))
    panel.press()
    until(lambda: "Installing (40%)" in text(panel))
    assert "✓ done" in text(panel)
    assert panel.widget.detail == {"text": "Installing", "fraction": 0.4}
    assert panel.widget.overall == {"text": "1 of 2 steps done", "fraction": 0.5}
    assert [(row["state"], row["seconds"]) for row in panel.widget.rows] == [("done", "0.2"), ("waiting", "")]
    assert panel.widget.button == ""
    assert panel.ending is None
    (tmp_path / "go").touch()
    assert panel.wait(30)
    assert "The runner has ended: changed." in text(panel)
    assert "/runs/acme/r1" in panel.widget.foot
    assert verify_command(Path("/runs/acme/r1")) in panel.widget.foot
    assert panel.widget.said == "The runner has ended: changed."


def test_the_record_of_another_run_is_not_followed(runner: Runner, tmp_path: Path) -> None:
    handover = runner(events=None, wait=True)
    told: list[Any] = []
    running = Started(handover)
    running.start()
    running.follow(told.extend, lambda ending: None)
    other = RunRecord.begin("acme")
    other.event("run-started", {"phases": ["02_lamps"], "pid": 1, "parent_pid": 1}, mode="apply")
    other.event("step-done", DONE, phase="02_lamps")
    time.sleep(1)
    (tmp_path / "go").touch()
    assert running.wait(30)
    assert told == []


def test_pressing_twice_applies_once(runner: Runner, tmp_path: Path) -> None:
    panel = panel_of(runner(wait=True))
    panel.press()
    until((tmp_path / "seen.json").exists)
    (tmp_path / "seen.json").unlink()
    panel.press()
    (tmp_path / "go").touch()
    assert panel.wait(30)
    panel.press()
    assert not (tmp_path / "seen.json").exists()


def test_a_second_window_sees_the_run_of_the_first(runner: Runner, tmp_path: Path) -> None:
    handover = runner(events=[("step-started", CHANGE)], wait=True)
    first, second = panel_of(handover), panel_of(handover)
    first.press()
    until(lambda: at_work("acme", "02_lamps", ORG_ID) is not None)
    (tmp_path / "seen.json").unlink()
    second.press()
    until(lambda: "1 doing" in second.widget.said)
    assert "This phase is being applied already." in text(second)
    assert not (tmp_path / "seen.json").exists(), "no other runner is started"
    (tmp_path / "go").touch()
    assert first.wait(30)
    assert second.wait(30)
    assert first.ending is not None
    assert second.ending is not None
    assert second.ending.record is not None
    assert second.ending.record.parent.name == "acme"


def test_a_panel_follows_a_run_that_is_at_work_already(runner: Runner, tmp_path: Path) -> None:
    handover = runner(events=[("plan", {"digest": DIGEST, "changes": [CHANGE]}), ("step-done", DONE)], wait=True)
    started = Started(handover)
    started.start()
    until(lambda: at_work("acme", "02_lamps", ORG_ID) is not None)
    told: list[Ending] = []
    panel = panel_of(handover, running=at_work("acme", "02_lamps", ORG_ID), on_end=told.append)
    assert panel.widget.button == ""
    until(lambda: panel.widget.overall == {"text": "1 of 1 step done", "fraction": 1.0})
    (tmp_path / "go").touch()
    assert panel.wait(30)
    assert [ending.cut_off for ending in told] == [True], "it left no run.json"
    assert "cut off" in panel.widget.said
    assert panel.widget.button == "Try again"
    started.follow(lambda events: None, lambda ending: None)
    assert started.wait(30)
    assert "The last apply was cut off" in text(panel_of(handover))


def test_what_failed_is_tried_again_by_planning_anew(runner: Runner) -> None:
    asked: list[bool] = []
    told: list[Ending] = []
    panel: Panel = panel_of(
        runner(FAILED, code=1), again=lambda: asked.append(panel.widget.enabled), on_end=told.append
    )
    panel.press()
    assert panel.wait(30)
    assert [ending.code for ending in told] == [1]
    assert panel.widget.button == "Try again"
    click(panel)
    assert asked == [False], "once, and not twice while it plans"
    assert panel.widget.enabled


def test_nothing_is_tried_again_after_a_good_end(runner: Runner) -> None:
    panel = panel_of(runner())
    panel.press()
    assert panel.wait(30)
    assert panel.widget.button == ""


def test_a_message_that_is_no_press_does_nothing(runner: Runner, tmp_path: Path) -> None:
    panel = panel_of(runner())
    for message in ({}, {"do": "apply"}, "press", None):
        panel.widget._handle_custom_msg(message, [])
    assert panel.wait(0)
    assert not (tmp_path / "seen.json").exists()


def test_a_production_org_wants_its_id(runner: Runner, tmp_path: Path) -> None:
    panel = panel_of(runner(), "production")
    assert "type its id" in panel.widget.guard
    click(panel)
    assert "First type this org's id." in panel.widget.refused
    click(panel, "00D000000000000AAA")
    assert "00D000000000000AAA is not this org's id." in panel.widget.refused
    assert "under “Connect” above" in panel.widget.refused
    shown = "".join(str(panel.widget.get_state()[name]) for name in ("head", "guard", "refused", "foot"))
    assert ORG_ID[:15] not in shown, "who types it reads it where the org is named, and copies it from nowhere beside"
    assert not (tmp_path / "seen.json").exists()
    click(panel, f" {ORG_ID} ")
    assert panel.wait(30)
    arguments = seen(tmp_path)["arguments"]
    assert arguments[arguments.index("--confirm-org-id") + 1] == ORG_ID
    assert (panel.widget.guard, panel.widget.refused) == ("", "")


REFUSED = {"error": {"type": "StalePlan", "message": "Not the plan of now", "hint": "Plan again."}}
FAILED = {**RESULT, "phases": [{**PHASE, "status": "failed", "reason": "No licence"}]}


@pytest.mark.parametrize(
    ("play", "said"),
    [
        ({"result": REFUSED, "code": 1}, ["✗ Not the plan of now", "What to do: Plan again."]),
        ({"result": None, "code": 137, "said": "Killed"}, ["cut off", "exit code 137", "Killed"]),
        ({"result": FAILED, "code": 1}, ["✗ The runner has ended: failed.", "No licence"]),
    ],
    ids=["refused", "no answer", "failed"],
)
def test_a_bad_end_is_told(runner: Runner, play: dict[str, Any], said: list[str]) -> None:
    panel = panel_of(runner(**play))
    panel.press()
    assert panel.wait(30)
    for part in said:
        assert part in text(panel)


def test_a_runner_that_cannot_be_started_is_told(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    handover = Handover("acme", "02_lamps", DIGEST, {}, command=("/nowhere/cnx",))
    panel = panel_of(handover)
    panel.press()
    assert "cannot be started" in panel.widget.head
    assert panel.ending is None
    assert list(tmp_path.glob("cnx-apply-*")) == []
