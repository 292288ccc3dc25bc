"""Simulated orgs around a run: ready, trusted, and gone with who started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from cnxlib.errors import UsageError
from cnxlib.runs.simulated import SimulatedOrgs

START = """
import json, os, sys, time
from cnxlib.runs.simulated import SimulatedOrgs
with SimulatedOrgs(["--org", "acme=fresh"]) as orgs:
    print(json.dumps([orgs.ready["http_url"], orgs.ready["ca_cert"]]), flush=True)
    time.sleep(60)
"""


def answers(url: str) -> bool:
    with requests.Session() as http:
        http.trust_env = False  # this machine's own address: no proxy
        try:
            return http.get(f"{url}/_sim/stats", timeout=5).ok
        except requests.ConnectionError:
            return False


def test_programs_reach_and_trust_it_by_the_environment_alone() -> None:
    with SimulatedOrgs(["--org", "acme=fresh"]) as orgs:
        environment = orgs.environment()
        assert Path(environment["CNX_ORGS"]).is_file()
        code = "import os, requests; print(requests.get(os.environ['CNX_SIM_URL'] + '/services/data').status_code)"
        proxy = {"HTTPS_PROXY": "http://127.0.0.1:9"}  # nobody answers there
        answer = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **proxy, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout == "200\n"
        assert b"BEGIN CERTIFICATE" in Path(environment["REQUESTS_CA_BUNDLE"]).read_bytes()
        url = orgs.ready["http_url"]
        assert answers(url)
    assert not Path(environment["CNX_SECRETS"]).parent.exists()
    assert not Path(environment["CNX_ORGS"]).exists()
    assert not answers(url)


def test_what_was_trusted_before_still_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        (tmp_path / name).write_text(f"the proxy's certificate, for {name}")
        monkeypatch.setenv(name, str(tmp_path / name))
    with SimulatedOrgs() as orgs:
        own = Path(orgs.ready["ca_cert"]).read_text()
        for name in ("REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
            trusted = Path(orgs.environment()[name]).read_text()
            assert own in trusted
            assert f"for {name}" in trusted


def test_what_it_cannot_start_with_is_told_in_one_message() -> None:
    with pytest.raises(UsageError, match="no scenario 'nonsense'"), SimulatedOrgs(["--org", "acme=nonsense"]):
        pass


@pytest.mark.skipif(os.name != "posix", reason="kills by a POSIX signal")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_it_ends_with_who_started_it(number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as starter:
        assert starter.stdout is not None
        url, ca_cert = json.loads(starter.stdout.readline())
        assert answers(url)
        starter.send_signal(number)
        starter.wait(20)
    until = time.monotonic() + 15
    while answers(url) or Path(ca_cert).exists():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_records_are_signed_with_a_key_that_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path))
    monkeypatch.delenv("CNX_SIGNING_KEY", raising=False)
    monkeypatch.setenv("CNX_SIGNING_FINGERPRINT", "ab" * 32)
    with SimulatedOrgs() as orgs:
        first = orgs.environment()
        assert orgs.environment()["CNX_SIGNING_KEY"] == first["CNX_SIGNING_KEY"]
        kind, _, path = first["CNX_SIGNING_KEY"].partition(":")
        assert (kind, Path(path).parent, first["CNX_SIGNING_FINGERPRINT"]) == ("file", tmp_path, "")
        assert not Path(path).is_relative_to(first["CNX_SECRETS"])
        monkeypatch.setenv("CNX_SIGNING_KEY", "env:MINE")
        assert not {"CNX_SIGNING_KEY", "CNX_SIGNING_FINGERPRINT"} & set(orgs.environment())
    assert Path(path).exists()
