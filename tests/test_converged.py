"""The guide on orgs in which it has been carried out before: nothing is left to do, or just what has drifted."""

from __future__ import annotations

from cnxlib.model import Status
from cnxlib.phases import PHASES
from cnxlib.salesforce.org import connect
from tests.conftest import Sim
from tests.test_guide import Walk, flat


def test_on_a_converged_org_there_is_nothing_to_do_and_nothing_is_written(sim: Sim) -> None:
    alias = sim.new_org("converged")
    walk = Walk(connect(alias), flat(alias))
    before = sim.control("GET", f"orgs/{alias}/snapshot")
    found = {}
    for phase in PHASES:
        engine = walk.engine(phase)
        engine.preflight()
        plan, _ = engine.plan()
        assert plan.changes == (), phase.id
        engine.apply(plan)
        found[phase.id[:2]] = engine.verify("apply").status
    walk.org.close()
    assert found == {**dict.fromkeys([f"{n:02}" for n in range(1, 9)], Status.CONVERGED), "09": Status.WAITING}
    assert sim.writes(alias) == 0
    assert sim.control("GET", f"orgs/{alias}/snapshot") == before


def test_what_has_drifted_is_found_and_mended(sim: Sim) -> None:
    alias = sim.new_org("drifted")
    walk = Walk(connect(alias), flat(alias))
    changes = {}
    for phase in PHASES:
        engine = walk.engine(phase)
        engine.preflight()
        plan, _ = engine.plan()
        changes[phase.id[:2]] = sorted((one.op, one.kind) for one in plan.changes)
        engine.apply(plan)
        engine.verify("apply").raise_for_status()
    walk.org.close()
    assert changes == {
        "01": [],
        "02": [("create", "field_permissions"), ("update", "field_permissions"), ("update", "permission_set")],
        "03": [],
        "04": [("update", "setting")],
        "05": [("create", "assignment")],
        "06": [("update", "object_permissions")],
        "07": [("create", "assignment")],
        "08": [("update", "user")],
        "09": [],
    }


def test_the_guide_is_carried_out_in_german_too(sim: Sim) -> None:
    alias = sim.new_org("translated")
    walk = Walk(connect(alias), flat(alias))
    for phase in PHASES:
        engine = walk.engine(phase)
        engine.preflight()
        engine.apply(engine.plan()[0])
        engine.verify("apply").raise_for_status()
    walk.org.close()
