"""`cnx confirm` as people use it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.conftest import Sim
from tests.processes import cnx


@pytest.mark.slow
def test_with_all_confirmed_the_last_phase_has_converged(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    (tmp_path / "setup.zip").write_bytes(b"a file of Conexiom's")
    listed = cnx("confirm", "--org", alias, "--json", cwd=tmp_path)
    assert listed.code == 0, listed.err
    names = [one["name"] for one in listed.json["open"]]
    assert names[0] == "09.send_request"
    assert names[-1] == "09.setup_file"
    for name in names[:-1]:
        assert cnx("confirm", "--org", alias, name, cwd=tmp_path).code == 0
    last = ("09.setup_file", "--evidence", "setup.zip", "--note", "by mail", "--json")
    told = cnx("confirm", "--org", alias, *last, cwd=tmp_path).json
    done = told["confirmed"]
    assert (done["done_by"], done["note"], told["status"]) == (f"admin@{alias}.example", "by mail", "converged")
    assert done["evidence"] == {"name": "setup.zip", "sha256": hashlib.sha256(b"a file of Conexiom's").hexdigest()}

    again = cnx("confirm", "--org", alias, *last, cwd=tmp_path).json
    assert (again["run_id"], again["confirmed"]["done_at"]) == ("", done["done_at"])
    applied = cnx("apply", "--org", alias, "--phase", "09", "--json", cwd=tmp_path)
    assert (applied.code, applied.json["status"]) == (0, "converged"), "the digest of the evidence is no secret"
    verified = cnx("records", "verify", "--org", alias, "--json", cwd=tmp_path)
    assert (verified.code, len(verified.json["orgs"][0]["runs"])) == (0, len(names) + 1)
    assert sim.writes(alias) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("09.nonsense",), "09.setup_file"),
        (("98.setup_file",), "There is no phase '98'"),
        (("09.setup_file", "--evidence", "nowhere.pdf"), "nowhere.pdf cannot be read"),
        (("-p", "nonsense=1"), "There is no parameter nonsense"),
    ],
)
def test_what_cannot_be_meant_is_told_and_nothing_is_put_down(
    arguments: tuple[str, ...], said: str, sim: Sim, tmp_path: Path
) -> None:
    alias = sim.new_org("converged")
    ended = cnx("confirm", "--org", alias, *arguments, cwd=tmp_path)
    assert (ended.code, said in ended.err) == (2, True), ended.err
    assert not (tmp_path / "runs").exists()


def test_a_terminal_shows_no_mail_as_an_address(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    planned = cnx("plan", "--org", alias, "--phase", "09", cwd=tmp_path)
    assert "Send the request for the setup file" in planned.err + planned.out
    assert "mailto:" not in planned.err + planned.out
    assert "mailto:" not in cnx("confirm", "--org", alias, cwd=tmp_path).out
