"""Rows: each write of one client is read back by the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .clients import Rows
from .conftest import Target
from .node import Jsforce, Refused

Unique = Callable[[str], str]
Tidy = Callable[..., None]


def test_a_row_is_made_changed_and_deleted(rows: Rows, other_rows: Rows, unique: Unique, tidy: Tidy) -> None:
    name = unique("Pumps")
    account = rows.create("Account", {"Name": name, "Phone": "+1 519 555 0142", "BillingCity": "Guelph"})
    tidy(rows.delete, "Account", account)
    assert (account[:3], len(account)) == ("001", 18)
    found = other_rows.get("Account", account)
    assert (found["Name"], found["Phone"], found["BillingAddress"]["city"]) == (name, "+1 519 555 0142", "Guelph")
    rows.update("Account", account, {"Phone": None, "BillingCity": "Kitchener"})
    found = other_rows.get("Account", account[:15])
    assert (found["Id"], found["Phone"], found["BillingCity"]) == (account, None, "Kitchener")
    rows.delete("Account", account)
    with pytest.raises(Refused):
        other_rows.get("Account", account)
    assert other_rows.query(f"SELECT Id FROM Account WHERE Id = '{account}'") == []
    assert other_rows.query(f"SELECT IsDeleted FROM Account WHERE Id = '{account}'", deleted=True) == [
        {"IsDeleted": True}
    ]


@pytest.mark.parametrize("all_or_none", [False, True])
def test_a_collection_with_one_bad_row(
    rows: Rows, other_rows: Rows, unique: Unique, tidy: Tidy, all_or_none: bool
) -> None:
    name = unique("Valves")
    records = [
        {"attributes": {"type": "Account"}, "Name": name},
        {"attributes": {"type": "Account"}, "Phone": "without a name"},
    ]
    results = rows.post("composite/sobjects", {"allOrNone": all_or_none, "records": records})
    for result in results:
        if result["success"]:
            tidy(rows.delete, "Account", result["id"])
    assert [result["success"] for result in results] == [not all_or_none, False]
    codes = [error["statusCode"] for result in results for error in result["errors"]]
    assert codes == (["ALL_OR_NONE_OPERATION_ROLLED_BACK"] if all_or_none else []) + ["REQUIRED_FIELD_MISSING"]
    found = other_rows.query(f"SELECT Name FROM Account WHERE Name = '{name}'")
    assert found == ([] if all_or_none else [{"Name": name}])


def test_a_composite_refers_to_its_own_results(
    rows: Rows, other_rows: Rows, target: Target, unique: Unique, tidy: Tidy
) -> None:
    name, root = unique("Seals"), "/services/data/v59.0"
    parts = [
        {"method": "POST", "url": f"{root}/sobjects/Account", "referenceId": "account", "body": {"Name": name}},
        {
            "method": "POST",
            "url": f"{root}/sobjects/Contact",
            "referenceId": "contact",
            "body": {"LastName": "Marsh", "AccountId": "@{account.id}"},
        },
        {
            "method": "GET",
            "url": f"{root}/query?q=SELECT Name FROM Account WHERE Id='@{{account.id}}'",
            "referenceId": "read",
        },
    ]
    answers = rows.post("composite", {"allOrNone": True, "compositeRequest": parts})["compositeResponse"]
    tidy(rows.delete, "Account", answers[0]["body"]["id"])
    assert [answer["httpStatusCode"] for answer in answers] == [201, 201, 200]
    assert answers[2]["body"]["records"][0]["Name"] == name
    children = other_rows.query(f"SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = '{name}'")
    assert children == [{"Name": name, "Contacts": [{"LastName": "Marsh"}]}]


def test_a_composite_takes_back_what_came_before_a_failure(rows: Rows, other_rows: Rows, unique: Unique) -> None:
    name, root = unique("Gaskets"), "/services/data/v59.0"
    parts = [
        {"method": "POST", "url": f"{root}/sobjects/Account", "referenceId": "good", "body": {"Name": name}},
        {"method": "POST", "url": f"{root}/sobjects/Account", "referenceId": "bad", "body": {}},
    ]
    answers = rows.post("composite", {"allOrNone": True, "compositeRequest": parts})["compositeResponse"]
    assert [answer["httpStatusCode"] for answer in answers] == [400, 400]
    assert [answer["body"][0]["errorCode"] for answer in answers] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert other_rows.query(f"SELECT Id FROM Account WHERE Name = '{name}'") == []


def test_a_tree_of_rows(rows: Rows, other_rows: Rows, unique: Unique, tidy: Tidy) -> None:
    name = unique("Fasteners")
    contact = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Price"}
    account = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": name, "Contacts": {"records": [contact]}}
    results = rows.post("composite/tree/Account", {"records": [account]})["results"]
    made = {result["referenceId"]: result["id"] for result in results}
    tidy(rows.delete, "Account", made["a"])
    assert other_rows.query(f"SELECT Id, LastName FROM Contact WHERE AccountId = '{made['a']}'") == [
        {"Id": made["c"], "LastName": "Price"}
    ]


def test_upsert_by_id_changes_the_row(rows: Rows, other_rows: Rows, unique: Unique, tidy: Tidy) -> None:
    account = rows.create("Account", {"Name": unique("Before")})
    tidy(rows.delete, "Account", account)
    after = unique("After")
    rows.upsert("Account", "Id", account, {"Name": after})
    assert other_rows.get("Account", account)["Name"] == after


def test_many_rows_come_in_pages(rows: Rows, other_rows: Rows, js: Jsforce, unique: Unique) -> None:
    prefix = unique("Page")
    names = [f"{prefix} {number:03}" for number in range(410)]
    made: list[str] = []
    for start in range(0, len(names), 200):
        records = [{"attributes": {"type": "Account"}, "Name": name} for name in names[start : start + 200]]
        made += [row["id"] for row in rows.post("composite/sobjects", {"records": records})]
    try:
        found = other_rows.query(f"SELECT Name FROM Account WHERE Name LIKE '{prefix}%' ORDER BY Name")
        assert [row["Name"] for row in found] == names
        options = {"headers": {"Sforce-Query-Options": "batchSize=200"}}
        page = js("query", f"SELECT Name FROM Account WHERE Name LIKE '{prefix}%' ORDER BY Name", options)
        seen = [row["Name"] for row in page["records"]]
        while not page["done"]:
            page = js("queryMore", page["nextRecordsUrl"], options)
            seen += [row["Name"] for row in page["records"]]
        assert seen == names
    finally:
        deleted = js("sobject(Account).destroy", made, {"allowRecursive": True})
    assert [result["success"] for result in deleted] == [True] * len(made)
    assert other_rows.query(f"SELECT Id FROM Account WHERE Name LIKE '{prefix}%'") == []


REFUSED: list[tuple[str, Callable[[Rows, str], Any]]] = [
    ("REQUIRED_FIELD_MISSING", lambda rows, account: rows.create("Contact", {"FirstName": "nobody"})),
    ("INVALID_FIELD", lambda rows, account: rows.create("Account", {"Name": "A", "Nope__c": 1})),
    ("STRING_TOO_LONG", lambda rows, account: rows.create("Account", {"Name": "x" * 256})),
    ("MALFORMED_ID", lambda rows, account: rows.create("Contact", {"LastName": "A", "AccountId": "nonsense"})),
    ("JSON_PARSER_ERROR", lambda rows, account: rows.create("Case", {"IsEscalated": "perhaps"})),
    ("NOT_FOUND", lambda rows, account: rows.create("Nope__c", {"Name": "A"})),
    ("NOT_FOUND", lambda rows, account: rows.get("Account", "001000000000000AAA")),
    ("INVALID_FIELD", lambda rows, account: rows.query("SELECT Nope FROM Account")),
    ("INVALID_TYPE", lambda rows, account: rows.query("SELECT Id FROM Nope")),
    ("MALFORMED_QUERY", lambda rows, account: rows.query("SELECT Id FROM Account WHERE")),
    ("MALFORMED_QUERY", lambda rows, account: rows.query("SELECT Name alias FROM Account")),
    ("INVALID_QUERY_FILTER_OPERATOR", lambda rows, account: rows.query("SELECT Id FROM Account WHERE Id = 'x'")),
    ("INVALID_FIELD_FOR_INSERT_UPDATE", lambda rows, account: rows.update("Account", account, {"CreatedDate": None})),
    ("ENTITY_IS_DELETED", lambda rows, account: [rows.delete("Account", account), rows.delete("Account", account)]),
]


@pytest.mark.parametrize(("code", "attempt"), REFUSED, ids=[f"{n}-{code}" for n, (code, _) in enumerate(REFUSED)])
def test_what_is_refused(
    rows: Rows, unique: Unique, tidy: Tidy, code: str, attempt: Callable[[Rows, str], Any]
) -> None:
    account = rows.create("Account", {"Name": unique("Kept")})
    tidy(rows.delete, "Account", account)
    with pytest.raises(Refused) as caught:
        attempt(rows, account)
    assert caught.value.code == code
