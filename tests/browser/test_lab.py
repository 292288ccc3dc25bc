"""JupyterLab as `cnx lab` starts it: how a newcomer finds it, and what it leaves behind."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cnxlib.runs.notebooks import notebook_path
from tests.browser.labs import Lab
from tests.browser.notebook import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ORGS = {"first-look": "fresh"}
OPTIONS = ("--org", "first-look")

SOURCES = notebook_path("00_start_here").parent


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.ipynb")}


def test_the_start_page_opens_with_nothing_in_its_way(lab: Lab, notebook: Notebook) -> None:
    before = digests(SOURCES)
    notebook.open("00_start_here")
    assert notebook.page.get_by_role("dialog").count() == 0
    notebook.run_all()
    notebook.sees("Northwind Industrial Supply")
    notebook.menu("File", "Save Notebook")
    notebook.page.wait_for_timeout(1500)
    assert notebook.page.get_by_role("dialog").count() == 0
    assert digests(SOURCES) == before  # it was the copy that was run and saved
    assert "Northwind" in (lab.home / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
