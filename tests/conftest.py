"""Simulated orgs for all tests: one server a session, a new org a test."""

from __future__ import annotations

import itertools
import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from cnxlib.runs.simulated import SimulatedOrgs

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Sim:
    """The server's control door."""

    http_url: str

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control door; the answer's JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.http_url}/_sim/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def new_org(self, scenario: str = "fresh") -> str:
        """Make an org; returns its alias, which the inventory then knows."""
        alias = f"{scenario}-{os.getpid()}-{next(_NUMBERS)}"
        self.control("POST", "orgs", {"alias": alias, "scenario": scenario})
        return alias

    def writes(self, alias: str) -> int:
        """Requests so far that changed the org or tried to."""
        return self._counted(alias, "writes")

    def requests(self, alias: str) -> int:
        """All requests so far."""
        return self._counted(alias, "requests")

    def _counted(self, alias: str, what: str) -> int:
        count: int = self.control("GET", "stats")["orgs"].get(alias, {}).get(what, 0)
        return count


@pytest.fixture(scope="session", autouse=True)
def _no_secrets_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the secret store or the keyring of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNX_SECRETS", str(tmp_path_factory.mktemp("secrets")))
        patch.setenv("CNX_SECRETS_PROTECTION", "file")
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        for name in ("CNX_SECRETS_PASSPHRASE_REF", "CNX_SECRETS_UNLOCKED"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def sim() -> Iterator[Sim]:
    """Simulated orgs, with the environment that the product needs to reach them."""
    with SimulatedOrgs(["--scenario", "fresh"]) as orgs:
        patch = pytest.MonkeyPatch()
        for name, value in orgs.environment().items():
            patch.setenv(name, value)
        yield Sim(orgs.ready["http_url"])
        patch.undo()


@pytest.fixture
def new_org(sim: Sim) -> Callable[[str], str]:
    """Makes an org of a scenario and returns its alias."""
    return sim.new_org


class ByFile(LoadFileScheduling):
    """Each file by one process, but for those whose tests share nothing and take long: each of these by itself."""

    apart = ("tests/test_matrix.py", "tests/test_undo.py", "tests/test_canary.py", "tests/records/test_scan.py")

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return nodeid if file in self.apart else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """How `make test` spreads the tests over the cores; other ways stay as they are."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


LEGEND = "= converged, + changed, w waiting, - not needed, F failed, B blocked, f failed as it read; a letter a phase"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of tests/test_matrix.py, whose rows came from whichever process."""
    rows = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "matrix"
    ]
    if not rows:
        return
    faults = list(dict.fromkeys(fault for _, row in rows for fault in row))
    widths = [max(len(fault), 9) for fault in faults]
    terminalreporter.section("every scenario x every fault")
    terminalreporter.line(LEGEND)
    for scenario, row in [("", {fault: fault for fault in faults}), *sorted(rows)]:
        cells = (f"{row.get(fault, ''):{width}}" for fault, width in zip(faults, widths, strict=True))
        terminalreporter.line(f"{scenario:20}{' '.join(cells)}".rstrip())
