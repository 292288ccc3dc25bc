"""Undoing runs of the guide: the org is what it was before, save what cannot be, and what was changed since stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cnxlib.engine import Engine
from cnxlib.errors import CnxError, RecordError, StillRunning, UsageError
from cnxlib.history import PastStep
from cnxlib.model import Outcome, Status
from cnxlib.phases import PHASES, Phase, find_phase
from cnxlib.phases.undo import kinds
from cnxlib.records import RunRecord
from cnxlib.records.past import Past
from cnxlib.records.run_record import EVENTS
from cnxlib.records.sealing import seal
from cnxlib.resources.package_install import Package
from cnxlib.resources.undo import LEFT, net
from cnxlib.rounds import Asking, Pause
from cnxlib.salesforce import DeleteRows, Insert, Query, ReadMetadata, ToolingQuery, Update, WriteMetadata, soql
from cnxlib.salesforce.org import Org, connect
from tests.conftest import Sim
from tests.phases.test_cases import KINDS
from tests.snapshots import state
from tests.test_guide import flat

UNDO = find_phase("99_undo")
GLOBAL_SETTINGS = ("ExtlClntAppGlobalOauthSettings", "Conexiom_glbloauth")
MINIMUM = "Minimum_Permissions_for_Conexiom"


@pytest.fixture(autouse=True)
def _own_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))


@dataclass
class House:
    """An org, and runs on it."""

    sim: Sim
    org: Org

    @property
    def alias(self) -> str:
        return self.org.alias

    def snapshot(self) -> Any:
        return self.sim.control("GET", f"orgs/{self.alias}/snapshot")

    def one(self, request: Any) -> Any:
        (answer,) = self.org.send([request])
        if isinstance(answer, CnxError):
            raise answer
        return answer

    def run(self, phases: Sequence[Phase[Any]] = PHASES, **parameters: Any) -> str:
        """Apply phases as one run, on a sealed record; returns its id."""
        record = RunRecord.begin(self.alias)
        saved = {**flat(self.alias), UNDO.id: {}}
        for phase in phases:
            given = {name: value for name, value in parameters.items() if name in phase.params.model_fields}
            engine = self._engine(phase, {**saved[phase.id], **given}, record)
            engine.preflight()
            engine.apply(engine.plan()[0])
            engine.verify("apply").raise_for_status()
        seal(record, by="runner", ending="complete")
        return record.run_id

    def struck(self, phase: Phase[Any], fault: dict[str, Any], **parameters: Any) -> tuple[str, Outcome]:
        """Apply a phase while a fault strikes writes, however that ends; returns the run's id, too."""
        record = RunRecord.begin(self.alias)
        engine = self._engine(phase, {**flat(self.alias)[phase.id], **parameters}, record)
        engine.preflight()
        plan, _ = engine.plan()
        self.sim.control("PUT", f"orgs/{self.alias}/faults", [fault])
        engine.apply(plan)
        (told,) = self.sim.control("GET", f"orgs/{self.alias}/faults")
        assert told["struck"], "nothing was struck"
        self.sim.control("PUT", f"orgs/{self.alias}/faults", [])
        outcome = engine.verify("apply")
        seal(record, by="runner", ending="complete")
        return record.run_id, outcome

    def undo(self, run: str, **parameters: Any) -> Outcome:
        """Take a run back, in a run of its own."""
        return self.undo_on_record(run, **parameters)[0]

    def undo_on_record(self, run: str, **parameters: Any) -> tuple[Outcome, str]:
        """The same; returns the id of the run that it is, too."""
        record = RunRecord.begin(self.alias)
        engine = self._engine(UNDO, {"run_id": run, **parameters}, record)
        engine.preflight()
        engine.apply(engine.plan()[0])
        outcome = engine.verify("apply")
        seal(record, by="runner", ending="complete")
        return outcome, record.run_id

    def _engine(self, phase: Phase[Any], values: dict[str, Any], record: RunRecord) -> Engine:
        me = self.org.identity
        params = phase.parse({"org": self.alias, **values})

        def emit(name: str, data: Any) -> None:
            record.event(name, data, phase=phase.id, mode="apply", known={"org_id": me.org_id, "user": me.username})

        started = {"org": {"alias": self.alias, "id": me.org_id}, "user": me.username, "simulated": True}
        emit("phase-started", started)
        resources, checks = phase.resources(params, me), phase.checks(params, me)
        recall = Past(self.alias, me.org_id).recall
        return Engine(phase.id, phase.title, me.org_id, resources, checks, self.org.send, emit, recall=recall)


