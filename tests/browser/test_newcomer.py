"""What a newcomer sees after Run All: what they work with, and no error of Python's where something is only missing."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.labs import Lab
from tests.browser.notebook import Notebook
from tests.browser.walking import plan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ORGS = {"newcomer": "fresh"}

SETTLED_MS = 1500
"""When nothing moves any more."""
DRAWN_AFTER_S = 8
LAST = "If it fails"
PYTHON = re.compile(r"\b\w+Error\b|\bUnknownOrg\b")
"""How an error of Python's begins."""


def no_org(lab: Lab) -> str:
    """Empty the list of orgs; returns what it held."""
    held = (lab.home / "orgs.yaml").read_text(encoding="utf-8")
    (lab.home / "orgs.yaml").write_text("orgs: {}\n", encoding="utf-8")
    return held


def test_run_all_ends_at_the_form(notebook: Notebook) -> None:
    notebook.open("05_permission_sets")
    for _ in range(2):
        notebook.run_all()
        notebook.page.wait_for_timeout(SETTLED_MS)
        expect(notebook.content.get_by_role("heading", name="1 · Inputs")).to_be_in_viewport()
        expect(notebook.field("Org")).to_be_in_viewport()


def slowed(lab: Lab, name: str) -> str:
    """The name of a copy of the notebook in which it takes a while until the form is drawn."""
    folder = lab.home / "notebooks"
    copied = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))
    first = next(cell for cell in copied["cells"] if cell["cell_type"] == "code")
    first["source"] = ["import time\n", f"time.sleep({DRAWN_AFTER_S})\n", *first["source"]]
    (folder / "slow.ipynb").write_text(json.dumps(copied), encoding="utf-8")
    return "slow"


def test_who_goes_elsewhere_meanwhile_stays_there(lab: Lab, notebook: Notebook) -> None:
    notebook.open(slowed(lab, "05_permission_sets"))
    title, last = (notebook.content.get_by_role("heading", name=name).first for name in ("05 ·", LAST))
    notebook.page.get_by_text(re.compile(r"\| Idle$")).wait_for()
    notebook.menu("Run", "Run All Cells")
    expect(last).to_be_in_viewport()
    notebook.page.mouse.move(800, 500)
    notebook.page.mouse.wheel(0, -100_000)
    expect(title).to_be_in_viewport()
    notebook.until_all_has_run()
    notebook.page.wait_for_timeout(SETTLED_MS)
    expect(title).to_be_in_viewport()


def test_what_is_missing_is_no_error_of_pythons(notebook: Notebook) -> None:
    notebook.open("03_connected_app")
    notebook.run_all()
    expect(notebook.field("Callback URL")).to_be_in_viewport()
    notebook.sees("Fill in the form above")
    notebook.sees("This page is not finished: what is in the way is told above.")
    assert PYTHON.findall(notebook.reads()) == []
    notebook.fill("Callback URL", "https://portal-na1.cloud.conexiom.com/Partner/login")
    plan(notebook)
    expect(notebook.content.get_by_text("This page is not finished")).to_have_count(0)
    assert PYTHON.findall(notebook.reads()) == []


def test_without_an_org_every_page_says_where_to_add_one(lab: Lab, notebook: Notebook) -> None:
    held = no_org(lab)
    try:
        notebook.open("05_permission_sets")
        notebook.run_all()
        notebook.sees("There is no org in your list yet")
        assert PYTHON.findall(notebook.reads()) == []
        assert re.findall(r"\[ \]:", notebook.reads()) == [], "no cell is left out"
        notebook.content.get_by_role("link", name="Open 00 · Start here").filter(visible=True).last.click()
        notebook.content.get_by_role("heading", level=1, name="00 · Start here").filter(visible=True).wait_for()
        notebook.run_all()
        notebook.page.wait_for_timeout(SETTLED_MS)
        expect(notebook.sees("You have no org in your list yet: add one.")).to_be_in_viewport()
        assert PYTHON.findall(notebook.reads()) == []
    finally:
        (lab.home / "orgs.yaml").write_text(held, encoding="utf-8")
    notebook.open("05_permission_sets")
    notebook.run_all()
    notebook.sees("Northwind Industrial Supply")
