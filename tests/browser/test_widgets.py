"""The front ends of tables, mail and boxes in a browser, each on a page of its own: no notebook and no kernel."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from cnxlib.handoff import Mail, compose
from cnxlib.model import Document, ManualStep, Outcome, Status
from cnxlib.ui.display import plan_view
from cnxlib.ui.letter import Letter
from cnxlib.ui.panel_widget import PanelWidget
from cnxlib.ui.progress import COLUMNS
from cnxlib.ui.sortable import Sortable
from cnxlib.ui.ticks import Confirming, Ticks
from cnxlib.ui.view import Grid

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOWN = """async ([esm, css, state]) => {
    const style = Object.assign(document.createElement("style"), {textContent: css});
    const main = document.createElement("main");
    document.head.append(style);
    document.body.append(main);
    const heard = {};
    window.sent = [];
    window.set = (name, value) => { state[name] = value; };
    window.renew = (name, value) => { set(name, value); heard[`change:${name}`]?.(); };
    const send = (content, _, buffers) => {
        if (window.cut) throw new Error("Cannot send");
        sent.push([content, ...buffers.map(buffer => [...new Uint8Array(buffer)])]);
    };
    window.happens = event => heard[event]?.();
    const model = {get: name => state[name], on: (name, call) => { heard[name] = call; }, off: () => {}, send};
    const module = await import(URL.createObjectURL(new Blob([esm], {type: "text/javascript"})));
    const started = performance.now();
    module.default.render({model, el: main});
    return performance.now() - started;
}"""
"""Renders a widget as anywidget does; what it sends is kept in `sent`, and `renew` is the kernel's answer.

With `cut` the kernel is gone, as JupyterLab tells it; `happens` tells an event of the model.
"""

GONE = "The kernel is gone: load this page again."
"""What is said where there is no menu of JupyterLab's."""

Show = Callable[[Any], Page]


@pytest.fixture
def show(chromium: Browser) -> Iterator[Show]:
    """Shows a widget on a page, in which nothing may go wrong."""
    context = chromium.new_context(accept_downloads=True)
    said: list[str] = []

    def page_of(widget: Any) -> Page:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.set_content("<!doctype html><html lang=en><head><title>a widget</title></head><body></body></html>")
        state = {name: value for name, value in widget.get_state().items() if not name.startswith("_")}
        page.evaluate(SHOWN, [str(widget._esm), str(widget._css), state])
        return page

    yield page_of
    context.close()
    assert said == []


def users(count: int) -> Grid:
    rows = tuple((f"user{n}@acme.example", f"Profile {n % 3}", "yes" if n % 2 else "") for n in range(count))
    return Grid(("user", "profile", "Conexiom User"), rows, "Who holds what")


def obstacles(page: Page) -> list[str]:
    """What axe has to say; a page of a widget alone has no headings."""
    found = Axe().run(page).response["violations"]
    return [each["id"] for each in found if each["id"] not in ("page-has-heading-one", "landmark-one-main", "region")]


def first(page: Page) -> str:
    return page.locator("tbody tr td").first.inner_text()


def test_ten_thousand_rows_are_sorted_filtered_and_turned_by_the_keyboard(show: Show) -> None:
    page = show(Sortable(users(10_000)).widget())
    status, head = page.get_by_role("status"), page.get_by_role("columnheader", name="user", exact=True).first
    expect(status).to_have_text("rows 1–50 of 10,000")
    expect(page.get_by_role("table", name="Who holds what")).to_be_visible()
    assert page.locator("tbody tr").count() == 50
    for direction, user in (("ascending", 0), ("descending", 9_999), ("none", 0)):
        head.get_by_role("button").press("Enter")
        expect(head).to_have_attribute("aria-sort", direction)
        assert first(page) == f"user{user}@acme.example"  # 10 comes after 9
    page.get_by_role("button", name="Next").press("Enter")
    expect(status).to_have_text("rows 51–100 of 10,000")
    page.get_by_role("button", name="Last").press("Enter")
    expect(status).to_have_text("rows 9,951–10,000 of 10,000")
    expect(page.get_by_role("button", name="Last")).to_be_focused()
    page.get_by_label("Filter").press_sequentially("USER77 yes")
    expect(status).to_have_text(re.compile(r"^rows 1–50 of \d+ \(filtered from 10,000\)$"))
    page.get_by_label("Filter").fill("nobody is called so")
    expect(status).to_have_text("no row fits (filtered from 10,000)")


