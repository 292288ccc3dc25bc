import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from cnxlib.errors import LoginRefused
from cnxlib.inventory import (
    JwtLogin,
    OrgEntry,
    PasswordLogin,
    SalesforceCliLogin,
    SessionLogin,
    add_org,
    find_org,
    keep_parameters,
    read_inventory,
)
from cnxlib.phases import PHASES
from cnxlib.secrets import SecretStore, resolve
from cnxlib.ui.adding import AddOrg, LogIn, log_in_once
from cnxlib.ui.changing import ChangeOrg
from cnxlib.ui.removing import RemoveOrg
from tests.cli_of_salesforce import FakeCli


class Sim(Protocol):
    def new_org(self, scenario: str = "fresh") -> str: ...


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


class Salesforce:
    """Stands in for the login: lets in whom it knows by the password, and keeps what it was asked."""

    def __init__(self, *passwords: str) -> None:
        self.passwords = passwords
        self.asked: list[tuple[str, OrgEntry]] = []

    def __call__(self, alias: str, entry: OrgEntry, store: SecretStore) -> None:
        self.asked.append((alias, entry))
        reference = entry.login.references().get("password", "")
        if self.passwords and resolve(reference, store) not in self.passwords:
            raise LoginRefused("Salesforce refused the login: wrong password", hint="Check it.")


def tried(way: str, salesforce: LogIn | None = None, **typed: str) -> tuple[AddOrg, list[str]]:
    """The forms with `way` chosen and these values typed; a secret is what begins with "canary"."""
    added: list[str] = []
    adding = AddOrg(added.append, salesforce or Salesforce())
    adding.choose(way)
    enter(adding, **typed)
    return adding, added


def enter(adding: AddOrg, **typed: str) -> None:
    for name, value in typed.items():
        told = {"kind": "secret" if value.startswith("canary") else "typed", "name": name, "value": value}
        adding.form._hear(told)


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


WRONG, TOKEN_OF_MAIL = "canary-of-a-typo", "canary-of-a-token"


def test_a_login_that_is_refused_is_told_and_nothing_is_stored(home: Path) -> None:
    salesforce = Salesforce(PASSWORD)
    adding, added = tried("password", salesforce, alias="typo", username="a@b.example", password=WRONG)
    adding.form.submit()
    said = adding.said.text()
    assert "Nobody could log in: Salesforce refused the login: wrong password" in said
    assert "Check it." in said and "Nothing was stored." in said
    assert added == [] and not (home / "orgs.yaml").exists() and not (home / "secrets").exists()
    assert WRONG not in str(adding.form.widget.get_state()) + said
    enter(adding, password=PASSWORD)
    assert "Nobody could log in" not in adding.said.text(), "what is entered now was not tried yet"
    adding.form.submit()
    assert added == ["typo"] and SecretStore().get("typo/password") == PASSWORD
    assert [alias for alias, _ in salesforce.asked] == ["typo", "typo"]


def test_who_insists_has_it_stored_all_the_same() -> None:
    adding, added = tried("password", Salesforce(PASSWORD), alias="acme", username="a@b.example", password=WRONG)
    adding.insist()
    assert added == [], "there is nothing to insist on before the login was tried"
    adding.form.submit()
    assert [button.description for button in adding._below.children] == ["Add it all the same"]
    adding._anyway.click()
    assert added == ["acme"]
    assert "acme was added, but nobody could log in with it yet." in adding.said.text()
    assert SecretStore().get("acme/password") == WRONG


def test_the_login_is_tried_with_what_was_typed_before_it_is_stored(sim: Sim, home: Path) -> None:
    alias = sim.new_org("fresh")
    held = read_inventory(Path(os.environ["CNX_SIM_ORGS"]))[alias]
    assert isinstance(held.login, PasswordLogin) and held.login.security_token
    values = {"where": "own", "url": held.login.url, "username": held.login.username, "ca_cert": str(held.ca_cert)}
    secrets = {"password": resolve(held.login.password), "security_token": resolve(held.login.security_token)}
    adding, added = tried("password", log_in_once, alias="real", **values)
    for name, value in {**secrets, "password": "canary-of-a-typo"}.items():
        adding.form._hear({"kind": "secret", "name": name, "value": value})
    adding.form.submit()
    assert "INVALID_LOGIN" in adding.said.text() or "refuse" in adding.said.text(), adding.said.text()
    assert added == [] and not (home / "secrets").exists()
    adding.form._hear({"kind": "secret", "name": "password", "value": secrets["password"]})
    adding.form.submit()
    assert added == ["real"], adding.said.text()


def test_a_list_that_goes_with_the_simulated_org_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_SIM_ORGS", str(home / "orgs.yaml"))
    adding, added = tried("password", alias="acme", username="a@b.example", password=PASSWORD)
    before = adding._words.view().text()
    assert "is gone when it ends" in before and "cnx lab" in before
    adding.form.submit()
    assert added == ["acme"]
    assert "✓" not in adding.said.text() and "It is gone when this simulated org ends" in adding.said.text()


# -- an org that is there ------------------------------------------------------------------------------------------


@pytest.fixture
def acme() -> PasswordLogin:
    """An org that was added with a typo in its user name."""
    adding, _ = tried(
        "password", where="sandbox", alias="acme", username="a@b.exmaple", password=WRONG, security_token=TOKEN_OF_MAIL
    )
    adding.form.submit()
    keep_parameters("acme", "09_support_request", {"region": "emea"}, PHASES)
    login = find_org("acme").login
    assert isinstance(login, PasswordLogin)
    return login


