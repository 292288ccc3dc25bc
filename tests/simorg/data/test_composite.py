"""Composite, batch and collections: several rows or calls in one request."""

from __future__ import annotations

from typing import Any

from .conftest import Http, Subject

V = "/services/data/v62.0"


def composite(http: Http, *parts: dict[str, Any], all_or_none: bool = False) -> list[dict[str, Any]]:
    answer = http.call("POST", "composite", {"allOrNone": all_or_none, "compositeRequest": list(parts)})
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return found


def part(name: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
    return {"referenceId": name, "method": method, "url": url, **({"body": body} if body is not None else {})}


class TestComposite:
    def test_references(self, http: Http, subject: Subject) -> None:
        answers = composite(
            http,
            part("account", "POST", f"{V}/sobjects/Account", {"Name": "A"}),
            part("case", "POST", f"{V}/sobjects/Case", {"Subject": "for @{account.id}", "AccountId": "@{account.id}"}),
            part("found", "GET", f"{V}/query?q=SELECT+Id,Account.Name+FROM+Case+WHERE+AccountId='@{{account.id}}'"),
            part(
                "name",
                "PATCH",
                f"{V}/sobjects/Account/@{{account.id}}",
                {"Name": "@{found.records[0].Account.Name} again"},
            ),
        )
        assert [each["httpStatusCode"] for each in answers] == [201, 201, 200, 204]
        account = answers[0]["body"]["id"]
        assert answers[0]["httpHeaders"]["Location"].endswith(account)
        assert subject.org.rows("Case", AccountId=account)[0]["Subject"] == f"for {account}"
        assert subject.org.get("Account", account)["Name"] == "A again"

    def test_what_fails_halts_what_refers_to_it(self, http: Http) -> None:
        answers = composite(
            http,
            part("account", "POST", f"{V}/sobjects/Account", {}),
            part("case", "POST", f"{V}/sobjects/Case", {"AccountId": "@{account.id}"}),
            part("other", "POST", f"{V}/sobjects/Account", {"Name": "B"}),
        )
        assert [each["httpStatusCode"] for each in answers] == [400, 400, 201]
        assert answers[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
        assert "account.id" in answers[1]["body"][0]["message"]

    def test_all_or_none(self, http: Http, subject: Subject) -> None:
        answers = composite(
            http,
            part("one", "POST", f"{V}/sobjects/Account", {"Name": "Undone"}),
            part("two", "POST", f"{V}/sobjects/Account", {"Nope": 1}),
            part("three", "GET", f"{V}/limits"),
            all_or_none=True,
        )
        assert [each["body"][0]["errorCode"] for each in answers] == [
            "PROCESSING_HALTED",
            "INVALID_FIELD",
            "PROCESSING_HALTED",
        ]
        assert subject.org.rows("Account", Name="Undone") == []

    def test_bounds(self, http: Http) -> None:
        many = [part(f"p{number}", "GET", f"{V}/limits") for number in range(26)]
        assert http.call("POST", "composite", {"compositeRequest": many}).status == 400
        queries = [part(f"p{number}", "GET", f"{V}/query?q=SELECT+Id+FROM+User") for number in range(6)]
        assert http.call("POST", "composite", {"compositeRequest": queries}).status == 400
        assert len(composite(http, *queries[:5], *many[5:25])) == 25
        assert http.call("POST", "composite", {"compositeRequest": [many[0], many[0]]}).status == 400
        assert http.call("POST", "composite", {"compositeRequest": "x"}).code == "JSON_PARSER_ERROR"

    def test_tooling(self, http: Http) -> None:
        body = {
            "compositeRequest": [part("q", "GET", f"{V}/tooling/query?q=SELECT+Id+FROM+InstalledSubscriberPackage")]
        }
        (answer,) = http.call("POST", "tooling/composite", body).json()["compositeResponse"]
        assert answer["body"]["totalSize"] == 0


class TestBatch:
    def test_each_by_itself(self, http: Http, subject: Subject) -> None:
        body = {"batchRequests": [
            {"method": "GET", "url": "v62.0/query?q=SELECT+COUNT()+FROM+Account"},
            {"method": "GET", "url": "v62.0/sobjects/Nope"},
            {"method": "PATCH", "url": f"v50.0/sobjects/User/{subject.admin.user_id}", "richInput": {"Title": "Boss"}},
            {"method": "GET", "url": "elsewhere"},
        ]}  # fmt: skip
        answer = http.call("POST", "composite/batch", body).json()
        assert answer["hasErrors"] is True
        assert [each["statusCode"] for each in answer["results"]] == [200, 404, 204, 404]
        assert answer["results"][0]["result"]["totalSize"] == 3
        assert subject.user("admin")["Title"] == "Boss"
        halted = http.call("POST", "composite/batch", {**body, "haltOnError": True}).json()
        assert [each["statusCode"] for each in halted["results"]] == [200, 404, 412, 412]


class TestCollections:
    def test_each_row_has_its_result(self, http: Http, subject: Subject) -> None:
        rows = [
            {"attributes": {"type": "Account"}, "Name": "A"},
            {"attributes": {"type": "Account"}},
            {"attributes": {"type": "Nope"}},
            {"Name": "A"},
            {"attributes": {"type": "Contact"}, "LastName": "C"},
        ]
        results = http.call("POST", "composite/sobjects", {"records": rows}).json()
        assert [each["success"] for each in results] == [True, False, False, False, True]
        assert [each["errors"][0]["statusCode"] for each in results[1:4]] == [
            "REQUIRED_FIELD_MISSING",
            "INVALID_TYPE",
            "INVALID_TYPE",
        ]
        assert set(results[1]["errors"][0]) == {"statusCode", "message", "fields"}
        assert subject.org.get("Contact", results[4]["id"])["LastName"] == "C"

    def test_all_or_none(self, http: Http, subject: Subject) -> None:
        rows = [{"attributes": {"type": "Account"}, "Name": "Undone"}, {"attributes": {"type": "Account"}}]
        results = http.call("POST", "composite/sobjects", {"allOrNone": True, "records": rows}).json()
        codes = [each["errors"][0]["statusCode"] for each in results]
        assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
        assert subject.org.rows("Account", Name="Undone") == []

    def test_update_delete_retrieve(self, http: Http, subject: Subject) -> None:
        ids = [subject.insert("Account", Name=name) for name in "ABC"]
        rows = [{"attributes": {"type": "Account"}, "id": row_id, "Phone": "7"} for row_id in ids[:2]]
        bad = [{"attributes": {"type": "Account"}, "Phone": "7"}, {"attributes": {"type": "Account"}, "id": "x"}]
        results = http.call("PATCH", "composite/sobjects", {"records": rows + bad}).json()
        assert [each["success"] for each in results] == [True, True, False, False]
        assert [each["errors"][0]["statusCode"] for each in results[2:]] == ["MISSING_ARGUMENT", "MALFORMED_ID"]
        gone = http.call("DELETE", "composite/sobjects", ids=",".join([ids[2], "001000000000001AAA"])).json()
        assert [each["success"] for each in gone] == [True, False]
        body = {"ids": [ids[1], ids[2], ids[0][:15]], "fields": ["Id", "phone", "Owner.Name"]}
        found = http.call("POST", "composite/sobjects/Account", body).json()
        assert [row and row["Phone"] for row in found] == ["7", None, "7"]
        assert found[1] is None
        by_get = http.call("GET", "composite/sobjects/Account", ids=ids[0], fields="Id,Name").json()
        assert by_get[0]["Name"] == "A"

    def test_upsert(self, http: Http, subject: Subject) -> None:
        rows = [
            {"attributes": {"type": "UserRole"}, "DeveloperName": "Operations", "Name": "Ops"},
            {"attributes": {"type": "UserRole"}, "DeveloperName": "Nights", "Name": "Nights"},
        ]
        results = http.call("PATCH", "composite/sobjects/UserRole/DeveloperName", {"records": rows}).json()
        assert [each["created"] for each in results] == [False, True]
        assert subject.org.rows("UserRole", DeveloperName="Operations")[0]["Name"] == "Ops"

    def test_setup_and_other_objects_do_not_mix(self, http: Http) -> None:
        rows = [
            {"attributes": {"type": "Account"}, "Name": "A"},
            {"attributes": {"type": "UserRole"}, "Name": "R", "DeveloperName": "R"},
        ]
        results = http.call("POST", "composite/sobjects", {"records": rows}).json()
        assert [each["success"] for each in results] == [True, False]
        assert results[1]["errors"][0]["statusCode"] == "MIXED_DML_OPERATION"
        assert "UserRole, original object: Account" in results[1]["errors"][0]["message"]