@pytest.fixture
def house(sim: Sim) -> Any:
    made: list[House] = []

    def make(scenario: str = "fresh") -> House:
        made.append(House(sim, connect(sim.new_org(scenario))))
        return made[-1]

    yield make
    for one in made:
        one.org.close()


Houses = Callable[..., House]


def without_exceptions(snapshot: Any, users: Sequence[str]) -> Counter[str]:
    """The state without what no run can take back: users, the mark of an installation, and Email-to-Case."""
    snapshot = deepcopy(snapshot)
    objects = snapshot["objects"]
    gone = {row["Id"] for row in objects["User"] if row["Username"] in users}
    objects["User"] = [row for row in objects["User"] if row["Id"] not in gone]
    given = objects["PermissionSetAssignment"]
    objects["PermissionSetAssignment"] = [row for row in given if row["AssigneeId"] not in gone]
    objects.pop("PackageInstallRequest", None)
    for settings in snapshot["documents"]["CaseSettings"].values():
        settings["emailToCase"].pop("enableEmailToCase")
    return state(snapshot)


def without_authors(snapshot: Any) -> Counter[str]:
    """The state without who wrote a row last: whoever undoes is that now."""
    snapshot = deepcopy(snapshot)
    for row in (row for rows in snapshot["objects"].values() for row in rows):
        row.pop("LastModifiedById", None)
    return state(snapshot)


def left(outcome: Outcome) -> dict[str, str]:
    return {what: why for table in outcome.tables if table.title == LEFT for what, why in table.rows}


def test_a_complete_run_is_undone_save_what_is_named(house: Houses) -> None:
    one = house()
    before = one.snapshot()
    run = one.run()
    applied = one.snapshot()
    outcome = one.undo(run, include_package=True)
    assert (outcome.status, outcome.remaining) == (Status.CHANGED, ())
    known = {row["Username"] for row in before["objects"]["User"]}
    users = [row for row in one.snapshot()["objects"]["User"] if row["Username"] not in known]
    assert [row["IsActive"] for row in users] == [False] * len(users)
    names = [row["Username"] for row in users]
    assert without_exceptions(one.snapshot(), names) == without_exceptions(before, names)
    assert without_exceptions(applied, names) != without_exceptions(before, names)
    reasons = left(outcome)
    assert {what.partition(" ")[0] for what in reasons} == {"user", "password", "setting"}
    assert "it is deactivated instead" in reasons[f"user {names[0]} (created)"]
    assert "setting Email-to-Case (changed)" in reasons
    assert one.undo(run, include_package=True).status is Status.CONVERGED


def test_the_package_stays_unless_it_is_asked_for(house: Houses) -> None:
    one = house()
    run = one.run(PHASES[:1])
    outcome = one.undo(run)
    assert outcome.status is Status.CONVERGED
    assert "include_package" in left(outcome)["package Conexiom for Salesforce (created)"]
    assert one.undo(run, include_package=True).steps[0].result == "done"
    assert "package Conexiom for Salesforce (created)" not in left(one.undo(run))


def test_what_was_there_before_is_as_it_was(house: Houses) -> None:
    one = house("drifted")
    before, expected = state(one.snapshot()), without_authors(one.snapshot())
    run = one.run()
    assert state(one.snapshot()) != before
    assert one.undo(run).status is Status.CHANGED
    assert without_authors(one.snapshot()) == expected


def test_an_undone_run_can_be_carried_out_again(house: Houses) -> None:
    one = house()
    one.undo(one.run())
    assert one.undo(one.run(PHASES[:7])).status is Status.CHANGED


def test_what_was_made_since_an_undoing_stays_when_that_is_undone(house: Houses) -> None:
    one = house("record-types")
    phases = [find_phase("01"), find_phase("02"), find_phase("03")]
    _, undoing = one.undo_on_record(one.run(phases), include_package=True)
    one.run(phases)
    before = state(one.snapshot())
    outcome = one.undo(undoing, include_package=True)
    assert [change.id for change in outcome.changes if change.op == "delete"] == []
    why = "made again by applying its phase"
    named = left(outcome)
    assert why in named["connected app Conexiom (removed)"]
    assert why in named["package Conexiom for Salesforce (removed)"]
    assert why in named["permission set Conexiom_Integration_User (removed)"]
    assert state(one.snapshot()) == before


