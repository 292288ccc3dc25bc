"""Choices come from the org in the background, or it is said quietly why not."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from cnxlib.errors import LoginRefused, NotPermitted
from cnxlib.records import RunRecord
from cnxlib.resources.in_form import in_form
from cnxlib.ui.choices import Choices
from cnxlib.ui.form import Form


class Params(BaseModel):
    org: str = "acme"
    profile: str = Field("", json_schema_extra=in_form(offers="profiles"))
    role: str = Field("", json_schema_extra=in_form(offers="roles"))
    who: tuple[str, ...] = Field((), json_schema_extra=in_form(offers="users"))


class FakeOrg:
    closed = False

    def __init__(self, alias: str) -> None:
        self.alias, self.asked = alias, []

    def send(self, requests: Sequence[Any]) -> list[Any]:
        self.asked.append([request.soql for request in requests])
        return [self._answer(request.soql) for request in requests]

    def _answer(self, soql: str) -> Any:
        if "FROM UserRole" in soql:
            return NotPermitted("roles are not for you")
        if "FROM User " in soql:
            return [{"Name": f"Ann {n}", "Username": f"a{n}@x.example", "Email": "a@y.example"} for n in range(21)]
        return [{"Name": f"Profile of {self.alias}", "UserLicense": {"Name": "Salesforce"}}]

    def close(self) -> None:
        self.closed = True


class Desk:
    """A form, its choices, and what the browser says to them."""

    def __init__(self, connect: Callable[[str], Any] = FakeOrg) -> None:
        self.orgs: list[Any] = []

        def connected(alias: str) -> Any:
            self.orgs.append(connect(alias))
            return self.orgs[-1]

        values = {"org": "acme", "profile": "", "role": "", "who": ()}
        self.form = Form(Params, values, list(values))
        self.choices = Choices(self.form, lambda: str(self.form.values["org"]), connected)
        self.told: list[str] = []
        self.form.widget.observe(lambda change: self.told.append(change["new"]), names="reading")

    def say(self, kind: str, **told: Any) -> None:
        self.form.widget._handle_custom_msg({"kind": kind, **told}, [])

    def settle(self) -> None:
        self.choices.close()
        self.choices.wait(10)


def test_nothing_is_read_before_a_browser_shows_the_form() -> None:
    desk = Desk()
    desk.choices.renew()
    desk.settle()
    assert desk.orgs == []


def test_what_the_org_offers_is_read_once_and_what_it_refuses_is_told() -> None:
    desk = Desk()
    desk.say("shown")
    desk.say("shown")
    desk.settle()
    assert len(desk.orgs) == 1
    assert len(desk.orgs[0].asked) == 1
    assert desk.form.widget.offers == {"profiles": [["Profile of acme", "Profile of acme · Salesforce"]]}
    assert desk.told == [
        "Choices are being read from the org acme …",
        "Choices could not be read from the org: roles are not for you; type the name.",
    ]
    assert desk.orgs[0].closed


def test_another_org_is_read_anew() -> None:
    desk = Desk()
    desk.say("shown")
    desk.settle()
    desk.form.enter("org", "other")
    desk.choices.renew()
    desk.settle()
    assert desk.form.widget.offers["profiles"][0][0] == "Profile of other"


def test_what_lies_on_this_computer_needs_no_org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Undo(BaseModel):
        run: str = Field("", json_schema_extra=in_form(offers="runs"))

    monkeypatch.setenv("CNX_RUNS", str(tmp_path))
    record = RunRecord.begin("acme")
    form = Form(Undo, {"run": ""}, ["run"])
    choices = Choices(form, lambda: "acme", pytest.fail)
    choices.read()
    choices.close()
    choices.wait(10)
    assert form.widget.offers == {"runs": [[record.path.name, record.path.name]]}
    assert form.widget.reading == ""


def test_users_are_searched() -> None:
    desk = Desk()
    desk.say("shown")
    desk.say("search", text="ann")
    desk.settle()
    found = desk.form.widget.found
    assert found["text"] == "ann"
    assert len(found["offers"]) == 20
    assert found["offers"][0] == ["a0@x.example", "Ann 0 · a@y.example"]
    assert found["said"] == "The first 20: type more to narrow them down"


@pytest.mark.parametrize(
    ("error", "said"), [(LoginRefused("wrong password"), "wrong password"), (ZeroDivisionError("x"), "ZeroDivision")]
)
def test_where_it_cannot_log_in_it_tries_once_and_says_so(error: Exception, said: str) -> None:
    tried: list[str] = []

    def connect(alias: str) -> Any:
        tried.append(alias)
        raise error

    desk = Desk(connect)
    desk.say("shown")
    desk.say("search", text="ann")
    desk.say("shown")
    desk.settle()
    assert tried == ["acme"]
    assert said in desk.told[-1]
    assert desk.told[-1].endswith("type the name.")
    assert said in desk.form.widget.found["said"]
