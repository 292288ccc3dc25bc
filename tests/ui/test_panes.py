from types import SimpleNamespace
from typing import Any

import pytest

from cnxlib.ui.panes import Pane
from cnxlib.ui.view import Note, View


class Shouting:
    """A part that a person works with."""

    def __init__(self) -> None:
        import ipywidgets

        self.widget = ipywidgets.Button()
        self.said = "hey"

    def view(self) -> View:
        return View(Note(self.said))


class Browser:
    """What IPython is given to display: each output's data by its display id, renewed ones in place."""

    def __init__(self) -> None:
        self.outputs: dict[str, dict[str, str]] = {}

    def display(self, data: dict[str, Any], raw: bool = False, display_id: str = "") -> Any:
        self.outputs[display_id] = data
        return SimpleNamespace(update=lambda data, raw: self.outputs.update({display_id: data}))


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    browser = Browser()
    monkeypatch.setattr("IPython.display.display", browser.display)
    return browser


def test_it_shows_the_last_content_as_text_and_html() -> None:
    pane = Pane()
    pane.show(View(Note("one")))
    pane.show(View(Note("two <b>")), Shouting())
    assert pane.text() == "two <b>\n\nhey"
    assert "two &lt;b&gt;" in pane.html()
    assert "one" not in pane.html()


def test_a_mark_stands_above_until_something_new_is_shown() -> None:
    pane = Pane()
    pane.show(View(Note("plan")))
    pane.mark(Note("Reading …"))
    assert pane.text() == "Reading …\n\nplan"
    assert 'role="status"' in pane._head.value
    pane.show(View(Note("new plan")))
    assert pane.text() == "new plan"
    assert "Reading" not in pane._head.value


def test_a_part_that_stays_keeps_its_widget() -> None:
    pane, part = Pane(), Shouting()
    pane.show(part)
    pane.show(View(Note("above")), part)
    assert pane._body.children[1] is part.widget


def test_a_cell_gets_a_widget_and_a_saved_form(browser: Browser) -> None:
    pane = Pane()
    pane.show(Shouting())
    pane._ipython_display_()
    (live, (name, saved)) = browser.outputs.pop(""), *browser.outputs.items()
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == pane._box.model_id
    assert live["text/plain"] == live["text/html"] == ""
    assert saved["text/plain"] == "hey"
    assert "As it stood on" in saved["text/html"]
    assert f'class="{name}"' in saved["text/html"]
    assert f".{name}{{display:none;}}" in pane._head.value, "the live one hides the saved one"
    pane.show(View(Note("later")))
    assert browser.outputs[name]["text/plain"] == "later"


def test_one_that_stands_for_an_error_hides_it_while_it_is_alive(browser: Browser) -> None:
    pane, other = Pane("told above", for_error=True), Pane("told above")
    pane._ipython_display_()
    (_, (name, saved)) = browser.outputs.pop(""), *browser.outputs.items()
    assert f":has(.{name}) ~ .jp-OutputArea-child:has([data-mime-type=" in pane._head.value
    assert "data-mime-type" not in saved["text/html"] + other._head.value


def test_what_changes_by_itself_is_saved_when_asked(browser: Browser) -> None:
    pane, part = Pane(), Shouting()
    pane.show(part)
    pane._ipython_display_()
    part.said = "ho"
    pane.save()
    assert [data["text/plain"] for data in browser.outputs.values()] == ["", "ho"]


def test_who_reads_it_without_a_notebook_gets_both_forms() -> None:
    pane = Pane()
    pane.show(View(Note("plan")))
    assert pane._repr_mimebundle_() == {"text/html": pane.html(), "text/plain": "plan"}
    assert repr(pane) == "plan"
