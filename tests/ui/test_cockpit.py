from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnxlib.errors import (
    InventoryError,
    NotConfirmed,
    NotConverged,
    NotYet,
    OrgUnreachable,
    ParameterError,
    PhaseError,
    PreflightFailed,
    RecordError,
    StalePlan,
    StepFailed,
    UnknownOrg,
)
from cnxlib.model import Status
from cnxlib.records import RunRecord, lease, read_events, runs_of
from cnxlib.records.presence import is_present
from cnxlib.ui.cockpit import Cockpit
from cnxlib.ui.view import View

from .fakes import LAMPS, ORG_ID, FakeOrg, identity

Runs = Callable[..., Cockpit]


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(**parameters: Any) -> dict[str, Any]:
        login = {"route": "session", "url": "https://acme.my.salesforce.com", "session": "env:TOKEN"}
        return {"login": login, "parameters": {LAMPS.id: parameters}}

    inventory = tmp_path / "orgs.yaml"
    orgs = {"acme": entry(), "demo": entry(brightness=5), "other": entry(brightness=7, lamps=["porch"])}
    inventory.write_text(yaml.safe_dump({"orgs": orgs}))
    monkeypatch.setenv("CNX_ORGS", str(inventory))
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))


@pytest.fixture
def org() -> FakeOrg:
    return FakeOrg({"hall": False, "porch": True})


@pytest.fixture
def cockpit(org: FakeOrg) -> Runs:
    def make(connect: Any = lambda alias: org, **namespace: Any) -> Cockpit:
        return Cockpit(LAMPS, {"org": "acme", **namespace}, phases=(LAMPS,), connect=connect)

    return make


def through(run: Cockpit) -> list[str]:
    """What the cells of a notebook show, as text."""
    cells = (run.inputs, run.connect, run.preflight, run.plan, run.apply, run.verify, run.record)
    shown = [cell()._repr_mimebundle_()["text/plain"] for cell in cells]
    run.outcome.raise_for_status()
    return shown


def events(alias: str = "acme") -> list[dict[str, Any]]:
    return read_events(runs_of(alias)[-1])


def names(alias: str = "acme") -> list[str]:
    return [event["event"] for event in events(alias)]


def test_a_plan_writes_nothing_to_the_org(cockpit: Runs, org: FakeOrg) -> None:
    run = cockpit()
    shown = through(run)
    assert org.writes == []
    assert run.outcome.status is Status.PENDING
    assert "On: no →" in shown[3]
    assert "cnx apply --org acme --phase 02" in shown[4]
    assert "Nothing was applied" in shown[5]
    assert names() == ["phase-started", "check", "facts", "plan", "phase-ended"]


def test_apply_changes_verifies_and_tells_everything(cockpit: Runs, org: FakeOrg) -> None:
    run = cockpit(mode="apply", ticket="CHG-1")
    through(run)
    assert org.lamps["hall"] is True
    assert run.outcome.status is Status.CHANGED
    applied = ["step-started", "step-done", "facts", "verified", "phase-ended"]
    assert names() == ["phase-started", "check", "facts", "plan", *applied]
    for event in events():
        assert (event["org_id"], event["user"], event["ticket"]) == (ORG_ID, "ann@acme.example", "CHG-1")
        assert event["server_at"] == org.server_time
    calls = [event["api_calls"] for event in events()]
    assert calls == sorted(calls)
    assert calls[-1] == org.api_calls
    started, ended = events()[0], events()[-1]
    assert started["phase"] == "02_lamps"
    assert started["mode"] == "apply"
    assert started["data"]["org"] == {"alias": "acme", "id": ORG_ID, "name": "Acme", "type": "sandbox"}
    assert started["data"]["user"] == "ann@acme.example"
    assert started["data"]["simulated"] is True
    assert (started["data"]["host"], started["data"]["certificate"]) == (org.host, org.certificate)
    assert started["data"]["params"]["ticket"] == "CHG-1"
    assert started["data"]["guide"] == ["G1.1", "G1.2"]
    assert ended["data"]["status"] == "changed"
    assert ended["data"]["api_calls"] == org.api_calls
    assert ended["data"]["seconds"] >= 0
    assert org.closed


