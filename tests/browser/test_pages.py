"""`cnx lab --app`: the same notebooks as plain pages, for who has the token."""

from __future__ import annotations

import re

import pytest
import requests

from tests.browser.labs import Lab
from tests.browser.notebook import Notebook
from tests.browser.walking import apply, obstacles, plan

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
ORGS = {"plain-pages": "fresh"}
OPTIONS = ("--app", "--org", "plain-pages")


def test_nobody_sees_a_page_without_the_token(lab: Lab) -> None:
    address = lab.url.partition("?")[0]
    with requests.Session() as http:
        http.trust_env = False
        for place in (address, f"{address}?token=guessed", address.replace("/render/", "/files/")):
            answer = http.get(place, timeout=60, allow_redirects=False)
            assert answer.status_code == 403 or "/login" in answer.headers.get("Location", "")


def test_a_phase_is_planned_and_applied_on_a_plain_page(notebook: Notebook) -> None:
    notebook.open("00_start_here")
    notebook.sees("Northwind Industrial Supply")
    assert "Overview(globals())" not in notebook.reads()  # the code is not shown
    assert obstacles(notebook) == []
    notebook.follow("01 · Installing Application")
    notebook.tick("Switch Email-to-Case on")
    plan(notebook)
    apply(notebook)
    assert re.search(r"Traceback|There was an error", notebook.reads()) is None
