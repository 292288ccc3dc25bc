"""The layer before the doors: whole requests within bounds, or none."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from cnxlib.simorg import gate
from cnxlib.simorg.faults import Faults
from cnxlib.simorg.orgs import Orgs
from cnxlib.simorg.stats import Stats
from tests.simorg.harness import Org

BOMB = gzip.compress(bytes(200 * 1024 * 1024), 1)
"""Less than a megabyte of 200."""


HEAD_LIMIT = 16_384
"""Bytes of an address, and of it and the headers together (REST API, Status Codes and Error Responses)."""


def send_through(*messages: dict[str, Any], encoding: str = "") -> tuple[list[Any], list[dict[str, Any]]]:
    """What the application got as body, and what was answered, when a client sends these messages."""
    got: list[Any] = []
    answered: list[dict[str, Any]] = []
    pending = list(messages)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append((scope[gate.BODY], (await receive())["body"]))

    async def receive() -> dict[str, Any]:
        return pending.pop(0)

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/services/data/v62.0/sobjects/Account",
        "query_string": b"",
        "headers": [(b"content-encoding", encoding.encode())] if encoding else [],
    }
    asyncio.run(gate.Gate(app, Orgs(), Stats(), Faults())(scope, receive, send))
    return got, answered


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_parts_arrives_whole() -> None:
    assert send_through(part(b"{", True), part(b"}"))[0] == [(b"{}", b"{}")]


def test_half_a_request_has_no_effect() -> None:
    assert send_through(part(b"{", True), {"type": "http.disconnect"}) == ([], [])


def test_a_body_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_BODY", 4)
    got, answered = send_through(part(b"1234", True), part(b"5"))
    assert (got, answered[0]["status"]) == ([], 413)


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_body_is_read(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    whole = compress(b'{"Name": "A"}')
    assert send_through(part(whole[:9], True), part(whole[9:]), encoding=encoding)[0] == [(b'{"Name": "A"}',) * 2]


@pytest.mark.parametrize("body", [b"", b"{}", gzip.compress(b"{}")[:-4]], ids=["empty", "plain", "cut short"])
def test_what_is_not_compressed_as_it_says_is_left_to_the_door(body: bytes) -> None:
    assert send_through(part(body), encoding="gzip")[0] == [(body, body)]


def test_a_body_that_grows_over_the_limit_is_refused() -> None:
    started = time.monotonic()
    got, answered = send_through(part(BOMB), encoding="gzip")
    assert (got, answered[0]["status"]) == ([], 413)
    assert time.monotonic() - started < 5


def test_a_row_may_come_compressed(org: Org) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    row = gzip.compress(b'{"Name": "Compressed"}')
    assert org.call("POST", "sobjects/Account", data=row, headers=headers).status_code == 201
    refused = org.call("POST", "sobjects/Account", data=row[:-4], headers=headers)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize("values", [100, 1000, 2500, 4500])
def test_an_address_has_a_length_that_is_always_the_same(org: Org, values: int) -> None:
    soql = f"SELECT Id FROM Account WHERE Name IN ({','.join(repr(str(each)) for each in range(values))})"
    for _ in range(6):  # whether the head of a request comes in one piece or in several
        answer = org.call("GET", "query", params={"q": soql})
        too_long = len(str(answer.request.path_url)) > HEAD_LIMIT
        assert answer.status_code == (414 if too_long else 200), answer.text
        assert too_long is (answer.json() == [{"errorCode": "URI_TOO_LONG", "message": "URI Too Long"}])


def test_headers_count_with_the_address(org: Org) -> None:
    assert org.call("GET", "limits", headers={"X-Padding": "x" * 15_000}).status_code == 200
    refused = org.call("GET", "limits", headers={"X-Padding": "x" * HEAD_LIMIT})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (431, "REQUEST_HEADER_FIELDS_TOO_LARGE")
