"""A phase notebook with a person before it: the fixtures are those of a house with lamps."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnxlib.errors import (
    CnxError,
    InventoryError,
    NotPermitted,
    OrgUnreachable,
    ParameterError,
    PhaseError,
    SessionExpired,
)
from cnxlib.history import Confirmed
from cnxlib.model import ManualStep, Status
from cnxlib.records import RunRecord, read_events, runs_of
from cnxlib.ui.cells import STAGES, Stage
from cnxlib.ui.cockpit import Cockpit
from cnxlib.ui.handover import Ending
from cnxlib.ui.panes import Pane
from cnxlib.ui.ticks import Confirming, Ticks
from cnxlib.ui.view import Note, View

from .fakes import LAMPS, ORG_ID, FakeOrg

Sit = Callable[..., Cockpit]


class FakePanel:
    """A panel without a runner: the test says when the run begins and ends."""

    made: list["FakePanel"]

    def __init__(self, handover: Any, identity: Any, changes: Any, differing: Any = None, **more: Any) -> None:
        import ipywidgets

        self.handover, self.changes, self.more = handover, changes, more
        self.widget = ipywidgets.HTML()
        self.ending: Ending | None = None
        self.at_work = more.get("running") is not None
        FakePanel.made.append(self)

    def view(self) -> View:
        return View(Note("ended" if self.ending else "at work" if self.at_work else f"Apply {len(self.changes)}"))

    def wait(self, timeout_s: float | None = None) -> bool:
        return not self.at_work

    def end(self, ending: Ending | None = None) -> None:
        self.at_work, self.ending = False, ending or Ending()
        self.more["on_end"](self.ending)


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    login = {"route": "session", "url": "https://acme.my.salesforce.com", "session": "env:TOKEN"}
    inventory = tmp_path / "orgs.yaml"
    inventory.write_text(yaml.safe_dump({"orgs": {"acme": {"login": login}, "other": {"login": login}}}))
    monkeypatch.setenv("CNX_ORGS", str(inventory))
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("cnxlib.ui.cells.Panel", FakePanel)
    FakePanel.made = []
    yield inventory


@pytest.fixture
def org() -> FakeOrg:
    return FakeOrg({"hall": False, "porch": True})


@pytest.fixture
def sit(org: FakeOrg) -> Sit:
    def make(connect: Any = lambda alias: org, **namespace: Any) -> Cockpit:
        return Cockpit(LAMPS, {"org": "acme", **namespace}, phases=(LAMPS,), connect=connect)

    return make


def panes(run: Cockpit) -> Mapping[Stage, Pane]:
    """Run All."""
    return {stage: getattr(run, stage)() for stage in STAGES}


def ends(alias: str = "acme") -> list[str]:
    """How the phases on record ended, the oldest first."""
    return [str(read_events(path)[-1]["data"].get("status")) for path in runs_of(alias)]


def applied(org_id: str = ORG_ID, **phase: Any) -> Ending:
    """The record of a run that applied the phase, and how it ended."""
    record = RunRecord.begin("acme")
    record.event("run-started", {"phases": [LAMPS.id]}, mode="apply")
    ended = {"phase": LAMPS.id, "status": "changed", "remaining": [], "manual": [], "error": None, **phase}
    record.event("phase-ended", ended, phase=LAMPS.id, mode="apply", known={"org_id": org_id})
    record.write_json("run.json", {"phases": [ended]})
    return Ending({"phases": [ended]}, record.path)


BULB = ManualStep("cellar", ("G1.2",), "Buy a bulb for cellar").as_json()


def test_run_all_fills_the_panes_on_one_record(sit: Sit, org: FakeOrg) -> None:
    run = sit()
    shown = panes(run)
    assert "Acme" in shown["connect"].text()
    assert "wired" in shown["preflight"].text()
    assert "On: no →" in shown["plan"].text()
    assert shown["apply"].text() == "Apply 1"
    assert "nothing to verify" in shown["verify"].text()
    assert str(runs_of("acme")[0]) in shown["record"].text()
    run.outcome.raise_for_status()
    assert (ends(), org.writes) == (["pending"], [])


def test_the_button_renews_the_panes_in_place(sit: Sit, org: FakeOrg) -> None:
    run = sit()
    shown = panes(run)
    org.lamps["hall"] = True
    run.form.submit()
    assert "as the guide asks" in shown["plan"].text()
    assert "nothing to apply" in shown["apply"].text()
    assert "converged" in shown["record"].text()
    assert run.outcome.status is Status.CONVERGED
    assert sorted(ends()) == ["converged", "pending"], "one record for each plan"


@pytest.mark.parametrize("cell", ["connect", "preflight", "plan"])
def test_a_cell_that_is_run_again_does_as_the_button(sit: Sit, org: FakeOrg, cell: str) -> None:
    run = sit()
    shown = panes(run)
    org.lamps["hall"] = True
    assert getattr(run, cell)() is shown[cell]  # type: ignore[index]
    assert "converged" in shown["record"].text()


@pytest.mark.parametrize("cell", ["apply", "verify", "record"])
def test_a_cell_that_only_shows_is_run_again_without_asking_the_org(sit: Sit, org: FakeOrg, cell: str) -> None:
    run = sit()
    panes(run)
    calls = org.api_calls
    getattr(run, cell)()
    assert org.api_calls == calls
    assert len(runs_of("acme")) == 1


def test_a_cell_out_of_order_does_what_comes_before(sit: Sit) -> None:
    assert sit().apply().text() == "Apply 1"


def test_while_it_works_the_panes_say_so(sit: Sit, org: FakeOrg) -> None:
    run = sit()
    shown = panes(run)
    seen: list[dict[Stage, str]] = []
    send = org.send

    def watched(requests: Any) -> Any:
        seen.append({stage: pane.marked for stage, pane in shown.items()})
        return send(requests)

    org.send = watched  # type: ignore[method-assign]
    run.form.submit()
    assert "Reading the org" in seen[-1]["plan"]
    assert seen[-1]["connect"] == ""
    assert "in its turn" in seen[-1]["record"]
    assert "Apply" not in shown["apply"].text() or not shown["apply"].marked
    assert all(pane.marked == "" for pane in shown.values())


def test_while_it_tries_again_what_went_wrong_is_gone(sit: Sit, org: FakeOrg) -> None:
    def connect(alias: str) -> Any:
        seen.append(shown["connect"].text() if shown else "")
        return org

    seen: list[str] = []
    shown: dict[Stage, Pane] = {}
    run = sit(connect, brightness=0)
    shown.update(panes(run))
    run.form.enter("brightness", 4)
    run.form.submit()
    assert seen == ["Logging in …"]


def test_missing_inputs_are_asked_for_and_fail_only_the_last_cell(sit: Sit) -> None:
    def connect(alias: str) -> Any:
        raise AssertionError("nobody is asked")

    run = sit(connect, brightness=0)
    shown = panes(run)
    assert "Fill in the form above" in shown["connect"].text()
    assert f"{run.form.fields['brightness'].label} must be 1 or more" in shown["connect"].text()
    assert all("Check and plan" in pane.text() for pane in shown.values())
    assert runs_of("acme") == []
    with pytest.raises(ParameterError, match="brightness"):
        run.outcome.raise_for_status()


@pytest.mark.parametrize(
    ("text", "said"),
    [("orgs: {}\n", "no org in your list yet"), ("orgs: [unclosed", "is no YAML"), (None, "no org in your list yet")],
)
def test_without_an_org_the_cells_say_where_to_add_one_and_the_last_one_fails(
    sit: Sit, house: Path, text: str | None, said: str
) -> None:
    house.unlink() if text is None else house.write_text(text)
    run = sit()
    asked = run.inputs()
    assert said in asked.text()
    assert "Open 00 · Start here" in asked.text()
    assert 'href="00_start_here.ipynb"' in asked.html()
    assert {pane.text() for pane in panes(run).values()} == {"Not reached: see “Inputs” above."}
    with pytest.raises(InventoryError, match=said):
        run.outcome.raise_for_status()
    with pytest.raises(PhaseError, match="no form"):
        run.form  # noqa: B018
    assert runs_of("acme") == []


def test_once_there_is_an_org_the_page_goes_on(sit: Sit, house: Path) -> None:
    listed = house.read_text()
    house.unlink()
    before = sit()
    house.write_text(listed)
    assert panes(sit(run=before))["apply"].text() == "Apply 1"


def test_once_they_are_filled_in_the_button_goes_on(sit: Sit) -> None:
    run = sit(brightness=0)
    shown = panes(run)
    run.form.enter("brightness", 4)
    assert "Fill in the form above" in shown["connect"].text(), "asked for as before, not out of date"
    run.form.submit()
    assert shown["apply"].text() == "Apply 1"
    run.outcome.raise_for_status()


@pytest.mark.parametrize(
    ("error", "said", "hint"),
    [
        (OrgUnreachable("nobody there", org="acme", hint="Look at the network."), "nobody there", "Look at"),
        (SessionExpired("the session has ended", org="acme"), "the session has ended", "Check and plan"),
        (NotPermitted("not yours", guide=("G1.2",)), "G1.2 Email-to-Case is on", "Check and plan"),
        (KeyboardInterrupt(), "interrupted", "Check and plan"),
        (ZeroDivisionError("the password is hunter2"), "unforeseen ZeroDivisionError", "Check and plan"),
    ],
)
def test_what_goes_wrong_is_told_in_its_pane(sit: Sit, org: FakeOrg, error: Any, said: str, hint: str) -> None:
    run = sit()
    shown = panes(run)
    org.breaks = error
    run.form.submit()
    assert said in shown["plan"].text()
    assert "acme" in shown["plan"].text()
    assert hint in shown["plan"].text()
    assert "hunter2" not in "".join(pane.html() for pane in shown.values())
    assert "Acme" in shown["connect"].text(), "what went well stays"
    for stage in ("apply", "verify"):
        assert "“Plan” stopped above" in shown[stage].text()  # type: ignore[index]
    assert "failed" in shown["record"].text()
    assert any(str(path) in shown["record"].text() for path in runs_of("acme"))
    with pytest.raises(CnxError):
        run.outcome.raise_for_status()
    org.breaks = None
    run.form.submit()
    assert shown["apply"].text() == "Apply 1"
    run.outcome.raise_for_status()


def test_an_org_that_does_not_answer_is_told_at_connect(sit: Sit) -> None:
    def connect(alias: str) -> Any:
        raise OrgUnreachable("nobody there", org=alias)

    run = sit(connect)
    shown = panes(run)
    assert "nobody there" in shown["connect"].text()
    assert ends() == ["failed"]
    with pytest.raises(OrgUnreachable):
        run.outcome.raise_for_status()


def test_a_failed_check_is_shown_with_the_others(sit: Sit) -> None:
    run = sit(wired=False)
    assert "Call an electrician." in panes(run)["preflight"].text()


def test_what_an_earlier_phase_brings_is_no_failure(sit: Sit) -> None:
    run = sit(brightness=9)
    shown = panes(run)
    assert "The mains come first" in shown["plan"].text()
    assert "known-later" in shown["record"].text()
    run.outcome.raise_for_status()


def test_what_is_not_needed_is_no_failure(sit: Sit) -> None:
    run = sit(dark=True)
    assert "no lamp is wanted" in panes(run)["apply"].text()
    assert run.outcome.status is Status.NOT_NEEDED


def test_a_step_that_is_put_down_is_told_at_the_record_which_is_older(
    sit: Sit, org: FakeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Confirming, "confirm", lambda me, step, *more: replace(step, done_by="ann", done_at="2026"))
    org.lamps["cellar"] = True
    run = sit(lamps=["cellar"])
    shown = panes(run)
    (ticks,) = shown["plan"].shown
    assert isinstance(ticks, Ticks)
    assert shown["record"].marked == ""
    ticks.press("cellar")
    ticks.wait()
    assert "ann, 2026" in shown["plan"].text()
    assert "Confirmed by now: cellar." in shown["record"].text()
    run.plan()
    assert shown["record"].marked == ""


def test_a_changed_form_holds_the_button_back_until_it_is_planned(sit: Sit) -> None:
    run = sit()
    shown = panes(run)
    run.form.enter("brightness", 4)
    for stage in ("connect", "preflight", "plan"):
        assert "Out of date" in shown[stage].marked  # type: ignore[index]
    assert "There is no plan" in shown["apply"].text()
    run.form.enter("brightness", 3)
    assert [pane.marked for pane in shown.values()] == [""] * len(STAGES)
    assert shown["apply"].text() == "Apply 1"
    run.form.enter("brightness", 5)
    run.form.submit()
    assert (shown["plan"].marked, shown["apply"].text()) == ("", "Apply 1")
    assert FakePanel.made[-1].handover.values["brightness"] == 5
    assert len(runs_of("acme")) == 2, "a record for each plan, none for what is typed"


def test_a_change_while_it_is_planned_is_not_lost(sit: Sit, org: FakeOrg) -> None:
    run = sit()
    shown = panes(run)
    send = org.send

    def meanwhile(requests: Any) -> Any:
        run.form.enter("brightness", 7)
        return send(requests)

    org.send = meanwhile  # type: ignore[method-assign]
    run.form.submit()
    assert "Out of date" in shown["plan"].marked
    assert "There is no plan" in shown["apply"].text()


def test_after_an_apply_the_org_is_read_again(sit: Sit, org: FakeOrg) -> None:
    run = sit()
    shown = panes(run)
    (panel,) = FakePanel.made
    panel.at_work = True
    org.lamps["hall"] = True
    panel.end()
    assert shown["apply"].text() == "ended", "what was done stays to be read"
    assert "as the guide asks" in shown["plan"].text()
    assert run.outcome.status is Status.CONVERGED
    run.form.submit()
    assert "nothing to apply" in shown["apply"].text(), "the next plan is another matter"


def test_what_was_left_can_be_applied_from_a_new_panel_below(sit: Sit) -> None:
    run = sit()
    shown = panes(run)
    FakePanel.made[0].end()
    assert shown["apply"].text() == "ended\n\nApply 1"
    assert len(FakePanel.made) == 2


def test_what_the_last_apply_verified_is_told(sit: Sit, org: FakeOrg) -> None:
    org.lamps["hall"] = True
    applied()
    verified = panes(sit())["verify"].text()
    assert "✓ After the last apply the org was read again: nothing differed from the guide." in verified


def test_an_apply_that_verified_nothing_of_what_differs_now_is_no_good_news(sit: Sit) -> None:
    applied()
    verified = panes(sit())["verify"].text()
    assert "✓" not in verified
    assert "! After the last apply nothing differed from the guide. Now something does." in verified
    assert "1 change waits to be applied" in verified


def test_an_apply_to_another_org_of_this_alias_is_not_told(sit: Sit) -> None:
    applied("00D5x000000BeforeX")
    shown = panes(sit())
    assert "nothing to verify" in shown["verify"].text()
    assert "The last apply is on record." not in shown["record"].text()


def test_what_the_last_apply_left_to_a_person_is_no_good_news_until_it_is_done(
    sit: Sit, org: FakeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(status="waiting", manual=[BULB])
    org.lamps["cellar"] = True
    run = sit(lamps=["cellar"])
    shown = panes(run)
    verified = shown["verify"]
    assert "✓" not in verified.text()
    assert "! After the last apply the org was read again: 1 step is left to a person." in verified.text()
    assert "The plan above says what is to be done" in verified.text()
    monkeypatch.setattr(Confirming, "confirm", lambda me, step, *more: replace(step, done_by="ann", done_at="2026"))
    (ticks,) = shown["plan"].shown
    assert isinstance(ticks, Ticks)
    ticks.press("cellar")
    ticks.wait()
    assert "✓ After the last apply the org was read again: nothing else differed" in verified.text()
    monkeypatch.setattr("cnxlib.ui.attempt.Past.recall", lambda me, request: Confirmed("ann", "2026"))
    run.form.submit()
    assert "✓ After the last apply the org was read again: nothing else differed" in verified.text()
    assert "is done" in verified.text()


def test_where_nothing_can_be_planned_after_a_failed_apply_its_end_is_told(sit: Sit, org: FakeOrg) -> None:
    run = sit()
    shown = panes(run)
    assert "nothing to verify" in shown["verify"].text()
    (panel,) = FakePanel.made
    org.breaks = OrgUnreachable("nobody there", org="acme")
    panel.end(applied(status="waiting", manual=[BULB]))
    assert "1 step is left to a person" in shown["verify"].text()
    assert "Buy a bulb for cellar" in shown["verify"].text()
    panel = FakePanel.made[-1]
    ending = applied(status="failed", reason="nobody there", error={"message": "nobody there"})
    panel.end(ending)
    assert "The last apply failed; the org was not read again." in shown["verify"].text()
    record = shown["record"].text()
    assert str(ending.record) in record.replace("\n", "")
    assert "pending" not in record, "the plan before is older"
    assert "failed" in record


def test_a_plan_beside_a_run_at_work_leaves_its_panel(sit: Sit) -> None:
    run = sit()
    shown = panes(run)
    FakePanel.made[0].at_work = True
    run.form.enter("brightness", 4)
    assert shown["apply"].text() == "at work", "what runs is not held back"
    run.form.submit()
    assert shown["apply"].text() == "at work"
    assert len(FakePanel.made) == 1


def test_a_run_that_is_at_work_already_is_followed(sit: Sit, org: FakeOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnxlib.ui.sitting.at_work", lambda alias, phase_id, org_id: (alias, phase_id))
    shown = panes(sit())
    (panel,) = FakePanel.made
    assert panel.more["running"] == ("acme", LAMPS.id)
    assert shown["apply"].text() == "at work"
    assert "being applied right now" in shown["plan"].text()
    assert "being applied right now" in shown["verify"].text()
    monkeypatch.setattr("cnxlib.ui.sitting.at_work", lambda alias, phase_id, org_id: None)
    org.lamps["hall"] = True
    panel.end()
    assert "as the guide asks" in shown["plan"].text()


def test_a_run_at_work_is_shown_whatever_becomes_of_the_plan(
    sit: Sit, org: FakeOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnxlib.ui.sitting.at_work", lambda alias, phase_id, org_id: "running")
    org.breaks = OrgUnreachable("nobody there")
    assert panes(sit())["apply"].text() == "at work"


def test_run_all_again_takes_the_place_of_what_was_before(sit: Sit) -> None:
    first = sit()
    first.connect(), first.plan()
    panel = (first.apply(), FakePanel.made[0])[1]
    run = sit(first=first)
    panes(run)
    assert sorted(ends()) == ["pending", "pending"], "what was begun has an end"
    panel.end()
    assert len(runs_of("acme")) == 2, "the one before reads nothing any more"


def test_what_was_typed_is_kept_once_the_org_is_connected(sit: Sit, house: Path) -> None:
    run = sit()
    shown = panes(run)
    assert "Kept" not in shown["connect"].text()
    run.form.enter("brightness", 4)
    assert "brightness" not in house.read_text()
    run.form.enter("ticket", "CHG-1")
    run.form.submit()
    assert str(house) in shown["connect"].text()
    assert yaml.safe_load(house.read_text())["orgs"]["acme"]["parameters"] == {LAMPS.id: {"brightness": 4}}
    assert sit().form.values["brightness"] == 4, "the next time"


def test_what_is_not_kept_is_told_and_stops_nothing(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any) -> Any:
        raise PhaseError("the file is locked", hint="Close it.")

    monkeypatch.setattr("cnxlib.ui.sitting.keep_parameters", refuse)
    run = sit()
    run.form.enter("brightness", 4)
    shown = panes(run)
    assert "the file is locked" in shown["connect"].text()
    assert shown["apply"].text() == "Apply 1"
