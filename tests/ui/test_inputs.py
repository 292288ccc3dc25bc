"""What a notebook is given: typed, kept or default, and what of it is kept."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cnxlib.phases import PHASES, find_phase
from cnxlib.resources.offers import SOURCES, USERS
from cnxlib.secrets import SecretStore, resolve
from cnxlib.ui.fields import Field, fields_of
from cnxlib.ui.inputs import Inputs

SUPPORT, USER, EXISTING = "09_support_request", "02_integration_user", "07_existing_users"


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"route": "session", "url": "https://acme.my.salesforce.com", "session": "env:TOKEN"}
    parameters = {
        USER: {"email_to_case_integration": True, "case_alerts": True, "user_username": "cnx@acme.example"},
        SUPPORT: {"region": "emea"},
    }
    orgs = {"acme": {"login": login, "parameters": parameters}, "other": {"login": login}}
    (tmp_path / "orgs.yaml").write_text(yaml.safe_dump({"orgs": orgs}))
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "file")


def inputs(phase: str = SUPPORT, **namespace: Any) -> Inputs:
    return Inputs(find_phase(phase), {"org": "acme", **namespace}, PHASES)


def say(to: Inputs, kind: str, **told: Any) -> None:
    to.form.widget._handle_custom_msg({"kind": kind, **told}, [])


def test_a_value_says_where_it_comes_from() -> None:
    it = inputs(deliver="smtp")
    origins = it.form.widget.state["origins"]
    assert origins == {
        "region": "kept for this org",
        "email_to_case_integration": "from 02",
        "case_alerts": "from 02",
        "user_username": "from 02",
        "deliver": "from the parameters cell",
    }
    assert "kept for this org" in it.form.view().text()
    it.form.enter("region", "us_canada")
    assert "region" not in it.form.widget.state["origins"]
    it.form.enter("org", "other")
    assert it.form.widget.state["origins"] == {"deliver": "from the parameters cell"}


@pytest.mark.parametrize(("used", "asked"), [("email_to_case_integration", 4), ("case_alerts", 4), ("", 0)])
def test_09_asks_about_the_integration_user_where_there_is_one(used: str, asked: int) -> None:
    about = ["user_username", "credential_route", "password_ref", "security_token_ref"]
    fields = fields_of(find_phase(SUPPORT).params, about)
    values = {"credential_route": "security_token", used: True}
    assert sum(field.applies(values) for field in fields) == asked


def test_what_was_typed_and_is_good_is_kept_but_not_what_is_for_one_run() -> None:
    it = inputs()
    for name, value in {
        "org": "acme",
        "ticket": "CHG-1",
        "support_email": "help@conexiom.example",
        "smtp_port": -1,
        "resend": "<1@acme.example>",
        "rotate": ["password@CHG-1"],
    }.items():
        it.form.enter(name, value)
    assert it.keepable == {"support_email": "help@conexiom.example"}


def test_a_secret_typed_goes_to_the_store_and_its_reference_to_the_form() -> None:
    it = inputs()
    say(it, "secret", name="security_token_ref", value="tok3n-of-acme")
    assert it.values["security_token_ref"] == "age:acme/security_token"
    assert resolve("age:acme/security_token") == "tok3n-of-acme"
    assert "tok3n-of-acme" not in str(it.form.widget.get_state())
    assert it.keepable == {"security_token_ref": "age:acme/security_token"}


def test_a_secret_that_cannot_be_kept_is_told_beside_its_field() -> None:
    it = inputs()
    say(it, "secret", name="security_token_ref", value="abc")
    assert it.values["security_token_ref"] == ""
    assert "shorter than 4" in it.form.widget.state["messages"]["security_token_ref"]


def test_only_a_field_for_a_reference_takes_a_secret() -> None:
    it = inputs()
    say(it, "secret", name="smtp_host", value="tok3n-of-acme")
    assert it.values["smtp_host"] == ""
    assert SecretStore().names() == []


def test_a_file_that_is_chosen_is_saved_beside_the_inventory(tmp_path: Path) -> None:
    it = inputs(EXISTING)
    say(it, "file", name="users_csv", text="Username,PermissionSet\nann@acme.example,Conexiom User\n")
    assert it.values["users_csv"] == str(tmp_path / "acme-users_csv.csv")
    assert it.form.messages == {}
    say(it, "file", name="users_csv", text="Name\nann\n")
    assert "the column 'Username' is missing" in it.form.messages["users_csv"]


def test_headless_there_is_neither_widget_nor_choice() -> None:
    assert inputs(mode="apply").form.widget is None


PARAMETERS = [(phase, field) for phase in PHASES for field in fields_of(phase.params, phase.own_parameters)]


@pytest.mark.parametrize(("phase", "field"), PARAMETERS, ids=lambda one: getattr(one, "name", getattr(one, "id", "")))
class TestEveryParameter:
    def test_it_has_a_label_of_its_own(self, phase: Any, field: Field) -> None:
        assert phase.params.model_fields[field.name].title
        labels = [one.label for other, one in PARAMETERS if other is phase]
        assert labels.count(field.label) == 1
        assert field.help
        assert not field.help[0].islower()

    def test_what_may_not_be_shown_is_never_asked(self, phase: Any, field: Field) -> None:
        if field.only_when:
            assert not field.required
        for way in field.only_when:
            for name, allowed in way.items():
                other = next(one for one in fields_of(phase.params, [name]))
                if other.kind == "choice":
                    assert set(allowed) <= {value for value, _ in other.choices}
                else:
                    assert set(allowed) <= {True, False}

    def test_what_it_offers_is_known(self, phase: Any, field: Field) -> None:
        assert field.sources() <= {*SOURCES, USERS}
