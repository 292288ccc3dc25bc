"""`cnx confirm` as people use it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cnxlib.salesforce import WriteMetadata
from cnxlib.salesforce.org import connect
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


@pytest.mark.slow
def test_a_decision_holds_until_the_step_is_found_done(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org()
    phase = ("--org", alias, "--phase", "04", "-p", "allow_password_flow=false", "--json")

    def verified() -> tuple[int, str, str]:
        ended = cnx("verify", *phase, cwd=tmp_path)
        (told,) = ended.json["phases"]
        return ended.code, told["status"], told["reason"]

    told = cnx("confirm", "04.password_flow", *phase, cwd=tmp_path)
    assert (told.code, told.json["confirmed"]["closed_by"]) == (0, "decision"), told.err
    assert "Once it is found done, the decision ends." in told.err
    code, status, reason = verified()
    assert (code, status) == (0, "converged")
    assert reason.startswith(f"Left as it is, by admin@{alias}.example")
    switch_the_flow(alias, on=True)
    assert verified() == (0, "converged", "")
    switch_the_flow(alias, on=False)
    assert verified()[:2] == (3, "waiting")


def switch_the_flow(alias: str, on: bool) -> None:
    org = connect(alias)
    component = {"fullName": "OauthOidc", "blockOAuthUnPwFlow": not on}
    assert org.send([WriteMetadata("update", "OauthOidcSettings", component)]) == [None]
    org.close()


@pytest.mark.slow
def test_what_a_rotation_leaves_is_listed_until_it_is_confirmed(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    rotated = cnx("handoff", "rotate", "--org", alias, "consumer-secret", "--occasion", "X1", "--json", cwd=tmp_path)
    assert rotated.code == 3, rotated.err

    def listed() -> list[str]:
        told = cnx("confirm", "--org", alias, "--phase", "09", "--json", cwd=tmp_path).json["open"]
        return [one["step"] for one in told if one["step"] in ("rotate_consumer_secret", "hand_over_again")]

    assert listed() == ["rotate_consumer_secret", "hand_over_again"]
    assert cnx("apply", "--org", alias, "--phase", "09", cwd=tmp_path).code == 3
    assert listed() == ["rotate_consumer_secret"]
    assert cnx("confirm", "--org", alias, "09.rotate_consumer_secret", cwd=tmp_path).code == 0
    assert listed() == []


def test_a_setup_file_without_a_hash_is_warned_of(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    for _ in ("confirmed", "confirmed already"):
        told = cnx("confirm", "--org", alias, "09.setup_file", "--json", cwd=tmp_path)
        assert told.code == 0
        assert told.json["warning"] in told.err
        assert f"cnx confirm --org {alias} 09.setup_file --evidence FILE" in told.json["warning"]
    (tmp_path / "setup.zip").write_bytes(b"a file of Conexiom's")
    told = cnx("confirm", "--org", alias, "09.setup_file", "--evidence", "setup.zip", "--json", cwd=tmp_path)
    assert (told.json["warning"], told.json["run_id"] != "") == ("", True)
    again = cnx("confirm", "--org", alias, "09.setup_file", "--json", cwd=tmp_path).json
    assert (again["warning"], again["run_id"]) == ("", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("09.nonsense",), "09.setup_file"),
        (("98.setup_file",), "There is no phase '98'"),
        (("09.setup_file", "--evidence", "nowhere.pdf"), "nowhere.pdf cannot be read"),
        (("09.setup_file", "--evidence", "empty.zip"), "empty.zip is empty"),
        (("03.connected_app", "-p", "route=manual", "-p", "app_name=Nobodys"), "Do it, then plan again"),
        (("-p", "nonsense=1"), "There is no parameter nonsense"),
    ],
)
def test_what_cannot_be_meant_is_told_and_nothing_is_put_down(
    arguments: tuple[str, ...], said: str, sim: Sim, tmp_path: Path
) -> None:
    alias = sim.new_org("converged")
    (tmp_path / "empty.zip").touch()
    ended = cnx("confirm", "--org", alias, *arguments, cwd=tmp_path)
    assert (ended.code, said in ended.err) == (2, True), ended.err
    assert not (tmp_path / "runs").exists()


def test_a_terminal_shows_no_mail_as_an_address(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org("converged")
    planned = cnx("plan", "--org", alias, "--phase", "09", cwd=tmp_path)
    assert "Send the request for the setup file" in planned.err + planned.out
    assert "mailto:" not in planned.err + planned.out
    assert "mailto:" not in cnx("confirm", "--org", alias, cwd=tmp_path).out
