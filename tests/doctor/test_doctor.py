"""What `diagnose` finds, and that it changes nothing: over scenarios, over entries that lead nowhere, over machines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnxlib.doctor import Diagnosis, diagnose, machine
from cnxlib.doctor.access import PERMISSIONS
from cnxlib.errors import SalesforceError, StoreLocked, UnknownOrg
from cnxlib.inventory import find_org, inventory_path
from cnxlib.model import Check
from cnxlib.rounds import Rounds
from cnxlib.salesforce import Identity
from cnxlib.secrets import SecretStore
from tests.cli_of_salesforce import FakeCli
from tests.conftest import Sim

ME = Identity("00D000000000001AAA", "Acme", "sandbox", "005000000000001AAA", "a@b.example", "a@b.example", "", "67.0")


def of(found: Diagnosis) -> dict[str, Check]:
    return {check.name: check for check in found.checks}


def missing(found: Diagnosis) -> set[str]:
    return {check.name for check in found.checks if not check.ok and check.severity == "required"}


def looked_at(sim: Sim, alias: str, records: Path) -> Diagnosis:
    """The diagnosis of an org, made without a write."""
    found = diagnose(alias, records)
    assert sim.writes(alias) == 0
    assert not records.exists(), "not even a folder is made"
    for check in found.checks:
        assert check.detail
        assert check.ok or check.hint, check.name
    return found


def entry_of(monkeypatch: pytest.MonkeyPatch, folder: Path, alias: str, **changed: Any) -> None:
    """An inventory with the org's entry alone, `login` and other parts changed."""
    content = yaml.safe_load(inventory_path().read_text(encoding="utf-8"))["orgs"][alias]
    file = folder / "orgs.yaml"
    file.write_text(yaml.safe_dump({"orgs": {alias: {**content, **changed}}}), encoding="utf-8")
    monkeypatch.setenv("CNX_ORGS", str(file))


# ---- scenarios


@pytest.mark.parametrize("scenario", ["fresh", "modern", "converged"])
def test_where_all_is_there(sim: Sim, scenario: str, tmp_path: Path) -> None:
    alias = sim.new_org(scenario)
    found = looked_at(sim, alias, tmp_path / "runs")
    assert found.ok and missing(found) == set()
    assert found.me and found.me.username == f"admin@{alias}.example"
    assert 0 < found.api_calls <= 14
    told = of(found)
    assert told["login"].detail.startswith(f"admin@{alias}.example by {find_org(alias).login.route} at https://")
    assert "63.0 for metadata" in told["API versions"].detail
    assert "of 15,000 a day" in told["API requests left"].detail
    installed = "Conexiom for Salesforce 1.9.0.1" if scenario == "converged" else "not installed yet"
    assert installed in told["package"].detail
    assert told["username-password flow"].detail.partition(";")[0] == (
        "allowed" if scenario == "converged" else "blocked"
    )
    assert {f"permission {one.label}" for one in PERMISSIONS} <= {name for name, check in told.items() if check.ok}


def test_an_administrator_who_may_not_do_everything(sim: Sim, tmp_path: Path) -> None:
    found = looked_at(sim, sim.new_org("limited-admin"), tmp_path / "runs")
    assert not found.ok
    assert missing(found) == {
        f"permission {label}"
        for label in (
            "Download AppExchange Packages",
            "Customize Application",
            "Modify Metadata Through Metadata API Functions",
            "Assign Permission Sets",
            "Manage Profiles and Permission Sets",
        )
    }
    told = of(found)
    assert "05, 06, 07" in told["permission Assign Permission Sets"].hint
    assert told["permission Reset User Passwords and Unlock Users"].ok
    assert not told["permission Manage Users"].ok
    assert "INSUFFICIENT_ACCESS" in told["Metadata API"].detail


