"""Walking through the guide as an admin does: from notebook to notebook, by what can be read on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.browser.labs import Lab
from tests.browser.notebook import Notebook

APPLY = re.compile(r"^Apply \d+ changes?$")
VERIFIED = "After the last apply the org was read again: nothing differed from the guide."
LEFT_TO_A_PERSON = "After the last apply the org was read again: 1 step is left to a person."
NOTHING_LEFT = "There is nothing to apply."
OURS = ".jp-OutputArea-output"
"""What the cells show: the rest of the page is JupyterLab's."""


Look = Callable[[str], None]
"""Called with the number of a notebook while its plan is shown, and with "01 applied" and so on after it."""


def plan(notebook: Notebook) -> None:
    """Press "Check and plan", and wait for the button of the plan."""
    notebook.press("Check and plan")
    notebook.button(APPLY).wait_for()


def apply(notebook: Notebook) -> None:
    """Press Apply, and wait until the org was read again and agrees."""
    notebook.press(APPLY)
    notebook.sees(VERIFIED)


def guide(notebook: Notebook, alias: str, look: Look = lambda name: None, connected_apps: bool = True) -> None:
    """Carry out the guide from the first click to the last, on an org of the scenarios `fresh` or `modern`."""
    _start(notebook, look)
    for link, fill_in in _phases(alias, connected_apps).items():
        number = link[:2]
        notebook.follow(link)
        notebook.run_all()
        fill_in(notebook)
        look(number)
        apply(notebook)
        look(f"{number} applied")
    _support_request(notebook, look)


def _phases(alias: str, connected_apps: bool) -> dict[str, Callable[[Notebook], None]]:
    """How each phase is filled in and planned, by the link that leads to its notebook."""
    return {
        "01 · Installing Application": _install,
        "02 · Conexiom Integration User": _integration_user,
        "03 · Connected App Configuration": partial(_app, accepted="connected_app" if connected_apps else "external"),
        "04 · Verify API Access is Enabled": _api_access,
        "05 · Conexiom Permission Sets": _as_it_is,
        "06 · Creating Visibility Permission Set": partial(_visibility, alias=alias),
        "07 · Assigning Conexiom Permission Sets to Existing Users": _as_it_is,  # who gets which set is known from 06
        "08 · Assigning Permission Sets to New Users": partial(_new_user, alias=alias),
    }


def _start(notebook: Notebook, look: Look) -> None:
    notebook.open("00_start_here")
    notebook.run_all()
    notebook.sees("Northwind Industrial Supply")
    look("00")


def _as_it_is(notebook: Notebook) -> None:
    notebook.button(APPLY).wait_for()


def _install(notebook: Notebook) -> None:
    notebook.tick("Switch Email-to-Case on")
    plan(notebook)


def _integration_user(notebook: Notebook) -> None:
    notebook.tick("Email-to-Case integration is used")
    notebook.tick("Cases are created for alerts")
    plan(notebook)


def _app(notebook: Notebook, accepted: str) -> None:
    notebook.sees("Fill in the form above")
    notebook.fill("Callback URL", "https://portal-na1.cloud.conexiom.com/Partner/login")
    kinds = {"connected_app": "connected_app", "external": "external_client_app"}
    notebook.choose("Kind of app that Conexiom accepts", kinds[accepted])
    plan(notebook)


def _api_access(notebook: Notebook) -> None:
    notebook.tick("Switch the flow on")
    plan(notebook)


def _visibility(notebook: Notebook, alias: str) -> None:
    notebook.tick("Service Cloud alerts are used")
    notebook.add("Further mapped fields", "Account.Phone")
    notebook.press("Add an assignment")
    notebook.choose("Permission set", "Conexiom User")
    notebook.add("User names", f"csr1@{alias}.example")
    plan(notebook)


def _new_user(notebook: Notebook, alias: str) -> None:
    notebook.press("Add a new user")
    texts = {
        "User name": f"new.csr@{alias}.example",
        "E-mail address": f"new.csr@{alias}.example",
        "Last name": "Haddad",
        "First name": "Noor",
        "Alias": "nhaddad",
        "Profile": "Customer Service",
    }
    for label, text in texts.items():
        notebook.fill(label, text)
    notebook.add("Permission sets", "Conexiom User")
    plan(notebook)


def _support_request(notebook: Notebook, look: Look) -> None:
    notebook.follow("09 · Email Conexiom Support")
    notebook.run_all()
    notebook.fill("Address of Conexiom's support", "support@conexiom.example")
    notebook.choose("How the credentials reach Conexiom", "live_call")
    notebook.press("Check and plan")
    notebook.sees("Send the request for the setup file to support@conexiom.example.")
    notebook.sees("The mail as it will look")
    look("09")
    for step in ("send request", "hand over credentials", "setup file"):
        notebook.confirm(step)
    look("09 applied")


def obstacles(notebook: Notebook) -> list[str]:
    """What of the cells' displays keeps people out, by axe's measure: serious and critical findings alone."""
    in_front = f".jp-NotebookPanel:not(.lm-mod-hidden) {OURS}"
    shown = in_front if notebook.page.locator(in_front).count() else OURS
    found = Axe().run(notebook.page, context={"include": [shown]}, options={"resultTypes": ["violations"]})
    return [
        f"{one['impact']}: {one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def errors_of_an_empty_notebook(lab: Lab, notebook: Notebook) -> set[str]:
    """What the console tells as errors where there is nothing of ours: JupyterLab's own."""
    cell = {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": None, "source": "1", "outputs": []}
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    empty = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (lab.home / "notebooks" / "empty.ipynb").write_text(json.dumps(empty), encoding="utf-8")
    notebook.page.goto(lab.page_of("empty"))
    notebook.button("Insert a cell below").wait_for()
    notebook.run_all()
    notebook.page.close()
    return set(notebook.console.errors)


def statuses(lab: Lab, mode: str, alias: str) -> dict[str, str]:
    """The status of each phase, as the command line tells it: with what the browser left in `orgs.yaml`."""
    ended = lab.cnx(mode, "--org", alias, "--json")
    result: dict[str, Any] = json.loads(ended.stdout)
    return {phase["phase"][:2]: phase["status"] for phase in result["phases"]}
