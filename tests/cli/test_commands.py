"""The commands as people and programs use them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from cnxlib.phases import PHASES
from tests.processes import cnx, started

COMMANDS = ["demo", "sim serve", "sim run", "orgs", "plan", "apply", "verify", "schema", "lab", "probe", "doctor"]
COMMANDS += ["secrets set", "secrets list", "secrets rm", "secrets protect"]
COMMANDS += ["records list", "records show", "records verify", "records seal", "records key"]
COMMANDS += ["confirm", "handoff tell", "handoff show", "handoff rotate", "undo"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_an_example_and_takes_json(command: str, tmp_path: Path) -> None:
    ended = cnx(*command.split(), "--help", cwd=tmp_path)
    assert ended.code == 0
    assert f"Example: cnx {command}" in ended.out
    assert "--json" in ended.out


def test_every_listed_command_is_tested_here(tmp_path: Path) -> None:
    listed = re.findall(r"^  (\w+) ", cnx("--help", cwd=tmp_path).out.partition("Commands:")[2], re.MULTILINE)
    assert sorted(listed) == sorted({command.split()[0] for command in COMMANDS})


def test_help_answers_at_once(tmp_path: Path) -> None:
    """Nothing heavy is imported before it is needed."""
    code = (
        "import sys, cnxlib.cli; print([m for m in ('papermill', 'pydantic', 'requests', 'lxml') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    # Typer itself imports pydantic in some versions.
    assert ended.stdout.strip() in ("[]", "['pydantic']")


def test_schema_is_that_of_the_models(tmp_path: Path) -> None:
    told = cnx("schema", "--json", cwd=tmp_path).json
    assert [phase["phase"] for phase in told["phases"]] == [phase.id for phase in PHASES]
    for phase, described in zip(PHASES, told["phases"], strict=True):
        assert set(phase.own_parameters) <= set(described["schema"]["properties"])
    (one,) = cnx("schema", "--phase", "3", "--json", cwd=tmp_path).json["phases"]
    assert one["phase"] == "03_connected_app"
    for name in PHASES[2].own_parameters:
        assert name in cnx("schema", "--phase", "03", cwd=tmp_path).out


def test_a_plan_of_a_phase_is_one_object_and_a_table(new_org: Callable[[str], str], tmp_path: Path) -> None:
    alias = new_org("fresh")
    ended = cnx("plan", "--org", alias, "--phase", "04", "--ticket", "CHG-9", "--json", cwd=tmp_path)
    told = ended.json
    assert ended.code == 0
    assert told["org"]["alias"] == alias
    assert (told["mode"], told["status"], told["ticket"]) == ("plan", "pending", "CHG-9")
    (phase,) = told["phases"]
    assert (phase["phase"], len(phase["changes"])) == ("04_api_access", 1)
    assert re.fullmatch("sha256:[0-9a-f]{64}", phase["digest"])
    assert "G4.1" in ended.err  # the table is for people
    record = Path(told["record"])
    assert record.parent.parent == tmp_path / "runs"
    assert f"Sealed: {told['head']}" in ended.err
    assert json.loads((record / "run.json").read_text(encoding="utf-8")) == {
        name: value
        for name, value in told.items()
        if name != "head"  # that of the seal, which comes after it
    }
    (listed,) = [org for org in cnx("orgs", "--json", cwd=tmp_path).json["orgs"] if org["alias"] == alias]
    assert set(listed) == {"alias", "type", "login", "last_run"}
    assert listed["type"] == "simulated"
    assert (listed["last_run"]["run_id"], listed["last_run"]["status"]) == (told["run_id"], "pending")


def test_a_reviewed_plan_is_applied_and_a_stale_one_is_not(new_org: Callable[[str], str], tmp_path: Path) -> None:
    common = ["--org", new_org("fresh"), "--phase", "04", "--json"]
    digest = cnx("plan", *common, cwd=tmp_path).json["phases"][0]["digest"]
    applied = cnx("apply", *common, "--expected-digest", digest, cwd=tmp_path)
    assert (applied.code, applied.json["status"]) == (0, "changed")
    stale = cnx("apply", *common, "--expected-digest", digest, cwd=tmp_path)
    assert (stale.code, stale.json["phases"][0]["error"]["type"]) == (1, "StalePlan")


def test_parameters_come_from_a_file_and_p_wins(new_org: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"app_name": "FromTheFile", "contact_email": "a@acme.example"}))
    arguments = ["--phase", "03", "--parameters", "p.json", "-p", "contact_email=b@acme.example", "--json"]
    told = cnx("plan", "--org", new_org("fresh"), *arguments, cwd=tmp_path).json
    started = json.loads((Path(told["record"]) / "events.jsonl").read_text(encoding="utf-8").splitlines()[0])
    params = started["data"]["parameters"]["03_connected_app"]
    assert (params["app_name"], params["contact_email"]) == ("FromTheFile", "b@acme.example")


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_puts_the_run_down(new_org: Callable[[str], str], tmp_path: Path) -> None:
    with started(["apply", "--org", new_org("fresh"), "--phase", "01", "--phase", "04", "--json"], cwd=tmp_path) as run:
        until = time.monotonic() + 60
        while not any('"step-started"' in path.read_text() for path in tmp_path.glob("runs/*/*/events.jsonl")):
            assert time.monotonic() < until
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        told = json.loads(run.communicate(timeout=30)[0])
    assert run.returncode == 130
    assert told["interrupted"] is True
    assert [phase["status"] for phase in told["phases"]] == ["failed", "blocked"]
    assert Path(told["phases"][0]["notebook"]).is_file()


def test_sim_run_passes_on_output_and_exit_code(tmp_path: Path) -> None:
    code = "import os, sys; print(os.environ['CNX_ORGS']); sys.exit(7)"
    ended = cnx("sim", "run", "--", sys.executable, "-c", code, cwd=tmp_path)
    assert ended.code == 7
    assert ended.out.strip().endswith("orgs.yaml")
    told = cnx("sim", "run", "--json", "--", sys.executable, "-c", code, cwd=tmp_path)
    assert told.code == 7
    assert (told.json["exit_code"], told.json["stats"]["writes"]) == (7, 0)
    assert "orgs.yaml" in told.err


def test_sim_serve_prints_one_line_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with started(["sim", "serve", "--org", "acme=fresh"], cwd=tmp_path) as server:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        assert [org["alias"] for org in ready["orgs"]] == ["acme"]
        server.terminate()
        rest = server.communicate(timeout=20)[0]
    assert rest == ""
    assert server.returncode == 0


def test_lab_serves_the_notebooks_to_who_has_the_token(tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab")
    arguments = ["lab", "--demo", "fresh", "--no-browser", "--json"]
    with started(arguments, cwd=tmp_path) as lab:
        assert lab.stdout is not None
        told = json.loads("".join(iter(lab.stdout.readline, "}\n")) + "}")
        assert told["org"] == "demo"
        address, _, token = told["url"].partition("?token=")
        assert address.startswith("http://127.0.0.1:")
        arguments_file = Path(f"/proc/{lab.pid}/cmdline")
        assert not arguments_file.exists() or token not in arguments_file.read_text()
        api = address.partition("/lab")[0] + "/api/contents/00_start_here.ipynb?content=0"
        until = time.monotonic() + 60
        while (status := http_status(api, token)) is None:
            assert lab.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        assert (status, http_status(api)) == (200, 403)
        lab.terminate()
        lab.wait(30)


def http_status(url: str, token: str = "") -> int | None:
    """The status of a GET of this machine's own address, None where nobody answers."""
    with requests.Session() as http:
        http.trust_env = False
        try:
            return http.get(url, headers={"Authorization": f"token {token}"} if token else {}, timeout=10).status_code
        except requests.ConnectionError:
            return None