def test_an_assignment_that_was_removed_is_given_again(house: Houses) -> None:
    one = house()
    one.run()
    phase = find_phase("07")
    held = flat(one.alias)[phase.id]["assignments"]
    removed = one.run([phase], assignments=[], remove=held)
    before = one.snapshot()["objects"]["PermissionSetAssignment"]
    outcome = one.undo(removed)
    assert {step.change.op for step in outcome.steps} == {"create"}
    assert len(one.snapshot()["objects"]["PermissionSetAssignment"]) == len(before) + len(outcome.steps)


def test_a_set_that_others_were_given_since_stays_with_all_that_is_in_it(house: Houses) -> None:
    one = house()
    run = one.run()
    (of_minimum,) = one.one(Query(soql("SELECT Id FROM PermissionSet WHERE Name = {}", MINIMUM)))
    (manager,) = one.one(Query("SELECT Id, Username FROM User WHERE Username LIKE 'service.manager@%'"))
    row = {"AssigneeId": manager["Id"], "PermissionSetId": of_minimum["Id"]}
    one.one(Insert("PermissionSetAssignment", row))
    rights = one.one(Query(soql("SELECT Id FROM ObjectPermissions WHERE Parent.Name = {}", MINIMUM)))
    outcome = one.undo(run)
    assert outcome.status is Status.CHANGED
    assert manager["Username"] in left(outcome)[f"permission set {MINIMUM} (created)"]
    assert one.one(Query(soql("SELECT Id FROM ObjectPermissions WHERE Parent.Name = {}", MINIMUM))) == rights
    assert one.one(
        Query(soql("SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSetId = {}", row["PermissionSetId"]))
    ) == [{"AssigneeId": manager["Id"]}]


def test_a_set_that_was_given_more_since_stays_with_all_that_is_in_it(house: Houses) -> None:
    one = house()
    run = one.run()
    (of_minimum,) = one.one(Query(soql("SELECT Id FROM PermissionSet WHERE Name = {}", MINIMUM)))
    rights = ("Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")
    row = {"ParentId": of_minimum["Id"], "SobjectType": "Contact", "PermissionsRead": True}
    added = one.one(Insert("ObjectPermissions", row | {f"Permissions{right}": False for right in rights}))
    held = one.one(Query(soql("SELECT Id FROM ObjectPermissions WHERE Parent.Name = {}", MINIMUM)))
    outcome = one.undo(run)
    assert outcome.status is Status.CHANGED
    assert "it was given more since: Contact (Read);" in left(outcome)[f"permission set {MINIMUM} (created)"]
    assert f"permission_set:{MINIMUM}" not in [change.id for change in outcome.changes]
    assert one.one(Query(soql("SELECT Id FROM ObjectPermissions WHERE Parent.Name = {}", MINIMUM))) == held
    one.one(DeleteRows([added]))
    assert [change.id for change in one.undo(run).changes] == [f"permission_set:{MINIMUM}"]


def test_a_set_goes_with_what_another_run_gave_it(house: Houses) -> None:
    one = house()
    run = one.run()
    one.run([find_phase("06")], mapped_fields=["Account.Fax:edit", "Account.Phone"])
    fields = one.one(Query(soql("SELECT Field FROM FieldPermissions WHERE Parent.Name = {}", MINIMUM)))
    assert {"Account.Fax", "Account.Phone"} <= {row["Field"] for row in fields}
    outcome = one.undo(run)
    assert f"permission set {MINIMUM} (created)" not in left(outcome)
    assert not one.one(Query(soql("SELECT Id FROM PermissionSet WHERE Name = {}", MINIMUM)))


def test_what_another_made_in_its_place_since_stays(house: Houses) -> None:
    one = house()
    run = one.run(PHASES[:5])
    admin = one.org.identity.user_id
    select = (
        "SELECT Id, PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {} AND PermissionSet.Label = {}"
    )
    (row,) = one.one(Query(soql(select, admin, "Conexiom SuperUser")))
    one.one(DeleteRows([row["Id"]]))
    one.one(Insert("PermissionSetAssignment", {"AssigneeId": admin, "PermissionSetId": row["PermissionSetId"]}))
    assert one.undo(run).status is Status.CHANGED
    assert len(one.one(Query(soql(select, admin, "Conexiom SuperUser")))) == 1


