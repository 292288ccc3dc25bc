"""Simulated orgs in this process, and the REST door over them without a socket."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from cnxlib.simorg import rest
from cnxlib.simorg.actor import Actor
from cnxlib.simorg.faults import Faults
from cnxlib.simorg.gate import Gate
from cnxlib.simorg.org import Org
from cnxlib.simorg.orgs import Orgs
from cnxlib.simorg.scenarios.seed import Seeder
from cnxlib.simorg.stats import Stats

_numbers = itertools.count(1)


@dataclass
class Subject:
    """An org with its administrator, and shorthands."""

    org: Org

    @property
    def admin(self) -> Actor:
        """The administrator with the permissions of this moment."""
        return self.actor("admin")

    def user(self, name: str) -> dict[str, Any]:
        """The scenario's user of that name."""
        return self.org.rows("User", Username=f"{name}@{self.org.alias}.example")[0]

    def actor(self, name: str) -> Actor:
        return self.org.actor(self.user(name)["Id"])

    def insert(self, sobject: str, actor: Actor | None = None, **values: Any) -> str:
        return self.org.insert(sobject, values, actor or self.admin)

    def query(self, text: str, actor: Actor | None = None, **options: Any) -> list[dict[str, Any]]:
        return self.org.run_query(text, actor or self.admin, **options).records

    def new_user(self, name: str, profile: str = "Standard User", **more: Any) -> str:
        values = {
            "Username": f"{name}@{self.org.alias}.example",
            "LastName": name.title(),
            "Alias": name[:8],
            "Email": f"{name}@acme.example",
            "ProfileId": self.org.rows("Profile", Name=profile)[0]["Id"],
            "TimeZoneSidKey": "Europe/Berlin",
            "LocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US",
            "EmailEncodingKey": "UTF-8",
        }
        return self.insert("User", **{**values, **more})


@pytest.fixture(scope="session")
def orgs() -> Orgs:
    return Orgs(Seeder())


@pytest.fixture
def subject(orgs: Orgs) -> Subject:
    return new_subject(orgs)


def new_subject(orgs: Orgs) -> Subject:
    return Subject(orgs.add(f"d{next(_numbers)}", "fresh"))


@dataclass(frozen=True)
class Answered:
    """What the door answered."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The errorCode of a refusal."""
        return str(self.json()[0]["errorCode"])


class Http:
    """Requests to an ASGI application, in this thread and without a socket."""

    def __init__(self, app: Gate, org: Org) -> None:
        self.app, self.org = app, org

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **params: str
    ) -> Answered:
        """A request below /services/data/v62.0/, or to an absolute path; a body that is not bytes is sent as JSON."""
        path = path if path.startswith("/") else f"/services/data/v62.0/{path}"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "https", "server": ("sim", 443),
            "path": path,
            "raw_path": quote(path, safe="/%:").encode(), "query_string": urlencode(params).encode(), "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in {"host": "sim", **(headers or {})}.items()],
        }  # fmt: skip
        sent: list[Any] = []
        received = [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> Any:
            return received.pop() if received else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answered(sent[0]["status"], found, b"".join(each.get("body", b"") for each in sent[1:]))

    def query(self, text: str, door: str = "query") -> Any:
        return self.call("GET", door, q=text).json()


def door(subject: Subject, orgs: Orgs) -> Http:
    """The door as the administrator; the header `X-User` takes the place of a session."""

    def authenticate(request: Request) -> tuple[Org, Actor]:
        name = request.headers.get("X-User")
        return subject.org, subject.actor(name) if name else subject.admin

    return Http(Gate(Starlette(routes=rest.routes(authenticate)), orgs, Stats(), Faults()), subject.org)


@pytest.fixture
def http(subject: Subject, orgs: Orgs) -> Http:
    """The door of the test's org."""
    return door(subject, orgs)
