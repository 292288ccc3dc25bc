"""Numbers beyond their bounds, rows above themselves, ids named twice, users who deactivate themselves."""

from __future__ import annotations

from typing import Any

import pytest

from cnxlib.simorg.errors import ApiError
from tests.simorg.data.conftest import Http, Subject

EXTERNAL = {"is": "string(20) create update nillable externalId unique", "label": "Key"}


def refused(code: str, work: Any, *args: Any, **values: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        work(*args, **values)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("JSON_PARSER_ERROR", {"NumberOfEmployees": 1.5}),
        ("JSON_PARSER_ERROR", {"NumberOfEmployees": "1.5"}),
        ("NUMBER_OUTSIDE_VALID_RANGE", {"NumberOfEmployees": 100_000_000}),
        ("NUMBER_OUTSIDE_VALID_RANGE", {"NumberOfEmployees": -(2**31)}),
        ("NUMBER_OUTSIDE_VALID_RANGE", {"NumberOfEmployees": "1e400"}),
        ("NUMBER_OUTSIDE_VALID_RANGE", {"BillingLatitude": 90.5}),
        ("NUMBER_OUTSIDE_VALID_RANGE", {"ShippingLongitude": -180.5}),
        ("NUMBER_OUTSIDE_VALID_RANGE", {"AnnualRevenue": 10**18}),
    ],
)
def test_numbers_that_no_field_takes(subject: Subject, code: str, values: dict[str, Any]) -> None:
    refused(code, subject.insert, "Account", Name="A", **values)


def test_numbers_at_their_bounds(subject: Subject) -> None:
    values = {"NumberOfEmployees": "99999999", "BillingLatitude": -90, "BillingLongitude": 180}
    made = subject.insert("Account", Name="A", **values)
    row = subject.org.get("Account", made)
    assert (row["NumberOfEmployees"], row["BillingLatitude"], row["BillingLongitude"]) == (99_999_999, -90.0, 180.0)


@pytest.mark.parametrize(
    ("sobject", "field", "values"),
    [
        ("Account", "ParentId", {"Name": "A"}),
        ("Case", "ParentId", {"Subject": "A"}),
        ("UserRole", "ParentRoleId", {"Name": "A"}),
    ],
)
def test_no_row_is_above_itself(subject: Subject, sobject: str, field: str, values: dict[str, Any]) -> None:
    def insert(number: int, **more: Any) -> str:
        named = {"DeveloperName": f"Role_{number}"} if sobject == "UserRole" else {}
        return subject.insert(sobject, **values, **named, **more)

    top = insert(1)
    middle = insert(2, **{field: top})
    bottom = insert(3, **{field: middle})
    for parent in (top, middle, bottom):
        refused("CIRCULAR_DEPENDENCY", subject.org.update, sobject, top, {field: parent}, subject.admin)
    subject.org.update(sobject, bottom, {field: top}, subject.admin)


def test_who_deactivates_himself(subject: Subject) -> None:
    me = subject.admin
    refused("FIELD_INTEGRITY_EXCEPTION", subject.org.update, "User", me.user_id, {"IsActive": False}, me)
    subject.org.update("User", me.user_id, {"IsActive": True, "Title": "Admin"}, me)
    subject.org.update("User", subject.user("csr1")["Id"], {"IsActive": False}, me)


def test_an_update_names_a_row_twelve_times_at_most(subject: Subject, http: Http) -> None:
    made = subject.insert("Account", Name="A")
    records = [
        {"attributes": {"type": "Account"}, "Id": made if n % 2 else made[:15], "Phone": str(n)} for n in range(14)
    ]
    results = http.call("PATCH", "composite/sobjects", {"records": records}).json()
    assert [each["success"] for each in results] == [True] * 12 + [False] * 2
    assert results[-1]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert results[-1]["errors"][0]["message"].endswith(f"more than once in this Api call: {made[:15]}")
    assert subject.org.get("Account", made)["Phone"] == "11"


def test_an_upsert_refuses_all_rows_of_a_key_it_names_twice(subject: Subject, http: Http) -> None:
    subject.org.add_field("Account", "Key__c", EXTERNAL)
    records = [{"attributes": {"type": "Account"}, "Key__c": key, "Name": "A"} for key in ("a", "b", "A", "c")]
    results = http.call("PATCH", "composite/sobjects/Account/Key__c", {"records": records}).json()
    assert [each["success"] for each in results] == [False, True, False, True]
    told = results[0]["errors"][0]
    assert (told["statusCode"], told["message"]) == ("DUPLICATE_VALUE", "Duplicate external id specified: a")
    made = results[1]["id"]
    twice = [{"attributes": {"type": "Account"}, "Id": each, "Phone": "1"} for each in (made, made[:15])]
    results = http.call("PATCH", "composite/sobjects/Account/Id", {"records": twice}).json()
    assert {each["errors"][0]["statusCode"] for each in results} == {"DUPLICATE_VALUE"}
    assert results[0]["errors"][0]["message"] == f"Duplicate id specified: {made}"


def test_a_row_is_deleted_once(subject: Subject, http: Http) -> None:
    made = subject.insert("Account", Name="A")
    results = http.call("DELETE", "composite/sobjects", ids=f"{made},{made}").json()
    assert [each["success"] for each in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"


def test_case_settings_are_a_row_of_the_tooling_api(subject: Subject, http: Http) -> None:
    (row,) = http.query("SELECT DurableId, Metadata FROM CaseSettings LIMIT 1", "tooling/query")["records"]
    assert row["DurableId"] == "Case"
    assert row["Metadata"]["emailToCase"]["enableEmailToCase"] is False
    refused("INVALID_TYPE", subject.query, "SELECT Metadata FROM CaseSettings")
    refused("INVALID_TYPE", subject.query, "SELECT Metadata FROM OauthOidcSettings", tooling=True)
    refused("INVALID_TYPE", subject.query, "SELECT Metadata FROM CaseSettings", subject.actor("csr1"), tooling=True)
