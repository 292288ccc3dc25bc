"""Sessions of the Salesforce CLI: from a stand-in with recorded answers; from the real one where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnxlib.errors import SecretError
from cnxlib.inventory import SessionLogin, find_org
from cnxlib.secrets import salesforce_cli
from cnxlib.secrets.salesforce_cli import session_of, version
from cnxlib.secrets.touched import touched
from tests.cli_of_salesforce import FakeCli
from tests.conftest import Sim

TOKEN = "00D000000000001!canary.of_the_cli"
ACME = {"token": TOKEN, "url": "https://acme.my.salesforce.com/", "username": "a@b.example"}


@pytest.fixture
def sf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    return FakeCli(tmp_path / "bin", monkeypatch)


def refused(alias: str) -> SecretError:
    with pytest.raises(SecretError) as caught:
        session_of(alias)
    assert TOKEN not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", ["new", "old"])
def test_a_session_of_a_cli_that_hides_its_token_and_of_an_older_one(sf: FakeCli, kind: str) -> None:
    sf.holds(kind, orgs={"acme": ACME})
    session = session_of("acme")
    assert (session.access_token, session.username) == (TOKEN, "a@b.example")
    assert session.instance_url == "https://acme.my.salesforce.com"
    assert TOKEN not in repr(session)
    assert TOKEN in touched()


def test_what_is_asked_holds_no_secret(sf: FakeCli) -> None:
    sf.holds(orgs={"acme": ACME})
    session_of("acme")
    assert sf.asked() == [
        "org display --target-org acme --json",
        "org auth show-access-token --target-org acme --json",
    ]


def test_an_alias_that_it_does_not_know(sf: FakeCli) -> None:
    error = refused("acme")
    assert "not logged in" in error.message
    assert "sf org login web --alias acme" in error.hint


@pytest.mark.parametrize("status", ["RefreshTokenAuthError", "Session expired or invalid"])
def test_a_session_that_is_over(sf: FakeCli, status: str) -> None:
    sf.holds(orgs={"acme": {**ACME, "status": status}})
    error = refused("acme")
    assert status in error.message
    assert "sf org login web --alias acme" in error.hint


@pytest.mark.parametrize("token", ["[REDACTED] Use it", "d47b6dbd7f:8f49", ""])
def test_a_token_that_is_hidden_or_left_encrypted(sf: FakeCli, token: str) -> None:
    sf.holds("old", orgs={"acme": {**ACME, "token": token}})
    error = refused("acme")
    assert "does not tell its access token" in error.message
    assert "sf update" in error.hint


@pytest.mark.parametrize("url", ["", "http://plain.example"])
def test_an_address_that_is_not_https(sf: FakeCli, url: str) -> None:
    sf.holds(orgs={"acme": {**ACME, "url": url}})
    assert "https" in refused("acme").message


@pytest.mark.parametrize("garbage", ["", "Segmentation fault", "[1, 2]", '{"status": 1}', '{"status": 0, "result": 1}'])
def test_an_answer_that_is_none(sf: FakeCli, garbage: str) -> None:
    sf.holds(garbage=garbage)
    assert "sf org login web --alias acme" in refused("acme").hint


def test_it_takes_too_long(sf: FakeCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salesforce_cli, "TIMEOUT_S", 0.2)
    sf.holds(sleep=2)
    assert "did not answer" in refused("acme").message


def test_it_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refused("acme")
    assert "not installed" in error.message
    assert "sf org login web" in error.hint
    assert version() == ""


@pytest.mark.parametrize("alias", ["", "-o", "a b", "a&calc", "a|b", "%PATH%", "a\nb", '"'])
def test_an_alias_that_a_shell_might_read_as_more(sf: FakeCli, alias: str) -> None:
    assert "no alias" in refused(alias).message
    assert sf.asked() == []


def test_its_version(sf: FakeCli) -> None:
    assert version() == "@salesforce/cli/2.146.3"


@pytest.mark.skipif(shutil.which("sf") is None, reason="the Salesforce CLI is not installed here")
@pytest.mark.skipif(sys.platform != "linux", reason="the CLI's keychain is the user's own there")
def test_the_real_one(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("SF_USE_GENERIC_UNIX_KEYCHAIN", "SF_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "true")
    login = find_org(sim.new_org("modern")).login
    assert isinstance(login, SessionLogin)
    token = Path(login.session.removeprefix("file:")).read_text(encoding="utf-8")
    assert "not logged in" in refused("real").message
    command = ["sf", "org", "login", "access-token", "--instance-url", login.url, "--no-prompt", "--alias", "real"]
    subprocess.run(command, env={**os.environ, "SF_ACCESS_TOKEN": token}, check=True, capture_output=True)
    session = session_of("real")
    assert (session.access_token, session.instance_url) == (token, login.url)
