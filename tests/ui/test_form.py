from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, field_validator, model_validator

from cnxlib.ui.fields import fields_of
from cnxlib.ui.form import WIDGET_VIEW, Form


class Rule(BaseModel):
    set: str


class Params(BaseModel):
    url: str = Field("", min_length=1, description="where to go", examples=["https://a.example"])
    on: bool = Field(False, description="whether it is on")
    route: Literal["auto", "manual"] = Field("auto", description="which way")
    minutes: int = Field(30, ge=1, description="how long")
    rules: list[Rule] = Field(default_factory=list, description="who gets what")
    hidden: str = "kept"

    @field_validator("url")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError("it must begin with https://")
        return value

    @model_validator(mode="after")
    def _together(self) -> "Params":
        if self.on and self.route == "manual":
            raise ValueError("manual and on exclude each other")
        return self


NAMES = ["url", "on", "route", "minutes", "rules"]
VALUES: dict[str, Any] = {
    "url": "https://b.example",
    "on": False,
    "route": "auto",
    "minutes": 30,
    "rules": [{"set": "Conexiom User"}],
    "hidden": "kept",
}


def form(interactive: bool = True, **values: Any) -> Form:
    return Form(Params, {**VALUES, **values}, NAMES, interactive=interactive)


def widget(of: Form, name: str) -> Any:
    return of._widgets[name]


def message(of: Form, name: str) -> str:
    return str(of._messages[name].value)


def test_each_type_has_its_field() -> None:
    kinds = {field.name: field.kind for field in fields_of(Params, NAMES)}
    assert kinds == {"url": "text", "on": "switch", "route": "choice", "minutes": "number", "rules": "yaml"}
    assert fields_of(Params, ["route"])[0].choices == ("auto", "manual")


def test_what_has_no_good_default_is_marked() -> None:
    assert [field.name for field in fields_of(Params, NAMES) if field.required] == ["url"]
    assert widget(form(), "url").description == "Url *"
    assert widget(form(), "minutes").description == "Minutes"


def test_the_help_speaks_of_the_field_not_of_literals() -> None:
    class Literals(BaseModel):
        name: str = Field("", description='a name ("" is yours)')

    assert fields_of(Literals, ["name"])[0].help == "a name (empty is yours)"


def test_headless_values_are_those_given() -> None:
    assert form(interactive=False).values == VALUES
    assert form(interactive=False, minutes=5).values["minutes"] == 5


def test_what_is_typed_becomes_the_value() -> None:
    it = form()
    widget(it, "url").value = "https://c.example"
    widget(it, "on").value = True
    widget(it, "minutes").value = 7
    widget(it, "rules").value = "- set: Conexiom Read Only"
    assert it.values == {
        **VALUES,
        "url": "https://c.example",
        "on": True,
        "minutes": 7,
        "rules": [{"set": "Conexiom Read Only"}],
    }
    assert set(it.typed) == {"url", "on", "minutes", "rules"}
    assert it.messages == {}


def test_an_emptied_list_is_the_default() -> None:
    it = form()
    widget(it, "rules").value = "  "
    assert it.values["rules"] == []


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("url", "ftp://c.example", "it must begin with https://"),
        ("minutes", 0, "greater than or equal to 1"),
        ("rules", "- [broken", "must be a list"),
        ("rules", "- {sett: x}", "0.set: Field required"),
    ],
)
def test_a_refused_value_says_why_beside_its_field_alone(name: str, typed: Any, said: str) -> None:
    it = form()
    widget(it, name).value = typed
    assert said in it.messages[name]
    assert said in message(it, name)
    assert [other for other in (*NAMES, "") if other != name and message(it, other)] == []


def test_a_message_goes_when_the_value_is_mended() -> None:
    it = form()
    widget(it, "minutes").value = 0
    widget(it, "minutes").value = 1
    assert message(it, "minutes") == ""


def test_what_is_about_several_fields_stands_below_them() -> None:
    it = form(on=True, route="manual")
    assert "exclude each other" in message(it, "")
    assert "exclude each other" in it.view().text()


def test_the_saved_copy_holds_values_help_and_refusals() -> None:
    bundle = form(url="ftp://c.example")._repr_mimebundle_()
    assert WIDGET_VIEW in bundle
    for part in ("ftp://c.example", "refused: it must begin with https://", "where to go", "set: Conexiom User"):
        assert part in bundle["text/plain"]
        assert part in bundle["text/html"]
    assert "kept" not in bundle["text/plain"]


def test_a_secret_in_place_of_its_reference_is_not_shown() -> None:
    class Keyed(BaseModel):
        key_ref: str = Field("", pattern=r"^(env:.+)?$")

    text = Form(Keyed, {"key_ref": "hunter2"}, ["key_ref"], interactive=False).view().text()
    assert "hunter2" not in text
    assert "refused" in text
    assert "env:KEY" in Form(Keyed, {"key_ref": "env:KEY"}, ["key_ref"], interactive=False).view().text()


def test_headless_there_is_no_widget() -> None:
    assert set(form(interactive=False)._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_values_from_elsewhere_are_not_typed() -> None:
    it = form()
    heard: list[str] = []
    it.on_change(heard.append)
    it.update({"minutes": 9})
    assert it.values["minutes"] == 9
    assert widget(it, "minutes").value == 9
    assert it.typed == {}
    assert heard == []
    widget(it, "minutes").value = 10
    assert heard == ["minutes"]


def test_choices_from_elsewhere_keep_the_value_there_is() -> None:
    it = Form(Params, VALUES, NAMES, choices={"url": ["https://d.example"]})
    assert widget(it, "url").options == ("https://b.example", "https://d.example")


def test_the_button_works_once_and_is_disabled_meanwhile() -> None:
    it, seen = form(), []

    def plan() -> None:
        seen.append(it._submit.disabled)
        it._submit.click()  # pressed again while it works
        raise ZeroDivisionError

    it.on_submit(plan)
    assert it._submit.description == "Check and plan"
    with pytest.raises(ZeroDivisionError):
        it._submitted(plan)
    assert seen == [True]
    assert it._submit.disabled is False


def test_the_button_waits_for_refused_values_and_says_which() -> None:
    it, pressed = form(), []
    it.on_submit(lambda: pressed.append(True))
    widget(it, "minutes").value = 0
    assert it._submit.disabled is True
    assert "First mend: Minutes." in it._reason.value
    it._submit.click()
    assert pressed == []
    widget(it, "minutes").value = 1
    assert it._submit.disabled is False
    assert "mend" not in it._reason.value
    it._submit.click()
    assert pressed == [True]


def test_headless_there_is_no_button() -> None:
    form(interactive=False).on_submit(pytest.fail)
