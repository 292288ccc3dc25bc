"""Requests that were good once, damaged at random, over a socket: each is answered soon, in the shape of its door.

The seeds are fixed, so a failure comes again; the time is bounded by the number of requests.
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pytest

from tests.simorg.harness import Org
from tests.simorg.test_deploy import DESK_FILES, zipped

PATIENCE_S = 10.0
"""How long an answer may take, on a busy machine; it usually takes milliseconds."""

ROUNDS = 40
"""Damaged requests of each kind and seed."""

SCRAPS = [
    *(b"'", b'"', b"\\", b"\x00", b"\xff\xfe", b"<", b"]]>", b"&#x0;", "\u2603".encode(), b"\r\n\r\n"),
    *(b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"null", b"-1e999", b"9" * 400, b"%00", b"%", b"../", b"@{a.b}"),
    *(b"{", b"}}}", b"[" * 500, b"(" * 300),
]


@dataclass(frozen=True)
class Kind:
    """A good request, by the door it goes to; `{token}` in it stands for a session."""

    door: str
    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"


def call(name: str, inside: str) -> bytes:
    header = "<SessionHeader><sessionId>{token}</sessionId></SessionHeader>"
    body = f"<{name}>{inside}</{name}>"
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<Envelope xmlns="{envelope}"><Header>{header}</Header><Body>{body}</Body></Envelope>'.encode()


def multipart() -> bytes:
    parts = [
        ('name="json"', json.dumps({"deployOptions": {"checkOnly": True, "singlePackage": True}}).encode()),
        ('name="file"; filename="d.zip"', zipped(DESK_FILES)),
    ]
    head = b"--b\r\nContent-Disposition: form-data; %b\r\nContent-Type: application/octet-stream\r\n\r\n%b\r\n"
    return b"".join(head % (name.encode(), content) for name, content in parts) + b"--b--\r\n"


DATA = "/services/data/v62.0"
SOQL = "SELECT Id, Owner.Name, (SELECT Id FROM Contacts) FROM Account WHERE Name LIKE 'B%' AND CreatedDate > LAST_WEEK"
COMPOSITE = {
    "allOrNone": True,
    "compositeRequest": [
        {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}},
        {"method": "GET", "url": f"{DATA}/sobjects/Account/@{{a.id}}", "referenceId": "b"},
    ],
}
TREE = {"records": [{"attributes": {"type": "Account", "referenceId": "a"}, "Name": "A", "Contacts": {"records": []}}]}
PARTS = "multipart/form-data; boundary=b"
FORM = "application/x-www-form-urlencoded"
XSI = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance"'
SET = f'<metadata {XSI} x:type="PermissionSet"><fullName>A</fullName><label>A</label></metadata>'
ZIP = f"<ZipFile>{base64.b64encode(zipped(DESK_FILES)).decode()}</ZipFile>"
KINDS = {
    "row": Kind("rest", "POST", f"{DATA}/sobjects/Account", b'{"Name": "A", "NumberOfEmployees": 5, "Parent": {}}'),
    "address": Kind("rest", "GET", f"{DATA}/sobjects/Account/001000000000001AAA?fields=Id,Name"),
    "query": Kind("rest", "GET", f"{DATA}/query?q={quote(SOQL)}"),
    "tooling": Kind("rest", "GET", f"{DATA}/tooling/query?q={quote('SELECT Id FROM FieldDefinition LIMIT 1')}"),
    "composite": Kind("rest", "POST", f"{DATA}/composite", json.dumps(COMPOSITE).encode()),
    "collection": Kind("rest", "POST", f"{DATA}/composite/sobjects", json.dumps(TREE).encode()),
    "tree": Kind("rest", "POST", f"{DATA}/composite/tree/Account", json.dumps(TREE).encode()),
    "deployment": Kind(
        "rest", "POST", f"{DATA}/metadata/deployRequest", multipart(), "multipart/form-data; boundary=b"
    ),
    "token": Kind("oauth", "POST", "/services/oauth2/token", b"grant_type=password&client_id=a&username=b", FORM),
    "login": Kind("soap", "POST", "/services/Soap/u/59.0", call("login", "<username>a</username>"), "text/xml"),
    "component": Kind("soap", "POST", "/services/Soap/m/62.0", call("createMetadata", SET), "text/xml"),
    "zip": Kind("soap", "POST", "/services/Soap/m/62.0", call("deploy", ZIP), "text/xml"),
}


def damaged(text: bytes, chance: random.Random) -> bytes:
    """`text` with one to three wounds: a scrap put in, a part cut out, doubled, or one byte changed."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(1, 12))
        wound = chance.randrange(4)
        if wound == 0:
            text = text[:start] + chance.choice(SCRAPS) + text[start:]
        elif wound == 1:
            text = text[:start] + text[end:]
        elif wound == 2:
            text = text[:end] + text[start:end] * chance.randint(1, 3) + text[end:]
        else:
            text = text[:start] + bytes([chance.randrange(256)]) + text[start + 1 :]
    return text


