"""The boxes beside what is left to a person."""

import dataclasses
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnxlib.model import ManualStep, Outcome, Status
from cnxlib.records import RunRecord, read_events
from cnxlib.ui.display import plan_view
from cnxlib.ui.live import WIDGET_VIEW
from cnxlib.ui.ticks import Confirming, Ticks

STEP = ManualStep("cellar", ("G1.2",), "Buy a bulb for cellar")
OUTCOME = Outcome("02_lamps", "Lamps", "plan", Status.WAITING, reason=STEP.what, manual=(STEP,))
DONE = {"confirmed": {"done_by": "ann@acme.example", "done_at": "2026-11-24T00:00:00+00:00"}}

RUNNER = '''
"""Stands in for `cnx`: notes how it was called, and prints what the test wrote down."""
import json, sys
from pathlib import Path

folder, arguments = Path(__file__).parent, sys.argv[1:]
parameters = json.loads(Path(arguments[arguments.index("--parameters") + 1]).read_text())
shown = [part.partition("=")[2] for part in arguments if part.startswith("--evidence=")]
content = "".join(Path(path).read_bytes().hex() for path in shown if Path(path).is_file())
seen = {"arguments": arguments, "parameters": parameters, "evidence": content}
(folder / "seen.json").write_text(json.dumps(seen))
print((folder / "says").read_text())
print("it went wrong", file=sys.stderr)
'''


@pytest.fixture
def ticks(tmp_path: Path) -> Ticks:
    (tmp_path / "runner.py").write_text(RUNNER)
    (tmp_path / "says").write_text(json.dumps(DONE))
    command = (sys.executable, str(tmp_path / "runner.py"))
    return Ticks(OUTCOME, plan_view, Confirming("acme", "02_lamps", {"lamps": ["cellar"]}, "CHG-1", command))


def text(ticks: Ticks) -> str:
    return str(ticks._repr_mimebundle_()["text/plain"])


def box(ticks: Ticks) -> dict[str, Any]:
    """What the front end shows of the one step."""
    (step,) = ticks._boxes.steps
    return dict(step)


def tick(ticks: Ticks, *buffers: bytes, **content: str) -> None:
    """As `ticks.js` does it."""
    ticks._boxes._handle_custom_msg({"step": "cellar", "note": "", "path": "", "file": "", **content}, list(buffers))
    ticks.wait()


def seen(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "seen.json").read_text())


def test_a_ticked_box_confirms_the_step_as_it_was_read(ticks: Ticks, tmp_path: Path) -> None:
    assert set(ticks._repr_mimebundle_()) == {"text/html", "text/plain", WIDGET_VIEW}
    assert "open" in text(ticks)
    assert box(ticks)["state"] == "open"
    bill = tmp_path / "bill.pdf"
    bill.touch()
    tick(ticks, note="-a bright one", path=str(bill))
    assert seen(tmp_path)["parameters"] == {"lamps": ["cellar"]}
    assert seen(tmp_path)["arguments"][:-3] == [
        *("confirm", "02.cellar", "--org", "acme", "--note=-a bright one", f"--evidence={bill}"),
        *("--ticket=CHG-1", f"--step-digest={STEP.digest}"),
    ]
    assert "ann@acme.example" in text(ticks)
    assert "2026-11-24 00:00" in text(ticks)
    assert "The org is as the guide asks." in text(ticks)
    assert (box(ticks)["state"], "ann@acme.example" in box(ticks)["said"]) == ("done", True)


@pytest.mark.parametrize("name", ["setup.zip", "../../setup.zip", "C:\\fakepath\\setup.zip"])
def test_a_file_comes_through_the_browser_under_its_own_name_and_is_not_left(
    ticks: Ticks, tmp_path: Path, name: str
) -> None:
    tick(ticks, b"\x00\xffcontent", file=name)
    (given,) = [part for part in seen(tmp_path)["arguments"] if part.startswith("--evidence=")]
    path = Path(given.removeprefix("--evidence="))
    assert path.name == "setup.zip"
    assert seen(tmp_path)["evidence"] == b"\x00\xffcontent".hex()
    assert not path.exists()


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (json.dumps({"error": {"message": "The step changed", "hint": "Read it again."}}), "changed. Read it again."),
        ("no JSON", "it went wrong"),
    ],
)
def test_one_that_was_not_put_down_can_be_ticked_again(ticks: Ticks, tmp_path: Path, says: str, told: str) -> None:
    (tmp_path / "says").write_text(says)
    tick(ticks)
    assert told in text(ticks)
    assert (box(ticks)["state"], told in box(ticks)["said"]) == ("refused", True)
    (tmp_path / "says").write_text(json.dumps(DONE))
    tick(ticks)
    assert told not in text(ticks)
    assert "ann@acme.example" in text(ticks)


