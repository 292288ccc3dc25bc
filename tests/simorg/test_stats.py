"""What counts as a write: the one definition on which "the plan wrote nothing" rests."""

import json

import pytest

from cnxlib.simorg.stats import Stats, is_write, kind

V = "/services/data/v62.0"


def soap(call: str) -> bytes:
    return f"<e:Envelope xmlns:e='urn:e'><e:Body><m:{call} xmlns:m='urn:m'/></e:Body></e:Envelope>".encode()


def composite(*subrequests: tuple[str, str], version: str = "v62.0") -> bytes:
    parts = [
        {"method": method, "url": f"/services/data/{version}/{to}", "referenceId": f"r{n}"}
        for n, (method, to) in enumerate(subrequests)
    ]
    return json.dumps({"compositeRequest": parts}).encode()


def batch(*subrequests: tuple[str, str]) -> bytes:
    return json.dumps(
        {"batchRequests": [{"method": method, "url": f"v62.0/{to}"} for method, to in subrequests]}
    ).encode()


READ_IDS = json.dumps({"ids": ["001"], "fields": ["Name"]}).encode()

READS = [
    ("GET", f"{V}/query?q=SELECT+Id+FROM+User", b""),
    ("GET", f"{V}/sobjects/User/describe", b""),
    ("HEAD", f"{V}/sobjects/User/005", b""),
    ("POST", f"{V}/composite", composite(("GET", "query?q=x"), ("GET", "sobjects/User/005"))),
    ("POST", f"{V}/tooling/composite", composite(("GET", "tooling/query?q=x"))),
    ("POST", f"{V}/composite/batch", batch(("GET", "query?q=x"), ("GET", "limits"))),
    ("POST", f"{V}/composite/sobjects/Account", READ_IDS),
    ("POST", f"{V}/query?_HttpMethod=GET&q=x", b""),
    ("POST", "/services/oauth2/token", b"grant_type=password"),
    ("POST", "/services/oauth2/revoke", b"token=x"),
    ("POST", "/services/oauth2/userinfo", b""),
    ("POST", "/services/Soap/u/59.0", soap("login")),
    ("POST", "/services/Soap/u/59.0/00D000000000001", soap("logout")),
    ("POST", "/services/Soap/m/59.0/", soap("readMetadata")),
    ("POST", "/services/Soap/m/59.0", soap("listMetadata")),
    ("POST", "/services/Soap/m/59.0", soap("describeMetadata")),
    ("POST", "/services/Soap/m/59.0", soap("checkDeployStatus")),
    ("POST", "/services/Soap/m/59.0", b"<not xml"),
    ("GET", "/id/00D000000000001/005000000000001", b""),
]

WRITES = [
    ("POST", f"{V}/sobjects/PermissionSet", b"{}"),
    ("PATCH", f"{V}/sobjects/User/005", b"{}"),
    ("DELETE", f"{V}/sobjects/PermissionSetAssignment/0Pa", b""),
    ("POST", f"{V}/sobjects/User/005?_HttpMethod=PATCH", b"{}"),
    ("GET", f"{V}/sobjects/User/005?_HttpMethod=DELETE", b""),
    ("POST", f"{V}/sobjects/User/005/password", b"{}"),
    ("POST", f"{V}/tooling/sobjects/PackageInstallRequest", b"{}"),
    ("POST", f"{V}/composite/sobjects", b"{}"),
    ("DELETE", f"{V}/composite/sobjects?ids=001", b""),
    ("PATCH", f"{V}/composite/sobjects/Account/Ext__c", b"{}"),
    ("POST", f"{V}/composite", composite(("GET", "query?q=x"), ("PATCH", "sobjects/User/005"))),
    ("POST", f"{V}/composite", composite(("POST", "composite/sobjects"))),
    ("POST", f"{V}/composite/batch", batch(("GET", "limits"), ("POST", "sobjects/Account"))),
    (
        "POST",
        f"{V}/composite/graph",
        json.dumps({"graphs": [json.loads(composite(("POST", "sobjects/Account")))]}).encode(),
    ),
    ("POST", f"{V}/composite", b"{broken"),
    ("POST", "/services/Soap/u/59.0", soap("setPassword")),
    ("POST", "/services/Soap/m/59.0/", soap("updateMetadata")),
    ("POST", "/services/Soap/m/59.0/deployRequest", soap("deploy")),
]


@pytest.mark.parametrize(("method", "target", "body"), READS)
def test_a_read_is_no_write(method: str, target: str, body: bytes) -> None:
    assert not is_write(method, target, body)


@pytest.mark.parametrize(("method", "target", "body"), WRITES)
def test_a_write_is_one_however_it_travels(method: str, target: str, body: bytes) -> None:
    assert is_write(method, target, body)


def test_a_composite_that_carries_a_read_by_ids_is_a_read() -> None:
    part = {
        "method": "POST",
        "url": f"{V}/composite/sobjects/Account",
        "referenceId": "a",
        "body": json.loads(READ_IDS),
    }
    assert not is_write("POST", f"{V}/composite", json.dumps({"compositeRequest": [part]}).encode())


def test_deep_json_in_a_composite_is_an_unknown_write_and_no_crash() -> None:
    assert is_write("POST", f"{V}/composite", b'{"compositeRequest":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (f"{V}/query", b"", "query"),
        (f"{V}/sobjects/User/005", b"", "sobjects"),
        (f"{V}/tooling/query", b"", "tooling/query"),
        (f"{V}/composite/batch", b"", "composite/batch"),
        (f"{V}/", b"", "resources"),
        ("/services/data", b"", "versions"),
        ("/services/Soap/m/59.0", soap("readMetadata"), "soap/readMetadata"),
        ("/services/oauth2/token", b"", "oauth2/token"),
        ("/", b"", "root"),
    ],
)
def test_kinds(path: str, body: bytes, expected: str) -> None:
    assert kind(path, body) == expected


def test_counts_by_org_and_in_all() -> None:
    stats = Stats()
    stats.add("a", kind="query", write=False)
    stats.add("a", kind="sobjects", write=True)
    stats.add(None, kind="versions", write=False)
    assert stats.as_json(["a", "b"]) == {
        "requests": 3,
        "writes": 1,
        "orgs": {
            "a": {"requests": 2, "writes": 1, "by_kind": {"query": 1, "sobjects": 1}},
            "b": {"requests": 0, "writes": 0, "by_kind": {}},
        },
    }
    stats.reset()
    assert stats.as_json([]) == {"requests": 0, "writes": 0, "orgs": {}}
