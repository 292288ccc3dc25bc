"""orgs.yaml is written: parameters that are kept, orgs that are added."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from cnxlib.errors import InventoryError, ParameterError, UnknownOrg
from cnxlib.inventory import (
    JwtLogin,
    PasswordLogin,
    SalesforceCliLogin,
    add_org,
    change_org,
    check_addable,
    find_org,
    inventory_path,
    keep_parameters,
    own_secrets,
    read_inventory,
    remove_org,
    used_by_others,
    writing,
)
from cnxlib.phases import PHASES
from cnxlib.secrets.touched import touch
from cnxlib.simorg.scenarios.loader import load

TEXT = """\
# Orgs of Acme
orgs:
  # live
  acme:
    login: {route: sf, alias: acme-prod} # by the CLI
    parameters:
      # as agreed with Jo
      02_integration_user: {case_alerts: true, label: "Conexiom user"} # the label is ours
      # the portal
      03_connected_app:
        callback_url: "https://x.example/login" # from Conexiom
  # to try things
  test:
    login: {route: session, url: "https://acme--test.sandbox.my.salesforce.com", session: "env:ACME"}
"""


@pytest.fixture
def orgs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "orgs.yaml"
    path.write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv("CNX_ORGS", str(path))
    return path


def keep(phase: str, **values: Any) -> tuple[str, ...]:
    return keep_parameters("acme", phase, values, PHASES).names


def test_what_is_kept_is_what_later_runs_take_and_all_else_stays(orgs: Path) -> None:
    assert keep("03_connected_app", callback_url="https://y.example/login", contact_email="jo@acme.example") == (
        "callback_url",
        "contact_email",
    )
    assert orgs.read_text("utf-8") == TEXT.replace(
        '"https://x.example/login" # from Conexiom\n',
        "'https://y.example/login' # from Conexiom\n        contact_email: jo@acme.example\n",
    )
    assert find_org("acme").parameters["03_connected_app"]["contact_email"] == "jo@acme.example"


def test_an_org_without_parameters_gets_some(orgs: Path) -> None:
    kept = keep_parameters("test", "01_install_package", {"security_type": "all"}, PHASES)
    assert (kept.path, kept.names) == (orgs, ("security_type",))
    assert orgs.read_text("utf-8") == TEXT + "    parameters:\n      01_install_package:\n        security_type: all\n"


def test_a_name_that_another_phase_holds_is_changed_there(orgs: Path) -> None:
    shared = set(PHASES[5].own_parameters) & set(PHASES[6].own_parameters)
    name = min(shared)
    rows = [{"set": "user", "users": ["jo@acme.example"]}]
    assert name == "assignments"
    keep("07_existing_users", assignments=rows)
    keep("06_visibility", assignments=[{"set": "admin_user", "users": ["jo@acme.example"]}])
    held = find_org("acme").parameters
    assert "06_visibility" not in held
    assert held["07_existing_users"]["assignments"][0]["set"] == "admin_user"


def test_a_default_is_taken_out(orgs: Path) -> None:
    assert keep("02_integration_user", case_alerts=False, label="Conexiom user") == ("case_alerts",)
    assert orgs.read_text("utf-8") == TEXT.replace("case_alerts: true, ", "")
    keep("02_integration_user", label="Conexiom Integration User")
    assert "02_integration_user" not in find_org("acme").parameters
    assert "# as agreed with Jo" in orgs.read_text("utf-8")


def test_what_is_there_already_is_not_written_again(orgs: Path) -> None:
    orgs.chmod(0o400)
    before = orgs.stat().st_mtime_ns
    assert keep("02_integration_user", case_alerts=True, api_only=False) == ()
    assert orgs.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"label": "the canary of this test"}, "label looks like a secret"),
        ({"label": "00D5x0000000001!AQEAQJ2mVxYJ9rqg8mGwTkVZ1yEw5Ue8"}, "label looks like a secret"),
        ({"label": ["-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"]}, "label looks like a secret"),
        ({"lable": "x"}, "no parameter lable"),
        ({"ticket": "CHG-1"}, "no parameter ticket"),
    ],
)
def test_what_is_not_kept(orgs: Path, values: dict[str, Any], says: str) -> None:
    touch("the canary of this test")
    with pytest.raises(ParameterError, match=says) as caught:
        keep("02_integration_user", **values)
    assert str(values.get("label", "…")) not in str(caught.value)
    assert orgs.read_text("utf-8") == TEXT


@pytest.mark.parametrize("scenario", ["fresh", "modern", "record-types"])
def test_what_the_scenarios_ask_for_may_be_kept(orgs: Path, scenario: str) -> None:
    asked = load(scenario, "acme").parameters
    for phase, values in asked.items():
        keep(phase, **values)
    held = {name: value for values in find_org("acme").parameters.values() for name, value in values.items()}
    for name, value in ((name, value) for values in asked.values() for name, value in values.items()):
        assert held.get(name, value) == value


def test_no_such_org(orgs: Path) -> None:
    with pytest.raises(UnknownOrg, match="nobody"):
        keep_parameters("nobody", "01_install_package", {}, PHASES)
    with pytest.raises(UnknownOrg, match="no inventory"):
        keep_parameters("acme", "01_install_package", {}, PHASES, orgs.with_name("other.yaml"))


def test_an_org_is_added_to_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "new" / "orgs.yaml"
    login = PasswordLogin(route="password", username="jo@acme.example", password="age:acme/password")
    assert add_org("acme", login, ca_cert=Path("/ca.pem"), path=path) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name == "nt"
    entry = read_inventory(path)["acme"]
    assert (entry.login, entry.ca_cert) == (login, Path("/ca.pem"))
    assert path.read_text("utf-8").splitlines()[0].startswith("# Your orgs.")


def test_orgs_are_added_below_those_there_are(orgs: Path) -> None:
    key = JwtLogin(route="jwt", username="ci@acme.example", client_id="3MVG9", private_key="file:/etc/acme.pem")
    add_org("ci", key)
    add_org("123", SalesforceCliLogin(route="sf", alias="acme-2"))
    assert orgs.read_text("utf-8").startswith(TEXT)
    assert list(read_inventory()) == ["acme", "test", "ci", "123"]
    assert read_inventory()["ci"].login == key


@pytest.mark.parametrize("text", ["orgs:\n", "orgs: {}\n", "# nothing yet\norgs: # here\n", ""])
def test_an_empty_inventory_gets_its_first_org(orgs: Path, text: str) -> None:
    orgs.write_text(text)
    check_addable()
    add_org("acme", SalesforceCliLogin(route="sf", alias="acme"))
    assert list(read_inventory()) == ["acme"]
    assert all(line in orgs.read_text() for line in text.replace(" {}", "").split("orgs:"))


def test_an_alias_is_taken_once(orgs: Path) -> None:
    with pytest.raises(InventoryError, match="acme already"):
        add_org("acme", SalesforceCliLogin(route="sf", alias="x"))


def test_how_an_org_is_reached_is_changed_and_all_else_stays(orgs: Path) -> None:
    login = PasswordLogin(route="password", username="a@b.example", password="age:acme/password")
    assert change_org("acme", login, orgs) == orgs
    entry = read_inventory()["acme"]
    assert (entry.login, entry.ca_cert) == (login, orgs)
    assert entry.parameters["03_connected_app"] == {"callback_url": "https://x.example/login"}
    text = orgs.read_text(encoding="utf-8")
    assert "# the label is ours" in text and "acme-prod" not in text
    change_org("acme", SalesforceCliLogin(route="sf", alias="acme"))
    assert (read_inventory()["acme"].ca_cert, "ca_cert" in orgs.read_text()) == (None, False)
    with pytest.raises(UnknownOrg):
        change_org("nobody", login)


def test_an_org_is_taken_out_and_the_others_stay(orgs: Path) -> None:
    others = TEXT[TEXT.index("  # to try things") :]
    remove_org("acme")
    assert orgs.read_text(encoding="utf-8").endswith(others)
    assert list(read_inventory()) == ["test"]
    remove_org("test")
    assert read_inventory() == {}
    with pytest.raises(UnknownOrg):
        remove_org("test")
    add_org("new", SalesforceCliLogin(route="sf", alias="new"))
    assert list(read_inventory()) == ["new"]


def test_an_org_on_whose_entry_others_stand_is_left_to_a_person(orgs: Path) -> None:
    text = "orgs:\n  one:\n    login: &l {route: sf, alias: one}\n  two:\n    login: *l\n"
    orgs.write_text(text)
    with pytest.raises(InventoryError, match="without changing something else"):
        remove_org("one")
    assert orgs.read_text() == text


def test_the_secrets_that_are_an_orgs_own(orgs: Path) -> None:
    def login(name: str) -> PasswordLogin:
        return PasswordLogin(route="password", username="u", password="age:ours/password", security_token=f"age:{name}")

    add_org("one", login("one/token"))
    add_org("two", login("two/token"))
    keep_parameters("one", "09_support_request", {"smtp_ref": "age:one/smtp"}, PHASES)
    assert own_secrets("one") == ("one/smtp", "one/token")
    assert own_secrets("nobody") == ()
    assert used_by_others("one", ["one/token", "ours/password", "nobodys"]) == ("ours/password",)


def test_what_the_runbook_made_in_an_org_is_no_entrys_own(orgs: Path) -> None:
    made = "age:00D5x000000ABCDEAA/user/i@acme.example/password"
    add_org("as-user", PasswordLogin(route="password", username="i@a.example", password=made, security_token="age:t"))
    assert own_secrets("as-user") == ("t",)


@pytest.mark.parametrize("text", ["- a\n", "orgs: [a]\n", "orgs: {a: [unclosed\n"])
def test_a_file_that_is_no_inventory_is_left_alone(orgs: Path, text: str) -> None:
    orgs.write_text(text)
    with pytest.raises(InventoryError):
        check_addable()
    with pytest.raises(InventoryError):
        add_org("acme", SalesforceCliLogin(route="sf", alias="x"))
    assert orgs.read_text() == text


SHARED = """\
orgs:
  one: &one
    login: {route: sf, alias: one}
    parameters: &answers {01_install_package: {security_type: all}}
  two: {<<: *one, login: {route: sf, alias: two}}
  three: {login: {route: sf, alias: three}, parameters: *answers}
