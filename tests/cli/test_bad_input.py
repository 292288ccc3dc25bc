"""Bad input: one clear message that names what is wrong and the remedy, nothing sent, no traceback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from tests.processes import Ended, cnx

CALLBACK = "callback_url=https://portal-na1.cloud.conexiom.com/Partner/login"


class Sim(Protocol):
    """The simulated orgs (tests/conftest.py)."""

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control door."""
        ...


def requests_of(sim: Sim, alias: str = "fresh") -> int:
    count: int = sim.control("GET", "stats")["orgs"].get(alias, {"requests": 0})["requests"]
    return count


def refused(ended: Ended, code: int, *named: str) -> None:
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err + ended.out
    for name in named:
        assert name in ended.err
    assert len(ended.err.strip().splitlines()) <= 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--org", "freshh"], ["freshh", "Known orgs: fresh"]),
        (["--org", "fresh", "--phase", "12"], ["'12'", "01_install_package"]),
        (["--org", "fresh", "-p", "calback_url=x"], ["calback_url", "callback_url"]),
        (["--org", "fresh", "--phase", "01", "-p", "package_version_id=04tNONSENSE"], ["package_version_id", "fresh"]),
        (["--org", "fresh", "--phase", "03", "-p", "contact_email=nobody"], ["contact_email", "fresh"]),
        (["--org", "fresh", "--phase", "03", "-p", "callback_url=portal"], ["callback_url", "fresh"]),
        (["--org", "fresh", "-p", "install_timeout_minutes=soon"], ["install_timeout_minutes", "fresh"]),
        (["--org", "fresh", "-p", "mode=apply"], ["mode", "cnx plan"]),
        (["--org", "fresh", "--parameters", "missing.json"], ["missing.json"]),
        (["--org", "fresh", "--bogus"], ["--bogus", "--help"]),
        ([], ["--org", "--help"]),
    ],
)
def test_wrong_use_ends_with_2_and_sends_nothing(
    sim: Sim, tmp_path: Path, arguments: Sequence[str], named: Sequence[str]
) -> None:
    before = requests_of(sim)
    ended = cnx("apply", *arguments, cwd=tmp_path)
    refused(ended, 2, *named)
    assert ended.out == ""
    assert requests_of(sim) == before
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", ["plan", "verify"])
def test_the_other_commands_refuse_the_same(sim: Sim, tmp_path: Path, command: str) -> None:
    refused(cnx(command, "--org", "fresh", "-p", "calback_url=x", cwd=tmp_path), 2, "calback_url", "callback_url")


def test_with_json_the_object_tells_the_error(sim: Sim, tmp_path: Path) -> None:
    ended = cnx("apply", "--org", "fresh", "-p", "package_version_id=x", "--json", cwd=tmp_path)
    refused(ended, 2, "package_version_id")
    error = ended.json["error"]
    assert set(error) == {"type", "message", "org", "guide", "hint"}
    assert (error["type"], error["org"]) == ("ParameterError", "fresh")
    assert "package_version_id" in error["message"]
    assert error["hint"]


def test_with_json_even_an_unknown_option_is_an_object(tmp_path: Path) -> None:
    ended = cnx("plan", "--json", "--bogus", cwd=tmp_path)
    assert (ended.code, ended.json["error"]["type"]) == (2, "UsageError")


def test_a_reviewed_digest_belongs_to_one_phase(sim: Sim, tmp_path: Path) -> None:
    ended = cnx("apply", "--org", "fresh", "--expected-digest", "sha256:" + "0" * 64, cwd=tmp_path)
    refused(ended, 2, "--expected-digest", "--phase")


def test_an_inventory_that_is_missing_or_malformed(tmp_path: Path) -> None:
    missing = cnx("plan", "--org", "fresh", cwd=tmp_path, more={"CNX_ORGS": str(tmp_path / "no.yaml")})
    refused(missing, 2, "no.yaml", "CNX_ORGS")
    (tmp_path / "bad.yaml").write_text("orgs: {acme: {login: {route: carrier-pigeon}}}")
    malformed = cnx("plan", "--org", "acme", cwd=tmp_path, more={"CNX_ORGS": str(tmp_path / "bad.yaml")})
    refused(malformed, 2, "bad.yaml", "acme", "login")


def inventory(path: Path, **login: str) -> dict[str, str]:
    """An inventory whose org acme has this login, with what a plan of 01 takes."""
    path.write_text(yaml.safe_dump({"orgs": {"acme": {"login": login}}}))
    return {"CNX_ORGS": str(path)}


def test_an_unreachable_org_ends_with_1_and_blocks_the_rest(tmp_path: Path) -> None:
    more = inventory(tmp_path / "o.yaml", route="session", url="https://127.0.0.1:9", session="env:ACME_SESSION")
    more |= {"ACME_SESSION": "00D!nothing"}
    ended = cnx("plan", "--org", "acme", "-p", CALLBACK, "--json", cwd=tmp_path, more=more)
    assert ended.code == 1
    assert "Traceback" not in ended.err
    told = ended.json
    assert (told["error"]["type"], told["error"]["org"]) == ("OrgUnreachable", "acme")
    assert told["error"]["hint"]
    assert "127.0.0.1:9" in ended.err
    assert [phase["status"] for phase in told["phases"]] == ["failed", *["blocked"] * 8]
    record = Path(told["record"])
    assert "Traceback" not in (record / "01_install_package.ipynb").read_text(encoding="utf-8")
    assert sorted(path.name for path in record.glob("*.ipynb")) == ["01_install_package.ipynb"]


def test_a_refused_login_ends_with_1_and_writes_nothing(sim: Sim, tmp_path: Path) -> None:
    from cnxlib.inventory import read_inventory

    login = read_inventory()["fresh"].login.model_dump(exclude_none=True)
    more = inventory(tmp_path / "o.yaml", **{**login, "password": "env:WRONG", "security_token": "env:WRONG"})
    before = sim.control("GET", "stats")["writes"]
    ended = cnx("apply", "--org", "acme", "--phase", "01", cwd=tmp_path, more={**more, "WRONG": "a-wrong-secret"})
    assert ended.code == 1
    assert "Traceback" not in ended.err + ended.out
    assert login["username"] in ended.out
    assert "Check user name, password and security token" in ended.out
    assert sim.control("GET", "stats")["writes"] == before
    everything = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "runs").rglob("*") if path.is_file())
    assert "a-wrong-secret" not in everything + ended.out + ended.err


def test_a_secret_that_is_missing_ends_with_1(tmp_path: Path) -> None:
    more = inventory(tmp_path / "o.yaml", route="session", url="https://127.0.0.1:9", session="env:NOWHERE_SET")
    ended = cnx("plan", "--org", "acme", "--phase", "01", "--json", cwd=tmp_path, more=more)
    assert (ended.code, ended.json["error"]["type"]) == (1, "SecretError")
    assert "NOWHERE_SET" in ended.err


def test_an_unknown_scenario_is_wrong_use(tmp_path: Path) -> None:
    refused(cnx("demo", "--scenario", "nonsense", cwd=tmp_path), 2, "nonsense", "fresh")


def test_a_command_that_is_missing_is_wrong_use(tmp_path: Path) -> None:
    refused(cnx("sim", "run", "--", "no-such-command", cwd=tmp_path), 2, "no-such-command")
