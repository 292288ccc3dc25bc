"""The ASGI layer before every door: reads the body within bounds, waits out the set latency, counts what passed."""

from __future__ import annotations

import asyncio
import json
import re
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import stats
from .org import Orgs

MAX_BODY = 50 * 1024 * 1024
"""Bytes; the REST API's own limit of a request."""

BODY = "simorg.body"
"""Scope key under which a handler finds the request's body without awaiting it."""

ALIAS = "simorg.alias"
"""Scope key under which a handler may leave the alias of the org that a request turned out to be for (logging in)."""

_TOKEN = re.compile(r"(00D\w{12}(?:\w{3})?)!")
_USERNAME = re.compile(rb"username>([^<]+)</")


class Gate:
    """Wraps the application; `latency` is in seconds and may be changed while it runs."""

    def __init__(self, app: ASGIApp, orgs: Orgs, counts: stats.Stats, latency: float = 0.0) -> None:
        self.app, self.orgs, self.counts, self.latency = app, orgs, counts, latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP (the lifespan) passes through."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body = await _read(receive)
        if body is None:
            return await _too_large()(scope, receive, send)
        scope[BODY] = body
        path: str = scope["path"]
        if path.startswith("/_sim/"):
            return await self.app(scope, _replay(body, receive), send)
        scope[ALIAS] = self._alias(scope, body)
        if self.latency:
            await asyncio.sleep(self.latency)

        async def counting(message: Message) -> None:
            # Counted before the answer leaves, so that a client that has it finds its request in the statistics.
            if message["type"] == "http.response.start":
                target = f"{path}?{scope['query_string'].decode('latin-1')}"
                self.counts.add(
                    scope[ALIAS], kind=stats.kind(path, body), write=stats.is_write(scope["method"], target, body)
                )
            await send(message)

        await self.app(scope, _replay(body, receive), counting)

    def _alias(self, scope: Scope, body: bytes) -> str | None:
        """The alias of the org that the request names: by its token, else by the username that logs in."""
        path: str = scope["path"]
        text = Headers(scope=scope).get("authorization", "")
        if path.startswith("/services/Soap/"):
            text = body[:4096].decode("utf-8", "replace")
        if match := _TOKEN.search(text):
            org = self.orgs.by_org_id(match[1])
            return org.alias if org else None
        username = ""
        if path.startswith("/services/Soap/"):
            username = found[1].decode("utf-8", "replace") if (found := _USERNAME.search(body)) else ""
        elif path.startswith("/services/oauth2/"):
            username = parse_qs(body.decode("utf-8", "replace")).get("username", [""])[0]
        known = self.orgs.by_username(username) if username else None
        return known[0].alias if known else None


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when it is over the limit (the rest is not kept)."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        size += len(message.get("body", b""))
        if size <= MAX_BODY:
            parts.append(message.get("body", b""))
        else:
            parts.clear()
        if not message.get("more_body", False):
            return b"".join(parts) if size <= MAX_BODY else None


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive channel that hands out the body once, and then what comes after it (the disconnect)."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _too_large() -> Response:
    error = [{"errorCode": "REQUEST_ENTITY_TOO_LARGE", "message": "The request is larger than 50 MB"}]
    return Response(json.dumps(error), 413, media_type="application/json")
