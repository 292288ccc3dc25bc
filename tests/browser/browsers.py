"""Debian's Chromium, or any that is here; no browser is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright

REMEDY = "sudo apt install chromium (or CNX_CHROMIUM=/path/to/it)"


def found() -> str | None:
    """Where Chromium is, None where there is none."""
    return os.environ.get("CNX_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def launched(driver: Playwright) -> Iterator[Browser]:
    """Chromium, started."""
    # It refuses its sandbox to root, whom one is in a container, whose shared memory is small.
    as_root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    browser = driver.chromium.launch(executable_path=found(), args=[*as_root, "--disable-dev-shm-usage"])
    try:
        yield browser
    finally:
        browser.close()
