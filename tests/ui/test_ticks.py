"""The boxes beside what is left to a person."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cnxlib.model import ManualStep, Outcome, Status
from cnxlib.ui.display import plan_view
from cnxlib.ui.form import WIDGET_VIEW
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
(folder / "seen.json").write_text(json.dumps({"arguments": arguments, "parameters": parameters}))
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


def fields(ticks: Ticks) -> Any:
    return ticks._rows["cellar"]


def test_a_ticked_box_confirms_the_step_as_it_was_read(ticks: Ticks, tmp_path: Path) -> None:
    assert set(ticks._repr_mimebundle_()) == {"text/html", "text/plain", WIDGET_VIEW}
    assert "open" in text(ticks)
    fields(ticks).note.value = "-a bright one"
    fields(ticks).evidence.value = "bill.pdf"
    fields(ticks).tick.value = True
    ticks.wait()
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["parameters"] == {"lamps": ["cellar"]}
    assert seen["arguments"][:-3] == [
        *("confirm", "02.cellar", "--org", "acme", "--note=-a bright one", "--evidence=bill.pdf"),
        *("--ticket=CHG-1", f"--step-digest={STEP.digest}"),
    ]
    assert "ann@acme.example" in text(ticks)
    assert "2026-11-24T00:00:00+00:00" in text(ticks)
    assert "The org is as the guide asks." in text(ticks)
    assert fields(ticks).tick.disabled


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (json.dumps({"error": {"message": "The step changed", "hint": "Read it again."}}), "changed Read it again."),
        ("no JSON", "it went wrong"),
    ],
)
def test_one_that_was_not_put_down_can_be_ticked_again(ticks: Ticks, tmp_path: Path, says: str, told: str) -> None:
    (tmp_path / "says").write_text(says)
    fields(ticks).tick.value = True
    ticks.wait()
    assert told in text(ticks)
    assert (fields(ticks).tick.value, fields(ticks).tick.disabled) == (False, False)
    (tmp_path / "says").write_text(json.dumps(DONE))
    fields(ticks).tick.value = True
    ticks.wait()
    assert told not in text(ticks)
    assert "ann@acme.example" in text(ticks)
