from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cnxlib.ui.following import Ending
from cnxlib.ui.progress import MOST_LINES, ended_view, live_lines, most_telling, work_note, work_view
from cnxlib.ui.work import Line, Work


def change(key: str) -> dict[str, Any]:
    return {"op": "create", "kind": "lamp", "key": key, "before": None, "after": {"on": True}, "guide": []}


def ended(key: str, result: str, **more: Any) -> dict[str, Any]:
    said = {"result": result, "error": "", "hint": "", "id": "", "seconds": 0.5, **more}
    return {"event": f"step-{result}", "data": {**change(key), **said}}


AT = "2026-11-24T04:00:00+00:00"
PLAN = {"event": "plan", "data": {"digest": "d", "changes": [change("hall"), change("porch"), change("cellar")]}}


def test_a_run_is_followed_from_step_to_step() -> None:
    work = Work([change("hall")])
    assert work.fraction_done() is None
    work.take([PLAN])
    assert list(work.lines) == ["lamp:hall", "lamp:porch", "lamp:cellar"], "the run's own plan is the truth"
    work.take([{"event": "step-started", "data": change("hall"), "at": AT}])
    assert (work.said(), work.fraction_done()) == ("0 of 3 steps done, 1 doing", 0.0)
    assert work.lines["lamp:hall"].seconds(datetime.fromisoformat(AT) + timedelta(seconds=7)) == 7
    work.take(
        [ended("hall", "done"), ended("porch", "failed", error="No bulb", hint="Buy one."), ended("cellar", "not-run")]
    )
    assert work.said() == "1 of 3 steps done, 1 failed, 1 not run"
    assert (work.fraction_done(), work.ended) == (1.0, 3)
    assert "to verify" in work.stage
    text = work_view(work, None).text()
    for part in ("✗ failed", "No bulb", "What to do: Buy one.", "✓ done", "! not run"):
        assert part in text


def test_what_a_step_says_of_itself_is_over_with_it() -> None:
    work = Work([change("hall")])
    work.take([{"event": "progress", "data": {"message": "Installing", "fraction": 7}}])
    assert (work.message, work.fraction, work.doing()) == ("Installing", 1.0, "Installing (100%)")
    work.take([{"event": "progress", "data": {"message": "waiting for the org: run r"}}])
    assert work.doing() == "waiting for the org: run r"
    work.take([ended("hall", "done")])
    assert work.doing() == ""


def test_a_run_that_ends_leaves_no_step_at_work() -> None:
    work = Work()
    work.take([PLAN, {"event": "step-started", "data": change("hall"), "at": AT}])
    work.close(None)
    assert [line.state for line in work.lines.values()] == ["cut-off", "not-begun", "not-begun"]
    told = Work([change("hall")])
    told.close({"steps": [{**change("hall"), "result": "failed", "error": "No.", "hint": "", "id": "", "seconds": 1}]})
    assert [line.state for line in told.lines.values()] == ["failed"]


def test_of_thousands_of_steps_those_that_want_attention_are_shown() -> None:
    work = Work([change(f"{number:05}") for number in range(10_000)])
    work.take([ended(f"{number:05}", "done") for number in range(5_000)])
    work.take([ended("07000", "failed", error="No.")])
    rows = live_lines(work)
    assert len(rows) == MOST_LINES
    assert [row["key"] for row in rows if row["state"] == "failed"] == ["lamp:07000"]
    assert {row["state"] for row in rows} == {"failed", "waiting"}
    assert rows == sorted(rows, key=lambda row: row["key"])


def test_few_steps_are_all_shown_in_their_order() -> None:
    lines = [Line(change(name), state) for name, state in (("a", "done"), ("b", "failed"), ("c", "waiting"))]
    assert most_telling(lines) == lines
    assert lines[2].seconds(datetime.now(UTC)) is None


def test_every_step_leads_to_where_a_person_would_make_it() -> None:
    work = Work([{**change("ann@acme.example"), "kind": "user"}, change("hall")])
    user, lamp = live_lines(work, "https://acme.my.salesforce.com")
    assert 'href="https://acme.my.salesforce.com/lightning/setup/ManageUsers/home"' in user["by_hand"]
    assert lamp["by_hand"] == "", "nobody knows where"
    assert "Users" in live_lines(work)[0]["by_hand"] and "<a " not in live_lines(work)[0]["by_hand"]
    assert "ManageUsers/home" in work_view(work, None, url="https://acme.my.salesforce.com").html()


def test_a_run_that_this_page_did_not_begin_is_told_without_saying_where_it_was_begun() -> None:
    note = work_note(Work(), None, own=False)
    assert note.message == "This phase is being applied already."
    assert "elsewhere" not in note.text()


STEP = {"step": "make_app", "what": "Make the app in Setup.", "done_at": ""}


@pytest.mark.parametrize(
    ("phase", "verified", "left"),
    [
        ({"manual": [], "remaining": []}, "✓ nothing differs from the guide", "nothing"),
        ({"manual": [{**STEP, "done_at": "2026"}], "remaining": []}, "✓ nothing differs from the guide", "nothing"),
        ({"manual": [STEP], "remaining": []}, "! 1 step is left to a person; nothing else differs", STEP["what"]),
        ({"manual": [STEP, STEP], "remaining": []}, "! 2 steps are left to a person", STEP["what"]),
        ({"manual": [STEP], "remaining": [change("hall")]}, "✗ 1 still different", STEP["what"]),
        ({"manual": [], "remaining": [], "digest": ""}, "nothing differs", "not known: the run ended before"),
    ],
)
def test_what_is_left_to_a_person_is_no_agreement_with_the_guide(phase: Any, verified: str, left: str) -> None:
    work = Work()
    work.take([{"event": "verified", "data": {"remaining": phase["remaining"]}}])
    remaining = [{**one, "reversible": True} for one in phase["remaining"]]
    told = {"phase": "02", "status": "waiting", "digest": "sha256:1", "seconds": 1, "api_calls": 1, **phase}
    text = ended_view(Ending({"phases": [{**told, "remaining": remaining}]}), work, "02").text()
    assert verified in text
    assert left in text.partition("Left to a person")[2]
