"""One running server for all tests of the simulated org; each test that asks for `org` gets a new org in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simorg.harness import Org, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    assert running.close() == 0


@pytest.fixture
def org(server: Server) -> Org:
    return server.add_org()
