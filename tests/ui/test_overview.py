import dataclasses
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnxlib.doctor import Diagnosis
from cnxlib.errors import CnxError, InventoryError, LoginRefused, NotPermitted, PreflightFailed, UnknownOrg
from cnxlib.inventory import SalesforceCliLogin, add_org, find_org
from cnxlib.model import Check
from cnxlib.records import RunRecord
from cnxlib.ui.changes import OrgChanges
from cnxlib.ui.freshness import newer_run
from cnxlib.ui.overview import Overview
from cnxlib.ui.panes import Pane

from .fakes import LAMPS, ORG_ID, FakeOrg

MAINS = dataclasses.replace(LAMPS, id="01_mains", title="Mains")
GOOD = Check("login", True, detail="ann@acme.example")
SOME = Check("permission Assign Permission Sets", False, "warning", detail="not granted", hint="Have it granted.")
NONE = Check("network", False, detail="no answer", hint="Ask for a way through the proxy.")


@pytest.fixture(autouse=True)
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    login = {"route": "session", "url": "https://acme.my.salesforce.com", "session": "env:TOKEN"}
    parameters = {
        "lit": {"lamps": ["porch"]},
        "dark": {"dark": True},
        "early": {"brightness": 9},
        "wrong": {"brightness": 0},
        "cellar": {"lamps": ["cellar"]},
    }
    orgs = {alias: {"login": login, "parameters": {LAMPS.id: values}} for alias, values in parameters.items()}
    (tmp_path / "orgs.yaml").write_text(yaml.safe_dump({"orgs": {"plain": {"login": login}, **orgs}}, sort_keys=False))
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("CNX_ORG", raising=False)
    return tmp_path / "orgs.yaml"


class Start(Overview):
    """The notebook with everything run, on a house of lamps."""

    def __init__(
        self,
        org: str,
        phases: Any = (MAINS, LAMPS),
        *,
        checks: tuple[Check, ...] = (GOOD,),
        error: CnxError | None = None,
        **namespace: Any,
    ) -> None:
        self.house = FakeOrg({"porch": True, "cellar": True})
        self.asked: list[str] = []

        def diagnose(alias: str, records: Path) -> Diagnosis:
            find_org(alias)
            self.asked.append(alias)
            self.house.alias, self.house.closed = alias, False
            if error or any(check == NONE for check in checks):
                return Diagnosis(alias, None, checks, 0, error)
            return Diagnosis(alias, self.house.identity, checks, 1, org=self.house)  # type: ignore[arg-type]

        super().__init__({"org": org, **namespace}, phases=phases, diagnose=diagnose)

    def run(self) -> "Start":
        self.choose()
        self.connect()
        self.phases()
        return self

    def shown(self) -> tuple[str, str, str]:
        panes: tuple[Pane, ...] = (self._choose, self._connect, self._states)
        first, second, third = (pane.text() for pane in panes)
        return first, second, third


@pytest.mark.parametrize(
    ("org", "said"),
    [
        ("plain", ["+ changes to apply", "1 change to apply", "Next: 01 · Mains. Read its plan, and apply it."]),
        ("lit", ["✓ done", "Everything is as the guide asks."]),
        ("dark", ["– not needed", "no lamp is wanted", "Everything is as the guide asks."]),
        ("early", ["… known later", "The mains come first"]),
        ("wrong", ["? needs your answer", "Brightness: ", "Fill in its form."]),
        ("cellar", ["☞ waits for a person", "Buy a bulb for cellar", "Do what is left to a person"]),
    ],
)
def test_each_phase_says_how_far_it_is(org: str, said: list[str]) -> None:
    start = Start(org).run()
    text = start.shown()[2]
    for part in said:
        assert part in text
    assert start.house.writes == []
    assert start.house.closed
    start.raise_for_status()


