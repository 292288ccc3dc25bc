"""A browser, and a page whose picture and console are kept where a test fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import browsers
from tests.browser.labs import Lab, serving, write_inventory
from tests.browser.notebook import Notebook
from tests.conftest import Sim

PATIENCE_MS = 120_000
"""How long a page may take to do anything, in milliseconds: it takes seconds, with other tests beside it many more."""

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Keep whether a test failed, for the fixtures that end after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="module")
def lab(
    chromium: Browser, request: pytest.FixtureRequest, sim: Sim, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """A server for the tests of a module, on the orgs that it names in ORGS (alias: scenario), with its OPTIONS."""
    home = tmp_path_factory.mktemp("lab")
    orgs: dict[str, str] = request.module.ORGS
    for alias, scenario in orgs.items():
        sim.control("POST", "orgs", {"alias": alias, "scenario": scenario})
    write_inventory(home, os.environ["CNX_ORGS"], orgs)
    with serving(home, *getattr(request.module, "OPTIONS", ())) as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    if browsers.found() is None:
        pytest.skip(f"needs a browser: {browsers.REMEDY}")
    with sync_playwright() as driver, browsers.launched(driver) as browser:
        yield browser


@pytest.fixture
def new_tab(
    chromium: Browser, lab: Lab, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Notebook]]:
    """Opens a tab; when the test fails, what is left of each is kept as a picture, with its console."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    tabs: list[Notebook] = []

    def open_one() -> Notebook:
        tabs.append(Notebook(context.new_page(), lab))
        return tabs[-1]

    yield open_one
    if request.node.stash.get(FAILED, False):
        _keep(tabs, tmp_path_factory.mktemp("browser"))
    context.close()


@pytest.fixture
def notebook(new_tab: Callable[[], Notebook]) -> Notebook:
    """One tab."""
    return new_tab()


def _keep(tabs: list[Notebook], folder: Path) -> None:
    for number, tab in enumerate(tabs, 1):
        (folder / f"console-{number}.txt").write_text("\n".join(tab.console.lines), encoding="utf-8")
        if not tab.page.is_closed():
            tab.page.screenshot(path=folder / f"page-{number}.png", full_page=True)
    print(f"The browser's pages and consoles are in {folder}")