def answer(org: Org, kind: Kind, path: str, body: bytes) -> tuple[int, bytes]:
    """Send a request; status and body of what comes back within the patience."""
    host = urlsplit(org.server.ready["http_url"])
    assert host.hostname is not None
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=PATIENCE_S)
    token = org.about["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind.content_type}
    try:
        connection.request(kind.method, path, body.replace(b"{token}", token.encode()), headers)
        found = connection.getresponse()
        return found.status, found.read()
    finally:
        connection.close()


def rest(status: int, body: bytes) -> None:
    assert status < 500
    if status >= 400:
        errors = json.loads(body)
        if isinstance(errors, dict):  # a tree tells its errors by reference
            assert errors["hasErrors"]
        else:
            assert all({"message", "errorCode"} <= set(error) for error in errors)


def soap(status: int, body: bytes) -> None:
    assert body.startswith(b"<?xml")
    assert status == 200 or b"<faultcode>s" in body
    assert b"UNKNOWN_EXCEPTION" not in body


def oauth(status: int, body: bytes) -> None:
    assert status == 400
    assert json.loads(body).keys() == {"error", "error_description"}


SHAPES: dict[str, Callable[[int, bytes], None]] = {"rest": rest, "soap": soap, "oauth": oauth}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_a_damaged_request(org: Org, name: str, seed: int) -> None:
    kind, chance = KINDS[name], random.Random(f"{name} {seed}")
    for _ in range(ROUNDS):
        path, body = kind.path, kind.body
        if body:
            body = damaged(body, chance)
        else:  # what an address cannot hold stays quoted
            head, _, tail = path.partition("v62.0/")
            path = f"{head}v62.0/{quote(damaged(tail.encode(), chance), safe='/?=&%')}"
        status, content = answer(org, kind, path, body)
        try:
            SHAPES[kind.door](status, content)
        except (AssertionError, ValueError) as error:
            raise AssertionError(f"{path} {body!r} -> {status} {content[:500]!r}") from error


RAW = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 5 + b"\r\n\r\n",
    "no version": b"GET /services/data\r\n\r\n",
    "bad length": b"POST /services/data/v62.0/sobjects/Account HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n{}",
    "two lengths": b"POST /services/data HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "bad chunks": b"POST /services/data HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "long header": b"GET /services/data HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "long address": b"GET /services/data/" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "null in it": b"GET /services/data/v62.0/\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
def test_what_is_no_request(org: Org, name: str) -> None:
    host = urlsplit(org.server.ready["http_url"])
    with socket.create_connection((str(host.hostname), int(host.port or 0)), PATIENCE_S) as connection:
        head = b""
        with suppress(ConnectionError):  # it may have heard enough, and hung up
            connection.sendall(RAW[name])
            while not head.endswith(b"\r\n\r\n") and (part := connection.recv(65536)):
                head += part
    assert not head or head.startswith(b"HTTP/1.1 4")
    assert b"Traceback" not in head


def test_half_a_request_leaves_nothing_behind(org: Org) -> None:
    host = urlsplit(org.server.ready["http_url"])
    head = (
        f"POST {DATA}/sobjects/Account HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000000\r\n"
        f"Authorization: Bearer {org.about['access_token']}\r\n\r\n"
    )
    for _ in range(20):
        with socket.create_connection((str(host.hostname), int(host.port or 0)), PATIENCE_S) as connection:
            connection.sendall(head.encode() + b'{"Name": "Half"}')
    started = time.monotonic()
    assert org.query("SELECT Id FROM Account WHERE Name = 'Half'") == []
    assert time.monotonic() - started < PATIENCE_S


def test_a_body_that_is_too_large(org: Org) -> None:
    kind = KINDS["row"]
    status, content = answer(org, kind, kind.path, b'{"Name": "' + b"x" * (51 * 1024 * 1024) + b'"}')
    assert (status, json.loads(content)[0]["errorCode"]) == (413, "REQUEST_ENTITY_TOO_LARGE")
