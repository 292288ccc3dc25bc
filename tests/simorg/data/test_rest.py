"""The REST and Tooling doors: single rows, describe, queries and their pages, and the shapes of refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .conftest import Http, Subject


def test_versions_resources_and_limits(http: Http, subject: Subject) -> None:
    versions = http.call("GET", "/services/data").json()
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert {each["version"]: each["label"] for each in versions}["66.0"] == "Spring '26"
    for version in (versions[0]["version"], "50.0", "68.0"):
        found = http.call("GET", f"/services/data/v{version}/").json()
        assert found["sobjects"] == f"/services/data/v{version}/sobjects"
        assert found["identity"] == f"https://sim/id/{subject.org.org_id}/{subject.admin.user_id}"
    answer = http.call("GET", "limits")
    assert answer.json()["DailyApiRequests"]["Max"] == 15000
    assert answer.headers["sforce-limit-info"] == "api-usage=4/15000"
    assert http.call("GET", "/services/data/v30.0/limits").status == 404
    assert http.call("GET", "/services/data/v69.0/").status == 404


def test_a_row_from_creation_to_deletion(http: Http) -> None:
    made = http.call("POST", "sobjects/Account", {"Name": "A", "BillingCity": "Berlin"})
    assert made.status == 201
    row_id = made.json()["id"]
    assert made.json() == {"id": row_id, "success": True, "errors": []}
    assert made.headers["location"] == f"/services/data/v62.0/sobjects/Account/{row_id}"
    assert http.call("PATCH", f"sobjects/account/{row_id[:15]}", {"Phone": "1"}).status == 204
    row = http.call("GET", f"sobjects/Account/{row_id[:15]}").json()
    assert (row["Id"], row["Phone"], row["BillingAddress"]["city"]) == (row_id, "1", "Berlin")
    assert row["attributes"] == {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/{row_id}"}
    some = http.call("GET", f"sobjects/Account/{row_id}", fields="name,Owner.Name").json()
    assert set(some) == {"attributes", "Name", "Owner"}
    assert http.call("DELETE", f"sobjects/Account/{row_id}").status == 204
    gone = http.call("GET", f"sobjects/Account/{row_id}")
    assert (gone.status, gone.code) == (404, "ENTITY_IS_DELETED")
    assert http.query(f"SELECT Id FROM Account WHERE Id = '{row_id}'")["totalSize"] == 0
    assert http.query(f"SELECT Id FROM Account WHERE Id = '{row_id}'", "queryAll")["totalSize"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "sobjects/Nope", None, 404, "NOT_FOUND"),
        ("GET", "nope", None, 404, "NOT_FOUND"),
        ("GET", "sobjects/SourceMember/describe", None, 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/001000000000001AAA", None, 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/nope", None, 404, "NOT_FOUND"),
        ("PATCH", "sobjects/Account/001000000000001AAA", {}, 404, "NOT_FOUND"),
        ("PUT", "sobjects/Account", {}, 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "query", None, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "sobjects/Account", b"{", 400, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b"[1]", 400, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b"\xff", 400, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b"[" * 100_000, 400, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", {"Name": "A", "Id": "001000000000001AAA"}, 400, "INVALID_FIELD"),
        ("POST", "sobjects/Account", {}, 400, "REQUIRED_FIELD_MISSING"),
        ("GET", "query", None, 400, "MALFORMED_QUERY"),
        ("GET", "query/01g000000000000AAA-2000", None, 400, "INVALID_QUERY_LOCATOR"),
        ("POST", "composite/sobjects", {"records": [{}] * 201}, 400, "EXCEEDED_ID_LIMIT"),
        ("DELETE", "sobjects/User/USER", None, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    ],
)
def test_refusals(http: Http, subject: Subject, method: str, path: str, body: Any, status: int, code: str) -> None:
    answer = http.call(method, path.replace("USER", subject.admin.user_id), body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.json()[0]["message"]


def test_the_errors_of_a_row_tell_its_fields(http: Http) -> None:
    http.call("POST", "sobjects/PermissionSet", {"Name": "X", "Label": "X"})
    errors = http.call("POST", "sobjects/PermissionSet", {"Name": "X", "Label": "X"}).json()
    assert [(each["errorCode"], each["fields"]) for each in errors] == [
        ("DUPLICATE_MASTER_LABEL", ["Label"]),
        ("DUPLICATE_DEVELOPER_NAME", ["Name"]),
    ]


def test_upsert_by_a_field_that_is_unique(http: Http, subject: Subject) -> None:
    role = {"Name": "Night shift"}
    made = http.call("PATCH", "sobjects/UserRole/DeveloperName/Night", role)
    assert (made.status, made.json()["created"]) == (201, True)
    again = http.call("PATCH", "sobjects/UserRole/DeveloperName/night", {"Name": "Day shift"})
    assert (again.status, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    assert http.call("GET", "sobjects/UserRole/DeveloperName/Night").json()["Name"] == "Day shift"
    assert http.call("DELETE", "sobjects/UserRole/DeveloperName/Night").status == 204
    assert http.call("PATCH", "sobjects/UserRole/Name/x", role).status == 404
    assert http.call("PATCH", "sobjects/UserRole/DeveloperName/none", role, updateOnly="true").status == 404


def test_relationships_by_address(http: Http, subject: Subject) -> None:
    case = subject.org.rows("Case")[0]
    account = http.call("GET", f"sobjects/Case/{case['Id']}/Account", fields="Name").json()
    assert account["Name"] == "Brightwater Pumps Ltd."
    cases = http.call("GET", f"sobjects/Account/{case['AccountId']}/Cases").json()
    assert cases["totalSize"] == 2


def test_pages_of_a_query(http: Http, subject: Subject) -> None:
    subject.org.put_many("Account", ({"Name": f"Bulk {number:04}"} for number in range(450)))
    text = "SELECT Name FROM Account WHERE Name LIKE 'Bulk %' ORDER BY Name"
    page = http.call("GET", "query", q=text, headers={"Sforce-Query-Options": "batchSize=200"}).json()
    found = page["records"]
    assert (page["totalSize"], page["done"], len(found)) == (450, False, 200)
    while not page["done"]:
        page = http.call("GET", page["nextRecordsUrl"], headers={"Sforce-Query-Options": "batchSize=200"}).json()
        found += page["records"]
    assert [row["Name"] for row in found] == [f"Bulk {number:04}" for number in range(450)]
    assert "nextRecordsUrl" not in page
    assert http.query(text)["done"] is True


def test_a_page_is_its_own_users(http: Http, subject: Subject) -> None:
    subject.org.put_many("Account", ({"Name": f"Bulk {number}"} for number in range(250)))
    options = {"Sforce-Query-Options": "batchSize=200"}
    page = http.call("GET", "query", q="SELECT Id FROM Account", headers=options).json()
    assert http.call("GET", page["nextRecordsUrl"], headers={"X-User": "csr1"}).code == "INVALID_QUERY_LOCATOR"


def test_column_metadata(http: Http) -> None:
    text = "SELECT id, owner.profile.name, (SELECT Id FROM Cases) FROM Account"
    found = http.call("GET", "query", q=text, columns="true").json()["columnMetadata"]
    assert [each["columnName"] for each in found] == ["Id", "Owner", "Cases"]
    assert found[1]["joinColumns"][0]["joinColumns"][0]["columnName"] == "Name"
    counted = http.call("GET", "query", q="SELECT COUNT(Id) n FROM Account", columns="true").json()["columnMetadata"]
    assert [(each["columnName"], each["aggregate"]) for each in counted] == [("n", True)]


def test_count(http: Http) -> None:
    assert http.query("SELECT COUNT() FROM Account") == {"totalSize": 3, "done": True, "records": []}


def test_describe(http: Http, subject: Subject) -> None:
    everything = http.call("GET", "sobjects").json()
    assert everything["maxBatchSize"] == 200
    prefixes = {each["name"]: each["keyPrefix"] for each in everything["sobjects"]}
    assert (prefixes["User"], prefixes["PermissionSet"], prefixes["Case"]) == ("005", "0PS", "500")
    assert "PackageInstallRequest" not in prefixes
    case = http.call("GET", "sobjects/case/describe").json()
    fields = {each["name"]: each for each in case["fields"]}
    assert not any(fields[name]["permissionable"] for name in ("Status", "OwnerId", "CaseNumber"))
    assert all(fields[name]["permissionable"] for name in ("Subject", "AccountId"))
    assert [each["value"] for each in fields["Status"]["picklistValues"]] == ["New", "Working", "Escalated", "Closed"]
    assert fields["AccountId"]["referenceTo"] == ["Account"]
    assert fields["AccountId"]["relationshipName"] == "Account"
    assert not fields["CaseNumber"]["createable"]
    account = http.call("GET", "sobjects/Account/describe").json()
    assert {each["relationshipName"] for each in account["childRelationships"]} >= {
        "Cases",
        "Contacts",
        "ChildAccounts",
    }
    name = next(each for each in account["fields"] if each["name"] == "Name")
    assert (name["nillable"], name["createable"], name["permissionable"], name["nameField"]) == (
        False,
        True,
        False,
        True,
    )
    grants = http.call("GET", "sobjects/FieldPermissions/describe").json()["fields"]
    values = {each["value"] for each in next(f for f in grants if f["name"] == "Field")["picklistValues"]}
    assert {"Account.BillingAddress", "Case.Subject"} <= values
    assert not values & {"Case.Status", "Account.Name", "Account.BillingCity"}


def test_describe_hides_what_the_user_may_not_see(http: Http, subject: Subject) -> None:
    for row in subject.org.rows("FieldPermissions", Field="Account.BillingAddress"):
        subject.org.delete("FieldPermissions", row["Id"], subject.admin)
    found = http.call("GET", "sobjects/Account/describe", headers={"X-User": "csr1"}).json()
    names = {each["name"] for each in found["fields"]}
    assert "Phone" in names
    assert not names & {"BillingAddress", "BillingCity"}
    assert (found["createable"], found["updateable"]) == (False, False)
    assert http.call("GET", "sobjects/Account/describe", headers={"X-User": "plant.news"}).status == 404


def test_tooling(http: Http, subject: Subject) -> None:
    page = http.query("SELECT Id, Username FROM User WHERE Alias != null LIMIT 1", "tooling/query")
    assert (page["size"], page["entityTypeName"]) == (1, "User")
    assert page["records"][0]["attributes"]["url"].startswith("/services/data/v62.0/tooling/sobjects/User/005")
    assert http.call("GET", "tooling/sobjects/PackageInstallRequest/describe").json()["keyPrefix"] == "0Hf"
    assert http.call("POST", "tooling/sobjects/Account", {"Name": "A"}).status == 404
    assert "tooling" not in http.call("GET", "tooling").json()


def test_passwords(http: Http, subject: Subject) -> None:
    user = subject.user("csr1")["Id"]
    assert http.call("GET", f"sobjects/User/{user}/password").json() == {"isExpired": False}
    assert http.call("POST", f"sobjects/User/{user}/password", {"NewPassword": "short"}).code == "INVALID_NEW_PASSWORD"
    assert http.call("POST", f"sobjects/User/{user[:15]}/password", {"NewPassword": "Correct7Horse"}).status == 204
    assert http.call("DELETE", f"sobjects/User/{user}/password").json()["NewPassword"]
    other = subject.admin.user_id
    answer = http.call("POST", f"sobjects/User/{other}/password", {"NewPassword": "x"}, headers={"X-User": "csr1"})
    assert (answer.status, answer.code) == (403, "INSUFFICIENT_ACCESS")
    assert "Correct7Horse" not in str(subject.org.snapshot())


def test_a_method_can_be_named_in_the_address(http: Http, subject: Subject) -> None:
    row_id = subject.insert("Account", Name="A")
    assert http.call("POST", f"sobjects/Account/{row_id}", {"Name": "B"}, _HttpMethod="PATCH").status == 204
    assert subject.org.get("Account", row_id)["Name"] == "B"


def test_the_tooling_api_knows_a_record_type_by_its_full_name(http: Http, subject: Subject) -> None:
    subject.insert("RecordType", Name="Order", DeveloperName="Sales_Order", SobjectType="Case")
    text = "SELECT SobjectType, FullName FROM RecordType"
    assert [row["FullName"] for row in http.query(text, "tooling/query")["records"]] == ["Case.Sales_Order"]
    assert http.query(text)[0]["errorCode"] == "INVALID_FIELD"
    for door, known in (("", False), ("tooling/", True)):
        fields = http.call("GET", f"{door}sobjects/RecordType/describe").json()["fields"]
        assert ("FullName" in {each["name"] for each in fields}) is known


def test_what_changed_in_a_span_of_time(http: Http, subject: Subject) -> None:
    kept, gone = subject.insert("Account", Name="Kept"), subject.insert("Account", Name="Gone")
    subject.org.delete("Account", gone, subject.admin)
    now = datetime.now(UTC)
    span = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(seconds=5)).isoformat()}
    found = http.call("GET", "sobjects/Account/updated/", **span).json()["ids"]
    assert (kept in found, gone in found) == (True, False)
    deleted = http.call("GET", "sobjects/Account/deleted/", **span).json()["deletedRecords"]
    assert [row["id"] for row in deleted] == [gone]
    backwards = {"start": span["end"], "end": span["start"]}
    assert http.call("GET", "sobjects/Account/updated/", **backwards).code == "INVALID_REPLICATION_DATE"


def test_how_many_rows_there_are(http: Http, subject: Subject) -> None:
    before = http.call("GET", "limits/recordCount", sObjects="Account,Nope,User").json()["sObjects"]
    subject.insert("Account", Name="One more")
    after = http.call("GET", "limits/recordCount", sObjects="Account").json()["sObjects"]
    assert [each["name"] for each in before] == ["Account", "User"]
    assert after == [{"name": "Account", "count": before[0]["count"] + 1}]
    every = {each["name"]: each["count"] for each in http.call("GET", "limits/recordCount").json()["sObjects"]}
    assert every["Account"] == after[0]["count"]
    assert "UserEntityAccess" not in every


@pytest.mark.parametrize("path", ["describe/layouts", "describe/compactLayouts", "listviews", "quickActions"])
def test_a_resource_of_an_object_that_is_not_simulated_is_no_key_of_a_row(http: Http, path: str) -> None:
    refused = http.call("GET", f"sobjects/Account/{path}")
    assert (refused.status, refused.code) == (404, "NOT_FOUND")
    assert refused.json()[0]["message"] == "The requested resource does not exist"


def test_xml_alone_is_refused(http: Http) -> None:
    refused = http.call("GET", "limits", headers={"Accept": "application/xml"})
    assert (refused.status, refused.code) == (406, "NOT_ACCEPTABLE")
    assert http.call("GET", "limits", headers={"Accept": "application/xml, */*;q=0.5"}).status == 200
