"""Queries and describes: both clients are told the same, and what the rows that were made imply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from simple_salesforce import Salesforce

from .clients import Rows
from .conftest import new_name

MARK = new_name("Query")


@pytest.fixture(scope="module")
def made(plainly: Rows) -> Iterator[dict[str, str]]:
    """Two accounts with contacts and cases."""
    north = plainly.create("Account", {"Name": f"{MARK} North", "NumberOfEmployees": 40, "Phone": "1"})
    south = plainly.create("Account", {"Name": f"{MARK} South's", "NumberOfEmployees": 2, "ParentId": north})
    for last, account in (("Abel", north), ("Baker", north), ("Cole", south)):
        plainly.create("Contact", {"LastName": f"{MARK} {last}", "AccountId": account})
    plainly.create("Case", {"Subject": f"{MARK} late", "AccountId": north, "Origin": "Email", "Priority": "High"})
    yield {"north": north, "south": south}
    for case in plainly.query(f"SELECT Id FROM Case WHERE Subject LIKE '{MARK}%'"):
        plainly.delete("Case", case["Id"])
    for account in (south, north):
        plainly.delete("Account", account)


QUERIES: list[tuple[str, list[Any]]] = [
    (
        "SELECT name FROM Account WHERE Name LIKE '{m}%' ORDER BY Name DESC",
        [{"Name": "{m} South's"}, {"Name": "{m} North"}],
    ),
    ("SELECT Parent.Name FROM Account WHERE Name = '{m} South\\'s'", [{"Parent": {"Name": "{m} North"}}]),
    ("SELECT a.Name FROM Account a WHERE a.Parent.Name LIKE '{m}%'", [{"Name": "{m} South's"}]),
    (
        "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName LIMIT 1) FROM Account WHERE Name = '{m} North'",
        [{"Name": "{m} North", "Contacts": [{"LastName": "{m} Abel"}]}],
    ),
    (
        "SELECT Name, (SELECT Id FROM Cases) FROM Account WHERE Name LIKE '{m} S%'",
        [{"Name": "{m} South's", "Cases": None}],
    ),
    (
        "SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Case WHERE Subject = '{m} late')",
        [{"Name": "{m} North"}],
    ),
    (
        "SELECT Name FROM Account WHERE Name LIKE '{m}%'"
        " AND Id NOT IN (SELECT AccountId FROM Case WHERE AccountId != null)",
        [{"Name": "{m} South's"}],
    ),
    (
        "SELECT Account.Name, COUNT(Id) total FROM Contact WHERE LastName LIKE '{m}%' GROUP BY Account.Name "
        "HAVING COUNT(Id) > 1",
        [{"Name": "{m} North", "total": 2}],
    ),
    (
        "SELECT SUM(NumberOfEmployees), MIN(NumberOfEmployees) low FROM Account WHERE Name LIKE '{m}%'",
        [{"expr0": 42, "low": 2}],
    ),
    (
        "SELECT COUNT(Id) FROM Account WHERE Name LIKE '{m}%' AND CreatedDate = LAST_N_DAYS:1 AND Phone = null",
        [{"expr0": 1}],
    ),
    (
        "SELECT Name FROM Account WHERE Name LIKE '{m}%' AND NOT (NumberOfEmployees < 10 OR Phone = null)",
        [{"Name": "{m} North"}],
    ),
    ("SELECT Phone FROM Account WHERE Name LIKE '{m}%' ORDER BY Phone NULLS LAST LIMIT 1 OFFSET 1", [{"Phone": None}]),
    ("SELECT Priority FROM Case WHERE Subject LIKE '{m}%' AND Origin IN ('Email', 'Web')", [{"Priority": "High"}]),
]


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _marked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return value.replace("{m}", MARK) if isinstance(value, str) else value


@pytest.mark.parametrize(("soql", "expected"), QUERIES, ids=range(len(QUERIES)))
def test_query(rows: Rows, made: dict[str, str], soql: str, expected: list[Any]) -> None:
    assert rows.query(_marked(soql)) == _marked(expected)


def test_describe_agrees_with_the_permissions(rows: Rows, other_rows: Rows) -> None:
    case, account = rows.describe("Case"), rows.describe("Account")
    fields = {f"Case.{each['name']}": each for each in case["fields"]}
    fields |= {f"Account.{each['name']}": each for each in account["fields"]}
    permissionable = {name: each["permissionable"] for name, each in fields.items()}
    for name in ("Case.Status", "Case.OwnerId", "Case.CaseNumber", "Account.Name"):
        assert permissionable[name] is False, name
    for name in ("Case.Subject", "Case.AccountId", "Account.BillingAddress", "Account.ShippingAddress"):
        assert permissionable[name] is True, name
    assert fields["Account.BillingCity"]["compoundFieldName"] == "BillingAddress"
    assert fields["Case.AccountId"]["referenceTo"] == ["Account"]
    assert {link["relationshipName"] for link in account["childRelationships"]} >= {"Contacts", "Cases"}
    told = other_rows.describe("Case")
    assert {each["name"] for each in told["fields"]} == {each["name"] for each in case["fields"]}


def test_tooling_knows_the_fields_too(rows: Rows) -> None:
    soql = (
        "SELECT QualifiedApiName, IsFlsEnabled FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Case'"
        " AND QualifiedApiName IN ('Subject', 'CaseNumber') ORDER BY QualifiedApiName"
    )
    found = [(row["QualifiedApiName"], row["IsFlsEnabled"]) for row in rows.tooling(soql)]
    assert found == [("CaseNumber", False), ("Subject", True)]


def test_the_column_metadata_that_command_lines_ask_for(plainly: Any) -> None:
    asked = {"q": "SELECT id, owner.name, (SELECT Id FROM Contacts) FROM Account LIMIT 1", "columns": "true"}
    columns = plainly.salesforce.restful("query", asked)["columnMetadata"]
    assert [column["columnName"] for column in columns] == ["Id", "Owner", "Contacts"]
    assert [column["columnName"] for column in columns[1]["joinColumns"]] == ["Name"]


def test_the_rows_of_every_object_are_counted(salesforce: Salesforce, made: dict[str, str]) -> None:
    """What `sf org list sobject record-counts` asks; a real org counts now and then, not at once."""
    counts = {each["name"]: each["count"] for each in salesforce.restful("limits/recordCount")["sObjects"]}
    assert counts["User"] > 0
    assert "UserEntityAccess" not in counts


def test_tooling_lists_the_custom_objects_of_packages(rows: Rows) -> None:
    """What CumulusCI asks before it changes a profile."""
    query = "SELECT DeveloperName, NamespacePrefix FROM CustomObject WHERE ManageableState != 'unmanaged'"
    assert isinstance(rows.tooling(query), list)
