"""The whole guide by processes, as the command line runs it, and what becomes of it when a process is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import nbformat
import pytest

from cnxlib.phases import PHASES
from tests.processes import CNX, cnx, environment
from tests.snapshots import state

SETTLED = {"converged", "not-needed", "waiting"}


class Sim(Protocol):
    """The simulated orgs (tests/conftest.py)."""

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control door."""
        ...

    def new_org(self, scenario: str = "fresh") -> str:
        """Make an org; returns its alias."""
        ...


PLAN_AND_APPLY_TWICE = """
import json, os, subprocess, sys, urllib.request
def control(path):
    with urllib.request.urlopen(f"{os.environ['CNX_SIM_URL']}/_sim/{path}") as answer:
        return json.load(answer)
told = []
for command in ("plan", "apply", "apply"):
    before = control("stats")["orgs"]["fresh"]["writes"]
    cnx = [sys.executable, "-m", "cnxlib", command, "--org", "fresh", "--json"]
    ended = subprocess.run(cnx, stdout=subprocess.PIPE)
    writes = control("stats")["orgs"]["fresh"]["writes"] - before
    told.append({"code": ended.returncode, "writes": writes, "run": json.loads(ended.stdout)})
print(json.dumps({"told": told, "snapshot": control("orgs/fresh/snapshot")}))
"""


@pytest.fixture(scope="module")
def whole_guide(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `cnx plan`, `cnx apply` and `cnx apply` again told within `cnx sim run`, and the org's state in the end."""
    command = ["sim", "run", "--scenario", "fresh", "--", sys.executable, "-c", PLAN_AND_APPLY_TWICE]
    ended = cnx(*command, cwd=tmp_path_factory.mktemp("whole-guide"))
    assert ended.code == 0, ended.err
    return ended.json


@pytest.mark.slow
def test_a_plan_writes_nothing_and_a_second_apply_neither(whole_guide: Any) -> None:
    plan, first, second = whole_guide["told"]
    statuses = [[phase["status"] for phase in each["run"]["phases"]] for each in (plan, first, second)]
    assert (plan["code"], plan["writes"]) == (0, 0)
    assert statuses[0][0] == "pending"
    assert set(statuses[0]) <= {"pending", "known-later", *SETTLED}
    assert first["code"] == 3
    assert first["writes"] > 0
    assert set(statuses[1][:-1]) <= {"changed", "converged", "not-needed"}
    assert statuses[1][-1] == "waiting"
    assert (second["code"], second["writes"]) == (3, 0)
    assert set(statuses[2]) <= SETTLED
    assert [phase["changes"] for phase in second["run"]["phases"]] == [[]] * len(PHASES)


@pytest.mark.slow
def test_each_run_leaves_its_executed_notebooks(whole_guide: Any) -> None:
    for each in whole_guide["told"]:
        record = Path(each["run"]["record"])
        assert sorted(path.stem for path in record.glob("*.ipynb")) == [phase.id for phase in PHASES]
        told = {name: value for name, value in each["run"].items() if name != "head"}  # the seal comes after it
        assert json.loads((record / "run.json").read_text(encoding="utf-8")) == told


@pytest.mark.slow
def test_the_demo_ends_well_and_leaves_its_record(tmp_path: Path) -> None:
    own = tmp_path / "my-secrets"
    ended = cnx("demo", "--json", cwd=tmp_path, more={"CNX_SECRETS": str(own)})
    assert ended.code == 0, ended.err
    told = ended.json
    assert [phase["phase"] for phase in told["phases"]] == [phase.id for phase in PHASES]
    assert told["phases"][-1]["status"] == "waiting"
    assert any(step["guide"] == ["G9.3"] and not step["done_at"] for step in told["phases"][-1]["manual"])
    for phase in told["phases"]:
        assert phase["phase"] in ended.err
        for cell in nbformat.read(phase["notebook"], as_version=4).cells:
            for output in cell.get("outputs", []):
                assert output.output_type != "error"
    assert told["record"] in ended.err
    assert not own.exists()


@pytest.mark.slow
def test_bare_papermill_from_another_directory(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org()
    notebook = Path(__file__).parents[1] / "notebooks" / "01_install_package.ipynb"
    values = [part for name, value in (("org", alias), ("mode", "apply")) for part in ("-p", name, value)]
    run = [sys.executable, "-m", "papermill", str(notebook), "out.ipynb", *values]
    subprocess.run(run, cwd=tmp_path, env=environment(tmp_path / "runs"), check=True, capture_output=True)
    verified = cnx("verify", "--org", alias, "--phase", "01", "--json", cwd=tmp_path)
    assert (verified.code, verified.json["status"]) == (0, "converged")
    (record,) = [path for path in (tmp_path / "runs" / alias).glob("2*") if not (path / "run.json").exists()]
    assert '"phase-ended"' in (record / "events.jsonl").read_text(encoding="utf-8")


def start(arguments: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*CNX, *arguments],
        cwd=folder,
        env=environment(folder / "runs"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(event: str, folder: Path, known: set[Path], run: subprocess.Popen[bytes]) -> None:
    """Wait until the newest record holds such an event."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for events in set(folder.glob("runs/*/*/events.jsonl")) - known:
            if f'"event": "{event}"' in events.read_text(encoding="utf-8"):
                return
        assert run.poll() is None, f"the run ended before {event}"
        time.sleep(0.01)
    pytest.fail(f"no {event} within a minute")


def children(pid: int) -> list[int]:
    """The processes that `pid` started (Linux)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def kill_in_the_middle(arguments: Sequence[str], folder: Path, event: str, *, kernel_too: bool) -> None:
    """Start `cnx` and kill it, with or without its kernel, as soon as its record holds such an event."""
    known = set(folder.glob("runs/*/*/events.jsonl"))
    run = start(arguments, folder)
    try:
        wait_for(event, folder, known, run)
    finally:
        kernels = children(run.pid)
        os.killpg(run.pid, signal.SIGKILL)
        for kernel in kernels if kernel_too else []:
            with suppress(ProcessLookupError):
                os.kill(kernel, signal.SIGKILL)
        run.wait()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the kernels of a run as Linux shows them")
def test_kill_9_in_the_middle_of_each_phase(sim: Sim, whole_guide: Any, tmp_path: Path) -> None:
    """Killed by turns: the runner alone within the first step, and runner and kernel between two steps."""
    alias = sim.new_org()
    latency = {"kind": "latency", "match": {"method": "POST|PATCH|DELETE"}, "times": None, "value": 100}
    sim.control("PUT", f"orgs/{alias}/faults", [latency])
    for number, phase in enumerate(PHASES):
        arguments = ["apply", "--org", alias, "--phase", phase.id[:2]]
        last = phase is PHASES[-1]  # it has no steps: it only reads, and writes a mail
        event, kernel_too = [("step-started", False), ("step-done", True)][number % 2]
        kill_in_the_middle(arguments, tmp_path, "plan" if last else event, kernel_too=kernel_too)
        again = cnx(*arguments, "--json", cwd=tmp_path)
        assert again.code == (3 if last else 0), again.err
        (outcome,) = again.json["phases"]
        assert outcome["status"] in ({"waiting"} if last else {"changed", "converged"}), phase.id
    found, uninterrupted = state(sim.control("GET", f"orgs/{alias}/snapshot")), state(whole_guide["snapshot"])
    assert found - uninterrupted == Counter(), "there is something that an uninterrupted run does not leave"
    assert uninterrupted - found == Counter(), "something is missing"
