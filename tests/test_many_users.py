"""The guide in a company of 10,000 users: how many requests planning and applying take."""

from __future__ import annotations

import math

from cnxlib.model import Step
from cnxlib.phases import PHASES, find_phase
from cnxlib.salesforce.org import connect
from tests.conftest import Sim
from tests.test_guide import Walk, flat

MOST_TO_PLAN = 60
"""Requests for planning 05, 06 and 07 together, each with a login of its own."""

ACCESS = ("05", "06", "07")


def test_planning_and_applying_take_few_requests(sim: Sim) -> None:
    org = connect(sim.new_org("many-users"))
    logins_take = org.api_calls
    walk = Walk(org, flat(org.alias))
    package = walk.engine(PHASES[0])
    package.apply(package.plan()[0])

    def carried_out() -> int:
        """Plan each phase and apply it before the next; the requests of the planning, logins included."""
        spent = 0
        for name in ACCESS:
            before, engine = org.api_calls, walk.engine(find_phase(name))
            engine.preflight()
            plan, _ = engine.plan()
            spent += logins_take + org.api_calls - before
            before, steps = org.api_calls, engine.apply(plan)
            made.extend(steps)
            assert {step.result for step in steps} <= {"done"}
            if name == "07":
                assert {step.change.kind for step in steps} <= {"assignment"}
                assert org.api_calls - before <= math.ceil(len(steps) / 200)
        return spent

    made: list[Step] = []
    assert carried_out() < MOST_TO_PLAN
    assert len(made) > 15_000

    # Now most of the company holds a set, and each of their assignments is read again.
    made.clear()
    assert carried_out() < MOST_TO_PLAN
    assert not made
    org.close()
