"""What a person sees of a notebook and does with it: headings, labels and buttons, never the page's own classes."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.sync_api import Locator, Page, TimeoutError

from tests.browser.labs import Lab

Words = str | re.Pattern[str]


class Console:
    """What the browser's console says of a page.

    Attributes
    ----------
    lines:
        Everything, in order.
    errors:
        Errors alone, uncaught ones too, without what differs from page to page (addresses, ids, numbers).
    """

    def __init__(self, page: Page) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self._said("error", str(error)))

    def _said(self, kind: str, text: str) -> None:
        self.lines.append(f"{kind}: {text}")
        if kind == "error":
            self.errors.append(re.sub(r"https?://\S+|[0-9a-f-]{8,}|\d+", "…", text))


class Notebook:
    """One notebook in a browser's tab.

    Parameters
    ----------
    page:
        The tab.
    lab:
        The server.
    """

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page, self._lab = page, lab
        self.console = Console(page)

    @property
    def content(self) -> Locator:
        """The page without menus and side bars; a plain page has neither."""
        return self.page.get_by_role("main").or_(self.page.locator("body:not(:has(main, [role=main]))"))

    def open(self, name: str) -> None:
        """Open the notebook `name`, and wait until its title can be read; a plain page has run by then."""
        self.page.goto(self._lab.page_of(name))
        self.content.get_by_role("heading", level=1).first.wait_for()

    def run_all(self) -> None:
        """Menu Run → Run All Cells, once the kernel is there; wait until no cell is left to run."""
        self.page.get_by_text(re.compile(r"\| Idle$")).wait_for()
        for _ in range(10):
            self.menu("Run", "Run All Cells")
            with suppress(TimeoutError):
                self._cells("some(mark => /[*\\d]/.test(mark))", 5)
            self.until_all_has_run()
            if re.search(r"\[\d+\]:", self.reads()):  # else the kernel was not there yet
                break
        assert "Traceback (most recent call last)" not in self.reads(), self.reads()

    def until_all_has_run(self) -> None:
        """Wait until no cell is left to run."""
        self._cells("every(mark => !mark.includes('*'))", 120)

    def menu(self, name: str, *items: str) -> None:
        """Choose from a menu."""
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        for item in items:
            self.page.get_by_role("menuitem", name=item).first.click()

    def _cells(self, condition: str, timeout_s: float) -> None:
        """Wait until the marks beside the cells ("[3]:" has run, "[*]:" is to run) meet a condition."""
        marks = "[...document.querySelectorAll('.jp-InputPrompt')].filter(one => one.offsetParent)"
        self.page.wait_for_function(
            f"() => {{ const marks = {marks}.map(one => one.textContent); return marks.{condition}; }}",
            timeout=timeout_s * 1000,
        )

    def save(self) -> None:
        """Menu File → Save Notebook, and wait until it is saved."""
        with self.page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
            self.menu("File", "Save Notebook")

    def field(self, label: Words) -> Locator:
        """A field by its label."""
        return self.content.get_by_label(label).filter(visible=True).first

    def button(self, name: Words) -> Locator:
        """A button by its words."""
        return self.content.get_by_role("button", name=name).filter(visible=True).first

    def fill(self, label: Words, text: str) -> None:
        """Type into a field, and go on to the next by Tab."""
        field = self.field(label)
        field.fill(text)
        field.press("Tab")

    def choose(self, label: Words, option: str) -> None:
        """Choose in a list."""
        self.field(label).select_option(option)

    def tick(self, label: Words) -> None:
        """Tick a box."""
        self.field(label).check()

    def add(self, label: str, entry: str) -> None:
        """Add an entry to a list, by Enter."""
        field = self.field(f"Add to {label}")
        field.fill(entry)
        field.press("Enter")

    def follow(self, link: Words) -> None:
        """Follow a link to another notebook, and wait until its title can be read."""
        self.content.get_by_role("link", name=link).filter(visible=True).first.click()
        title = self.content.get_by_role("heading", level=1, name=link).filter(visible=True).first
        title.wait_for()

    def confirm(self, step: str) -> None:
        """Tick the box of a step that is left to a person, and wait until it is on record."""
        box = self.field(re.compile(f"Done: put “{step}” on record"))
        box.check()
        box.wait_for(state="hidden")

    def press(self, name: Words) -> None:
        """Press a button."""
        self.button(name).click()

    def sees(self, words: Words, timeout_s: float = 120) -> Locator:
        """Wait until these words can be read in the page."""
        found = self.content.get_by_text(words).filter(visible=True).first
        found.wait_for(timeout=timeout_s * 1000)
        return found

    def reads(self) -> str:
        """All that can be read in the page."""
        return self.content.inner_text()
