"""What stands between a person and a mistake, and what a run at work does not mind."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest

from tests.browser.labs import Lab
from tests.browser.notebook import Notebook
from tests.browser.walking import APPLY, LEFT_TO_A_PERSON, plan
from tests.conftest import Sim

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
ORGS = {"cut-off": "fresh", "guarded": "production"}
OPTIONS = ("--org", "cut-off")

ITS_ID = "This is a production org. To apply to it, type its id:"
INSTALLS_S = 45
"""How long the package takes to install, in seconds: the kernel is restarted and the tab closed meanwhile."""


def requests_once_quiet(sim: Sim, alias: str, still_s: float = 4) -> int:
    """The requests to an org, once the form has read what it offers and no more are made."""
    count, since = sim.requests(alias), time.monotonic()
    while time.monotonic() - since < still_s:
        time.sleep(0.2)
        if (now := sim.requests(alias)) != count:
            count, since = now, time.monotonic()
    return count


def test_a_wrong_answer_is_told_beside_its_field_and_nothing_is_sent(sim: Sim, notebook: Notebook) -> None:
    notebook.open("03_connected_app")
    notebook.run_all()
    before = requests_once_quiet(sim, "cut-off")
    notebook.fill("Callback URL", "portal.conexiom.com/login")
    notebook.sees("https")
    assert notebook.field("Callback URL").get_attribute("aria-invalid") == "true"
    notebook.sees("First mend: Callback URL.")
    notebook.button("Check and plan").press("Enter")
    notebook.page.wait_for_timeout(500)
    assert sim.requests("cut-off") == before
    assert notebook.button(APPLY).count() == 0


def test_a_production_org_wants_its_id(sim: Sim, notebook: Notebook) -> None:
    notebook.open("01_install_package")
    notebook.run_all()
    notebook.choose("Org", "guarded")
    plan(notebook)
    notebook.sees("(alias guarded)")  # until then the page is that of the org before
    org_id = re.findall(r"\b00D\w{15}\b", notebook.reads())[0]
    before = sim.writes("guarded")
    notebook.fill(ITS_ID, "00D000000000000AAA")
    notebook.press(APPLY)
    notebook.sees("is not this org's id")
    assert sim.writes("guarded") == before
    notebook.fill(ITS_ID, org_id)
    notebook.press(APPLY)
    notebook.sees(LEFT_TO_A_PERSON)  # Email-to-Case, left alone
    assert sim.writes("guarded") > before


def test_a_run_minds_neither_a_restarted_kernel_nor_a_closed_tab(
    lab: Lab, sim: Sim, new_tab: Callable[[], Notebook]
) -> None:
    sim.control("PUT", "orgs/cut-off/faults", [{"kind": "install_slow", "value": INSTALLS_S}])
    first = new_tab()
    first.open("01_install_package")
    first.run_all()
    first.choose("Org", "cut-off")
    plan(first)
    first.press(APPLY)
    first.sees("The runner is applying the plan.")

    first.menu("Kernel", "Restart Kernel and Run All Cells")
    first.page.get_by_role("button", name="Confirm Kernel Restart").click()
    first.sees("This phase is being applied already")
    first.until_all_has_run()
    first.save()
    first.page.close()

    second = new_tab()
    second.open("01_install_package")
    second.sees("This phase is being applied already")  # without running anything: the kernel is still there
    second.sees(LEFT_TO_A_PERSON)
    ended = [json.loads(path.read_text(encoding="utf-8")) for path in (lab.runs / "cut-off").glob("*/run.json")]
    assert [run["status"] for run in ended if run["mode"] == "apply"] == ["waiting"]
    (applied,) = [run["run_id"] for run in ended if run["mode"] == "apply"]
    assert lab.cnx("records", "verify", applied).returncode == 0