def test_a_value_is_put_back_unless_it_was_changed_since(house: Houses) -> None:
    one, phase = house(), [find_phase("03")]
    one.run(phase)
    first = one.one(ReadMetadata("ConnectedApp", "Conexiom"))
    run = one.run(phase, callback_url="https://portal.example/Partner/login")
    second = one.one(ReadMetadata("ConnectedApp", "Conexiom"))
    assert second != first
    one.undo(run)
    assert one.one(ReadMetadata("ConnectedApp", "Conexiom")) == first

    run = one.run(phase, callback_url="https://portal.example/Partner/login")
    oauth = {n: v for n, v in second["oauthConfig"].items() if n not in ("consumerKey", "consumerSecret")}
    oauth["callbackUrl"] = "https://elsewhere.example/"
    one.one(WriteMetadata("update", "ConnectedApp", {**second, "oauthConfig": oauth}))
    outcome = one.undo(run)
    assert outcome.changes == ()
    assert "https://elsewhere.example/" in left(outcome)["connected app Conexiom (changed)"]
    assert one.one(ReadMetadata("ConnectedApp", "Conexiom"))["oauthConfig"]["callbackUrl"] == oauth["callbackUrl"]


def test_an_external_client_app_goes_with_its_parts(house: Houses) -> None:
    one, chosen = house(), {"route": "external_client_app", "conexiom_accepts": "external_client_app"}
    before = state(one.snapshot())
    run = one.run([find_phase("03")], **chosen)
    assert state(one.snapshot()) != before
    outcome = one.undo(run)
    assert [change.id for change in outcome.changes] == ["external_client_app:Conexiom"]
    assert state(one.snapshot()) == before


def test_an_external_client_app_gets_its_old_values_back(house: Houses) -> None:
    one, phase = house(), [find_phase("03")]
    chosen = {"route": "external_client_app", "conexiom_accepts": "external_client_app"}
    one.run(phase, **chosen)
    before = one.one(ReadMetadata(*GLOBAL_SETTINGS))
    run = one.run(phase, callback_url="https://portal.example/Partner/login", **chosen)
    assert one.one(ReadMetadata(*GLOBAL_SETTINGS)) != before
    outcome = one.undo(run)
    assert (outcome.status, left(outcome)) == (Status.CHANGED, {})
    assert one.one(ReadMetadata(*GLOBAL_SETTINGS)) == before


def test_what_a_profile_was_given_is_taken_from_it_and_the_profile_stays(house: Houses) -> None:
    one, phase = house("record-types"), [find_phase("02")]
    one.run(PHASES[:1])
    one.run(phase, access_via="profile")
    profile = {"fullName": "Conexiom Integration User"}
    (types,) = (one.one(ReadMetadata("Profile", profile["fullName"]))["recordTypeVisibilities"],)
    hidden = [{**types[0], "visible": False}]
    no_edit = {"object": "Account", **dict.fromkeys(("allowCreate", "allowEdit", "allowDelete"), False)}
    no_edit |= {"allowRead": True, "modifyAllRecords": False, "viewAllRecords": False}
    nothing = {"object": "Case", **dict.fromkeys(("allowRead", "allowCreate", "allowEdit", "allowDelete"), False)}
    nothing |= {"modifyAllRecords": False, "viewAllRecords": False}
    fewer = {
        "userPermissions": [{"enabled": False, "name": "ApexRestServices"}],
        "objectPermissions": [no_edit, nothing],
        "fieldPermissions": [{"field": "Case.Subject", "readable": True, "editable": False}],
        "recordTypeVisibilities": hidden,
    }
    one.one(WriteMetadata("update", "Profile", {**profile, **fewer}))
    before = state(one.snapshot())
    run = one.run(phase, access_via="profile")
    assert state(one.snapshot()) != before
    outcome = one.undo(run)
    assert {step.change.kind for step in outcome.steps} == {
        "profile",
        "object_permissions",
        "field_permissions",
        "record_type",
    }
    assert (outcome.status, left(outcome)) == (Status.CHANGED, {}), outcome.reason
    assert state(one.snapshot()) == before


def test_an_existing_user_gets_the_profile_of_before_again(house: Houses) -> None:
    one = house()
    one.run(PHASES[:1])
    name = f"auditor@{one.alias}.example"
    select = soql("SELECT Profile.Name FROM User WHERE Username = {}", name)
    before = one.one(Query(select))
    run = one.run([find_phase("02")], access_via="profile", user_username=name, take_over_existing=True)
    assert one.one(Query(select)) != before
    outcome = one.undo(run)
    assert (outcome.status, outcome.remaining) == (Status.CHANGED, ())
    assert one.one(Query(select)) == before