def changing(salesforce: LogIn | None = None, alias: str = "acme") -> tuple[ChangeOrg, list[str]]:
    changed: list[str] = []
    return ChangeOrg(alias, changed.append, salesforce or Salesforce()), changed


def test_a_change_begins_with_what_may_be_shown(acme: PasswordLogin) -> None:
    form, _ = changing()
    assert form._way().entered.way == "password"
    assert "alias" not in form.form.fields
    assert (form.form.values["where"], form.form.values["username"]) == ("sandbox", "a@b.exmaple")
    assert form.form.messages == {}
    assert not any(secret in str(form.form.widget.get_state()) for secret in (WRONG, TOKEN_OF_MAIL))
    assert "as it is, unless you type another" in form.form.widget.state["origins"]["password"]


def test_what_is_left_alone_stays_and_what_is_changed_is_tried_first(acme: PasswordLogin, home: Path) -> None:
    salesforce = Salesforce(PASSWORD)
    form, changed = changing(salesforce)
    enter(form, username="a@b.example")
    form.form.submit()
    assert "Nobody could log in" in form.said.text() and changed == []
    assert find_org("acme").login == acme
    enter(form, password=PASSWORD)
    form.form.submit()
    assert changed == ["acme"] and "acme was changed" in form.said.text()
    entry = find_org("acme")
    assert entry.login == acme.model_copy(update={"username": "a@b.example"})
    assert entry.parameters == {"09_support_request": {"region": "emea"}}
    assert (SecretStore().get("acme/password"), SecretStore().get("acme/security_token")) == (PASSWORD, TOKEN_OF_MAIL)


def test_another_way_to_log_in_takes_its_secrets_out_of_the_store(acme: PasswordLogin) -> None:
    form, changed = changing()
    form.choose("session")
    enter(form, url="https://acme.my.salesforce.com", session="canary-of-a-session")
    form.form.submit()
    assert changed == ["acme"], form.said.text()
    assert find_org("acme").login.references() == {"session": "age:acme/session"}
    assert SecretStore().names() == ["acme/session"]
    assert "Taken out of the secret store" in form.said.text() and "acme/security_token" in form.said.text()


def test_a_change_that_cannot_be_written_leaves_the_store_as_it_was(acme: PasswordLogin, home: Path) -> None:
    (home / "orgs.yaml").chmod(0o400)
    form, changed = changing()
    enter(form, username="a@b.example", password=PASSWORD)
    form.form.submit()
    assert "read-only" in form.said.text() and changed == []
    assert SecretStore().get("acme/password") == WRONG


def test_what_the_form_does_not_ask_for_stays(home: Path) -> None:
    key = home / "key.pem"
    key.touch()
    login = JwtLogin(
        route="jwt",
        url="https://acme.my.salesforce.com",
        username="u@acme.example",
        client_id="3MVG9",
        private_key=f"file:{key}",
        audience="https://login.salesforce.com",
    )
    add_org("machine", login)
    form, changed = changing(alias="machine")
    enter(form, username="v@acme.example")
    form.form.submit()
    assert changed == ["machine"], form.form.messages
    assert find_org("machine").login == login.model_copy(update={"username": "v@acme.example"})


def test_an_org_of_another_way_is_logged_in_to_with_the_browser_from_now_on(acme: PasswordLogin, sf: FakeCli) -> None:
    sf.holds(web={"org": ACME})
    form, changed = changing()
    form.choose("sf")
    form.form.submit()
    until(lambda: changed)
    assert find_org("acme").login == SalesforceCliLogin(route="sf", alias="acme")
    assert SecretStore().names() == []
    until(lambda: not form.busy)


def test_an_org_is_taken_out_after_what_that_means_was_said(acme: PasswordLogin, home: Path) -> None:
    SecretStore().put("00D5x000000ABCDEAA/user/i/password", "made-by-the-runbook")
    removed: list[str] = []
    removing = RemoveOrg("acme", lambda: removed.append("acme"))
    removing.remove()
    assert "acme" in read_inventory(), "not before it was said what it means"
    removing._ask.click()
    said = removing.said.text()
    assert "with the answers that are kept there" in said and "In the org nothing is changed" in said
    assert "records of its runs stay" in said and "acme/password, acme/security_token" in said
    removing._leave.click()
    assert removing.said.blocks == () and "acme" in read_inventory()
    removing._ask.click()
    removing._do.click()
    assert removed == ["acme"] and read_inventory() == {}
    assert SecretStore().names() == ["00D5x000000ABCDEAA/user/i/password"]
    assert "acme was taken out of the list" in removing.said.text()


def test_a_secret_that_another_org_refers_to_is_not_overwritten(acme: PasswordLogin) -> None:
    add_org("twin", acme)
    form, changed = changing(Salesforce(PASSWORD))
    enter(form, username="a@b.example", password=PASSWORD)
    form.form.submit()
    assert changed == [] and "Another org of your list logs in with acme/password" in form.said.text()
    assert SecretStore().get("acme/password") == WRONG
    assert find_org("acme").login == acme


def test_an_org_keeps_the_name_that_the_cli_has_for_it(home: Path, sf: FakeCli) -> None:
    add_org("acme", SalesforceCliLogin(route="sf", alias="acme-of-the-cli"))
    form, _ = changing()
    assert form._login_of(form._entered()) == find_org("acme").login


def test_a_secret_that_another_org_refers_to_stays(acme: PasswordLogin) -> None:
    add_org("twin", acme)
    removing = RemoveOrg("acme", lambda: None)
    removing.ask()
    assert "No secret goes with it." in removing.said.text()
    removing.remove()
    assert SecretStore().names() == ["acme/password", "acme/security_token"]
    assert list(read_inventory()) == ["twin"]
