"""What somebody reads who may do too little: what happened, in which org, at which step of the guide, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnxlib.errors import CnxError
from cnxlib.model import Outcome
from cnxlib.phases import PHASES, Phase
from cnxlib.salesforce.org import Org, connect
from cnxlib.ui.attempt import engine_for
from tests.conftest import Sim
from tests.phases.test_cases import told_whole
from tests.processes import cnx
from tests.test_guide import flat


@pytest.fixture(scope="module")
def org(sim: Sim) -> Iterator[Org]:
    org = connect(sim.new_org("limited-admin"))
    yield org
    org.close()


def planned(org: Org, phase: Phase[Any]) -> Outcome:
    params = phase.parse({"org": org.alias, **flat(org.alias)[phase.id]})
    engine = engine_for(phase, params, org)
    try:
        engine.preflight()
        return engine.plan()[1]
    except CnxError as error:
        return engine.failed(error, "plan")


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.id)
def test_every_error_names_org_step_and_remedy(org: Org, phase: Phase[Any]) -> None:
    error = planned(org, phase).error
    if isinstance(error, CnxError):
        told_whole(error, phase.id, org.alias)


def test_the_command_line_says_the_step_in_words(org: Org, tmp_path: Path) -> None:
    ended = cnx("plan", "--org", org.alias, "--phase", "01", cwd=tmp_path)
    assert ended.code == 1
    said = ended.out[ended.out.index("01_install_package failed:") :]
    assert "Guide: G1.2 Email-to-Case is on" in said
    assert f"`cnx doctor --org {org.alias}`" in said
