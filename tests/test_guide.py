"""The whole guide at the engine's level, on a simulated org."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from cnxlib.engine import Engine
from cnxlib.errors import CnxError
from cnxlib.inventory import find_org
from cnxlib.model import Outcome, Status
from cnxlib.phases import PHASES, Phase
from cnxlib.salesforce.org import Org, connect
from tests.conftest import Sim

STEPS_OF_HEADING = {1: 3, 2: 8, 3: 4, 4: 1, 5: 2, 6: 4, 7: 3, 8: 1, 9: 3}
STEPS = [f"G{heading}.{step}" for heading, count in STEPS_OF_HEADING.items() for step in range(1, count + 1)]
"""Every step of the guide."""


@dataclass
class Walk:
    """The guide carried out on one org: what each phase served, planned, and ended with."""

    org: Org
    parameters: dict[str, dict[str, object]]
    served: dict[str, set[str]] = field(default_factory=dict)

    def engine(self, phase: Phase) -> Engine:  # type: ignore[type-arg]
        values = {"org": self.org.alias, **self.parameters[phase.id]}
        params = phase.parse(values)
        me = self.org.identity
        return Engine(
            phase.id, phase.title, me.org_id, phase.resources(params, me), phase.checks(params, me), self.org.send
        )

    def serve(self, phase: str, outcome: Outcome) -> None:
        named = self.served.setdefault(phase, set())
        for group in (outcome.checks, outcome.changes, outcome.manual):
            for one in group:
                named.update(one.guide)


def flat(alias: str) -> dict[str, dict[str, object]]:
    """Each phase's parameters, from the org's entry: a name means the same in every phase."""
    entry = find_org(alias)
    together = {name: value for one in entry.parameters.values() for name, value in one.items()}
    return {phase.id: {k: v for k, v in together.items() if k in phase.params.model_fields} for phase in PHASES}


@pytest.fixture(scope="module")
def walk(sim: Sim) -> Iterator[Walk]:
    alias = sim.new_org("fresh")
    walk = Walk(connect(alias), flat(alias))
    yield walk
    walk.org.close()


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.id)
def test_plan_apply_verify_then_nothing_is_left(walk: Walk, sim: Sim, phase: Phase) -> None:  # type: ignore[type-arg]
    before = sim.writes(walk.org.alias)
    first = walk.engine(phase)
    first.preflight()
    plan, planned = first.plan()
    assert sim.writes(walk.org.alias) == before, "a plan writes nothing"
    walk.serve(phase.id, planned)

    first.apply(plan)
    outcome = first.verify("apply")
    walk.serve(phase.id, outcome)
    outcome.raise_for_status()
    assert outcome.status is (Status.WAITING if phase.id == "09_support_request" else Status.CHANGED), outcome.reason

    after = sim.writes(walk.org.alias)
    again = walk.engine(phase)
    again.preflight()
    left, _ = again.plan()
    assert left.changes == ()
    again.apply(left)
    assert again.verify("apply").status in (Status.CONVERGED, Status.WAITING)
    assert sim.writes(walk.org.alias) == after, "a second apply writes nothing"


def test_each_step_of_the_guide_is_served_by_its_phase(walk: Walk) -> None:
    by_phase = {phase.id: set(phase.guide) for phase in PHASES}
    assert sorted(step for steps in by_phase.values() for step in steps) == sorted(STEPS)
    missing = {phase: steps - walk.served[phase] for phase, steps in by_phase.items()}
    assert not {phase: steps for phase, steps in missing.items() if steps}
    assert set().union(*walk.served.values()) <= set(STEPS)


def test_on_a_new_org_a_phase_that_needs_the_package_says_so(sim: Sim) -> None:
    alias = sim.new_org("fresh")
    walk = Walk(connect(alias), flat(alias))
    found = {}
    for phase in PHASES:
        one = walk.engine(phase)
        try:
            one.preflight()
            found[phase.id[:2]] = one.plan()[1].status
        except CnxError as error:
            found[phase.id[:2]] = one.failed(error, "plan").status
            assert "01_install_package" in str(error)
    walk.org.close()
    later = dict.fromkeys(("02", "05", "06", "07", "08", "09"), Status.KNOWN_LATER)
    assert found == {**dict.fromkeys(("01", "03", "04"), Status.PENDING), **later}
    assert sim.writes(alias) == 0
