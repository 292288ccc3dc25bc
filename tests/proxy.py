"""A company's proxy: takes CONNECT alone, counts what goes through it, and where it is told to, opens the TLS in it.

Opened, it shows a certificate of its own authority, as inspecting proxies do, and reads which addresses are asked for.
"""

from __future__ import annotations

import base64
import contextlib
import re
import select
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import trustme


class Proxy:
    """A context in which the proxy serves on loopback.

    Parameters
    ----------
    opens:
        The CA file by which it trusts the servers behind it, where it opens TLS; None where it passes it through.
    password:
        What its user `worker` must give; "" where nobody is asked.
    """

    def __init__(self, opens: Path | None = None, password: str = "") -> None:
        self._upstream = ssl.create_default_context(cafile=str(opens)) if opens else None
        self._password = password
        self._authority = trustme.CA()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._context)
        self.tunnels: list[str] = []
        """Host and port of each tunnel that was asked for."""
        self.requests: list[str] = []
        """Method and path of each request in a tunnel that was opened."""

    @property
    def ca_pem(self) -> bytes:
        """Its authority's certificate."""
        return self._authority.cert_pem.bytes()

    @property
    def url(self) -> str:
        """Its address, with user and password where it wants them."""
        user = f"worker:{self._password}@" if self._password else ""
        return f"http://{user}127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Proxy:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError), client:
            head = b""
            while b"\r\n\r\n" not in head and (more := client.recv(4096)):
                head += more
            asked = re.match(rb"CONNECT ([^ :]+):(\d+) ", head)
            if not asked:
                client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
                return
            given = b"Proxy-Authorization: Basic " + base64.b64encode(f"worker:{self._password}".encode())
            if self._password and given.lower() not in head.lower():
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            host, port = asked[1].decode(), int(asked[2])
            self.tunnels.append(f"{host}:{port}")
            with socket.create_connection((host, port)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                if self._upstream is None:
                    _both_ways(client, server)
                    return
                with (
                    self._context.wrap_socket(client, server_side=True) as inner,
                    self._upstream.wrap_socket(server, server_hostname=host) as outer,
                ):
                    _both_ways(inner, outer, self._note)

    def _note(self, sent: bytes) -> None:
        self.requests.extend(
            line.decode() for line in re.findall(rb"^((?:GET|POST|PATCH|DELETE) \S+) HTTP/1.1\r$", sent, re.MULTILINE)
        )


def _both_ways(client: socket.socket, server: socket.socket, note: Callable[[bytes], None] | None = None) -> None:
    """Pass on what either says until one of them is done; in one thread, for TLS takes no two at a time."""
    other = {client: server, server: client}
    while True:
        held = [end for end in other if isinstance(end, ssl.SSLSocket) and end.pending()]
        for end in held or select.select(list(other), [], [], 60)[0]:
            end.setblocking(False)
            try:
                data = end.recv(65536)
            except ssl.SSLWantReadError:  # nothing but TLS's own
                continue
            finally:
                end.setblocking(True)
            if not data:
                return
            if note and end is client:
                note(data)
            other[end].sendall(data)