def test_a_package_that_salesforce_keeps_is_left_to_a_person_with_its_reason(house: Houses) -> None:
    one = house()
    run = one.run(PHASES[:1])
    (user,) = one.one(Query(soql("SELECT Id FROM User WHERE Username = {}", f"auditor@{one.alias}.example")))
    (packaged,) = one.one(Query("SELECT Id FROM PermissionSet WHERE Label = 'Conexiom User'"))
    row = {"AssigneeId": user["Id"], "PermissionSetId": packaged["Id"]}
    given = one.one(Insert("PermissionSetAssignment", row))
    outcome = one.undo(run, include_package=True)
    assert outcome.status is Status.WAITING
    assert [(step.result, "assigned to users" in step.error) for step in outcome.steps] == [("not-run", True)]
    (step,) = outcome.manual
    assert "permission set Conexiom User is assigned to users" in step.what
    assert "Installed Packages → Uninstall" in step.what
    assert "/lightning/setup/ImportedPackage/home" in step.url

    one.one(DeleteRows([given]))
    assert one.undo(run, include_package=True).status is Status.CHANGED


def test_a_user_whom_somebody_deactivated_since_needs_nothing(house: Houses) -> None:
    one = house()
    run = one.run(PHASES[:2])
    (user,) = one.one(Query("SELECT Id FROM User WHERE Username LIKE 'conexiom.integration@%'"))
    one.one(Update("User", user["Id"], {"IsActive": False}))
    assert not [step for step in one.undo(run).steps if step.change.kind == "user"]


