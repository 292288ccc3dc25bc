"""Connected apps where Salesforce no longer lets them be made."""

from __future__ import annotations

from pathlib import Path

from cnxlib.engine import Engine
from cnxlib.phases import find_phase
from cnxlib.salesforce.org import connect
from cnxlib.secrets import SecretStore
from tests.conftest import Sim


def test_where_creation_is_blocked_the_step_says_whom_to_ask(sim: Sim, tmp_path: Path) -> None:
    org = connect(sim.new_org("modern"), store=SecretStore(tmp_path))
    phase = find_phase("03")
    params = phase.parse({"org": org.alias, "callback_url": "https://portal.conexiom.example/login"})
    me = org.identity
    engine = Engine(phase.id, phase.title, me.org_id, phase.resources(params, me), phase.checks(params, me), org.send)
    engine.preflight()
    plan, _ = engine.plan()
    (step,) = [step for step in engine.apply(plan) if step.change.kind == "connected_app"]
    org.close()
    assert step.result == "failed"
    assert "You can't create a connected app" in step.error
    assert "Salesforce Customer Support" in step.hint
