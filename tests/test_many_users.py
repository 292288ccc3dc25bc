"""The guide in a company of 10,000 users: how many requests planning and applying take."""

from __future__ import annotations

import math

from cnxlib.phases import PHASES, find_phase
from cnxlib.salesforce.org import connect
from tests.conftest import Sim
from tests.test_guide import Walk, flat

MOST_TO_PLAN = 60
"""Requests for planning 05, 06 and 07 together, each with a login of its own."""


def test_planning_and_applying_take_few_requests(sim: Sim) -> None:
    alias = sim.new_org("many-users")
    org = connect(alias)
    logins = 3 * org.api_calls
    walk = Walk(org, flat(alias))
    package = walk.engine(PHASES[0])
    package.apply(package.plan()[0])

    spent = 0
    assignments = 0
    for name in ("05", "06", "07"):
        before = org.api_calls
        engine = walk.engine(find_phase(name))
        engine.preflight()
        plan, _ = engine.plan()
        spent += org.api_calls - before
        assignments = sum(change.kind == "assignment" for change in plan.changes)
        if name == "06":
            engine.apply(plan)  # 07 gives the set that 06 makes
    assert assignments > 15_000
    assert spent + logins < MOST_TO_PLAN

    # One profile's users are enough to see what a batch takes.
    walk.parameters["07_existing_users"]["assignments"] = [{"set": "Conexiom Read Only", "profile": "Sales Basic"}]
    engine = walk.engine(find_phase("07"))
    plan, _ = engine.plan()
    count = len(plan.changes)
    assert count > 2_900
    before = org.api_calls
    steps = engine.apply(plan)
    assert {step.result for step in steps} == {"done"}
    assert org.api_calls - before <= math.ceil(count / 200)
    assert not engine.verify("apply").remaining
    org.close()
