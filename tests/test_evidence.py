"""Real runs as evidence: sealed by the runner, by the run after a kill -9, or by a person; what is changed is named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cnxlib.runs.notebooks import notebook_path
from tests.conftest import Sim
from tests.processes import cnx, environment, started

PHASE = ("--phase", "04")
SWITCHED = ("-p", "allow_password_flow=true")


def verified(alias: str, cwd: Path, *more: str) -> dict[str, Any]:
    ended = cnx("records", "verify", "--org", alias, "--json", *more, cwd=cwd)
    told: dict[str, Any] = ended.json
    assert ended.code == (0 if told["ok"] else 1), ended.err
    (org,) = told["orgs"]
    return {**org, "findings": [(one["kind"], one["run"], one["file"]) for one in org["findings"]]}


@pytest.mark.slow
def test_real_runs_are_a_chain_in_which_every_change_is_named(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org()
    runs = [
        cnx(mode, "--org", alias, *PHASE, *more, "--json", cwd=tmp_path).json
        for mode, more in (("plan", ()), ("apply", SWITCHED), ("verify", ()))
    ]
    found = verified(alias, tmp_path, "--head", runs[-1]["head"])
    assert found["findings"] == []
    assert [run["number"] for run in found["runs"]] == [1, 2, 3]

    shown = cnx("records", "show", runs[1]["run_id"], "--org", alias, "--json", cwd=tmp_path).json
    said = shown["statement"]["predicate"]
    assert (said["simulated"], said["user"]) == (True, f"admin@{alias}.example")
    assert said["host"].startswith("127.0.0.1:")
    assert len(said["certificate"]) == 64
    assert said["phases"]["04_api_access"] == {"status": "changed", "digest": runs[1]["phases"][0]["digest"]}

    notebook = Path(runs[1]["record"]) / "04_api_access.ipynb"
    notebook.write_bytes(notebook.read_bytes().replace(b'"changed"', b'"CHANGED"', 1) + b" ")
    assert verified(alias, tmp_path)["findings"] == [("altered", runs[1]["run_id"], notebook.name)]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_run_is_sealed_as_interrupted_by_the_next(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org()
    slow = [{"kind": "latency", "match": {"path": "/services/"}, "value": 700}]
    sim.control("PUT", f"orgs/{alias}/faults", slow)
    with started(["apply", "--org", alias, *PHASE, *SWITCHED], cwd=tmp_path) as runner:
        until = time.monotonic() + 60
        while not list(tmp_path.glob("runs/*/*/04_api_access.ipynb")):
            assert time.monotonic() < until
            time.sleep(0.1)
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait()
    (killed,) = (path.parent for path in tmp_path.glob("runs/*/*/events.jsonl"))
    sim.control("PUT", f"orgs/{alias}/faults", [])
    until = time.monotonic() + 60
    while verified(alias, tmp_path)["runs"][0]["state"] == "in progress":  # its kernel outlives it for a moment
        assert time.monotonic() < until
        time.sleep(0.5)
    assert verified(alias, tmp_path)["findings"] == [("unsealed", killed.name, "")]
    after = cnx("apply", "--org", alias, *PHASE, *SWITCHED, "--json", cwd=tmp_path).json
    found = verified(alias, tmp_path, "--head", after["head"])
    assert found["findings"] == []
    assert [(run["run_id"], run["number"]) for run in found["runs"]] == [(killed.name, 1), (after["run_id"], 2)]
    said = cnx("records", "show", killed.name, "--json", cwd=tmp_path).json["statement"]["predicate"]
    assert (said["ending"], said["sealed"]["by"], said["status"]) == ("interrupted", "next-run", "failed")


@pytest.mark.slow
def test_a_notebook_from_bare_papermill_is_unsealed_until_a_person_seals_it(sim: Sim, tmp_path: Path) -> None:
    alias, out = sim.new_org(), tmp_path / "out.ipynb"
    source = str(notebook_path("04_api_access"))
    parameters = ["-p", "org", alias, "-p", "mode", "apply", "-p", "allow_password_flow", "True"]
    subprocess.run(
        [sys.executable, "-m", "papermill", source, str(out), "-k", "python3", *parameters],
        env=environment(tmp_path / "runs"),
        capture_output=True,
        timeout=120,
        check=True,
    )
    (record,) = (path.parent for path in tmp_path.glob("runs/*/*/events.jsonl"))
    cnx("verify", "--org", alias, *PHASE, cwd=tmp_path)  # the next run leaves it to a person
    assert verified(alias, tmp_path)["findings"] == [("unsealed", record.name, "")]
    sealed = cnx("records", "seal", record.name, "--notebook", str(out), "--json", cwd=tmp_path)
    assert sealed.code == 0, sealed.err
    assert verified(alias, tmp_path)["findings"] == []
    assert json.loads((record / "out.ipynb").read_text(encoding="utf-8"))["metadata"]["papermill"]["exception"] is None