def test_a_decision_says_what_it_means_and_stays_told(tmp_path: Path) -> None:
    (tmp_path / "runner.py").write_text(RUNNER)
    (tmp_path / "says").write_text(json.dumps(DONE))
    step = replace(STEP, closed_by="decision", as_it_is="the cellar is dark")
    confirming = Confirming("acme", "02_lamps", {}, command=(sys.executable, str(tmp_path / "runner.py")))
    ticks = Ticks(replace(OUTCOME, manual=(step,)), plan_view, confirming)
    assert "stays as it is: the cellar is dark" in box(ticks)["meaning"]
    assert "stays as it is: the cellar is dark" in " ".join(text(ticks).split())
    assert box(ticks)["box"].startswith("Leave it as it is")
    tick(ticks)
    assert box(ticks)["said"] == "Left as it is, by ann@acme.example, 2026-11-24 00:00 UTC."
    told = " ".join(text(ticks).split())
    assert "Left as it is, by ann@acme.example, 2026-11-24 00:00 UTC: the cellar is dark" in told


def test_what_reading_alone_closes_has_no_box(tmp_path: Path) -> None:
    step = replace(STEP, closed_by="reading")
    confirming = Confirming("acme", "02_lamps", {}, command=(str(tmp_path / "not-there"),))
    ticks = Ticks(replace(OUTCOME, manual=(step,)), plan_view, confirming)
    assert (box(ticks)["box"], "Do it, then plan again" in box(ticks)["meaning"]) == ("", True)
    tick(ticks)
    assert box(ticks)["state"] == "open"


def test_the_field_for_the_file_says_whether_it_is_asked_for(ticks: Ticks) -> None:
    assert "optional" in box(ticks)["evidence"]
    wanting = Ticks(
        replace(OUTCOME, manual=(replace(STEP, wants_evidence=True),)), plan_view, Confirming("acme", "02_lamps", {})
    )
    assert "hash" in box(wanting)["evidence"]


def test_evidence_that_is_not_there_is_told_before_anything_is_put_down(ticks: Ticks, tmp_path: Path) -> None:
    tick(ticks, path="/not/there.pdf")
    assert "There is no file /not/there.pdf" in box(ticks)["said"]
    assert not (tmp_path / "seen.json").exists()


def test_a_step_is_confirmed_once(ticks: Ticks, tmp_path: Path) -> None:
    tick(ticks)
    (tmp_path / "seen.json").unlink()
    tick(ticks)
    tick(ticks, step="another")
    assert not (tmp_path / "seen.json").exists()


def test_while_it_is_put_down_the_box_says_so(ticks: Ticks) -> None:
    states: list[str] = []
    ticks._boxes.observe(lambda change: states.append(change["new"][0]["state"]), names="steps")
    tick(ticks)
    assert states == ["busy", "done"]


def test_who_shows_it_is_told_of_the_end(tmp_path: Path) -> None:
    calls: list[str] = []
    gone = Confirming("acme", "02_lamps", {}, command=(str(tmp_path / "not-there"),))
    ticks = Ticks(OUTCOME, plan_view, gone, lambda outcome: calls.append(str(outcome.status)))
    tick(ticks)
    assert calls == ["waiting"]
    assert box(ticks)["state"] == "refused"


def test_a_step_that_was_confirmed_shows_its_note_and_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    for note, evidence in (("the first one", None), ("as Jo said", {"name": "bill.pdf", "sha256": "4f" * 32})):
        record = RunRecord.begin("acme")
        said = {"step": "cellar", "digest": STEP.digest, "note": note, "evidence": evidence}
        record.event("confirmed", said, phase="02_lamps", mode="confirm", known={"user": "ann@acme.example"})
    (event,) = read_events(record.path)
    done = dataclasses.replace(STEP, done_by="ann@acme.example", done_at=event["at"])
    ticks = Ticks(dataclasses.replace(OUTCOME, manual=(done,)), plan_view, Confirming("acme", "02_lamps", {}))
    shown = box(ticks)["said"]
    assert "Confirmed by ann@acme.example" in shown
    assert shown.endswith(f"Note: as Jo said. Evidence: bill.pdf, SHA-256 {'4f' * 32}.")
    nothing = dataclasses.replace(done, done_at="2020-01-01T00:00:00+00:00")
    ticks = Ticks(dataclasses.replace(OUTCOME, manual=(nothing,)), plan_view, Confirming("acme", "02_lamps", {}))
    assert box(ticks)["said"] == "Confirmed by ann@acme.example, 2020-01-01 00:00 UTC."


def test_a_mails_link_is_called_by_what_it_does() -> None:
    step = ManualStep("mail", ("G9.1",), "Send it", url="mailto:a@b.example?body=" + "x" * 500)
    ticks = Ticks(
        Outcome("09", "Mail", "plan", Status.WAITING, manual=(step,)), plan_view, Confirming("acme", "09", {})
    )
    assert box(ticks)["link"] == ["Open the mail in your mail program", step.url]
    assert "xxx" not in text(ticks)


def test_the_front_end_fetches_nothing_and_takes_texts_as_texts(ticks: Ticks) -> None:
    script = ticks._boxes._esm
    assert "fieldset" in script
    for word in ("innerHTML", "insertAdjacentHTML", "eval(", "Function(", "fetch(", "import ", "http:", "https:"):
        assert word not in script
