"""The forms in a browser, each on a page of its own, with the kernel's half answering as it does in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from cnxlib.phases import PHASES, find_phase
from cnxlib.phases.saved import defaults
from cnxlib.ui.form import Form

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHOWN = """async ([esm, css, state]) => {
    const style = Object.assign(document.createElement("style"), {textContent: css});
    const main = document.createElement("main");
    document.head.append(style);
    document.body.append(main);
    const heard = {};
    const send = async (content) => {
        if (window.slow) await new Promise(done => setTimeout(done, slow));
        for (const [name, value] of Object.entries(await kernel(content))) {
            state[name] = value;
            heard[`change:${name}`]?.();
        }
    };
    window.happens = event => heard[event]?.();
    const model = {get: name => state[name], on: (name, call) => { heard[name] = call; }, off: () => {}, send};
    const module = await import(URL.createObjectURL(new Blob([esm], {type: "text/javascript"})));
    module.default.render({model, el: main});
}"""
"""Renders the form as anywidget does; `kernel` takes each message and answers with the state that follows."""

SYNCED = ("state", "offers", "reading", "found", "button")

Show = Callable[[Form], Page]


@pytest.fixture
def show(chromium: Browser) -> Iterator[Show]:
    """Shows a form on a page, in which nothing may go wrong."""
    context = chromium.new_context()
    said: list[str] = []

    def page_of(form: Form) -> Page:
        box = form.widget

        def kernel(message: dict[str, Any]) -> dict[str, Any]:
            box._handle_custom_msg(message, [])
            return {name: getattr(box, name) for name in SYNCED}

        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.expose_function("kernel", kernel)
        page.set_content("<!doctype html><html lang=en><head><title>a form</title></head><body></body></html>")
        state = {name: value for name, value in box.get_state().items() if not name.startswith("_")}
        page.evaluate(SHOWN, [str(box._esm), str(box._css), state])
        return page

    yield page_of
    context.close()
    assert said == []


def form_of(phase: str, **values: Any) -> Form:
    found = find_phase(phase)
    form = Form(
        found.params,
        {**defaults(found), "org": "acme", **values},
        ["org", *found.own_parameters, "ticket"],
        choices={"org": ["acme", "other"]},
    )
    form.on_submit(lambda: None)
    return form


def button(page: Page) -> Any:
    return page.get_by_role("button", name="Check and plan")


@pytest.mark.parametrize("phase", [*(phase.id for phase in PHASES), "99_undo"])
def test_every_form_is_free_of_obstacles_and_reached_by_tab(show: Show, phase: str) -> None:
    form = form_of(phase)
    page = show(form)
    for group in page.locator("summary:visible").all():
        group.click()
    found = Axe().run(page).response["violations"]
    assert [
        each["id"] for each in found if each["id"] not in ("page-has-heading-one", "landmark-one-main", "region")
    ] == []
    page.get_by_label("Org", exact=True).focus()
    reached = set()
    for _ in range(120):
        reached.add(page.evaluate("document.activeElement.id"))
        if page.evaluate("document.activeElement.className") == "cnx-submit":
            break
        page.keyboard.press("Tab")
    shown = page.locator(".cnx-form :is(input:not([type=file]), select)")
    ids = {one.get_attribute("id") for one in shown.all() if one.is_visible()}
    assert ids - {None} <= reached
    assert all(one.evaluate("node => node.labels.length > 0 || node.ariaLabel !== null") for one in shown.all())


def test_what_is_wrong_is_told_at_its_field_as_one_types(show: Show) -> None:
    page = show(form_of("03"))
    url = page.get_by_label("Callback URL", exact=True)
    expect(button(page)).to_be_disabled()
    expect(page.get_by_text("First mend: Callback URL.")).to_be_visible()
    url.press_sequentially("ftp://acme")
    expect(url).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("✗ must be a URL that begins with https://")).to_be_visible()
    url.fill("")
    url.press("ArrowDown")
    url.press("ArrowDown")
    url.press("Enter")
    expect(url).to_have_value("https://portal-na1.cloud.conexiom.com/Partner/login")
    expect(button(page)).to_be_enabled()
    expect(url).not_to_have_attribute("aria-invalid", "true")


def test_the_button_that_is_pressed_too_early_leads_to_what_is_wrong(show: Show) -> None:
    page = show(form_of("03", callback_url="https://portal-na1.cloud.conexiom.com/Partner/login"))
    page.evaluate("() => { window.slow = 500; }")  # the kernel has not heard what was typed when the button is pressed
    url = page.get_by_label("Callback URL", exact=True)
    url.fill("ftp://acme")
    button(page).click()
    expect(page.get_by_text("✗ must be a URL that begins with https://")).to_be_visible()
    expect(url).to_be_focused()


def test_the_button_leads_nowhere_while_it_works(show: Show) -> None:
    form = form_of("03", callback_url="https://portal-na1.cloud.conexiom.com/Partner/login")
    page = show(form)
    page.get_by_label("Callback URL", exact=True).fill("https://portal-na2.cloud.conexiom.com/Partner/login")
    button(page).click()
    expect(button(page)).to_be_enabled()
    expect(button(page)).to_be_focused()
    assert form.values["callback_url"] == "https://portal-na2.cloud.conexiom.com/Partner/login"


def test_a_form_that_reaches_nobody_says_so(show: Show) -> None:
    page = show(form_of("05"))
    page.evaluate("() => happens('comm_live_update')")
    gone = page.get_by_role("status").filter(has_text="The kernel is gone: load this page again.")
    expect(gone).to_be_visible()
    expect(button(page)).to_be_disabled()
    button(page).click(force=True)
    expect(page.get_by_text("Working")).to_have_count(0)


def test_only_what_applies_is_shown(show: Show) -> None:
    form = form_of("02")
    page = show(form)
    expect(page.get_by_label("User name", exact=True)).to_be_hidden()
    page.get_by_label("Cases are created for alerts").check()
    expect(page.get_by_label("User name", exact=True)).to_be_visible()
    expect(page.get_by_label("Profile", exact=True)).to_be_visible()
    page.get_by_label("Access is given by").select_option("A profile")
    expect(page.get_by_label("Profile", exact=True)).to_be_hidden()
    assert form.typed == {"case_alerts": True, "access_via": "profile"}


def test_users_are_searched_as_one_types_and_picked_by_the_keyboard(show: Show) -> None:
    form = form_of("07", assignments=[{"set": "Conexiom User", "users": ["ann@acme.example"]}])
    searched: list[str] = []

    def search(told: Any) -> None:
        searched.append(told["text"])
        form.found(told["text"], [("bob@acme.example", "Bob Stone"), ("bo@acme.example", "Bo <b>Ash</b>")])

    form.on("search", search)
    page = show(form)
    field = page.get_by_role("combobox", name="Add to User names")
    field.press_sequentially("bo")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(
        ["Bob Stonebob@acme.example", "Bo <b>Ash</b>bo@acme.example"]
    )
    field.press("ArrowDown")
    field.press("ArrowDown")
    expect(page.get_by_role("listbox").get_by_role("option", selected=True)).to_contain_text("Bo <b>Ash</b>")
    field.press("Enter")
    expect(page.get_by_role("button", name="Remove bo@acme.example")).to_be_visible()
    assert searched == ["bo"]
    page.get_by_role("button", name="Remove ann@acme.example").press("Enter")
    field.press_sequentially("not.in.the.list@acme.example")
    field.press("Enter")
    expect(field).to_have_value("")
    page.wait_for_timeout(500)
    users = ["bo@acme.example", "not.in.the.list@acme.example"]
    assert form.values["assignments"] == [{"set": "Conexiom User", "users": users}]


def test_what_is_being_typed_is_not_lost_when_rows_come_and_go(show: Show) -> None:
    given = [{"set": "Conexiom User", "users": [f"{name}@acme.example"]} for name in ("ann", "bob")]
    form = form_of("07", assignments=given)
    page = show(form)
    rows = page.get_by_role("combobox", name="Add to User names")
    rows.nth(1).press_sequentially("eve@acme.example")
    page.get_by_role("button", name="Remove assignment 1").click()
    expect(page.get_by_role("button", name="Remove eve@acme.example")).to_be_visible()
    page.wait_for_timeout(600)
    assert form.values["assignments"] == [{"set": "Conexiom User", "users": ["bob@acme.example", "eve@acme.example"]}]


def test_rows_are_added_filled_in_and_removed(show: Show) -> None:
    form = form_of("08")
    form.offer({"profiles": [("Standard User", "Standard User · Salesforce"), ("Other", "Other · Salesforce")]})
    page = show(form)
    page.get_by_role("button", name="Add a rule").press("Enter")
    rule = page.get_by_role("group", name="Rule 1")
    expect(rule.get_by_label("Chosen by")).to_be_focused()
    expect(button(page)).to_be_disabled()
    expect(rule.get_by_text("✗ is required")).to_have_count(0)  # nobody has come to it yet
    button(page).click(force=True)
    expect(rule.get_by_text("✗ is required")).to_have_count(2)
    profile = rule.get_by_role("combobox", name="Profile")
    profile.press_sequentially("sta")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    profile.press("ArrowDown")
    profile.press("Enter")
    sets = rule.get_by_role("combobox", name="Add to Permission sets")
    sets.press_sequentially("Conexiom User")
    sets.press("Enter")
    expect(button(page)).to_be_enabled()
    assert form.values["rules"] == [{"when": {"profile": "Standard User"}, "sets": ["Conexiom User"]}]
    rule.get_by_label("Chosen by").select_option("Role")
    expect(button(page)).to_be_disabled()
    page.get_by_role("button", name="Remove rule 1").press("Enter")
    expect(rule).to_have_count(0)
    expect(page.get_by_role("button", name="Add a rule")).to_be_focused()
    expect(button(page)).to_be_enabled()
    assert form.values["rules"] == []


def test_a_secret_is_told_once_and_its_field_emptied(show: Show) -> None:
    form = form_of("09", email_to_case_integration=True)
    told: list[Any] = []
    form.on("secret", told.append)
    page = show(form)
    secret = page.get_by_label("or type it here: Security token")
    secret.fill("tok3n-of-acme")
    secret.press("Enter")
    expect(secret).to_have_value("")
    secret.fill("another-tok3n")
    secret.press("Tab")
    expect(secret).to_have_value("")
    page.wait_for_timeout(300)
    assert [(one["name"], one["value"]) for one in told] == [
        ("security_token_ref", "tok3n-of-acme"),
        ("security_token_ref", "another-tok3n"),
    ]


def test_a_file_is_chosen(show: Show, tmp_path: Path) -> None:
    form = form_of("07")
    told: list[Any] = []
    form.on("file", told.append)
    (tmp_path / "users.csv").write_text("Username,PermissionSet\n", encoding="utf-8")
    page = show(form)
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose a file").click()
    choosing.value.set_files(tmp_path / "users.csv")
    expect(page.get_by_text("users.csv is saved beside your orgs.yaml")).to_be_visible()
    page.wait_for_timeout(300)
    assert [(one["name"], one["text"]) for one in told] == [("users_csv", "Username,PermissionSet\n")]


def test_what_comes_from_the_kernel_takes_its_place_but_not_what_is_being_typed(show: Show) -> None:
    form = form_of("09")
    form.on_change(lambda name: form.update({"region": "emea"}) if name == "support_email" else None)
    page = show(form)
    address = page.get_by_label("Address of Conexiom's support")
    address.press_sequentially("help@conexiom.example", delay=30)
    expect(page.get_by_label("Region")).to_have_value("emea")
    expect(address).to_have_value("help@conexiom.example")
