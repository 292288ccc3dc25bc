"""An org as a whole: transactions, snapshots, going back, state files, many users."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from cnxlib.simorg.errors import ApiError
from cnxlib.simorg.org import Org
from cnxlib.simorg.orgs import Orgs
from cnxlib.simorg.scenarios.seed import Seeder

from .conftest import Subject


def test_a_transaction_is_undone_as_a_whole(subject: Subject) -> None:
    before = subject.org.snapshot()
    with pytest.raises(ApiError), subject.org.transaction():
        subject.insert("Account", Name="A")
        subject.org.put_document("Note", "x", {"a": 1})
        subject.org.add_field("Account", "Extra__c", {"is": "string(10) create update nillable"})
        subject.insert("Account")
    assert subject.org.snapshot() == before
    with pytest.raises(ApiError):
        subject.insert("Account", Name="A", Extra__c="x")


def test_a_snapshot_is_canonical_and_tells_no_secret(subject: Subject) -> None:
    subject.org.put_document(
        "ConnectedApp", "X", {"consumerKey": "known", "consumerSecret": "hidden-value", "isSecretRequired": True}
    )
    found = subject.org.snapshot()
    assert found["documents"]["ConnectedApp"]["X"] == {
        "consumerKey": "known",
        "consumerSecret": "set",
        "isSecretRequired": True,
    }
    text = json.dumps(found)
    assert "hidden-value" not in text
    assert "_Session" not in text
    assert "_Credential" not in text
    assert found == subject.org.snapshot()


def test_reset_brings_the_scenario_back(subject: Subject) -> None:
    subject.insert("Account", Name="A")
    subject.org.add_field("Account", "Extra__c", {"is": "string(10) create update nillable"})
    subject.org.reset()
    assert subject.org.rows("Account", Name="A") == []
    assert subject.org.schema["Account"].field("Extra__c") is None
    assert len(subject.org.rows("Account")) == 3


def test_custom_fields_survive_with_their_values_in_a_state_file(tmp_path: Path) -> None:
    path = str(tmp_path / "state.db")
    orgs = Orgs(Seeder(), path)
    one, two = orgs.add("one", "fresh"), orgs.add("two", "fresh")
    one.add_field("Account", "Extra__c", {"is": "string(10) create update nillable", "label": "Extra"})
    account = one.put("Account", {"Name": "A", "Extra__c": "kept"})
    for org in (one, two):
        org.store.close()
    again = Orgs(Seeder(), path)
    one, two = again.add("one", "fresh"), again.add("two", "fresh")
    assert one.get("Account", account)["Extra__c"] == "kept"
    assert two.schema["Account"].field("Extra__c") is None
    assert two.rows("Account", Name="A") == []
    assert len(two.rows("Account")) == 3
    for org in (one, two):
        org.store.close()


def test_orgs_are_found_by_alias_id_and_username(orgs: Orgs, subject: Subject) -> None:
    org = subject.org
    assert orgs.get(org.alias) is org
    assert orgs.by_org_id(org.org_id[:15]) is org
    assert orgs.by_org_id("nope") is None
    found = orgs.by_username(f"CSR1@{org.alias}.example")
    assert found is not None
    assert found[0] is org
    with pytest.raises(ValueError, match="already"):
        orgs.add(org.alias, "fresh")


def test_users_made_in_many_orgs_at_once_do_not_wait_for_each_other(orgs: Orgs) -> None:
    subjects = [Subject(org) for org in _new(orgs, 4)]
    threads = [
        threading.Thread(target=lambda s=each: [s.new_user(f"u{n}", IsActive=False) for n in range(5)])
        for each in subjects
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert all(len(each.query("SELECT Id FROM User WHERE Alias LIKE 'u_'")) == 5 for each in subjects)


def _new(orgs: Orgs, count: int) -> list[Org]:
    return [orgs.add(f"at-once-{number}", "fresh") for number in range(count)]


def test_ten_thousand_users_stay_quick(subject: Subject) -> None:
    org = subject.org
    profile = org.rows("Profile", Name="Customer Service")[0]["Id"]
    (owned,) = org.rows("PermissionSet", ProfileId=profile)
    users = org.put_many("User", (
        {"Username": f"many{n}@x.example", "LastName": f"Many {n}", "Alias": f"m{n}", "ProfileId": profile}
        for n in range(10_000)
    ))  # fmt: skip
    org.put_many("PermissionSetAssignment", ({"AssigneeId": user, "PermissionSetId": owned["Id"]} for user in users))
    for text, expected in (
        ("SELECT Id FROM User WHERE Username = 'MANY77@x.example'", 1),
        ("SELECT Id, Name, Profile.Name FROM User WHERE IsActive = true AND ProfileId = '" + profile + "'", 10_002),
        (
            "SELECT Id, (SELECT PermissionSetId FROM PermissionSetAssignments) FROM User"
            " WHERE Alias LIKE 'm%' AND Profile.Name LIKE 'C%'",
            10_000,
        ),
        (
            "SELECT AssigneeId, PermissionSetId, PermissionSetGroupId FROM PermissionSetAssignment"
            " WHERE Assignee.IsActive = true",
            10_007,
        ),
        (
            "SELECT PermissionSet.Label, COUNT(Id) FROM PermissionSetAssignment"
            " GROUP BY PermissionSet.Label HAVING COUNT(Id) > 1",
            1,
        ),
        ("SELECT Name, UsedLicenses FROM UserLicense WHERE Name = 'Salesforce'", 1),
    ):
        start = time.perf_counter()
        assert len(subject.query(text)) == expected
        assert time.perf_counter() - start < 1.5, text
    access = (
        f"SELECT IsReadable FROM UserEntityAccess WHERE UserId = '{users[9]}'"
        " AND EntityDefinitionId IN ('Account', 'Case') LIMIT 2"
    )
    start = time.perf_counter()
    assert [row["IsReadable"] for row in subject.query(access, tooling=True)] == [True, True]
    assert time.perf_counter() - start < 0.5
