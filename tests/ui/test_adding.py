import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnxlib.inventory import PasswordLogin, SalesforceCliLogin, SessionLogin, add_org, read_inventory
from cnxlib.secrets import SecretStore
from cnxlib.ui.adding import AddOrg
from tests.cli_of_salesforce import FakeCli

TOKEN = "00D000000000001!canary.of_adding"
ACME = {"token": TOKEN, "url": "https://acme.my.salesforce.com/", "username": "a@b.example"}
PASSWORD = "canary-of-a-password"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "file")
    return tmp_path


@pytest.fixture
def sf(home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    return FakeCli(home / "bin", monkeypatch)


def tried(way: str, **typed: str) -> tuple[AddOrg, list[str]]:
    """The forms with `way` chosen and these values typed; a secret is what begins with "canary"."""
    added: list[str] = []
    adding = AddOrg(added.append)
    adding.choose(way)
    for name, value in typed.items():
        told = {"kind": "secret" if value.startswith("canary") else "typed", "name": name, "value": value}
        adding.form._hear(told)
    return adding, added


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_password_goes_to_the_store_and_its_reference_to_the_entry(home: Path) -> None:
    adding, added = tried("password", password=PASSWORD, username="a@b.example", alias="acme")
    assert adding.form.messages == {}
    state = adding.form.widget.get_state()
    assert PASSWORD not in str(state) and "age:acme/password" in str(state)
    assert not (home / "secrets").exists(), "nothing is stored before the org is added"
    adding.form.submit()
    assert added == ["acme"]
    assert read_inventory()["acme"].login == PasswordLogin(
        route="password", username="a@b.example", password="age:acme/password"
    )
    assert SecretStore().get("acme/password") == PASSWORD
    assert PASSWORD not in (home / "orgs.yaml").read_text()
    assert "acme was added" in adding.said.text()
    assert adding.form.values["password"] == "", "the form begins anew"


def test_a_reference_that_is_given_instead_wins() -> None:
    adding, _ = tried("password", alias="acme", username="a@b.example", password=PASSWORD)
    adding.form._hear({"kind": "typed", "name": "password", "value": "env:ACME_PASSWORD"})
    adding.form.submit()
    assert read_inventory()["acme"].login.references() == {"password": "env:ACME_PASSWORD"}
    assert SecretStore().names() == []


def test_a_secret_that_is_too_short_is_told_at_its_field() -> None:
    adding, _ = tried("password", alias="acme", username="a@b.example")
    adding.form._hear({"kind": "secret", "name": "password", "value": "abc"})
    assert "4 characters or more" in str(adding.form.widget.state["messages"]["password"])


def test_a_form_that_is_not_filled_in_adds_nothing(home: Path) -> None:
    adding, added = tried("session", alias="a b", url="acme")
    assert adding.form.messages.keys() == {"alias", "url", "session"}
    adding.form.submit()
    assert added == [] and not (home / "orgs.yaml").exists()


def test_what_cannot_be_written_is_told_and_leaves_no_secret(home: Path) -> None:
    add_org("there", SessionLogin(route="session", url="https://x.example", session="env:S"))
    (home / "orgs.yaml").chmod(0o400)
    adding, added = tried("password", alias="acme", username="a@b.example", password=PASSWORD)
    adding.form.submit()
    assert "read-only" in adding.said.text()
    assert "What to do" in adding.said.text()
    assert added == [] and SecretStore().names() == []


def test_a_login_with_the_browser(sf: FakeCli) -> None:
    sf.holds(web={"org": ACME})
    adding, added = tried("sf", alias="acme", where="sandbox")
    adding.form.submit()
    until(lambda: added)
    assert read_inventory()["acme"].login == SalesforceCliLogin(route="sf", alias="acme")
    assert sf.asked()[0] == "org login web --alias acme --instance-url https://test.salesforce.com"
    assert "Logged in as a@b.example at https://acme.my.salesforce.com" in adding.said.text()
    until(lambda: not adding.busy)


def test_a_session_that_is_over_is_renewed(sf: FakeCli, home: Path) -> None:
    add_org("acme", SalesforceCliLogin(route="sf", alias="acme"))
    before = (home / "orgs.yaml").read_text()
    sf.holds(web={"org": ACME})
    adding, added = tried("sf", alias="acme")
    adding.form.submit()
    until(lambda: added)
    assert "acme is logged in again" in adding.said.text()
    assert (home / "orgs.yaml").read_text() == before


def test_a_login_that_is_refused(sf: FakeCli, home: Path) -> None:
    sf.holds(web={"says": "access_denied: end-user denied authorization"})
    adding, added = tried("sf", alias="acme")
    adding.form.submit()
    until(lambda: not adding.busy)
    assert "end-user denied" in adding.said.text()
    assert added == [] and not (home / "orgs.yaml").exists()


def test_a_login_that_is_given_up(sf: FakeCli) -> None:
    sf.holds(web={"org": ACME, "sleep": 60})
    adding, added = tried("sf", alias="acme")
    adding.form.submit()
    until(lambda: "Opening the browser" in adding.said.text())
    assert "Waiting until you have logged in" in adding.said.text()
    adding._stop.click()
    until(lambda: not adding.busy)
    assert "The login was given up" in adding.said.text()
    assert added == []


def test_without_the_cli_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    adding, _ = tried("sf", alias="acme")
    text = adding._words.view().text()
    for system in ("Windows", "macOS", "Linux", "npm install --global @salesforce/cli"):
        assert system in text
    adding.form.submit()
    until(lambda: not adding.busy)
    assert "not installed" in adding.said.text()
    adding.choose("password")
    assert "npm" not in adding._words.view().text()
