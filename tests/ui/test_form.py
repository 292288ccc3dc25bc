from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.ui.fields import fields_of
from cnxlib.ui.form import Form
from cnxlib.ui.live import WIDGET_VIEW


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")
    set: str


class Params(BaseModel):
    url: str = Field("", min_length=1, description="where to go", examples=["https://a.example"])
    on: bool = Field(False, description="whether it is on")
    route: Literal["auto", "manual"] = Field("auto", description="which way")
    minutes: int = Field(30, ge=1, description="how long")
    rules: list[Rule] = Field(default_factory=list, description="who gets what")
    extra: dict[str, int] = Field(default_factory=dict, description="what has no editor")
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


NAMES = ["url", "on", "route", "minutes", "rules", "extra"]
VALUES: dict[str, Any] = {
    "url": "https://b.example",
    "on": False,
    "route": "auto",
    "minutes": 30,
    "rules": [{"set": "Conexiom User"}],
    "extra": {},
    "hidden": "kept",
}


def form(interactive: bool = True, **values: Any) -> Form:
    return Form(Params, {**VALUES, **values}, NAMES, interactive=interactive)


def say(to: Form, kind: str, **told: Any) -> None:
    """What the browser tells the form."""
    to.widget._handle_custom_msg({"kind": kind, **told}, [])


def typed(into: Form, name: str, value: Any) -> None:
    say(into, "typed", name=name, value=value, mark=["view", 1])


def state(of: Form) -> dict[str, Any]:
    """What the browser is told."""
    return dict(of.widget.state)


def test_each_type_has_its_field() -> None:
    kinds = {field.name: field.kind for field in fields_of(Params, NAMES)}
    assert kinds == {
        "url": "text",
        "on": "switch",
        "route": "choice",
        "minutes": "number",
        "rules": "rows",
        "extra": "yaml",
    }
    assert fields_of(Params, ["route"])[0].choices == (("auto", "Auto"), ("manual", "Manual"))
    assert [field.name for field in fields_of(Params, ["rules"])[0].fields] == ["set"]


def test_what_has_no_good_default_is_marked() -> None:
    assert [field.name for field in fields_of(Params, NAMES) if field.required] == ["url"]
    (group,) = form().widget.groups
    assert [field["name"] for field in group["fields"] if field["required"]] == ["url"]


def test_the_help_speaks_of_the_field_not_of_literals() -> None:
    class Literals(BaseModel):
        name: str = Field("", description='a name ("" is yours)')

    assert fields_of(Literals, ["name"])[0].help == "A name (empty is yours)"


def test_headless_values_are_those_given() -> None:
    assert form(interactive=False).values == VALUES
    assert form(interactive=False, minutes=5).values["minutes"] == 5


def test_what_is_typed_becomes_the_value() -> None:
    it = form()
    typed(it, "url", " https://c.example ")
    typed(it, "on", True)
    typed(it, "minutes", "7")
    typed(it, "rules", [{"set": "Conexiom Read Only"}])
    typed(it, "extra", "a: 1")
    assert it.values == {
        **VALUES,
        "url": "https://c.example",
        "on": True,
        "minutes": 7,
        "rules": [{"set": "Conexiom Read Only"}],
        "extra": {"a": 1},
    }
    assert set(it.typed) == {"url", "on", "minutes", "rules", "extra"}
    assert it.messages == {}


@pytest.mark.parametrize("name", ["minutes", "extra"])
def test_an_emptied_field_is_the_default(name: str) -> None:
    it = form(minutes=5, extra={"a": 1})
    typed(it, name, "  ")
    assert it.values[name] == {"minutes": 30, "extra": {}}[name]


@pytest.mark.parametrize(
    ("name", "value", "place", "said"),
    [
        ("url", "ftp://c.example", "url", "it must begin with https://"),
        ("minutes", "0", "minutes", "must be 1 or more"),
        ("minutes", "soon", "minutes", "must be a whole number"),
        ("rules", [{"set": "a"}, {}], "rules.1.set", "is required"),
        ("rules", [{"set": "a", "sett": "x"}], "rules.0.sett", "there is no such entry"),
        ("extra", "[broken", "extra", "valid dictionary"),
    ],
)
def test_a_refused_value_says_why_at_its_very_place_alone(name: str, value: Any, place: str, said: str) -> None:
    it = form()
    typed(it, name, value)
    assert list(it.messages) == [name]
    assert list(state(it)["messages"]) == [place]
    assert said in state(it)["messages"][place]
    assert state(it)["rest"] == ""


def test_a_message_goes_when_the_value_is_mended() -> None:
    it = form()
    typed(it, "minutes", "0")
    typed(it, "minutes", "1")
    assert state(it)["messages"] == {}


def test_what_is_about_several_fields_stands_at_the_one_that_it_begins_with() -> None:
    class Paired(BaseModel):
        user: str = ""
        key: str = ""

        @model_validator(mode="after")
        def _pair(self) -> "Paired":
            if bool(self.user) != bool(self.key):
                raise ValueError("user and key are given together")
            return self

    it = Form(Paired, {"user": "ann", "key": ""}, ["user", "key"])
    assert it.messages == {"user": "user and key are given together"}


def test_what_begins_with_no_field_stands_below_them() -> None:
    it = form(on=True, route="manual")
    assert "exclude each other" in state(it)["rest"]
    assert "exclude each other" in it.view().text()