def test_who_works_on_a_run_is_present_until_its_end_is_on_record(cockpit: Runs) -> None:
    run = cockpit(mode="apply")
    run.connect(), run.plan()
    (path,) = runs_of("acme")
    assert is_present(path)
    run.apply(), run.verify(), run.record()
    assert not is_present(path)


def test_a_second_apply_has_nothing_to_do(cockpit: Runs, org: FakeOrg) -> None:
    through(cockpit(mode="apply"))
    org.writes.clear()
    run = cockpit(mode="apply")
    through(run)
    assert run.outcome.status is Status.CONVERGED
    assert org.writes == []


def test_the_apply_cell_run_twice_writes_once(cockpit: Runs, org: FakeOrg) -> None:
    run = cockpit(mode="apply")
    run.connect(), run.plan(), run.apply(), run.apply()
    assert org.writes == ["hall"]


def test_verify_reads_and_finds_drift(cockpit: Runs, org: FakeOrg) -> None:
    run = cockpit(mode="verify")
    with pytest.raises(NotConverged, match="lamp:hall"):
        through(run)
    assert run.outcome.status is Status.FAILED
    assert org.writes == []
    assert "plan" not in names()
    assert events()[-1]["data"]["remaining"][0]["key"] == "hall"


def test_a_refused_step_fails_the_last_cell_after_the_record_is_whole(cockpit: Runs, org: FakeOrg) -> None:
    org.refuses = ("hall",)
    run = cockpit(mode="apply", lamps=["hall", "porch", "shed"])
    with pytest.raises(StepFailed, match="hall may not be switched"):
        through(run)
    assert org.lamps["shed"] is True
    assert "step-failed" in names()
    assert names()[-1] == "phase-ended"
    assert events()[-1]["data"]["status"] == "failed"


def test_a_reviewed_plan_that_is_stale_is_not_applied(cockpit: Runs, org: FakeOrg) -> None:
    with pytest.raises(StalePlan):
        through(cockpit(mode="apply", expected_digest="sha256:" + "0" * 64))
    assert org.writes == []
    assert names()[-1] == "phase-ended"


def test_the_reviewed_plan_is_applied(cockpit: Runs, org: FakeOrg) -> None:
    planned = cockpit()
    through(planned)
    through(cockpit(mode="apply", expected_digest=planned.outcome.digest))
    assert org.writes == ["hall"]


@pytest.mark.parametrize("typed", ["", "00D5x000000lampEAK", ORG_ID[:14], ORG_ID[:15] + "XYZ"])
def test_a_production_org_needs_its_id(cockpit: Runs, org: FakeOrg, typed: str) -> None:
    org.identity = identity("production")
    with pytest.raises(NotConfirmed) as caught:
        through(cockpit(mode="apply", confirm_org_id=typed))
    assert "confirm_org_id" in caught.value.hint
    assert ORG_ID[:15] not in str(caught.value), "what is to be typed is not handed out with the refusal"
    assert org.writes == []
    assert names() == ["phase-started", "phase-ended"]


@pytest.mark.parametrize("typed", [ORG_ID, ORG_ID[:15]])
def test_a_confirmed_production_org_is_applied(cockpit: Runs, org: FakeOrg, typed: str) -> None:
    org.identity = identity("production")
    through(cockpit(mode="apply", confirm_org_id=typed))
    assert org.writes == ["hall"]


def test_a_plan_on_production_asks_for_nothing(cockpit: Runs, org: FakeOrg) -> None:
    org.identity = identity("production")
    shown = through(cockpit())
    assert "its id has to be typed" in shown[1]
    assert "--confirm-org-id ORG_ID" in shown[4]
    assert ORG_ID[:15] not in shown[4]


