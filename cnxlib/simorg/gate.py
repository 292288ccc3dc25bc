"""The ASGI layer before every door: reads bodies within bounds, waits out the latency, lets faults strike, counts."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import zlib
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import stats
from .connections import hang_up
from .faults import PART, Faults, install_options, refusal
from .identity import clients
from .orgs import Orgs
from .packages.conditions import STRUCK

_log = logging.getLogger("uvicorn.error")

MAX_BODY = 50 * 1024 * 1024
"""Bytes; the REST API's own limit of a request."""

MAX_HEAD = 16_384
"""Bytes of an address, and of it and the headers together (REST API, Status Codes and Error Responses)."""

BODY = "simorg.body"
"""Scope key under which a handler finds the request's body without awaiting it."""

ALIAS = "simorg.alias"
"""Scope key under which a handler may leave the alias of the org that a request turned out to be for (logging in)."""

_TOKEN = re.compile(r"(00D\w{12}(?:\w{3})?)!")
_USERNAME = re.compile(rb"username>([^<]+)</")


class Gate:
    """Wraps the application.

    Args:
        app: what answers.
        orgs: to tell which org a request is for.
        counts: where requests are counted.
        faults: what was ordered to go wrong.
        latency: seconds before each answer of the data doors.
    """

    def __init__(self, app: ASGIApp, orgs: Orgs, counts: stats.Stats, faults: Faults, latency: float = 0.0) -> None:
        self.app, self.orgs, self.counts, self.faults, self.latency = app, orgs, counts, faults, latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP (the lifespan) passes through."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        scope = _straight(scope)
        try:
            body = await _read(receive)
        except ClientDisconnect:
            return None  # half a request has no effect
        if body and Headers(scope=scope).get("content-encoding", "").lower() in ("gzip", "deflate"):
            body = await run_in_threadpool(_inflated, body)
        if body is None:
            return await _refused(413, "REQUEST_ENTITY_TOO_LARGE", "The request is larger than 50 MB")(
                scope, receive, send
            )
        if problem := _long_head(scope):
            return await problem(scope, receive, send)
        scope[BODY] = body
        path: str = scope["path"]
        if path.startswith("/_sim/"):
            return await _guarded(self.app, scope, _replay(body, receive), send)
        if path.startswith("/services/data"):
            alias = self._alias(scope, body)
        else:  # who logs in is looked for in every org, and an org may be busy: not in the event loop
            alias = await run_in_threadpool(self._alias, scope, body)
        scope[ALIAS] = alias
        target = f"{path}?{scope['query_string'].decode('latin-1')}"
        striking = self.faults.striking(alias, scope["method"], target) if alias else []
        wait = self.latency + sum(float(fault.value) / 1000 for fault in striking if fault.kind == "latency")
        if wait:
            await asyncio.sleep(wait)
        lost = any(fault.kind == "lost_answer" for fault in striking)

        async def counting(message: Message) -> None:
            # Counted before the answer leaves, so that a client that has it finds its request in the statistics.
            if message["type"] == "http.response.start":
                write = stats.is_write(scope["method"], target, body)
                self.counts.add(scope[ALIAS], kind=stats.kind(path, body), write=write)
            if not lost:
                await send(message)

        answer = next((found for fault in striking if (found := refusal(fault, target, body))), self.app)
        changed = STRUCK.set(install_options(striking))
        parts = PART.set(self.faults.of_parts(alias, target))
        try:
            await _guarded(answer, scope, _replay(body, receive), counting)
        finally:
            STRUCK.reset(changed)
            PART.reset(parts)
        if lost:
            hang_up(scope["client"])
            await receive()  # returns once the connection is gone, so that the server misses no answer

    def _alias(self, scope: Scope, body: bytes) -> str | None:
        """The alias of the org that the request names: by its token, else by the username or the app that logs in."""
        path: str = scope["path"]
        text = Headers(scope=scope).get("authorization", "")
        if path.startswith("/services/Soap/"):
            text = body[:4096].decode("utf-8", "replace")
        if match := _TOKEN.search(text):
            org = self.orgs.by_org_id(match[1])
            return org.alias if org else None
        if path.startswith("/services/Soap/"):
            return self._alias_of_user(found[1].decode("utf-8", "replace") if (found := _USERNAME.search(body)) else "")
        if path.startswith("/services/oauth2/"):
            form = parse_qs(body.decode("utf-8", "replace"))
            client = clients.find(self.orgs, form.get("client_id", [""])[0])
            return client.org.alias if client else self._alias_of_user(form.get("username", [""])[0])
        return None

    def _alias_of_user(self, username: str) -> str | None:
        known = self.orgs.by_username(username) if username else None
        return known[0].alias if known else None


def _straight(scope: Scope) -> Scope:
    """The request with one slash at the beginning of its path.

    The Salesforce CLI keeps a slash behind the address of the org and puts another before each path.
    """
    path: str = scope["path"]
    if not path.startswith("//"):
        return scope
    raw: bytes = scope.get("raw_path") or path.encode()
    return {**scope, "path": "/" + path.lstrip("/"), "raw_path": b"/" + raw.lstrip(b"/")}


async def _guarded(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve by `app`; a defect that has been answered (500) is logged, and the client keeps its connection."""
    answered = False

    async def watching(message: Message) -> None:
        nonlocal answered
        answered = True
        await send(message)

    try:
        await app(scope, receive, watching)
    except Exception:
        if not answered:
            raise
        _log.exception("%s %s", scope["method"], scope["path"])


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when it is over the limit (the rest is not kept).

    Raises:
        ClientDisconnect: the client went away before it had sent it all.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        size += len(message.get("body", b""))
        if size <= MAX_BODY:
            parts.append(message.get("body", b""))
        else:
            parts.clear()
        if not message.get("more_body", False):
            return b"".join(parts) if size <= MAX_BODY else None


def _inflated(body: bytes) -> bytes | None:
    """A compressed body as it was before (REST API, Compression Headers); None when that is over the limit.

    What is not compressed, or is cut off, is left as it is: the door refuses it in its own shape.
    """
    inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)  # tells gzip and deflate apart by their heads
    try:
        found = inflating.decompress(body, MAX_BODY + 1)
    except zlib.error:
        return body
    if len(found) > MAX_BODY:
        return None
    return found if inflating.eof else body


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive channel that hands out the body once, and then what comes after it (the disconnect)."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _long_head(scope: Scope) -> Response | None:
    """The refusal of an address, or of headers, longer than Salesforce takes. [R: its body]"""
    address = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"]) + 1
    if address > MAX_HEAD:
        return _refused(414, "URI_TOO_LONG", "URI Too Long")
    if address + sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEAD:
        return _refused(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request Header Fields Too Large")
    return None


def _refused(status: int, code: str, message: str) -> Response:
    content = json.dumps([{"errorCode": code, "message": message}])
    return Response(content, status, {"Connection": "close"}, media_type="application/json")
