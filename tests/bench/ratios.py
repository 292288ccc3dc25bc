"""What the simulated org costs: requests to an org of 10,000 users, as ratios to a bare Starlette endpoint.

    make bench            python tests/bench/ratios.py --rounds 500 --json

Both serve plain HTTP over a connection that is kept alive, and are asked in turns, so that what else the machine does
hits both alike. The ratio of two runs can be compared where milliseconds cannot; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ROOT = "/services/data/v62.0"
QUERIES = {
    "200 users of a profile": (
        "SELECT Id, Username, Profile.Name FROM User WHERE Profile.Name = 'Sales Basic' AND IsActive = true LIMIT 200"
    ),
    "users counted by profile": "SELECT Profile.Name, count(Id) FROM User GROUP BY Profile.Name",
    "who holds a set, 200": (
        "SELECT Assignee.Username FROM PermissionSetAssignment"
        " WHERE PermissionSet.Name = 'Order_Desk' AND Assignee.IsActive = true LIMIT 200"
    ),
    "first page of all users": "SELECT Id, Username FROM User",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the simulated org costs, in ratios.")
    parser.add_argument("--rounds", type=int, default=200, help="how often each request is sent")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with _bare() as bare, _simulated() as (simulated, token):
        found = _measured(options.rounds, _Client(bare), _Client(simulated, token))
    base = found["bare endpoint"]
    rows = {
        name: {"ms": round(1000 * seconds, 3), "ratio": round(seconds / base, 2)} for name, seconds in found.items()
    }
    if options.json:
        print(json.dumps({"rounds": options.rounds, "requests": rows}))
        return 0
    print(f"{'request':28}{'median ms':>10}{'ratio':>8}")
    for name, row in rows.items():
        print(f"{name:28}{row['ms']:>10.2f}{row['ratio']:>8.1f}")
    return 0


def _measured(rounds: int, bare: _Client, simulated: _Client) -> dict[str, float]:
    """Median seconds of each request."""
    (user,) = json.loads(simulated.get(_query("SELECT Id FROM User WHERE Username LIKE 'csr00100@%'")))["records"]
    requests: dict[str, Callable[[], bytes]] = {
        "bare endpoint": partial(bare.get, "/"),
        "one row, all fields": partial(simulated.get, f"{ROOT}/sobjects/User/{user['Id']}"),
        "one row, two fields": partial(simulated.get, f"{ROOT}/sobjects/User/{user['Id']}?fields=Id,Username"),
        **{name: partial(simulated.get, _query(soql)) for name, soql in QUERIES.items()},
    }
    taken: dict[str, list[float]] = {name: [] for name in requests}
    for number in range(rounds + 3):
        for name, send in requests.items():
            start = time.perf_counter()
            send()
            if number >= 3:  # the first ones warm up
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in taken.items()}


def _query(soql: str) -> str:
    return f"{ROOT}/query?q={quote(soql)}"


class _Client:
    """One connection that is kept alive."""

    def __init__(self, url: str, token: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> bytes:
        """The body of an answer.

        Raises:
            RuntimeError: it is not 200.
        """
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return body


def _endpoint(request: Request) -> Response:
    return JSONResponse({"Id": "005000000000001AAA", "Username": "somebody@acme.example"})


@contextmanager
def _bare() -> Iterator[str]:
    """A server of one endpoint, in a process of its own; its address."""
    process = subprocess.Popen([sys.executable, __file__, "serve-bare"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(15)


def _serve_bare() -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=[Route("/", _endpoint)]), log_level="error", lifespan="off")
    server = uvicorn.Server(config)

    def until_the_parent_ends() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=until_the_parent_ends, daemon=True).start()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


@contextmanager
def _simulated() -> Iterator[tuple[str, str]]:
    """A simulated org of many users; its HTTP address and an access token."""
    command = [sys.executable, "-m", "cnxlib.simorg", "serve", "--scenario", "many-users", "--exit-with-parent"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready: dict[str, Any] = json.loads(process.stdout.readline())
        yield ready["http_url"], ready["orgs"][0]["access_token"]
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(15)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve-bare"]:
        _serve_bare()
    else:
        sys.exit(main())
