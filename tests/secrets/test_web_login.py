"""Logging in with the browser by the Salesforce CLI; a stand-in plays the CLI and the person."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from cnxlib.errors import SecretError
from cnxlib.secrets import web_login
from cnxlib.secrets.web_login import WebLogin
from tests.cli_of_salesforce import FakeCli

TOKEN = "00D000000000001!canary.of_the_web_login"
ACME = {"token": TOKEN, "url": "https://acme.my.salesforce.com/", "username": "a@b.example"}
PRODUCTION = "https://login.salesforce.com"


@pytest.fixture
def sf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    return FakeCli(tmp_path / "bin", monkeypatch)


def test_the_person_logs_in_and_the_session_is_there(sf: FakeCli) -> None:
    sf.holds(web={"org": ACME})
    told: list[str] = []
    session = WebLogin("acme", PRODUCTION).wait(told.append)
    assert (session.access_token, session.username) == (TOKEN, "a@b.example")
    assert told == [
        "Opening the browser ...",
        "Successfully authorized a@b.example with org ID 00D000000000001",
    ]
    assert sf.asked()[0] == "org login web --alias acme --instance-url https://login.salesforce.com"


@pytest.mark.parametrize(
    ("says", "hint"),
    [
        ("Cannot start the OAuth redirect server on port 1717.", "Another login is still waiting"),
        ("OAUTH_APP_BLOCKED: this app is blocked by admin", "have an administrator allow the app"),
    ],
)
def test_a_refused_login_says_why_and_what_to_do(sf: FakeCli, says: str, hint: str) -> None:
    sf.holds(web={"says": says})
    with pytest.raises(SecretError) as caught:
        WebLogin("acme", PRODUCTION).wait()
    assert says in caught.value.message
    assert hint in caught.value.hint


def test_a_login_is_given_up(sf: FakeCli) -> None:
    sf.holds(web={"org": ACME, "sleep": 60})
    login = WebLogin("acme", PRODUCTION)
    begun = threading.Event()
    threading.Thread(target=lambda: (begun.wait(30), login.give_up()), daemon=True).start()
    started = time.monotonic()
    with pytest.raises(SecretError, match="given up"):
        login.wait(lambda line: begun.set())
    assert time.monotonic() - started < 30


def test_nobody_is_waited_for_forever(sf: FakeCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_login, "PATIENCE_S", 0.5)
    sf.holds(web={"org": ACME, "sleep": 60})
    with pytest.raises(SecretError, match="given up"):
        WebLogin("acme", PRODUCTION).wait()


@pytest.mark.parametrize(
    ("alias", "url"), [("a b", PRODUCTION), ("-x", PRODUCTION), ("acme", "https://x.example/&calc")]
)
def test_nothing_gets_into_the_command_line(sf: FakeCli, alias: str, url: str) -> None:
    with pytest.raises(SecretError):
        WebLogin(alias, url)
    assert sf.asked() == []


def test_without_a_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SecretError, match="not installed"):
        WebLogin("acme", PRODUCTION).wait()