class TestAnAnswerWasLost:
    """What a run made is taken back although nobody told it that it was made; what may be another's is named."""

    LOST_SET: ClassVar = {"kind": "lost_answer", "match": {"method": "POST", "path": "/sobjects/PermissionSet"}}
    LOST_APP: ClassVar = {"kind": "lost_answer", "match": {"method": "POST", "path": "/Soap/m/"}}

    def test_of_a_permission_set(self, house: Houses) -> None:
        one, phase = house(), find_phase("02")
        one.run(PHASES[:1])
        before = one.snapshot()
        first, outcome = one.struck(phase, self.LOST_SET)
        assert outcome.status is Status.CHANGED, outcome.reason
        (step,) = [step for step in outcome.steps if step.change.kind == "permission_set"]
        assert (step.result, step.id[:3]) == ("done", "0PS")
        assert "its answer was lost" in step.remark
        second = one.run([phase])
        for run in (second, first):
            assert one.undo(run).status in (Status.CHANGED, Status.CONVERGED)
        users = [f"conexiom.integration@{one.alias}.example"]
        assert without_exceptions(one.snapshot(), users) == without_exceptions(before, users)

    def test_of_a_connected_app(self, house: Houses) -> None:
        one, phase = house(), find_phase("03")
        before = state(one.snapshot())
        first, outcome = one.struck(phase, self.LOST_APP)
        assert outcome.error is None, outcome.reason
        assert [step.result for step in outcome.steps] == ["done"]
        second = one.run([phase])
        assert [change.op for run in (second, first) for change in one.undo(run).changes] == ["delete"]
        assert state(one.snapshot()) == before

    def test_of_a_set_that_could_not_be_looked_for(self, house: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
        one, phase = house(), find_phase("02")
        one.run(PHASES[:1])
        with monkeypatch.context() as away:
            away.setattr(Engine, "_there_all_the_same", lambda *asked: {})
            first, outcome = one.struck(phase, self.LOST_SET)
        assert outcome.status is Status.FAILED
        second = one.run([phase])
        named = [left(one.undo(run)) for run in (second, first)]
        assert "permission set Conexiom_Integration_User (perhaps created)" not in named[0]
        why = named[1]["permission set Conexiom_Integration_User (perhaps created)"]
        assert "its end was not learnt" in why
        assert "delete it: Setup → Permission Sets" in why
        assert one.one(Query("SELECT Id FROM PermissionSet WHERE Name = 'Conexiom_Integration_User'"))

    def test_of_an_installation_that_went_on(self, house: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
        one, phase = house(), find_phase("01")
        with monkeypatch.context() as impatient:
            impatient.setattr(Package, "_wait", _tired)
            run, outcome = one.struck(phase, {"kind": "install_slow", "value": 0.2, "times": 1})
        assert "still running" in outcome.reason
        one.run([phase])
        why = left(one.undo(run, include_package=True))["package Conexiom for Salesforce (perhaps created)"]
        assert "still running" in why
        assert "uninstall it: Setup → Installed Packages" in why
        assert one.one(ToolingQuery("SELECT SubscriberPackageId FROM InstalledSubscriberPackage"))


def _tired(self: Package, request_id: str) -> Asking[None]:
    yield [Pause(0)]
    raise StillRunning("The installation is still running after 30 minutes", hint="Run again.")


class TestTheRecord:
    """What is undone is what the record says, so it must be as it was sealed."""

    def test_an_altered_one_is_refused_unless_its_reader_knows_better(self, house: Houses, tmp_path: Path) -> None:
        one = house()
        run = one.run(PHASES[:1])
        events = tmp_path / "runs" / one.alias / run / EVENTS
        events.write_bytes(events.read_bytes().replace(b'"user": "admin', b'"user": "Admin'))
        writes = one.sim.writes(one.alias)
        with pytest.raises(RecordError, match="not as it was sealed"):
            one.undo(run)
        assert one.sim.writes(one.alias) == writes
        assert one.undo(run, unverified=True).status is Status.CONVERGED

    def test_one_of_another_org_is_refused(self, house: Houses, tmp_path: Path) -> None:
        one, other = house(), house()
        run = one.run(PHASES[:1])
        with pytest.raises(UsageError, match="was on the org"):
            other.undo(str(tmp_path / "runs" / one.alias / run))

    def test_one_that_is_not_there_is_told(self, house: Houses) -> None:
        with pytest.raises(UsageError, match="There is no run"):
            house().undo("20990101T000000Z-0000")
        with pytest.raises(UsageError, match="which run"):
            house().undo("")

    def test_a_step_without_an_end_and_a_secret_are_named_and_left_alone(self, house: Houses) -> None:
        one = house("converged")
        me, record = one.org.identity, RunRecord.begin(one.alias)
        change = {"op": "create", "kind": "permission_set", "key": "A", "before": None, "after": {}}
        change |= {"guide": [], "reversible": True}
        begun = {**change, "key": MINIMUM}
        hidden = {**change, "key": "B", "op": "update", "before": {"Label": "[secret]"}, "after": {"Label": "x"}}
        strange = {**change, "kind": "sculpture", "id": "1"}
        events = [("step-started", change), ("step-started", begun), ("step-done", hidden), ("step-done", strange)]
        for name, data in events:
            record.event(name, data, phase="02_integration_user", mode="apply", known={"org_id": me.org_id})
        seal(record, by="runner", ending="interrupted")
        outcome = one.undo(record.run_id)
        assert outcome.changes == ()
        assert {what: why.split(":")[0] for what, why in left(outcome).items()} == {
            f"permission set {MINIMUM} (perhaps created)": "the run was cut off while it was at it; it is there now, "
            "by this run's doing or by another's, and so it stays. Look at it, and where nobody needs it, delete it",
            "permission set B (changed)": "the record does not hold the value, which was taken for a secret",
            "sculpture A (created)": "how that is taken back is not known here",
        }


def step(op: Any, before: Any, after: Any) -> PastStep:
    return PastStep("02_x", op, "lamp", "hall", before, after, (), True, "1")


@pytest.mark.parametrize(
    ("steps", "came_to"),
    [
        ([("create", None, {"a": 1}), ("update", {"a": 1}, {"a": 2})], [("create", None, {"a": 2})]),
        ([("update", {"a": 1}, {"a": 2}), ("update", {"a": 2}, {"a": 3})], [("update", {"a": 1}, {"a": 3})]),
        ([("update", {"a": 1}, {"a": 2}), ("delete", {"a": 2}, None)], [("delete", {"a": 1}, None)]),
        ([("create", None, {"a": 1}), ("delete", {"a": 1}, None)], []),
        ([("delete", {"a": 1}, None), ("create", None, {"a": 1})], []),
    ],
)
def test_several_steps_on_one_thing_come_to_one(steps: Any, came_to: Any) -> None:
    assert [(one.op, one.before, one.after) for one in net([step(*each) for each in steps])] == came_to


def test_every_kind_that_a_phase_manages_has_its_way_back(house: Houses) -> None:
    assert set(KINDS) - {"support_request"} <= kinds(UNDO.parse({"org": "demo"}), house().org.identity).keys()


def test_a_plan_that_names_no_run_is_not_needed() -> None:
    assert "run_id" in UNDO.not_needed(UNDO.parse({"org": "acme"}))
    assert not UNDO.not_needed(UNDO.parse({"org": "acme", "mode": "apply"}))
    assert not UNDO.not_needed(UNDO.parse({"org": "acme", "run_id": "20261123T2040"}))