def test_what_is_not_needed_does_not_contact_the_org(cockpit: Runs) -> None:
    def connect(alias: str) -> Any:
        raise OrgUnreachable("nobody there", org=alias)

    run = cockpit(connect, dark=True, mode="apply")
    shown = through(run)
    assert run.outcome.status is Status.NOT_NEEDED
    assert "no lamp is wanted" in shown[1]
    assert names() == ["phase-started", "phase-ended"]


def test_what_an_earlier_phase_brings_is_known_later(cockpit: Runs) -> None:
    run = cockpit(brightness=9)
    shown = through(run)
    assert run.outcome.status is Status.KNOWN_LATER
    for text in shown[2:6]:
        assert "The mains come first" in text
        assert "Apply 01_mains first." in text
    assert names() == ["phase-started", "phase-ended"]
    assert events()[-1]["data"]["status"] == "known-later"


def test_to_apply_what_an_earlier_phase_brings_is_blocked(cockpit: Runs) -> None:
    with pytest.raises(NotYet):
        through(cockpit(brightness=9, mode="apply"))
    assert events()[-1]["data"]["status"] == "blocked"


def test_a_failed_check_stops_and_is_on_record(cockpit: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    run = cockpit(wired=False, mode="apply")
    with pytest.raises(PreflightFailed, match="no wires"):
        through(run)
    assert "Call an electrician." in capsys.readouterr().out
    assert names() == ["phase-started", "check", "phase-ended"]
    assert events()[-1]["data"]["checks"][0]["ok"] is False


def test_an_unreachable_org_is_on_record(cockpit: Runs) -> None:
    def connect(alias: str) -> Any:
        raise OrgUnreachable("nobody there", org=alias)

    with pytest.raises(OrgUnreachable):
        through(cockpit(connect, mode="apply"))
    assert names() == ["phase-started", "phase-ended"]
    assert events()[0]["data"]["org"]["alias"] == "acme"
    assert events()[-1]["data"]["reason"] == "nobody there"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError("the password is hunter2")])
def test_whatever_stops_a_cell_ends_the_phase_once(cockpit: Runs, org: FakeOrg, error: BaseException) -> None:
    run = cockpit(mode="apply")
    run.connect(), run.preflight()
    org.breaks = error
    with pytest.raises(type(error)):
        run.plan()
    assert names().count("phase-ended") == 1
    assert events()[-1]["data"]["status"] == "failed"
    assert "hunter2" not in str(events())
    with lease(RunRecord.begin("acme"), wait_s=0):
        pass  # the org is free again


def test_bad_parameters_leave_no_record_of_a_run_by_hand(cockpit: Runs) -> None:
    run = cockpit(brightness=0)
    assert "refused" in run.inputs()._repr_mimebundle_()["text/plain"]
    with pytest.raises(ParameterError, match="brightness") as caught:
        through(run)
    assert "Check and plan" in caught.value.hint
    assert runs_of("acme") == []


def test_the_runners_record_is_joined_and_its_values_are_taken_as_given(cockpit: Runs) -> None:
    record = RunRecord.begin("demo")
    run = cockpit(org="demo", mode="apply", record=str(record.path))
    through(run)
    assert runs_of("demo") == [record.path]
    assert events("demo")[0]["data"]["params"]["brightness"] == 3, "the default, not the inventory's 5"


def test_bad_parameters_of_a_run_are_on_its_record(cockpit: Runs) -> None:
    record = RunRecord.begin("acme")
    with pytest.raises(ParameterError):
        through(cockpit(mode="apply", record=str(record.path), brightness=0))
    assert names() == ["phase-started", "phase-ended"]


def test_a_record_that_is_none_is_refused(cockpit: Runs, tmp_path: Path, org: FakeOrg) -> None:
    with pytest.raises(RecordError):
        through(cockpit(mode="apply", record=str(tmp_path)))
    assert org.writes == []