def test_the_saved_copy_holds_values_help_and_refusals() -> None:
    bundle = form(url="ftp://c.example")._repr_mimebundle_()
    assert WIDGET_VIEW in bundle
    for part in ("ftp://c.example", "refused: it must begin with https://", "Where to go.", "set: Conexiom User"):
        assert part in bundle["text/plain"]
        assert part in bundle["text/html"]
    assert "kept" not in bundle["text/plain"]


def test_a_secret_in_place_of_its_reference_is_not_shown() -> None:
    class Keyed(BaseModel):
        key_ref: str = Field("", pattern=r"^(env:.+)?$")

    text = Form(Keyed, {"key_ref": "hunter2"}, ["key_ref"], interactive=False).view().text()
    assert "hunter2" not in text
    assert "refused" in text
    it = Form(Keyed, {"key_ref": "hunter2"}, ["key_ref"])
    assert "hunter2" not in str(it.widget.get_state())
    assert "env:KEY" in Form(Keyed, {"key_ref": "env:KEY"}, ["key_ref"], interactive=False).view().text()


def test_headless_there_is_no_widget() -> None:
    assert set(form(interactive=False)._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_values_from_elsewhere_are_not_typed() -> None:
    it = form()
    heard: list[str] = []
    it.on_change(heard.append)
    it.update({"minutes": 9}, origins={"minutes": "from 02"})
    assert it.values["minutes"] == 9
    assert state(it)["values"]["minutes"] == "9"
    assert state(it)["origins"] == {"minutes": "from 02"}
    assert it.typed == {}
    assert heard == []
    typed(it, "minutes", "10")
    assert heard == ["minutes"]
    assert state(it)["origins"] == {}


def test_choices_from_elsewhere_keep_the_value_there_is() -> None:
    it = Form(Params, VALUES, NAMES, choices={"url": ["https://d.example"]})
    assert it.choices_of("url") == ("https://b.example", "https://d.example")
    assert it.widget.groups[0]["fields"][0]["kind"] == "choice"


class Shipped(BaseModel):
    """Some fields apply only beside certain values of others."""

    by: Literal["post", "mail"] = Field("post", json_schema_extra=in_form(choices={"mail": "By e-mail"}))
    server: str = Field("", pattern=r"^[a-z]*$", json_schema_extra=in_form(only_when={"by": ["mail"]}, group="Mail"))
    port: int = Field(25, json_schema_extra=in_form(only_when=[{"by": ["mail"], "server": ["own"]}], group=EXPERTS))
    note: str = Field("", title="A note", json_schema_extra=in_form(help="Whatever you like.", keep=False))


def shipped(**values: Any) -> Form:
    return Form(Shipped, {"by": "post", "server": "", "port": 25, "note": "", **values}, list(Shipped.model_fields))


def test_what_does_not_apply_is_not_shown_and_carried_along() -> None:
    it = shipped(server="own")
    assert it.hidden == {"server", "port"} == set(state(it)["hidden"])
    assert "server" not in it.view().text()
    assert it.values["server"] == "own"
    typed(it, "by", "mail")
    assert it.hidden == set()


def test_what_is_refused_is_shown_even_where_it_does_not_apply() -> None:
    assert shipped(server="OWN").hidden == {"port"}


def test_groups_stand_in_their_order_the_experts_last_and_closed() -> None:
    groups = shipped().widget.groups
    assert [(one["title"], one["closed"]) for one in groups] == [("", False), ("Mail", False), (EXPERTS, True)]
    assert [field["name"] for field in groups[0]["fields"]] == ["by", "note"]
    assert [field["label"] for field in groups[0]["fields"]] == ["By", "A note"]
    assert groups[0]["fields"][0]["choices"] == (("post", "Post"), ("mail", "By e-mail"))


def test_a_trouble_stands_beside_its_field_until_something_is_typed() -> None:
    it = form()
    it.trouble("url", "the store is locked")
    assert state(it)["messages"] == {"url": "the store is locked"}
    typed(it, "url", "https://d.example")
    assert state(it)["messages"] == {}


def test_the_button_works_once_and_is_disabled_meanwhile() -> None:
    it, seen = form(), []

    def plan() -> None:
        seen.append(state(it)["busy"])
        say(it, "submit")  # pressed again while it works
        raise ZeroDivisionError

    it.on_submit(plan)
    assert it.widget.button == "Check and plan"
    with pytest.raises(ZeroDivisionError):
        it.submit()
    assert seen == [True]
    assert state(it)["busy"] is False
    assert state(it)["submits"] == 1


def test_the_button_waits_for_refused_values_and_says_which() -> None:
    it, pressed = form(), []
    it.on_submit(lambda: pressed.append(True))
    typed(it, "minutes", "0")
    assert state(it)["refused"] is True
    assert state(it)["reason"] == "First mend: Minutes."
    say(it, "submit")
    assert pressed == []
    typed(it, "minutes", "1")
    assert state(it)["refused"] is False
    assert state(it)["reason"] == ""
    say(it, "submit")
    assert pressed == [True]


def test_a_press_of_the_button_looks_again_at_what_lies_outside(tmp_path: Path) -> None:
    class Filed(BaseModel):
        path: str = ""

        @field_validator("path")
        @classmethod
        def _there(cls, value: str) -> str:
            if not Path(value).exists():
                raise ValueError("there is no such file")
            return value

    it, pressed = Form(Filed, {"path": str(tmp_path / "users.csv")}, ["path"]), []
    it.on_submit(lambda: pressed.append(True))
    assert it.messages == {"path": "there is no such file"}
    (tmp_path / "users.csv").touch()
    say(it, "submit")
    assert pressed == [True]
    assert it.messages == {}


def test_headless_there_is_no_button() -> None:
    form(interactive=False).on_submit(pytest.fail)
