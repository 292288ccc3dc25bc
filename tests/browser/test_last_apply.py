"""What is told of an apply that could not do everything, where it was made and on the start page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.notebook import Notebook
from tests.browser.walking import APPLY, VERIFIED, plan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ORGS = {"left-modern": "modern"}
OPTIONS = ("--org", "left-modern")


def test_an_app_that_salesforce_refuses_is_left_to_a_person_and_not_verified(new_tab: Callable[[], Notebook]) -> None:
    start, notebook = new_tab(), new_tab()
    start.open("00_start_here")
    start.run_all()
    start.sees(re.compile(r"^Read on \d{4}-"))

    notebook.open("03_connected_app")
    notebook.run_all()
    notebook.fill("Callback URL", "https://portal-na1.cloud.conexiom.com/Partner/login")
    plan(notebook)
    notebook.press(APPLY)
    notebook.sees("The runner has ended: waiting.")
    notebook.sees(re.compile(r"steps? (is|are) left to a person; nothing else differs"))
    notebook.sees(re.compile(r"After the last apply the org was read again: \d steps? (is|are) left to a person\."))
    assert "nothing differs from the guide" not in notebook.reads()
    assert VERIFIED not in notebook.reads()
    panel = notebook.content.get_by_role("group", name="Apply").first
    assert "/lightning/setup/" in str(panel.get_by_role("link").first.get_attribute("href"))

    start.sees(re.compile(r"Out of date: run \S+ has been at work on this org since it was read\."))
    start.press("Look at the org")
    expect(start.content.get_by_text("Out of date")).to_have_count(0, timeout=60_000)
    start.sees("waits for a person")
