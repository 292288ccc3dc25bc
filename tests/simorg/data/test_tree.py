"""Rows with their children in one request: all of them are made, or none."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Http, Subject


def node(kind: str, reference: str, **more: Any) -> dict[str, Any]:
    return {"attributes": {"type": kind, "referenceId": reference}, **more}


def post(http: Http, *records: dict[str, Any]) -> Any:
    return http.call("POST", "composite/tree/Account", {"records": list(records)})


def test_rows_are_made_with_their_children(http: Http, subject: Subject) -> None:
    contacts = {"records": [node("Contact", "c1", LastName="Marsh"), node("Contact", "c2", LastName="Price")]}
    answer = post(http, node("Account", "a1", Name="Tree", Contacts=contacts), node("Account", "a2", Name="Alone"))
    assert (answer.status, answer.json()["hasErrors"]) == (201, False)
    assert [each["referenceId"] for each in answer.json()["results"]] == ["a1", "c1", "c2", "a2"]
    made = {each["referenceId"]: each["id"] for each in answer.json()["results"]}
    rows = subject.query("SELECT Id, Account.Name FROM Contact WHERE Account.Name = 'Tree' ORDER BY LastName")
    assert [row["Id"] for row in rows] == [made["c1"], made["c2"]]


def test_one_refusal_takes_back_all(http: Http, subject: Subject) -> None:
    contacts = {"records": [node("Contact", "c1")]}
    answer = post(http, node("Account", "a1", Name="Tree", Contacts=contacts))
    (result,) = answer.json()["results"]
    assert (answer.status, answer.json()["hasErrors"], result["referenceId"]) == (400, True, "c1")
    assert result["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert subject.query("SELECT Id FROM Account WHERE Name = 'Tree'") == []


@pytest.mark.parametrize(
    "records",
    [
        [{"Name": "no attributes"}],
        [node("Contact", "c1", LastName="of another object")],
        [node("Account", "a", Name="A"), node("Account", "a", Name="the same reference")],
        [node("Account", "a", Name="A", Contacts="no list")],
        [node("Account", f"a{number}", Name="many") for number in range(201)],
    ],
)
def test_what_is_no_tree_is_refused_as_a_whole(http: Http, subject: Subject, records: list[dict[str, Any]]) -> None:
    before = len(subject.org.rows("Account"))
    answer = post(http, *records)
    assert (answer.status, answer.json()[0].keys() >= {"message", "errorCode"}) == (400, True)
    assert len(subject.org.rows("Account")) == before