"""


@pytest.mark.parametrize("alias", ["two", "three"])
def test_what_came_from_another_org_becomes_its_own(orgs: Path, alias: str) -> None:
    orgs.write_text(SHARED)
    keep_parameters(alias, "01_install_package", {"install_timeout_minutes": 5}, PHASES)
    held = {name: entry.parameters["01_install_package"] for name, entry in read_inventory().items()}
    assert held.pop(alias) == {"security_type": "all", "install_timeout_minutes": 5}
    assert all(values == {"security_type": "all"} for values in held.values())


def test_what_others_share_is_left_to_a_person(orgs: Path) -> None:
    orgs.write_text(SHARED)
    with pytest.raises(InventoryError, match="without changing something else"):
        keep_parameters("one", "01_install_package", {"install_timeout_minutes": 5}, PHASES)
    assert orgs.read_text() == SHARED


def test_the_files_mode_line_ends_and_mark_stay(orgs: Path) -> None:
    orgs.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    orgs.chmod(0o640)
    keep("02_integration_user", api_only=True)
    content = orgs.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf#") and content.count(b"\r\n") == content.count(b"\n")
    assert stat.S_IMODE(orgs.stat().st_mode) == 0o640 or os.name == "nt"
    assert find_org("acme").parameters["02_integration_user"]["api_only"] is True


def test_a_link_stays_one(orgs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = orgs.with_name("link.yaml")
    link.symlink_to(orgs)
    keep_parameters("acme", "02_integration_user", {"api_only": True}, PHASES, link)
    assert link.is_symlink() and "api_only" in orgs.read_text()


def test_a_read_only_file_is_told(orgs: Path) -> None:
    orgs.chmod(0o400)
    with pytest.raises(InventoryError, match="read-only") as caught:
        keep("02_integration_user", api_only=True)
    assert "CNX_ORGS" in caught.value.hint
    assert orgs.read_text() == TEXT


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InventoryError, match="cannot be written"):
        add_org("acme", SalesforceCliLogin(route="sf", alias="x"), path=tmp_path / "file" / "orgs.yaml")


def test_a_crash_in_the_middle_leaves_the_file_as_it_was(orgs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("cnxlib.secrets.files.os.fsync", killed)
        keep("02_integration_user", api_only=True)
    assert orgs.read_text() == TEXT
    (orgs.parent / "orgs.yaml.killed.new").write_text("half of it")  # what a process that was killed outright leaves
    assert keep("02_integration_user", api_only=True) == ("api_only",)
    assert [path.name for path in orgs.parent.iterdir() if path.suffix == ".new"] == []


def _keep_one(path: str, number: int) -> None:
    os.environ["CNX_ORGS"] = path
    add_org(f"org{number}", SalesforceCliLogin(route="sf", alias=f"org{number}"))
    keep_parameters(f"org{number}", "01_install_package", {"install_timeout_minutes": 40 + number}, PHASES)


def test_writers_wait_for_each_other(orgs: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_keep_one, args=(str(orgs), number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 4
    held = read_inventory()
    assert {name: entry.parameters for name, entry in held.items() if name.startswith("org")} == {
        f"org{number}": {"01_install_package": {"install_timeout_minutes": 40 + number}} for number in range(4)
    }
    assert orgs.read_text().startswith(TEXT)


def test_a_writer_that_never_ends_is_not_waited_for_forever(orgs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr(writing, "PATIENCE_S", 0.1)
    with FileLock(orgs.with_name(".orgs.yaml.lock")), pytest.raises(InventoryError, match="Another process"):
        keep("02_integration_user", api_only=True)
    assert inventory_path() == orgs
