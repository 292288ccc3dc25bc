"""`cnx undo` as people use it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Sim
from tests.processes import CNX, cnx, environment
from tests.terminal import at_terminal
from tests.test_sim_run import kill_in_the_middle


@pytest.mark.slow
def test_a_run_is_planned_back_then_taken_back_on_a_record_of_its_own(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org()
    applied = cnx(
        "apply", "--org", alias, "--phase", "04", "-p", "allow_password_flow=true", "--json", cwd=tmp_path
    ).json
    assert applied["status"] == "changed"
    writes = sim.writes(alias)
    planned = cnx("undo", "--run", applied["run_id"], "--plan", "--json", cwd=tmp_path)
    (phase,) = planned.json["phases"]
    (change,) = phase["changes"]
    assert (planned.code, planned.json["mode"], phase["status"]) == (0, "plan", "pending")
    assert (change["kind"], change["before"], change["after"]) == ("setting", {"value": True}, {"value": False})
    assert sim.writes(alias) == writes

    # There is no terminal, so nobody is asked
    undone = cnx("undo", "--run", applied["run_id"], "--json", cwd=tmp_path)
    assert (undone.code, undone.json["status"]) == (0, "changed"), undone.err
    again = cnx("undo", "--run", applied["run_id"][:-1], "--json", cwd=tmp_path)
    assert (again.code, again.json["status"]) == (0, "converged")
    assert cnx("records", "verify", "--org", alias, cwd=tmp_path).code == 0

    notebook = Path(applied["record"]) / "04_api_access.ipynb"
    notebook.write_bytes(notebook.read_bytes() + b" ")
    refused = cnx("undo", "--run", applied["run_id"], "--json", cwd=tmp_path)
    assert (refused.code, refused.json["error"]["type"]) == (1, "RecordError")
    assert "unverified" in refused.json["error"]["hint"]
    assert cnx("undo", "--run", applied["run_id"], "--unverified", cwd=tmp_path).code == 0


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a terminal of our own making is POSIX's")
@pytest.mark.parametrize(("scenario", "typed", "code"), [("fresh", "yes", 0), ("fresh", "y", 3), ("production", "", 0)])
def test_who_sits_at_a_terminal_sees_what_it_is_and_is_asked(
    scenario: str, typed: str, code: int, sim: Sim, tmp_path: Path
) -> None:
    alias = sim.new_org(scenario)
    org_id = cnx("plan", "--org", alias, "--phase", "04", "--json", cwd=tmp_path).json["org"]["id"]
    switched = ("apply", "--org", alias, "--phase", "04", "-p", "allow_password_flow=true", "--json")
    applied = cnx(*switched, "--confirm-org-id", org_id, cwd=tmp_path).json
    assert applied["status"] == "changed"
    writes = sim.writes(alias)
    question = "Type yes" if typed else f"Type the org's id ({org_id})"
    if scenario == "production":
        refused = cnx("undo", "--run", applied["run_id"], "--yes", "--json", cwd=tmp_path)
        assert (refused.code, refused.json["error"]["type"], sim.writes(alias)) == (2, "NotConfirmed", writes)
    command = [*CNX, "undo", "--run", applied["run_id"]]
    ended, shown = at_terminal(
        command, {question: typed or org_id}, cwd=tmp_path, environment=environment(tmp_path / "runs")
    )
    assert ended == code, shown
    assert "update setting" in shown
    assert (sim.writes(alias) > writes) is (code == 0)


def test_a_run_that_is_not_there_is_wrong_use(sim: Sim, tmp_path: Path) -> None:
    ended = cnx("undo", "--run", "20990101", "--json", cwd=tmp_path)
    assert (ended.code, "There is no run" in ended.json["error"]["message"]) == (2, True)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the kernels of a run as Linux shows them")
def test_a_killed_run_is_sealed_before_it_is_taken_back(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org()
    latency = {"kind": "latency", "match": {"method": "POST"}, "times": None, "value": 300}
    sim.control("PUT", f"orgs/{alias}/faults", [latency])
    switched = ["apply", "--org", alias, "--phase", "04", "-p", "allow_password_flow=true"]
    kill_in_the_middle(switched, tmp_path, "step-done", kernel_too=True)
    (killed,) = (path.parent.name for path in tmp_path.glob("runs/*/*/events.jsonl"))

    undone = cnx("undo", "--run", killed, "--json", cwd=tmp_path)
    assert (undone.code, undone.json["status"]) == (0, "changed"), undone.err
    (change,) = undone.json["phases"][0]["changes"]
    assert (change["before"], change["after"]) == ({"value": True}, {"value": False})
