"""Owners of cases: users and queues, which a query knows by the entity Name."""

from __future__ import annotations

from typing import Any

import pytest

from cnxlib.simorg.errors import ApiError
from tests.simorg.data.conftest import Http, Subject


@pytest.fixture
def queue(subject: Subject) -> str:
    made = subject.insert("Group", Name="Order Desk", Type="Queue", Email="orders@acme.example")
    subject.insert("QueueSobject", QueueId=made, SobjectType="Case")
    return made


def refused(code: str, work: Any, *args: Any, **values: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        work(*args, **values)
    assert caught.value.code == code, caught.value
    return caught.value


def test_describe_tells_who_may_own(http: Http) -> None:
    case, account = (
        {one["name"]: one for one in http.call("GET", f"sobjects/{name}/describe").json()["fields"]}["OwnerId"]
        for name in ("Case", "Account")
    )
    assert (case["referenceTo"], case["relationshipName"]) == (["Group", "User"], "Owner")
    assert (case["polymorphicForeignKey"], case["namePointing"]) == (True, True)
    assert (account["referenceTo"], account["polymorphicForeignKey"]) == (["User"], False)
    name = http.call("GET", "sobjects/Name/describe").json()
    assert (name["queryable"], name["keyPrefix"]) == (False, None)
    assert {"Type", "ProfileId", "UserRoleId", "Username"} <= {one["name"] for one in name["fields"]}


def test_a_queue_owns_a_case_and_is_known_by_its_name(subject: Subject, http: Http, queue: str) -> None:
    mine = subject.insert("Case", Subject="mine")
    theirs = subject.insert("Case", Subject="theirs", OwnerId=queue)
    rows = subject.query(
        "SELECT Subject, Owner.Name, Owner.Type, Owner.Email, Owner.IsActive, Owner.Profile.Name FROM Case"
        f" WHERE Id IN ('{mine}', '{theirs}') ORDER BY Owner.Type"
    )
    assert [row["Owner"]["Type"] for row in rows] == ["Queue", "User"]
    desk, user = (row["Owner"] for row in rows)
    assert (desk["Name"], desk["Email"], desk["IsActive"], desk["Profile"]) == (
        "Order Desk", "orders@acme.example", False, None,
    )  # fmt: skip
    assert (user["Name"], user["IsActive"]) == ("Maya Lindqvist", True)
    assert user["Profile"]["Name"] == "System Administrator"
    assert desk["attributes"] == {"type": "Name", "url": f"/services/data/v68.0/sobjects/Group/{queue}"}
    assert user["attributes"]["url"].endswith(f"/sobjects/User/{subject.admin.user_id}")
    found = subject.query("SELECT Id FROM Case WHERE Owner.Type = 'queue'")
    assert [row["Id"] for row in found] == [theirs]
    counted = subject.query("SELECT Owner.Type kind, COUNT(Id) n FROM Case GROUP BY Owner.Type ORDER BY Owner.Type")
    assert (counted[0]["kind"], counted[0]["n"]) == ("Queue", 1)
    assert http.call("GET", f"sobjects/Case/{theirs}/Owner").json()["Name"] == "Order Desk"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("Owner.Department", "No such column 'Department' on entity 'Name'"),
        ("Owner.CommunityNickname", "No such column 'CommunityNickname' on entity 'Name'"),
        ("Owner.Manager.Name", "Didn't understand relationship 'Manager' in field path"),
    ],
)
def test_name_has_few_fields(subject: Subject, path: str, message: str) -> None:
    assert message in refused("INVALID_FIELD", subject.query, f"SELECT {path} FROM Case").message
    assert message in refused("INVALID_FIELD", subject.query, f"SELECT Id FROM Case WHERE {path} = 'x'").message
    assert subject.query(f"SELECT {path} FROM Account LIMIT 1")


def test_name_itself_cannot_be_queried(subject: Subject) -> None:
    refused("INVALID_TYPE_FOR_OPERATION", subject.query, "SELECT Id FROM Name")


@pytest.mark.parametrize("sobject", ["Account", "Case", "Contact"])
@pytest.mark.parametrize("nobody", [None, ""])
def test_nobody_is_no_owner(http: Http, sobject: str, nobody: str | None) -> None:
    row = http.org.rows(sobject)[0]
    answer = http.call("PATCH", f"sobjects/{sobject}/{row['Id']}", {"OwnerId": nobody})
    assert (answer.status, answer.json()[0]["errorCode"]) == (400, "INVALID_CROSS_REFERENCE_KEY")
    assert answer.json()[0]["message"] == "Owner ID: owner cannot be blank"
    assert http.org.get(sobject, row["Id"])["OwnerId"] == row["OwnerId"]


def test_who_may_not_own(subject: Subject, queue: str) -> None:
    public = subject.insert("Group", Name="Public", Type="Regular")
    for owner in (public, subject.insert("Group", Name="Leads", Type="Queue")):
        error = refused("INVALID_OPERATION", subject.insert, "Case", Subject="x", OwnerId=owner)
        assert error.message == "Queue not associated with this SObject type"
    refused("FIELD_INTEGRITY_EXCEPTION", subject.insert, "Account", Name="A", OwnerId=queue)
    case = subject.insert("Case", Subject="x")
    subject.org.update("Case", case, {"OwnerId": queue}, subject.admin)
    former = subject.user("former.csr")["Id"]
    refused("INACTIVE_OWNER_OR_USER", subject.org.update, "Case", case, {"OwnerId": former}, subject.admin)


def test_queues_are_made_by_who_manages_users(subject: Subject, queue: str) -> None:
    row = subject.org.get("Group", queue)
    assert (row["DeveloperName"], row["OwnerId"]) == ("Order_Desk", subject.admin.user_id)
    refused("DUPLICATE_VALUE", subject.insert, "Group", Name="Order Desk", Type="Queue")
    error = refused("FIELD_INTEGRITY_EXCEPTION", subject.insert, "Group", Name="A", DeveloperName="A B", Type="Queue")
    assert error.message.startswith("Developer Name: The Group API Name can only contain underscores and alphanumeric")
    assert subject.org.get("Group", subject.insert("Group", Name="Any"))["Type"] == "Regular"
    refused("DUPLICATE_VALUE", subject.insert, "QueueSobject", QueueId=queue, SobjectType="Case")
    refused(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", subject.insert, "QueueSobject", QueueId=queue, SobjectType="Account"
    )
    refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", subject.insert, "Group", Name="R", Type="Role")
    regular = subject.insert("Group", Name="Public", Type="Regular")
    refused("FIELD_INTEGRITY_EXCEPTION", subject.insert, "QueueSobject", QueueId=regular, SobjectType="Case")
    refused(
        "INSUFFICIENT_ACCESS_OR_READONLY", subject.insert, "Group", subject.actor("csr1"), Name="Mine", Type="Queue"
    )


def test_a_queue_that_owns_cases_stays(subject: Subject, queue: str) -> None:
    case = subject.insert("Case", Subject="x", OwnerId=queue)
    refused("DELETE_FAILED", subject.org.delete, "Group", queue, subject.admin)
    subject.org.delete("Case", case, subject.admin)
    subject.org.delete("Group", queue, subject.admin)
    assert subject.query("SELECT Id FROM QueueSobject") == []
