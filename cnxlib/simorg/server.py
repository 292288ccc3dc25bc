"""The server: one application behind two listeners, HTTPS and plain HTTP, on the loopback address and no other."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from . import control, rest
from .connections import Protocol
from .control import Simulation
from .errors import ApiError, method_not_allowed, not_found
from .gate import Gate
from .identity import authorize, frontdoor, introspect, oauth, soap_login, users
from .metadata import door, jobs
from .org import Org

HOST = "127.0.0.1"
"""The only address that is ever listened on."""

_KEEP_ALIVE = 75  # seconds that an idle connection stays open
_MAX_HEAD = 1024 * 1024  # bytes; far over what the gate refuses, so that the refusal hangs on no network's packets


def application(simulation: Simulation, latency: float = 0.0) -> Gate:
    """The whole application; `latency` in seconds is added to each answer of the data doors."""
    Org.background = [jobs.settle]
    routes: list[BaseRoute] = [
        *control.routes(),
        *oauth.routes(),
        *introspect.routes(),
        *authorize.routes(),
        *users.routes(),
        *frontdoor.routes(),
        *soap_login.routes(),
        *door.routes(),
        *rest.routes(),
    ]
    app = Starlette(
        routes=routes, exception_handlers={ApiError: _refused, HTTPException: _http_error, Exception: _broken}
    )
    app.state.orgs = simulation.orgs
    app.state.simulation = simulation
    return Gate(app, simulation.orgs, simulation.stats, simulation.faults, latency)


def _refused(request: Request, error: Exception) -> Response:
    """A refused REST request: a list with one error."""
    assert isinstance(error, ApiError)
    return JSONResponse([error.rest()], error.status)


def _http_error(request: Request, error: Exception) -> Response:
    """No such address, or not by that method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "").split(", ")
        return _refused(request, method_not_allowed(request.method, allowed))
    return _refused(request, not_found())


def _broken(request: Request, error: Exception) -> Response:
    """A defect of the simulated org itself; the traceback goes to the log, never to the client."""
    return _refused(
        request,
        ApiError("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please contact Salesforce Support.", status=500),
    )


@dataclass(frozen=True)
class Sockets:
    """The two listening sockets."""

    https: socket.socket
    http: socket.socket

    @property
    def url(self) -> str:
        """The HTTPS address."""
        return f"https://{HOST}:{self.https.getsockname()[1]}"

    @property
    def http_url(self) -> str:
        """The plain HTTP address."""
        return f"http://{HOST}:{self.http.getsockname()[1]}"


def bind(port: int = 0) -> Sockets:
    """Listen on `port` for HTTPS (0: a free one) and beside it for HTTP (`port` + 1 where that is free).

    Raises:
        OSError: the port is taken.
    """
    https = _bound(port)
    try:
        http = _bound(port + 1 if 0 < port < 65535 else 0)
    except OSError:
        http = _bound(0)
    return Sockets(https, http)


def _bound(port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off; else each answer waits some 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # a restarted server has its port again; on Windows two would share it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


class Serving:
    """Both listeners in a thread of their own, so that the main thread is free for signals."""

    def __init__(self, app: Gate, sockets: Sockets, context: ssl.SSLContext) -> None:
        self._pairs = [(_listener(app, context), sockets.https), (_listener(app, None), sockets.http)]
        self._thread = threading.Thread(target=self._run, name="simorg", daemon=True)

    def start(self, patience: float = 20.0) -> None:
        """Start, and return once both listeners answer.

        Raises:
            RuntimeError: they do not, within `patience` seconds.
        """
        self._thread.start()
        deadline = time.monotonic() + patience
        while not all(server.started for server, _ in self._pairs):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the simulated org's server did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """Finish the requests under way and stop."""
        for server, _ in self._pairs:
            server.should_exit = True
        self._thread.join(0.5)
        for server, _ in self._pairs:
            server.force_exit = True  # idle connections that their clients keep open
        self._thread.join(5.0)

    def _run(self) -> None:
        async def both() -> None:
            await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in self._pairs))

        asyncio.run(both())


def _listener(app: Gate, context: ssl.SSLContext | None) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=Protocol,
        lifespan="off",
        log_level="error",
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE,
        server_header=False,
        h11_max_incomplete_event_size=_MAX_HEAD,
    )
    config.load()
    config.ssl = context  # uvicorn itself takes certificates as files only
    return uvicorn.Server(config)