def test_each_phase_leads_to_its_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    html = Start("plain").run()._states.html()
    assert html.count('href="01_mains.ipynb"') == 3, "the sentence, the picture and the table"
    assert 'href="02_lamps.ipynb"' in html
    assert "commandlinker" not in html
    monkeypatch.setenv("CNX_LAB_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    html = Start("plain").run()._states.html()
    assert 'data-commandlinker-args="{&quot;path&quot;: &quot;01_mains.ipynb&quot;}"' in html


def test_the_phases_are_a_list_that_can_be_read_aloud() -> None:
    start = Start("plain").run()
    html = start._states.html()
    assert "<ol style=" in html and 'aria-label="The phases and how each stands"' in html
    assert "01 · Mains: + changes to apply  ← next" in start.shown()[2]


def test_a_phase_that_fails_does_not_hide_the_others() -> None:
    def refused(params: Any, me: Any) -> Any:
        raise NotPermitted("The setup may not be read", hint="Ask an administrator.")

    start = Start("lit", phases=(dataclasses.replace(MAINS, resources=refused), LAMPS)).run()
    text = start.shown()[2]
    assert "✗ failed" in text
    assert "What to do: Ask an administrator." in text
    assert "✓ done" in text


def test_what_moved_since_a_phase_was_done_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from cnxlib.records.drift import LastFacts

    last = LastFacts("20261123T000000Z-0000", "2026-11-23T00:00:00+00:00", {("lamp", "hall"): {"on": True}})
    monkeypatch.setattr("cnxlib.ui.survey.last_facts", lambda alias, org_id, phase: last)
    text = Start("plain").run().shown()[2]
    assert "≠ drifted" in text
    assert "moved since run 20261123T000000Z-0000: lamp hall" in text
    assert "lamp hall  " in text and "on: yes" in text and "on: no" in text


def test_the_checks_come_with_their_remedies() -> None:
    start = Start("plain", checks=(GOOD, SOME)).run()
    _, connected, states = start.shown()
    assert "plain answers. 1 thing is worth a look." in connected
    assert "Have it granted." in connected
    assert "All 2 checks" in connected
    assert "<details" in start._connect.html()
    assert "changes to apply" in states


@pytest.mark.parametrize(
    ("given", "raised", "said"),
    [
        ({"checks": (NONE,)}, PreflightFailed, "Ask for a way through the proxy."),
        (
            {
                "checks": (Check("login", False, detail="invalid password", hint="Check it."),),
                "error": LoginRefused("no"),
            },
            LoginRefused,
            "invalid password",
        ),
    ],
)
def test_an_org_that_cannot_be_worked_with(given: Any, raised: type[CnxError], said: str) -> None:
    start = Start("plain", **given).run()
    _, connected, states = start.shown()
    assert "plain cannot be worked with yet: nobody could log in." in connected
    assert said in connected
    assert "Nobody is logged in, so no phase was read." in states
    with pytest.raises(raised):
        start.raise_for_status()


def test_the_orgs_are_those_of_the_inventory_the_last_one_first(inventory: Path) -> None:
    start = Start("demo")
    assert start.alias == "plain", "the default is not there, so it is the first"
    start.form.enter("org", "lit")
    start.renew()
    again = Start("demo")
    assert again.alias == "lit"
    assert again.form.choices_of("org") == ("lit", "plain", "dark", "early", "wrong", "cellar")
    assert json.loads((inventory.parent / "runs" / ".last-org.json").read_text())["org"] == "lit"


def test_the_button_looks_at_another_org_in_place() -> None:
    start = Start("plain").run()
    start.form.enter("org", "lit")
    assert all("Out of date" in text for text in start.shown()[1:])
    start.form.submit()
    assert start.asked == ["plain", "lit"]
    assert "Everything is as the guide asks." in start.shown()[2]
    assert not any("Out of date" in text for text in start.shown())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnxlib.ui.freshness.POLL_S", 0.02)


def run_on(alias: str, mode: str, org_id: str = ORG_ID) -> RunRecord:
    record = RunRecord.begin(alias)
    record.event("run-started", {"phases": [LAMPS.id]}, mode=mode)
    record.event("phase-started", {}, phase=LAMPS.id, mode=mode, known={"org_id": org_id})
    return record


def until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it did not come to pass")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("mode", ["apply", "confirm"])
def test_what_was_read_before_a_run_was_at_work_is_out_of_date(mode: str) -> None:
    run_on("plain", "apply")
    start = Start("plain").run()
    assert f"Read on {datetime.now(UTC):%Y-%m-%d at }" in start.shown()[2]
    assert "Out of date" not in start.shown()[2]
    record = run_on("plain", mode)
    until(lambda: "Out of date" in start.shown()[2])
    assert f"run {record.run_id} has been at work" in start.shown()[2]
    assert "Press “Look at the org” above" in start.shown()[2]
    assert start.asked == ["plain"], "the org is not asked"
    start.form.enter("org", "lit")
    start.form.enter("org", "plain")
    assert record.run_id in start.shown()[2], "it is no newer for that"
    start.form.submit()
    assert "Out of date" not in start.shown()[2]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "other", [("plain", "plan"), ("plain", "verify"), ("lit", "apply"), ("plain", "apply", "00D5x000000BeforeX")]
)
def test_a_run_that_changes_nothing_here_makes_nothing_out_of_date(other: tuple[str, ...]) -> None:
    start = Start("plain").run()
    since = time.time()
    time.sleep(0.02)
    run_on(*other)
    assert newer_run("plain", ORG_ID, since) is None
    time.sleep(0.2)
    assert "Out of date" not in start.shown()[2]