def test_it_is_quick(show: Show) -> None:
    page = show(Sortable(users(10_000)).widget())
    took = page.evaluate("""() => {
        const started = performance.now();
        for (const button of document.querySelectorAll("th button")) button.click();
        return performance.now() - started;
    }""")
    assert took < 3_000


def test_what_is_found_is_saved_as_csv_without_formulas(show: Show) -> None:
    rows = tuple((start + "1+1", 'say "a, b"', f"n{n}") for n, start in enumerate(("=", "+", "-", "@", "\t", "x")))
    page = show(Sortable(Grid(("=a", "b", "c"), rows, "Who lacks: what?")).widget())
    with page.expect_download() as download:
        page.get_by_role("button", name="Save 6 rows as CSV").click()
    assert download.value.suggested_filename == "who-lacks-what.csv"
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    saved = list(csv.reader(io.StringIO(text, newline="")))
    assert saved[0] == ["'=a", "b", "c"]
    assert [row[0] for row in saved[1:]] == ["'=1+1", "'+1+1", "'-1+1", "'@1+1", "'\t1+1", "x1+1"]
    assert {row[1] for row in saved[1:]} == {'say "a, b"'}


def test_what_the_org_says_is_text(show: Show) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    page = show(Sortable(Grid((hostile,), ((hostile,),) * 11, hostile)).widget())
    assert page.locator("img").count() == 0
    assert first(page) == hostile


def letter() -> Letter:
    mail = Mail("ann@acme.example", "support@conexiom.example", "Setup file", "Hello,\n\nplease send it.\n")
    return Letter(Document("support-request.eml", compose(mail).as_string()))


def test_the_mail_is_copied_opened_and_saved(show: Show) -> None:
    page = show(letter().widget())
    page.evaluate("() => { document.execCommand = () => false; }")  # and no clipboard, which a page of HTTPS has
    page.get_by_role("button", name="Copy the text").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It is selected")
    assert page.evaluate("() => getSelection().toString().trim()") == "Hello,\n\nplease send it."
    link = page.get_by_role("link", name="Open in your mail program").get_attribute("href") or ""
    assert link.startswith("mailto:support@conexiom.example?subject=Setup%20file&body=Hello%2C%0D%0A")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save support-request.eml").click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == letter().document.text


def ticks() -> Ticks:
    steps = (ManualStep("setup_file", ("G9.3",), "Wait for it"), ManualStep("mail", ("G9.1",), "Send it"))
    outcome = Outcome("09", "Mail", "plan", Status.WAITING, manual=steps)
    return Ticks(outcome, plan_view, Confirming("acme", "09_support_request", {}))


def test_what_reading_alone_closes_has_no_box_and_says_why(show: Show) -> None:
    seats = ManualStep("package_seats", ("G5.1",), "Give a seat", closed_by="reading")
    flow = ManualStep("password_flow", ("G4.1",), "Switch it on", closed_by="decision", as_it_is="the flow is off")
    outcome = Outcome("04", "Access", "plan", Status.WAITING, manual=(seats, flow))
    page = show(Ticks(outcome, plan_view, Confirming("acme", "04_api_access", {}))._boxes)
    step = page.get_by_role("group", name="Package seats")
    expect(step).to_contain_text("It cannot be confirmed")
    expect(step.get_by_role("checkbox")).to_have_count(0)
    decision = page.get_by_role("group", name="Password flow")
    expect(decision).to_contain_text("To confirm it is to decide that it stays as it is: the flow is off.")
    expect(decision.get_by_role("checkbox", name="Leave it as it is")).to_have_count(1)


def test_a_box_is_ticked_by_the_keyboard_with_note_and_file(show: Show) -> None:
    boxes = ticks()._boxes
    page = show(boxes)
    step = page.get_by_role("group", name="Setup file")
    step.get_by_label("Note").fill("by mail")
    step.get_by_label("Evidence").set_input_files({"name": "setup.zip", "mimeType": "", "buffer": b"\x00\xff"})
    box = step.get_by_role("checkbox")
    box.press("Space")
    page.wait_for_function("() => sent.length == 1")
    content = {"step": "setup_file", "note": "by mail", "path": "", "file": "setup.zip"}
    assert page.evaluate("() => sent") == [[content, [0, 255]]]

    def renew(state: str, said: str) -> None:
        one, other = boxes.steps
        page.evaluate("steps => renew('steps', steps)", [{**one, "state": state, "said": said}, other])

    renew("busy", "")
    expect(step).to_have_attribute("aria-busy", "true")
    box.press("Space")
    assert page.evaluate("() => sent.length") == 1
    renew("refused", "It went wrong.")
    expect(step.get_by_role("status")).to_have_text("✗ It went wrong.")
    expect(box).not_to_be_checked()
    expect(box).to_be_focused()
    renew("done", "Confirmed by ann.")
    expect(step.get_by_text("✓ done")).to_be_visible()
    expect(step.get_by_role("status")).to_be_focused()
    expect(page.get_by_role("group", name="Mail").get_by_role("checkbox")).to_be_visible()


