"""The complete guide on an org as they are made today: an External Client App takes the connected app's place."""

from __future__ import annotations

import pytest

from tests.browser.labs import Lab
from tests.browser.notebook import Notebook
from tests.browser.walking import guide, statuses

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]
ALIAS = "walk-modern"
ORGS = {ALIAS: "modern"}
OPTIONS = ("--org", ALIAS)


def test_the_complete_guide(lab: Lab, notebook: Notebook) -> None:
    guide(notebook, ALIAS, connected_apps=False)

    assert set(statuses(lab, "plan", ALIAS).values()) <= {"converged", "not-needed"}
    # That run has sealed the plan of the page that is still open, as each run does.
    assert lab.cnx("records", "verify", "--org", ALIAS).returncode == 0