def test_a_run_that_has_reached_no_org_yet_makes_nothing_out_of_date() -> None:
    since = time.time() - 1
    record = RunRecord.begin("plain")
    record.event("run-started", {"phases": [LAMPS.id]}, mode="apply")
    assert newer_run("plain", ORG_ID, since) is None
    record.event("phase-started", {}, phase=LAMPS.id, mode="apply", known={"org_id": ORG_ID})
    assert newer_run("plain", ORG_ID, since) == record.path


def test_an_unknown_org_is_said_at_the_field_and_raised_at_the_end() -> None:
    start = Start("nobody").run()
    chosen, connected, _ = start.shown()
    assert "refused: there is no org of this name" in chosen
    assert "There is no org 'nobody'" in connected
    with pytest.raises(UnknownOrg):
        start.raise_for_status()


@pytest.mark.parametrize("text", [None, "", "orgs:\n"])
def test_without_an_inventory_the_first_org_is_asked_for(inventory: Path, text: str | None) -> None:
    inventory.unlink() if text is None else inventory.write_text(text)
    start = Start("demo").run()
    chosen, connected, states = start.shown()
    assert "You have no org in your list yet: add one." in chosen
    assert "Add one under" in connected
    assert "There is no org to be read yet." in states
    with pytest.raises(InventoryError):
        start.raise_for_status()


def test_an_inventory_that_cannot_be_read_is_told(inventory: Path) -> None:
    inventory.write_text("orgs: {a: [unclosed")
    start = Start("demo").run()
    assert "is no YAML" in start.shown()[0]
    with pytest.raises(InventoryError, match="no YAML"):
        start.raise_for_status()


def test_an_org_that_was_added_is_chosen_and_looked_at(inventory: Path) -> None:
    inventory.unlink()
    start = Start("demo").run()
    add_org("mine", SalesforceCliLogin(route="sf", alias="mine"))
    start._added("mine")
    assert start.alias == "mine"
    assert start.asked == ["mine"]
    assert "changes to apply" in start.shown()[2]
    start.raise_for_status()


def test_a_session_of_the_salesforce_cli_that_is_over_can_be_renewed_at_once() -> None:
    add_org("mine", SalesforceCliLogin(route="sf", alias="mine"))
    start = Start("mine", checks=(Check("Salesforce CLI", False, detail="over", hint="Log in."), NONE)).run()
    assert start.adding.form.values["alias"] == "mine"
    assert start.adding.form.messages == {}
    assert (start._section._button.description, start._section._button.value) == ("Log in to mine again", True)


def test_a_notebook_run_again_leaves_nothing_open() -> None:
    before = Start("plain")
    before._look()
    assert not before.house.closed
    Start("plain", start=before)
    assert before.house.closed


REFUSED: dict[str, Any] = {"checks": (Check("login", False, detail="wrong password"),), "error": LoginRefused("no")}


def test_an_org_that_nobody_could_log_in_to_can_be_changed_at_once() -> None:
    start = Start("plain", **REFUSED).run()
    assert start._mending._button.value
    assert start._mending._button.description == "Change how plain is reached, or take it out of the list"
    changes = start._mending._inside
    assert isinstance(changes, OrgChanges)
    assert changes.changing.form.values["session"] == "env:TOKEN"
    start.form.enter("org", "lit")
    assert not start._mending._button.value, "it is about another org"
    start._mending.open()
    assert start._mending._inside is not changes
    assert start._mending._button.description == "Change this org, or take it out of the list"


def test_an_org_that_was_taken_out_of_the_list_leaves_another_one_chosen(inventory: Path) -> None:
    start = Start("lit").run()
    start._mending.open()
    changes = start._mending._inside
    assert isinstance(changes, OrgChanges)
    changes.removing.ask()
    changes.removing.remove()
    assert (start.alias, start.asked) == ("plain", ["lit", "plain"])
    assert "lit was taken out of the list" in start.shown()[0]
    assert "lit" not in start.form.choices_of("org")


def test_an_org_that_was_changed_is_looked_at_anew() -> None:
    start = Start("lit").run()
    start._mending.open()
    changes = start._mending._inside
    assert isinstance(changes, OrgChanges)
    changes.changing.form._hear({"kind": "typed", "name": "session", "value": "env:OTHER"})
    changes.changing._keep(changes.changing._entered())
    assert start.asked == ["lit", "lit"]
    assert "lit was changed" in start.shown()[0]
    assert find_org("lit").login.references() == {"session": "env:OTHER"}
