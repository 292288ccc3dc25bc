"""A kernel that is restarted without Run All: the page says so, and goes on once it is run."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.labs import Lab
from tests.browser.notebook import Notebook
from tests.browser.walking import APPLY, LEFT_TO_A_PERSON, errors_of_an_empty_notebook
from tests.conftest import Sim

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
ORGS = {"restarted": "fresh"}
OPTIONS = ("--org", "restarted")

RESTARTED = "The kernel was restarted: choose Run → Run All Cells."
INSTALLS_S = 30
"""How long the package takes to install, in seconds: the kernel is restarted meanwhile."""


def restart(notebook: Notebook) -> None:
    notebook.menu("Kernel", "Restart Kernel…")
    notebook.page.get_by_role("button", name="Confirm Kernel Restart").click()
    notebook.sees(RESTARTED)
    notebook.page.get_by_text(re.compile(r"\| Idle$")).wait_for()


def test_a_restarted_kernel_is_told_where_it_is_missed(lab: Lab, sim: Sim, new_tab: Callable[[], Notebook]) -> None:
    sim.control("PUT", "orgs/restarted/faults", [{"kind": "install_slow", "value": INSTALLS_S}])
    notebook = new_tab()
    notebook.open("01_install_package")
    notebook.run_all()
    told = notebook.content.get_by_role("status").filter(has_text=RESTARTED, visible=True)
    box = notebook.field(re.compile("^Leave it as it is: put “email to case”"))
    expect(notebook.button(APPLY)).to_be_enabled()

    restart(notebook)
    expect(told).to_have_count(3)  # at the form, the boxes and the panel
    for button in ("Check and plan", APPLY):
        expect(notebook.button(button)).to_be_disabled()
        notebook.button(button).click(force=True)
    box.click(force=True)
    expect(box).not_to_be_checked()
    before = sim.requests("restarted")
    assert sim.writes("restarted") == 0

    notebook.run_all()
    expect(told).to_have_count(0)
    assert sim.requests("restarted") > before
    notebook.press(APPLY)
    notebook.sees("The runner is applying the plan.")
    restart(notebook)
    notebook.sees("What is being applied goes on meanwhile.")

    notebook.run_all()
    expect(told).to_have_count(0)
    notebook.sees("This phase is being applied already")
    notebook.sees(LEFT_TO_A_PERSON)  # Email-to-Case, left alone
    assert set(notebook.console.errors) <= errors_of_an_empty_notebook(lab, new_tab())
