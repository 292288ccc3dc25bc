"""The complete guide on a new org, by clicking and typing alone; what it shows keeps nobody out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.labs import Lab
from tests.browser.notebook import Notebook
from tests.browser.walking import errors_of_an_empty_notebook, guide, obstacles, statuses

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]
ALIAS = "walk-fresh"
ORGS = {ALIAS: "fresh"}
OPTIONS = ("--org", ALIAS)


def test_the_complete_guide(lab: Lab, new_tab: Callable[[], Notebook]) -> None:
    known = errors_of_an_empty_notebook(lab, new_tab())
    notebook = new_tab()
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        if not name.endswith("applied") or name == "01 applied":  # one end looks like another
            found[name] = obstacles(notebook)

    guide(notebook, ALIAS, look)

    assert {name: some for name, some in found.items() if some} == {}
    assert set(notebook.console.errors) - known == set()
    assert set(statuses(lab, "plan", ALIAS).values()) <= {"converged", "not-needed"}
    # That run has sealed the plan of the page that is still open, as each run does.
    assert lab.cnx("records", "verify", "--org", ALIAS).returncode == 0
