"""A run cut off after every single write: the next one finds what arrived, goes on, and nothing is doubled.

The kill -9 of whole processes is in test_sim_run.py; here no run lives longer than one write, whose answer is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cnxlib.engine import Engine
from cnxlib.phases import PHASES, Phase
from cnxlib.salesforce import Delete, DeleteRows, Insert, InsertRows, SetPassword, Update, WriteMetadata
from cnxlib.salesforce.org import Org, connect
from cnxlib.secrets import SecretStore
from tests.conftest import Sim
from tests.snapshots import state
from tests.test_guide import flat

WRITES = (Delete, DeleteRows, Insert, InsertRows, SetPassword, Update, WriteMetadata)


class Cut(BaseException):
    """The process is gone."""


def carry_out(org: Org, phase: Phase[Any], values: dict[str, object], *, cut: bool) -> None:
    """Apply one phase; cut off, it does not live to see the answer of its first write."""

    def send(requests: Sequence[Any]) -> list[Any]:
        answers = org.send(requests)
        if cut and any(isinstance(request, WRITES) for request in requests):
            raise Cut
        return answers

    params = phase.parse({"org": org.alias, **values})
    me = org.identity
    engine = Engine(phase.id, phase.title, me.org_id, phase.resources(params, me), phase.checks(params, me), send)
    engine.preflight()
    plan, _ = engine.plan()
    engine.apply(plan)
    engine.verify("apply").raise_for_status()


def state_after(sim: Sim, store: Path, *, cut: bool) -> tuple[Counter[str], int]:
    """The state of a new org after the whole guide, and how often it was cut off."""
    alias, cuts = sim.new_org(), 0
    org = connect(alias, store=SecretStore(store))
    parameters = flat(alias)
    for phase in PHASES:
        while True:
            try:
                carry_out(org, phase, parameters[phase.id], cut=cut)
                break
            except Cut:
                cuts += 1
                assert cuts < 50, f"{phase.id} writes the same again and again"
    org.close()
    return state(sim.control("GET", f"orgs/{alias}/snapshot")), cuts


@pytest.mark.slow
def test_cut_off_after_every_write(sim: Sim, tmp_path: Path) -> None:
    whole, none = state_after(sim, tmp_path / "whole", cut=False)
    found, cuts = state_after(sim, tmp_path / "cut", cut=True)
    assert none == 0
    assert cuts > 15
    assert found - whole == Counter()
    assert whole - found == Counter()