def test_an_org_without_licences_for_the_users_that_are_to_be_made(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = sim.new_org("no-licences")
    found = looked_at(sim, alias, tmp_path / "runs")
    assert missing(found) == {"Salesforce licences"}
    told = of(found)
    assert told["Salesforce licences"].detail == "0 of 6 left; 2 wanted by the entry's parameters"
    assert told["package seats"].detail == "0 of 2 left, active"
    assert told["package seats"].severity == "warning"
    there = {"08_new_users": {"new_users": [{"username": f"CSR1@{alias}.example"}]}}
    entry_of(monkeypatch, tmp_path, alias, parameters=there)
    assert looked_at(sim, alias, tmp_path / "runs").ok, "who is there already needs no licence"
    entry_of(monkeypatch, tmp_path, alias, parameters={"02_integration_user": {"case_alerts": True}})
    assert missing(diagnose(alias, tmp_path / "runs")) == {"Salesforce licences"}, "one whose name is made up"


def test_an_org_whose_requests_are_nearly_used_up(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnxlib.doctor.doors.CALLS", 20_000)
    found = looked_at(sim, sim.new_org("fresh"), tmp_path / "runs")
    assert missing(found) == {"API requests left"}
    assert "24 hours" in of(found)["API requests left"].hint


def test_an_org_that_refuses_one_question_answers_the_others(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org("fresh")
    fault = {"kind": "request_limit", "match": {"path": "/limits"}, "times": None}
    sim.control("PUT", f"orgs/{alias}/faults", [fault])
    told = of(looked_at(sim, alias, tmp_path / "runs"))
    assert (told["API requests left"].ok, told["API requests left"].severity) == (False, "warning")
    assert "REQUEST_LIMIT_EXCEEDED" in told["API requests left"].detail
    assert told["package"].ok


# ---- entries


def test_an_org_that_the_inventory_does_not_know(sim: Sim, tmp_path: Path) -> None:
    with pytest.raises(UnknownOrg):
        diagnose("nope", tmp_path)


def test_references_that_lead_nowhere_are_named_and_nobody_logs_in(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = sim.new_org("fresh")
    login = {"route": "session", "url": find_org(alias).login.url, "session": "env:CNX_NOT_SET_ANYWHERE"}
    entry_of(monkeypatch, tmp_path, alias, login=login, parameters={"09_support_request": {"smtp_ref": "age:nothing"}})
    found = looked_at(sim, alias, tmp_path / "runs")
    assert missing(found) == {"login reference", "parameter reference"}
    assert found.me is None
    told = of(found)
    assert "CNX_NOT_SET_ANYWHERE" in told["login reference"].detail
    assert "09_support_request smtp_ref, age:nothing" in told["parameter reference"].detail
    assert told["network"].ok
    assert "login" not in told


def test_a_login_that_is_refused(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alias = sim.new_org("modern")
    monkeypatch.setenv("CNX_TEST_PASSWORD", "wrong-canary-1")
    login = {"route": "password", "url": find_org(alias).login.url, "password": "env:CNX_TEST_PASSWORD"}
    entry_of(monkeypatch, tmp_path, alias, login={**login, "username": f"admin@{alias}.example"})
    found = diagnose(alias, tmp_path / "runs")
    assert missing(found) == {"login"}
    assert "SOAP login is switched off" in of(found)["login"].hint
    assert "wrong-canary-1" not in json.dumps(found.as_json())


def test_a_session_of_the_salesforce_cli(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alias = sim.new_org("modern")
    given = find_org(alias).login
    token = Path(given.references()["session"].removeprefix("file:")).read_text(encoding="utf-8")
    sf = FakeCli(tmp_path / "bin", monkeypatch)
    entry_of(monkeypatch, tmp_path, alias, login={"route": "sf", "alias": "acme"})
    found = looked_at(sim, alias, tmp_path / "runs")
    assert missing(found) == {"Salesforce CLI"}
    assert "sf org login web --alias acme" in of(found)["Salesforce CLI"].hint
    sf.holds(orgs={"acme": {"token": token, "url": given.url, "username": f"admin@{alias}.example"}})
    found = looked_at(sim, alias, tmp_path / "runs")
    assert found.ok
    assert "@salesforce/cli/2.146.3: admin@" in of(found)["Salesforce CLI"].detail
    assert token not in json.dumps(found.as_json())


@pytest.mark.parametrize(
    ("changed", "says", "hint"),
    [
        ({"login": {"route": "session", "url": "https://127.0.0.1:9", "session": "env:PATH"}}, "No answer", "network"),
        ({"ca_cert": "/nowhere/ca.pem"}, "/nowhere/ca.pem", "entry"),
        ({"ca_cert": None}, "not trusted", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_an_address_that_cannot_be_reached(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Mapping[str, Any], says: str, hint: str
) -> None:
    alias = sim.new_org("fresh")
    entry_of(monkeypatch, tmp_path, alias, **changed)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    found = diagnose(alias, tmp_path / "runs")
    assert missing(found) == {"network"}
    network = of(found)["network"]
    assert says in network.detail
    assert hint in network.hint


# ---- the machine


def machine_checks(records: Path) -> dict[str, Check]:
    return {check.name: check for check in machine.checks(records)}


def test_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "secrets"))
    told = machine_checks(tmp_path / "not" / "there")
    assert {name for name, check in told.items() if not check.ok} == set()
    assert "simple-salesforce 1." in told["packages"].detail
    assert "none yet" in told["secret store"].detail
    assert str(tmp_path / "not" / "there") in told["records"].detail


def test_a_python_that_is_too_old_and_a_package_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "OLDEST_PYTHON", (9, 0))
    monkeypatch.setattr("importlib.metadata.requires", lambda name: ["no-such-package-anywhere>=1", "x; extra == 'y'"])
    told = machine_checks(tmp_path)
    assert not told["python"].ok
    assert told["packages"].detail == "missing: no-such-package-anywhere"


def test_a_store_that_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(self: SecretStore) -> list[str]:
        raise StoreLocked("The store wants a passphrase", hint="Give it.")

    monkeypatch.setattr(SecretStore, "names", locked)
    store = machine_checks(tmp_path)["secret store"]
    assert (store.ok, store.severity, store.hint) == (False, "required", "Give it.")


def test_records_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    assert not machine_checks(tmp_path / "file" / "runs")["records"].ok
    monkeypatch.setattr(machine, "ROOM", 2**63)
    full = machine_checks(tmp_path)["records"]
    assert (full.ok, "CNX_RUNS" in full.hint) == (False, True)


# ---- permissions that an edition does not have


@pytest.mark.parametrize(
    ("granting", "ok", "says"),
    [
        ("ModifyMetadata", True, "granted"),
        ("ModifyAllData", True, "granted by ModifyAllData"),
        ("", False, "a@b.example"),
    ],
)
def test_a_permission_or_one_that_does_as_well(granting: str, ok: bool, says: str) -> None:
    check = permission("ModifyMetadata", granting, unknown=())
    assert (check.ok, says in check.detail) == (ok, True)


def test_a_permission_that_the_org_s_edition_does_not_have() -> None:
    assert permission("ModifyMetadata", "ModifyAllData", unknown=("ModifyMetadata",)).ok
    check = permission("ModifyMetadata", "", unknown=("ModifyMetadata", "ModifyAllData"))
    assert (check.ok, check.detail) == (False, "no such permission in this org")


def permission(name: str, granting: str, unknown: tuple[str, ...]) -> Check:
    from cnxlib.doctor import access

    def send(requests: Any) -> list[Any]:
        (asked,) = requests
        column = re.findall(r"WHERE Permissions(\w+) = true", asked.soql)[0]
        if column in unknown:
            return [SalesforceError("No such column", code="INVALID_FIELD")]
        return [[{"Id": "0PS"}] if column == granting else []]

    one = next(each for each in PERMISSIONS if each.names[0] == name)
    check = Rounds(send, emit=lambda *_: None).drive([access._held(one, ME)])[0]
    assert isinstance(check, Check)
    return check
