"""A session that ends in the middle of an apply, by the real engine and phases: each route goes on with a new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnxlib.errors import SessionExpired
from cnxlib.inventory import OrgEntry
from cnxlib.model import Status
from cnxlib.phases import PHASES
from cnxlib.salesforce.org import connect
from tests.cli_of_salesforce import FakeCli
from tests.conftest import Sim
from tests.salesforce.apps import Apps
from tests.test_guide import Walk, flat

ROUTES = ["jwt", "client_credentials", "oauth_password", "soap_password", "session", "sf"]
WITH_CHANGES = ("02", "05", "06", "07", "08")
"""Phases that have something to do in scenario drifted."""


@pytest.mark.parametrize("route", ROUTES)
def test_the_apply_goes_on(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    apps = Apps(sim.new_org("drifted"), tmp_path)
    sf = FakeCli(tmp_path / "bin", monkeypatch)
    held = {"url": apps.given.login.url, "username": apps.username}

    def new_session() -> None:
        """What a person, or the Salesforce CLI, does meanwhile; the other routes need nobody."""
        if route == "session":
            apps.secret("session", apps.session())
        sf.holds(orgs={"acme": {"token": apps.session(), **held}})

    new_session()
    if route == "sf":
        entry = OrgEntry.model_validate({"login": {"route": "sf", "alias": "acme"}, "ca_cert": apps.given.ca_cert})
    else:
        entry = apps.entry(route)
    walk = Walk(connect(apps.alias, entry), flat(apps.alias))
    sessions = {walk.org._client._session_id}
    for phase in PHASES:
        if phase.id[:2] not in WITH_CHANGES:
            continue
        engine = walk.engine(phase)
        engine.preflight()
        plan, _ = engine.plan()
        assert plan.changes, phase.id
        new_session()
        expired = {"kind": "session_expired", "match": {"method": "POST|PATCH|DELETE"}, "times": 1}
        sim.control("PUT", f"orgs/{apps.alias}/faults", [expired])
        steps = engine.apply(plan)
        assert [step.error for step in steps if step.result != "done"] == []
        (fault,) = sim.control("GET", f"orgs/{apps.alias}/faults")
        assert fault["struck"] == 1, "in the apply, not after it"
        assert engine.verify("apply").status is Status.CHANGED
        sessions.add(walk.org._client._session_id)
    walk.org.close()
    assert len(sessions) == 1 + len(WITH_CHANGES)


def test_without_another_session_it_stops_and_can_be_taken_up_again(sim: Sim, tmp_path: Path) -> None:
    apps = Apps(sim.new_org("drifted"), tmp_path)
    walk = Walk(connect(apps.alias, apps.entry("session")), flat(apps.alias))
    phase = next(each for each in PHASES if each.id.startswith("02"))
    engine = walk.engine(phase)
    plan, _ = engine.plan()
    expired = {"kind": "session_expired", "match": {"method": "POST|PATCH|DELETE"}, "after": 1, "times": None}
    sim.control("PUT", f"orgs/{apps.alias}/faults", [expired])
    steps = engine.apply(plan)
    assert {step.result for step in steps} >= {"done", "failed"}
    failed = next(step for step in steps if step.result == "failed")
    assert "put a new session where file:" in failed.hint
    walk.org.close()
    sim.control("PUT", f"orgs/{apps.alias}/faults", [])
    again = Walk(connect(apps.alias, apps.entry("session")), flat(apps.alias)).engine(phase)
    plan, _ = again.plan()
    assert 0 < len(plan.changes) < len(steps), "what is done is kept"
    again.apply(plan)
    assert again.verify("apply").status is Status.CHANGED


def test_a_session_id_that_is_wrong_from_the_beginning(sim: Sim, tmp_path: Path) -> None:
    apps = Apps(sim.new_org("fresh"), tmp_path)
    wrong = apps.secret("wrong", "00D000000000001!nonsense")
    with pytest.raises(SessionExpired, match="Log in again"):
        connect(apps.alias, apps.entry("session", session=wrong))
