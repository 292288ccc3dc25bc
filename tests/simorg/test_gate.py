"""The layer before the doors: whole requests within bounds, or none."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cnxlib.simorg import gate
from cnxlib.simorg.faults import Faults
from cnxlib.simorg.orgs import Orgs
from cnxlib.simorg.stats import Stats


def send_through(*messages: dict[str, Any]) -> tuple[list[Any], list[dict[str, Any]]]:
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
        "headers": [],
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
