"""The HTTP protocol of the listeners, which lets a fault hang up on a client without an answer."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_live: dict[tuple[str, int], asyncio.BaseTransport] = {}


class Protocol(H11Protocol):
    """uvicorn's own protocol; its connections are known by the client's address and port."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        _live[transport.get_extra_info("peername")[:2]] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self.client:
            _live.pop(self.client, None)
        super().connection_lost(exc)


def hang_up(client: Any) -> None:
    """Break the connection of a client (ASGI scope's `client`: host and port) at once."""
    transport = _live.get(tuple(client))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
