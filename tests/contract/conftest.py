"""The org that the contract tests are about: a simulated one, or the real sandbox that CNX_CONTRACT_ORG names.

CNX_CONTRACT_ORG is an alias of the inventory. What a test makes there has a name of its own (`unique`) and is taken
away again (`tidy`). Tests marked `simulated_only` do what cannot be taken back, or need the simulated org's control
door.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
import requests
from simple_salesforce import Salesforce

from cnxlib.inventory import OrgEntry, find_org
from cnxlib.salesforce.login import log_in

from .clients import (
    Components,
    JsforceComponents,
    JsforceRows,
    Rows,
    SimpleComponents,
    SimpleRows,
)
from .node import Jsforce, Node, Refused, Unavailable

REAL = os.environ.get("CNX_CONTRACT_ORG", "")
_NUMBERS = count(1)
_RUN = secrets.token_hex(3)


@dataclass(frozen=True)
class Target:
    """The org, and a session in it."""

    alias: str
    entry: OrgEntry
    url: str
    session_id: str


@pytest.fixture(autouse=True)
def _only_where_it_may_run(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("simulated_only")
    if marker and REAL:
        pytest.skip(f"not on a real org: {marker.args[0]}")


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The org; the environment says whom to trust, as `cnx sim run` sets it."""
    alias = REAL or request.getfixturevalue("sim").new_org("fresh")
    entry = find_org(alias)
    with requests.Session() as http:
        opened = log_in(alias, entry, http)
    yield Target(alias, entry, opened.url, opened.id)


@pytest.fixture(scope="session")
def salesforce(target: Target) -> Iterator[Salesforce]:
    """simple-salesforce with its defaults."""
    with requests.Session() as http:
        client = Salesforce(session_id=target.session_id, instance_url=target.url, session=http)
        yield client
        if client._mdapi:
            client._mdapi._client.transport.session.close()


@pytest.fixture(scope="session")
def node(target: Target) -> Iterator[Node]:
    """jsforce's process; the target comes first, because Node reads the environment when it starts."""
    try:
        process = Node()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield process
    process.close()


@pytest.fixture(scope="session")
def js(node: Node, target: Target) -> Jsforce:
    """A jsforce connection; its default version, 50, is older than some of the components."""
    return node.connect(instanceUrl=target.url, accessToken=target.session_id, version="62.0")


CLIENTS = ["simple-salesforce", "jsforce"]
OTHER = dict(zip(CLIENTS, reversed(CLIENTS), strict=True))


def _rows(client: str, request: pytest.FixtureRequest) -> Rows:
    if client == "jsforce":
        return JsforceRows(request.getfixturevalue("js"))
    return SimpleRows(request.getfixturevalue("salesforce"))


def _components(client: str, request: pytest.FixtureRequest) -> Components:
    if client == "jsforce":
        return JsforceComponents(request.getfixturevalue("js"))
    return SimpleComponents(request.getfixturevalue("salesforce"))


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """The client that writes; what it wrote is read by the other."""
    name: str = request.param
    return name


@pytest.fixture
def rows(client: str, request: pytest.FixtureRequest) -> Rows:
    """Rows by the client that writes."""
    return _rows(client, request)


@pytest.fixture
def other_rows(client: str, request: pytest.FixtureRequest) -> Rows:
    """Rows by the client that reads back."""
    return _rows(OTHER[client], request)


@pytest.fixture
def components(client: str, request: pytest.FixtureRequest) -> Components:
    """Components by the client that writes."""
    return _components(client, request)


@pytest.fixture
def other_components(client: str, request: pytest.FixtureRequest) -> Components:
    """Components by the client that reads back."""
    return _components(OTHER[client], request)


@pytest.fixture(scope="session")
def plainly(salesforce: Salesforce) -> Rows:
    """Rows by simple-salesforce, whichever client a test is about."""
    return SimpleRows(salesforce)


@pytest.fixture(scope="session")
def me(salesforce: Salesforce) -> str:
    """The id of the session's user."""
    return str(salesforce.restful("")["identity"]).rpartition("/")[2]


def new_name(name: str) -> str:
    """A name that nothing else in the org has, by which leftovers can be known too."""
    return f"Cnx{_RUN}{next(_NUMBERS)}{name}"


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes names that nothing else in the org has."""
    return new_name


@pytest.fixture
def tidy() -> Iterator[Callable[..., None]]:
    """`tidy(work, *args)`: to be done after the test, last first; what is gone already is well."""
    pending: list[tuple[Callable[..., object], tuple[object, ...]]] = []
    yield lambda work, *args: pending.append((work, args))
    for work, args in reversed(pending):
        with suppress(Refused):
            work(*args)
