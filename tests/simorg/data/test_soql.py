"""SOQL on rows of the fresh scenario: what is answered, and how refusals are worded."""

from __future__ import annotations

from typing import Any

import pytest

from cnxlib.simorg.errors import ApiError
from cnxlib.simorg.orgs import Orgs

from .conftest import Subject, new_subject


def names(rows: list[dict[str, Any]], field: str = "Name") -> list[Any]:
    return [row[field] for row in rows]


@pytest.fixture(scope="module")
def shared(orgs: Orgs) -> Subject:
    """An org that no test changes."""
    return new_subject(orgs)


@pytest.fixture(scope="module")
def accounts(orgs: Orgs) -> Subject:
    """Accounts of known values beside those of the scenario, told by their number."""
    subject = new_subject(orgs)
    for name, more in {
        "Äpfel": {"Phone": "1", "NumberOfEmployees": 5, "Type": "Other"},
        "beta": {"NumberOfEmployees": 20, "Rating": "Hot"},
        "Gamma 100%": {"Phone": "3", "NumberOfEmployees": 20, "Rating": "Cold"},
        "it's_delta": {"Rating": "Hot", "AnnualRevenue": 2.5},
    }.items():
        subject.insert("Account", Name=name, AccountNumber="mark", **more)
    return subject


def chosen(subject: Subject, where: str, tail: str = "") -> list[Any]:
    return names(
        subject.query(f"SELECT Name FROM Account WHERE AccountNumber = 'mark' AND ({where}) {tail or 'ORDER BY Id'}")
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'BETA'", ["beta"]),
        ("Name = 'äpfel'", ["Äpfel"]),
        ("Name != 'beta'", ["Äpfel", "Gamma 100%", "it's_delta"]),
        ("Phone != '1'", ["beta", "Gamma 100%", "it's_delta"]),
        ("NOT Phone = '1'", ["beta", "Gamma 100%", "it's_delta"]),
        ("Phone = null", ["beta", "it's_delta"]),
        ("Phone = ''", ["beta", "it's_delta"]),
        ("Phone != NULL", ["Äpfel", "Gamma 100%"]),
        ("NumberOfEmployees >= 20", ["beta", "Gamma 100%"]),
        ("NumberOfEmployees < 20", ["Äpfel"]),
        ("NOT NumberOfEmployees < 20", ["beta", "Gamma 100%", "it's_delta"]),
        ("AnnualRevenue = 2.5", ["it's_delta"]),
        ("Name LIKE 'b%'", ["beta"]),
        ("Name LIKE 'ÄPF%'", ["Äpfel"]),
        ("Name LIKE '%100\\%'", ["Gamma 100%"]),
        ("Name LIKE 'bet_'", ["beta"]),
        ("Name LIKE 'it\\'s\\_%'", ["it's_delta"]),
        ("Name LIKE '%a\\_%'", []),
        ("Name = 'it\\'s_delta'", ["it's_delta"]),
        ("Rating IN ('hot', 'Warm')", ["beta", "it's_delta"]),
        ("Rating NOT IN ('Hot')", ["Äpfel", "Gamma 100%"]),
        ("Rating IN (null, 'Cold')", ["Äpfel", "Gamma 100%"]),
        ("Name IN ('ÄPFEL', 'beta')", ["Äpfel", "beta"]),
        ("NumberOfEmployees IN (5, 6)", ["Äpfel"]),
        ("Rating = 'Hot' AND Phone = null AND NumberOfEmployees = 20", ["beta"]),
        ("Rating = 'Cold' OR Type = 'Other'", ["Äpfel", "Gamma 100%"]),
        ("(Rating = 'Hot' OR Rating = 'Cold') AND (NOT (Phone = '3'))", ["beta", "it's_delta"]),
        ("CreatedDate = TODAY", ["Äpfel", "beta", "Gamma 100%", "it's_delta"]),
        ("CreatedDate < TODAY OR CreatedDate > TODAY", []),
        (
            "CreatedDate = LAST_N_DAYS:3 AND CreatedDate > 2020-01-01T00:00:00+02:00",
            ["Äpfel", "beta", "Gamma 100%", "it's_delta"],
        ),
        ("CreatedDate != THIS_YEAR", []),
        (
            "Owner.IsActive = true AND Owner.Profile.Name = 'system administrator'",
            ["Äpfel", "beta", "Gamma 100%", "it's_delta"],
        ),
        ("Parent.Name = null", ["Äpfel", "beta", "Gamma 100%", "it's_delta"]),
        ("Account.Name = 'beta'", ["beta"]),
    ],
)
def test_conditions(accounts: Subject, where: str, expected: list[str]) -> None:
    assert sorted(chosen(accounts, where)) == sorted(expected)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("ORDER BY NumberOfEmployees, Name DESC", ["it's_delta", "Äpfel", "Gamma 100%", "beta"]),
        ("ORDER BY NumberOfEmployees DESC NULLS LAST, Name", ["beta", "Gamma 100%", "Äpfel", "it's_delta"]),
        ("ORDER BY NumberOfEmployees DESC, Name", ["it's_delta", "beta", "Gamma 100%", "Äpfel"]),
        ("ORDER BY NumberOfEmployees NULLS LAST, Name LIMIT 2 OFFSET 1", ["beta", "Gamma 100%"]),
        ("ORDER BY Name LIMIT 0", []),
    ],
)
def test_order_and_bounds(accounts: Subject, tail: str, expected: list[str]) -> None:
    assert chosen(accounts, "Name != null", tail) == expected


