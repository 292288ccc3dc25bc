"""Faults ordered by the control door: each kind strikes where, when and as often as ordered, and is counted."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.simorg.harness import Org


def order(org: Org, *faults: dict[str, Any]) -> None:
    answer = org.server.http.put(url(org), json=list(faults))
    assert answer.status_code == 200, answer.text


def struck(org: Org) -> list[int]:
    return [fault["struck"] for fault in org.server.http.get(url(org)).json()]


def url(org: Org) -> str:
    return f"{org.server.url}/_sim/orgs/{org.alias}/faults"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("http_503", 503, "SERVER_UNAVAILABLE"),
        ("http_429", 429, "REQUEST_LIMIT_EXCEEDED"),
        ("request_limit", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("session_expired", 401, "INVALID_SESSION_ID"),
    ],
)
def test_a_refusal_strikes_once_and_is_over(org: Org, kind: str, status: int, code: str) -> None:
    order(org, {"kind": kind})
    first, second = org.call("GET", "limits"), org.call("GET", "limits")
    assert (first.status_code, first.json()[0]["errorCode"], second.status_code) == (status, code, 200)
    assert struck(org) == [1]


def test_where_when_and_how_often(org: Org) -> None:
    order(org, {"kind": "http_503", "match": {"method": "GET", "path": "limits"}, "after": 1, "times": 2, "value": 7})
    answers = [org.call("GET", "limits") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "7"
    org.query("SELECT Id FROM User")
    assert struck(org) == [2]


def test_a_lost_answer_has_had_its_effect(org: Org) -> None:
    order(org, {"kind": "lost_answer", "match": {"method": "POST", "path": "sobjects/PermissionSet"}})
    with pytest.raises(requests.exceptions.ConnectionError):
        org.call("POST", "sobjects/PermissionSet", json={"Name": "Lost", "Label": "Lost"})
    assert len(org.query("SELECT Id FROM PermissionSet WHERE Name = 'Lost'")) == 1
    assert org.stats()["writes"] == 1


def test_a_locked_row_is_told_row_by_row_in_a_collection(org: Org) -> None:
    order(org, {"kind": "lock_row", "times": 2})
    alone = org.call("POST", "sobjects/PermissionSet", json={"Name": "A", "Label": "A"})
    assert (alone.status_code, alone.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    rows = [{"attributes": {"type": "PermissionSet"}, "Name": name, "Label": name} for name in "AB"]
    together = org.call("POST", "composite/sobjects", json={"records": rows})
    assert together.status_code == 200
    assert [row["errors"][0]["statusCode"] for row in together.json()] == ["UNABLE_TO_LOCK_ROW"] * 2
    assert org.query("SELECT Id FROM PermissionSet WHERE Name IN ('A', 'B')") == []


def test_a_locked_row_is_told_row_by_row_where_the_address_names_them(org: Org) -> None:
    made = [
        org.call("POST", "sobjects/PermissionSet", json={"Name": name, "Label": name}).json()["id"] for name in "AB"
    ]
    order(org, {"kind": "lock_row"})
    answer = org.call("DELETE", "composite/sobjects", params={"ids": ",".join(made), "allOrNone": "false"})
    assert answer.status_code == 200
    assert [row["errors"][0]["statusCode"] for row in answer.json()] == ["UNABLE_TO_LOCK_ROW"] * 2
    assert len(org.query("SELECT Id FROM PermissionSet WHERE Name IN ('A', 'B')")) == 2


def test_latency_in_milliseconds(org: Org) -> None:
    order(org, {"kind": "latency", "value": 300})
    start = time.monotonic()
    org.call("GET", "limits")
    assert time.monotonic() - start >= 0.3


def test_metadata_is_refused_in_its_own_shape(org: Org) -> None:
    order(org, {"kind": "already_in_process"}, {"kind": "session_expired"})
    call = "<describeMetadata/>"
    assert "sf:ALREADY_IN_PROCESS" in org.soap("m/62.0", call, org.about["access_token"]).text
    assert "<metadataObjects>" in org.soap("m/62.0", call, org.about["access_token"]).text
    assert struck(org) == [1, 1], "both matched the first request; the first of them answered"


def test_a_new_app_takes_its_time_to_be_known(org: Org) -> None:
    order(org, {"kind": "app_propagation"})
    form = {
        "grant_type": "password",
        "username": org.about["username"],
        "client_id": "x",
        "client_secret": "y",
        "password": "z",
    }
    assert org.token(**form).json()["error"] == "invalid_client_id"
    assert struck(org) == [1]


def install(org: Org) -> str:
    wanted = {
        "SubscriberPackageVersionKey": "04t5x000000YKbXAAW",
        "NameConflictResolution": "Block",
        "SecurityType": "None",
    }
    answer = org.call("POST", "tooling/sobjects/PackageInstallRequest", json=wanted)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def test_an_installation_that_fails_and_one_that_does_not(org: Org) -> None:
    order(
        org,
        {"kind": "install_error", "value": "The post install script failed."},
        {"kind": "install_slow", "value": 0.2},
    )
    path = f"tooling/sobjects/PackageInstallRequest/{install(org)}"
    assert org.call("GET", path).json()["Status"] == "IN_PROGRESS"
    time.sleep(0.3)
    failed = org.call("GET", path).json()
    assert (failed["Status"], failed["Errors"]["errors"][0]["message"]) == ("ERROR", "The post install script failed.")
    time.sleep(1.6)
    second = install(org)
    time.sleep(1.6)
    assert org.call("GET", f"tooling/sobjects/PackageInstallRequest/{second}").json()["Status"] == "SUCCESS"


def test_a_version_that_is_not_available_for_a_while(org: Org) -> None:
    order(org, {"kind": "install_validation", "value": "PACKAGE_UNAVAILABLE", "times": 1})
    soql = "SELECT InstallValidationStatus FROM SubscriberPackageVersion WHERE Id = '04t5x000000YKbXAAW'"
    found = []
    for _ in range(2):
        answer = org.call("GET", "tooling/query", params={"q": soql}).json()
        found.append(answer["records"][0]["InstallValidationStatus"])
    assert found == ["PACKAGE_UNAVAILABLE", "NO_ERRORS_DETECTED"]
    assert struck(org) == [1]


def test_a_key_that_is_asked_for_and_a_status_that_is_unknown(org: Org) -> None:
    soql = "SELECT IsPasswordProtected FROM SubscriberPackageVersion WHERE Id = '04t5x000000YKbXAAW'"
    order(
        org,
        {"kind": "install_key", "value": "open sesame", "times": 2},
        {"kind": "install_unknown"},
        {"kind": "install_slow", "value": 0.1},
    )
    assert org.call("GET", "tooling/query", params={"q": soql}).json()["records"][0]["IsPasswordProtected"]
    path = f"tooling/sobjects/PackageInstallRequest/{install(org)}"
    assert org.call("GET", path).json()["Status"] == "UNKNOWN"
    time.sleep(0.2)
    failed = org.call("GET", path).json()
    assert failed["Status"] == "ERROR"
    assert failed["Errors"]["errors"][0]["message"].startswith("Invalid InstallationKey")


def test_the_first_poll_is_refused(org: Org) -> None:
    order(org, {"kind": "first_poll_400"})
    path = f"tooling/sobjects/PackageInstallRequest/{install(org)}"
    first, second = org.call("GET", path), org.call("GET", path)
    assert (first.status_code, first.json()[0]["message"]) == (400, "invalid cross reference id")
    assert second.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        [{"kind": "nonsense"}],
        ["x"],
        [{"kind": "latency", "after": "x"}],
        [{"kind": "latency", "match": {"path": "("}}],
        [{"kind": "install_validation", "value": "NO_SUCH_STATUS"}],
        [{"kind": "install_key"}],
        [{"kind": "http_503", "nonsense": 1}],
        [{"kind": "http_503", "match": {"url": "/"}}],
        [{"kind": "http_503", "match": []}],
        [{"kind": "http_503", "match": {"path": 5}}],
        [{"kind": "http_503", "times": -1}],
        [{"kind": "http_503", "times": True}],
        [{"kind": "http_503", "value": "1\r\nSet-Cookie: a"}],
        [{"kind": "latency", "value": -1}],
        [{"kind": "latency", "value": True}],
        [{"kind": "install_error", "value": {}}],
    ],
)
def test_an_order_that_is_no_order(org: Org, body: object) -> None:
    before = org.server.http.get(url(org)).json()
    answer = org.server.http.put(url(org), json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_INPUT")
    assert org.server.http.get(url(org)).json() == before


def test_a_refused_order_says_what_is_wrong(org: Org) -> None:
    answer = org.server.http.put(url(org), json=[{"kind": "latency", "value": 1, "path": "/x", "when": None}])
    told = "a fault has no path, when (only kind, match, after, times, value, struck)"
    assert answer.json()[0]["message"] == told


def test_what_was_answered_is_an_order(org: Org) -> None:
    order(org, {"kind": "http_503", "match": {"path": "limits"}, "times": None})
    told = org.server.http.get(url(org)).json()
    order(org, *told)
    assert org.server.http.get(url(org)).json() == told


def test_a_locked_row_strikes_one_part_of_a_composite(org: Org) -> None:
    rows = [{"Name": name, "Label": name} for name in ("One", "Two")]
    parts = [
        {
            "method": "POST",
            "url": "/services/data/v62.0/sobjects/PermissionSet",
            "referenceId": row["Name"],
            "body": row,
        }
        for row in rows
    ]
    order(org, {"kind": "lock_row", "after": 1})
    answer = org.call("POST", "composite", json={"compositeRequest": parts})
    found = {each["referenceId"]: each for each in answer.json()["compositeResponse"]}
    assert [found[name]["httpStatusCode"] for name in ("One", "Two")] == [201, 400]
    assert found["Two"]["body"][0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert [row["Name"] for row in org.query("SELECT Name FROM PermissionSet WHERE Name IN ('One', 'Two')")] == ["One"]
    order(org, {"kind": "lock_row", "match": {"path": "/composite"}})
    again = org.call("POST", "composite", json={"allOrNone": True, "compositeRequest": parts[1:]}).json()
    assert again["compositeResponse"][0]["body"][0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert org.call("GET", "query", params={"q": "SELECT Id FROM PermissionSet"}).status_code == 200


def test_a_locked_row_strikes_one_part_of_a_batch_and_no_read(org: Org) -> None:
    order(org, {"kind": "lock_row"})
    read = {"method": "GET", "url": "v62.0/query?q=SELECT+Id+FROM+User"}
    write = {"method": "POST", "url": "v62.0/sobjects/PermissionSet", "richInput": {"Name": "B", "Label": "B"}}
    found = org.call("POST", "composite/batch", json={"batchRequests": [read, write, write]}).json()["results"]
    assert [each["statusCode"] for each in found] == [200, 400, 201]