def test_a_default_takes_the_saved_value_and_a_given_one_stays(cockpit: Runs) -> None:
    assert cockpit(org="demo").form.values["brightness"] == 5
    assert cockpit(org="demo", brightness=4).form.values["brightness"] == 4
    assert cockpit(org="demo", mode="apply").form.values["brightness"] == 5


def test_another_org_in_the_form_brings_its_saved_values(cockpit: Runs) -> None:
    run = cockpit()
    run.form.enter("brightness", 8)
    run.form.enter("org", "other")
    assert run.form.values["lamps"] == ["porch"]
    assert run.form.values["brightness"] == 8, "typed by a person"
    run.connect()
    assert names("other") == ["phase-started"]


def test_an_org_that_is_not_in_the_inventory(cockpit: Runs) -> None:
    run = cockpit(org="nobody")
    assert run.form.choices_of("org") == ("nobody", "acme", "demo", "other")
    with pytest.raises(UnknownOrg):
        through(run)
    with pytest.raises(UnknownOrg):
        cockpit(org="nobody", mode="apply")


def test_the_lab_names_the_org_to_begin_with(cockpit: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_ORG", "other")
    record = RunRecord.begin("demo")
    assert cockpit(org="demo").form.values["org"] == "other"
    assert cockpit(org="acme").form.values["org"] == "acme", "the parameters cell says otherwise"
    assert cockpit(org="demo", record=str(record.path)).form.values["org"] == "demo", "the runner has decided"


@pytest.mark.parametrize("mode", ["apply", "verify"])
def test_without_an_inventory_the_first_cell_says_so(cockpit: Runs, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("CNX_ORGS", "/nowhere/orgs.yaml")
    with pytest.raises(InventoryError, match=r"orgs\.yaml"):
        cockpit(mode=mode)


def test_run_all_keeps_what_was_typed(cockpit: Runs) -> None:
    first = cockpit()
    first.form.enter("brightness", 8)
    assert cockpit(run=first).form.values["brightness"] == 8
    assert cockpit(run=first, ticket="CHG-2").form.values["brightness"] == 3, "the parameters cell was changed"


def test_record_ends_the_phase_once(cockpit: Runs) -> None:
    run = cockpit()
    through(run)
    run.record()
    assert names().count("phase-ended") == 1


@pytest.mark.parametrize("cell", ["apply", "verify", "record"])
def test_cells_out_of_order_say_what_comes_first(cockpit: Runs, cell: str) -> None:
    with pytest.raises(PhaseError, match="nothing is planned yet"):
        getattr(cockpit(mode="apply"), cell)()


def test_a_waiting_phase_passes_and_says_what_is_left(cockpit: Runs, org: FakeOrg) -> None:
    org.lamps["cellar"] = True
    run = cockpit(mode="apply", lamps=["cellar"])
    shown = through(run)
    assert run.outcome.status is Status.WAITING
    assert "Buy a bulb for cellar" in shown[5]


def test_documents_are_saved_beside_the_notebook(cockpit: Runs) -> None:
    run = cockpit()
    through(run)
    assert (runs_of("acme")[-1] / "letter.txt").read_text() == "Dear lamp"


def test_the_org_is_held_from_plan_to_end(cockpit: Runs) -> None:
    from filelock import FileLock, Timeout

    run = cockpit(mode="apply")
    run.connect(), run.plan()
    lock = FileLock(runs_of("acme")[-1].parent / ".lease", is_singleton=False)
    with pytest.raises(Timeout):
        lock.acquire(timeout=0)
    run.apply(), run.verify(), run.record()
    lock.acquire(timeout=0)
    lock.release()


def test_without_a_person_the_cells_show_plain_views(cockpit: Runs) -> None:
    run = cockpit(lamps=["cellar"], mode="apply")
    cells = (run.connect, run.preflight, run.plan, run.apply, run.verify, run.record)
    assert all(isinstance(cell(), View) for cell in cells)
