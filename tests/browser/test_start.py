"""The start page in JupyterLab: an org is added by its forms, and the phases lead to their notebooks."""

from __future__ import annotations

import re

import pytest

from cnxlib.inventory import PasswordLogin, add_org, find_org, read_inventory
from cnxlib.secrets import resolve
from tests.browser.labs import Lab
from tests.browser.notebook import Notebook
from tests.browser.walking import obstacles
from tests.conftest import Sim

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ORGS = {"start-known": "fresh"}
OPTIONS = ("--org", "start-known")


def test_an_org_is_added_and_its_next_phase_opened(lab: Lab, sim: Sim, notebook: Notebook) -> None:
    sim.control("POST", "orgs", {"alias": "start-new", "scenario": "converged"})
    entry = find_org("start-new")
    assert isinstance(entry.login, PasswordLogin)
    password, token = resolve(entry.login.password), resolve(str(entry.login.security_token))
    notebook.open("00_start_here")
    notebook.run_all()
    notebook.sees("start-known answers, and all that is needed is there.")
    notebook.press("Add an org")
    notebook.choose("How do you log in to it?", "password")
    notebook.field("Security token").wait_for()
    notebook.fill("Your name for this org", "my org")
    notebook.sees("no spaces")
    notebook.fill("Your name for this org", "added")
    notebook.choose("Kind of org", "own")
    notebook.fill("Address of the org", f"{entry.login.url}/lightning/page/home")
    notebook.fill("User name", entry.login.username)
    notebook.fill("Password", "Canary-of-a-typo-1")
    notebook.fill("Security token", token)
    notebook.page.get_by_text("For experts").click()
    notebook.fill("Certificates to trust", str(entry.ca_cert))
    assert obstacles(notebook) == []
    notebook.press("Add this org")
    notebook.sees("Nobody could log in: ")
    assert "added" not in read_inventory(lab.home / "orgs.yaml")
    assert notebook.field("Password").input_value() == ""
    assert obstacles(notebook) == []
    notebook.fill("Password", password)
    notebook.press("Add this org")
    notebook.sees("added answers, and all that is needed is there.")
    assert read_inventory(lab.home / "orgs.yaml")["added"].login.references() == {
        "password": "age:added/password",
        "security_token": "age:added/security_token",
    }
    notebook.save()
    saved = (lab.home / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert password not in saved and token not in saved and "Canary-of-a-typo-1" not in saved
    notebook.sees("Next: ")
    link = notebook.content.get_by_role("link", name=re.compile(r"^Open 0\d ·")).first
    title = link.inner_text().removeprefix("Open ").removesuffix(" →")
    link.click()
    notebook.content.get_by_role("heading", level=1, name=title).filter(visible=True).first.wait_for()


def test_an_org_is_changed_and_taken_out_of_the_list(lab: Lab, sim: Sim, notebook: Notebook) -> None:
    sim.control("POST", "orgs", {"alias": "start-mended", "scenario": "fresh"})
    entry = find_org("start-mended")
    assert isinstance(entry.login, PasswordLogin)
    orgs = lab.home / "orgs.yaml"
    add_org("mended", entry.login.model_copy(update={"username": "typo@acme.example"}), entry.ca_cert, orgs)
    notebook.open("00_start_here")
    notebook.run_all()
    notebook.choose("Org", "mended")
    notebook.press("Look at the org")
    notebook.sees("mended cannot be worked with yet: nobody could log in.")
    assert notebook.field("User name").input_value() == "typo@acme.example"
    assert notebook.field("Password").input_value() == ""
    assert obstacles(notebook) == []
    notebook.fill("User name", entry.login.username)
    notebook.press(re.compile("^Change this org$"))
    notebook.sees("mended answers, and all that is needed is there.")
    assert read_inventory(orgs)["mended"].login == entry.login
    notebook.press("Change this org, or take it out of the list")
    notebook.press("Take mended out of the list")
    notebook.sees("In the org nothing is changed.")
    assert obstacles(notebook) == []
    notebook.press(re.compile("^Take it out$"))
    notebook.sees("mended was taken out of the list")
    notebook.sees("start-known answers, and all that is needed is there.")
    assert "mended" not in read_inventory(orgs)