def test_parents_have_aliases_of_their_own(shared: Subject) -> None:
    text = (
        "SELECT c.LastName, own.Name, (SELECT k.Subject FROM Cases k, k.Owner o WHERE o.Name != null)"
        " FROM Contact c, c.Account AS a, A.Owner own WHERE a.Name LIKE 'Brightwater%' AND own.IsActive = true"
        " ORDER BY a.Name"
    )
    assert shared.query(text) == shared.query(
        "SELECT LastName, Account.Owner.Name, (SELECT Subject FROM Cases WHERE Owner.Name != null)"
        " FROM Contact WHERE Account.Name LIKE 'Brightwater%' AND Account.Owner.IsActive = true"
    )
    assert names(shared.query(text), "LastName") == ["Marsh"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("Contact c, Account a", "MALFORMED_QUERY"),
        ("Contact c, c a", "MALFORMED_QUERY"),
        ("Contact c, c.Nope n", "INVALID_FIELD"),
        ("Contact c, c.Account", "MALFORMED_QUERY"),
    ],
)
def test_an_alias_beside_the_object_is_one_of_its_parents(shared: Subject, source: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        shared.query(f"SELECT Id FROM {source}")
    assert caught.value.code == code


def test_parents_children_and_canonical_names(shared: Subject) -> None:
    (row,) = shared.query(
        "select ID, acc.name,"
        " (select subject, ACCOUNT.phone from cases where status = 'New' order by subject limit 1),"
        " (SELECT Id FROM ChildAccounts), owner.profile.userlicense.name"
        " from account acc where acc.name like 'Brightwater%'"
    )
    url = row["attributes"]["url"]
    assert url == f"/services/data/v68.0/sobjects/Account/{row['Id']}"
    assert row["Name"] == "Brightwater Pumps Ltd."
    assert row["Owner"]["Profile"]["UserLicense"]["Name"] == "Salesforce"
    assert row["Cases"]["totalSize"] == 1
    assert row["Cases"]["records"][0]["Subject"] == "PO 48812: 40 mechanical seals"
    assert row["Cases"]["records"][0]["Account"]["Phone"] == "+1 519 555 0142"
    assert row["ChildAccounts"] is None
    assert row["Owner"]["attributes"]["type"] == "User"


def test_a_parent_that_is_not_there_is_null(shared: Subject) -> None:
    rows = shared.query("SELECT Name, Manager.Name, Manager.Profile.Name, Manager.IsActive FROM User LIMIT 2")
    assert names(rows, "Manager") == [None, None]
    assert not shared.query("SELECT Id FROM User WHERE Manager.IsActive = true")
    assert shared.query("SELECT Id FROM User WHERE Manager.IsActive = false")


def test_both_lengths_of_ids_are_the_same_row(shared: Subject) -> None:
    user = shared.user("csr1")["Id"]
    for literal in (user, user[:15]):
        assert names(shared.query(f"SELECT Id FROM User WHERE Id = '{literal}'"), "Id") == [user]
        assert names(shared.query(f"SELECT Id FROM User WHERE Id IN ('{literal}')"), "Id") == [user]
    assert shared.query(f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{user[:15]}'")


def test_semi_and_anti_joins(shared: Subject) -> None:
    with_cases = shared.query(
        "SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Case WHERE Priority = 'High')"
    )
    assert names(with_cases) == ["Brightwater Pumps Ltd."]
    without = shared.query("SELECT Name FROM Account WHERE Id NOT IN (SELECT AccountId FROM Case)")
    assert names(without) == ["Harrow & Sons Electrical"]
    holders = shared.query(
        "SELECT Username FROM User WHERE Id IN"
        " (SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Profile.Name = 'Customer Service')"
        " AND IsActive = true"
    )
    assert len(holders) == 2


def test_aggregates(shared: Subject) -> None:
    rows = shared.query(
        "SELECT Profile.Name, COUNT(Id) users, MAX(LastName) FROM User WHERE IsActive = true GROUP BY Profile.Name"
        " HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC"
    )
    assert rows == [
        {"attributes": {"type": "AggregateResult"}, "Name": "Customer Service", "users": 2, "expr0": "Okafor"},
    ]
    result = shared.org.run_query("SELECT COUNT() FROM User WHERE IsActive = false", shared.admin)
    assert (result.total, result.records) == (1, [])
    (row,) = shared.query("SELECT COUNT(Id), COUNT_DISTINCT(ProfileId) p FROM User")
    assert (row["expr0"], row["p"]) == (8, 6)
    years = shared.query(
        "SELECT CALENDAR_YEAR(CreatedDate) y, COUNT(Id) n FROM Case GROUP BY CALENDAR_YEAR(CreatedDate)"
    )
    assert [(row["y"], row["n"]) for row in years] == [(shared.org.now().year, 3)]


def test_compound_address_and_fields_function(shared: Subject) -> None:
    (row,) = shared.query("SELECT BillingAddress FROM Account WHERE BillingCity = 'Guelph'")
    assert row["BillingAddress"]["street"] == "18 Foundry Street"
    (row,) = shared.query("SELECT FIELDS(ALL) FROM UserLicense WHERE Name = 'Salesforce' LIMIT 1")
    assert row["UsedLicenses"] == 6
    assert "CreatedDate" in row


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id, FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        (
            "SELECT Id FROM Account WHERE Name = 'a' AND Phone = 'b' OR Phone = 'c'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY", "unexpected token"),
        ('SELECT Id FROM Account WHERE Name = "a"', "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account USING SCOPE team", "MALFORMED_QUERY", "unexpected token: 'team'"),
        ("SELECT * FROM Account", "MALFORMED_QUERY", "unexpected token: '*'"),
        ("SELECT Id FROM Account WHERE Name LIKE 'a\\q'", "MALFORMED_QUERY", "Illegal character sequence"),
        ("SELECT Id FROM Account LIMIT -1", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account LIMIT 1.5", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column 'Nope' on entity 'Account'."),
        ("SELECT Owner FROM Account", "INVALID_FIELD", "No such column 'Owner'"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nope' in field path."),
        ("SELECT Id, Id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        (
            "SELECT Id FROM Account WHERE Name = 1",
            "INVALID_FIELD",
            "must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM User WHERE IsActive = 'true'",
            "INVALID_FIELD",
            "must be of type boolean and should not be enclosed",
        ),
        ("SELECT Id FROM Account WHERE CreatedDate > 2020-01-01", "INVALID_FIELD", "must be of type dateTime"),
        (
            "SELECT Id FROM Account WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        ("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        ("SELECT Id FROM UserLicense WHERE UsedLicenses > 1", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Description, COUNT(Id) FROM Account GROUP BY Description", "INVALID_FIELD", "can not be grouped"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported."),
        ("SELECT Id FROM ScratchOrgInfo limit 1", "INVALID_TYPE", "sObject type 'ScratchOrgInfo' is not supported."),
        ("SELECT Id FROM PackageInstallRequest", "INVALID_TYPE", "is not supported"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Nopes'"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT Id FROM Account WHERE Id = 'nope'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nope"),
        ("SELECT Id FROM Account WHERE CreatedDate = SOMEDAY", "MALFORMED_QUERY", "unexpected token: 'SOMEDAY'"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "must have a LIMIT of at most 200"),
        (
            "SELECT Id FROM UserEntityAccess WHERE UserId = '005000000000001'",
            "EXCEEDED_ID_LIMIT",
            "does not support queryMore()",
        ),
        ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "does not support aggregate operator SUM"),
        (
            "SELECT Id FROM Account WHERE " + "(" * 200 + "Name = 'a'" + ")" * 200,
            "QUERY_TOO_COMPLICATED",
            "too complicated",
        ),
    ],
)
def test_refusals(shared: Subject, text: str, code: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        shared.query(text)
    assert caught.value.code == code
    assert message in caught.value.message


def test_a_refusal_shows_the_place(shared: Subject) -> None:
    with pytest.raises(
        ApiError, match=r"\nSELECT Id, Nope FROM Account\n {11}\^\nERROR at Row:1:Column:12\nNo such column"
    ):
        shared.query("SELECT Id, Nope FROM Account")


def test_scopes(shared: Subject) -> None:
    assert len(shared.query("SELECT Id FROM Account USING SCOPE everything")) == 3
    assert shared.query("SELECT Id FROM Account USING SCOPE mine WHERE Name != null", shared.actor("csr1")) == []


def test_tooling_only_by_id(shared: Subject) -> None:
    with pytest.raises(ApiError) as caught:
        shared.query("SELECT Id FROM SubscriberPackageVersion", tooling=True)
    assert caught.value.code == "MALFORMED_QUERY"
    (row,) = shared.query(
        "SELECT MajorVersion FROM SubscriberPackageVersion WHERE Id = '04t5x000000YKbXAAW'", tooling=True
    )
    assert row["attributes"]["url"].startswith("/services/data/v68.0/tooling/sobjects/SubscriberPackageVersion/04t")


def test_who_may_not_read_an_object_or_field_is_told_that_there_is_none(subject: Subject) -> None:
    reader = subject.actor("csr1")
    assert subject.query("SELECT Name FROM Account", reader)
    for text, code in (
        ("SELECT Id FROM ObjectPermissions", "INVALID_TYPE"),
        ("SELECT Id FROM LoginHistory", "INVALID_TYPE"),
    ):
        with pytest.raises(ApiError) as caught:
            subject.query(text, reader)
        assert caught.value.code == code
    for each in subject.org.rows("FieldPermissions", Field="Account.Phone"):
        subject.org.delete("FieldPermissions", each["Id"], subject.admin)
    with pytest.raises(ApiError) as caught:
        subject.query("SELECT Phone FROM Account", subject.actor("csr1"))
    assert caught.value.code == "INVALID_FIELD"


def test_deleted_rows_are_seen_by_query_all_alone(subject: Subject) -> None:
    account = subject.insert("Account", Name="Gone")
    subject.org.delete("Account", account, subject.admin)
    text = f"SELECT IsDeleted FROM Account WHERE Id = '{account}'"
    assert subject.query(text) == []
    assert subject.query(text, all_rows=True)[0]["IsDeleted"] is True


def test_a_field_has_an_alias_only_beside_aggregates(subject: Subject) -> None:
    with pytest.raises(ApiError) as caught:
        subject.query("SELECT Name alias FROM Account")
    assert caught.value.code == "MALFORMED_QUERY"
    assert (
        subject.query("SELECT Status s, COUNT(Id) n FROM Case WHERE Status = 'Working' GROUP BY Status")[0]["s"]
        == "Working"
    )
    assert "s" in subject.query("SELECT toLabel(Status) s FROM Case LIMIT 1")[0]