@pytest.mark.parametrize("told", [True, False], ids=["told", "found out"])
def test_a_tick_that_reaches_nobody_is_undone_and_it_is_said_beside_it(show: Show, told: bool) -> None:
    page = show(ticks()._boxes)
    page.evaluate("told => { window.cut = true; if (told) happens('comm_live_update'); }", told)
    expect(page.get_by_text(GONE)).to_have_count(int(told))
    step = page.get_by_role("group", name="Mail")
    step.get_by_role("checkbox").press("Space")
    expect(step.get_by_role("status").filter(has_text=GONE)).to_be_visible()
    expect(step.get_by_role("checkbox")).not_to_be_checked()
    expect(step.get_by_text("! open")).to_be_visible()
    other = page.get_by_role("group", name="Setup file")
    other.get_by_role("checkbox").press("Space")
    expect(other.get_by_role("status").filter(has_text=GONE)).to_be_visible()
    expect(other.get_by_role("checkbox")).not_to_be_checked()
    assert page.evaluate("() => sent") == []


def test_a_step_that_is_being_put_on_record_is_open_again_when_nobody_tells_how_it_goes_on(show: Show) -> None:
    boxes = ticks()._boxes
    page = show(boxes)
    one, other = boxes.steps
    page.evaluate("steps => renew('steps', steps)", [{**one, "state": "busy"}, {**other, "state": "done"}])
    page.evaluate("() => happens('comm_live_update')")
    step = page.get_by_role("group", name="Setup file")
    expect(step.get_by_role("checkbox")).not_to_be_checked()
    expect(step.get_by_text("! open")).to_be_visible()
    expect(page.get_by_text("✓ done")).to_be_visible()


def panel(**state: Any) -> PanelWidget:
    shown = {"columns": list(COLUMNS), "button": "Apply 2 changes", "head": "<p>Nothing is applied yet.</p>", **state}
    return PanelWidget(**shown)


AT_WORK = {"key": "1", "state": "busy", "sign": "…", "word": "at work", "step": "s", "remark": [], "seconds": ""}


def test_a_panel_that_reaches_nobody_says_so(show: Show) -> None:
    page = show(panel())
    page.evaluate("() => { window.cut = true; }")
    page.get_by_role("button", name="Apply 2 changes").press("Enter")
    expect(page.get_by_role("status").filter(has_text=GONE)).to_be_visible()
    expect(page.get_by_role("button", name="Apply 2 changes")).to_be_disabled()
    assert page.get_by_text("goes on meanwhile").count() == 0


def test_a_panel_counts_no_seconds_that_nobody_tells(show: Show) -> None:
    page = show(panel(button="", rows=[{**AT_WORK, "elapsed": 5}], overall={"text": "0 of 1", "fraction": None}))
    seconds = page.locator("tbody td").last
    expect(seconds).to_have_text("6 …")
    page.evaluate("() => happens('comm_live_update')")
    expect(page.get_by_text("What is being applied goes on meanwhile.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    before = seconds.inner_text()
    page.wait_for_timeout(2500)
    assert seconds.inner_text() == before


@pytest.mark.parametrize("field", [False, True], ids=["the button", "the field of a production org"])
def test_who_applies_by_the_keyboard_keeps_the_place(show: Show, field: bool) -> None:
    page = show(panel(guard="Type its id:" if field else ""))
    (page.get_by_label("Type its id:") if field else page.get_by_role("button", name="Apply 2 changes")).press("Enter")
    assert page.evaluate("() => sent.length") == 1
    at_work = {"guard": "", "button": "", "head": "<p>The runner is applying the plan.</p>"}
    page.evaluate("state => { for (const [name, value] of Object.entries(state)) set(name, value); }", at_work)
    page.evaluate("() => happens('change')")
    assert page.evaluate("() => document.activeElement.innerText") == "The runner is applying the plan."


@pytest.mark.parametrize("widget", [Sortable(users(60)).widget, letter().widget, lambda: ticks()._boxes])
def test_nothing_stands_in_anybodys_way(show: Show, widget: Callable[[], Any]) -> None:
    assert obstacles(show(widget())) == []
