"""The server as a process: its ready line, what it writes, TLS, the control door, bad input, its end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from unittest.mock import ANY

import pytest
import requests
import yaml

from cnxlib.simorg import ids
from tests.simorg.harness import Org, Server


def test_the_ready_line_and_the_files_it_names(server: Server) -> None:
    ready = server.ready
    assert ready.keys() >= {"url", "http_url", "ca_cert", "orgs", "inventory"}
    fresh = ready["orgs"][0]
    assert fresh.keys() == {"alias", "org_id", "username", "password", "security_token", "access_token", "scenario"}
    entry = yaml.safe_load(Path(ready["inventory"]).read_text("utf-8"))["orgs"]["fresh"]
    assert entry["simulated"] is True
    assert entry["ca_cert"] == ready["ca_cert"]
    assert entry["parameters"].keys() == {
        "01_install_package", "02_integration_user", "03_connected_app", "04_api_access", "05_permission_sets",
        "06_visibility", "07_existing_users", "08_new_users", "09_support_request",
    }  # fmt: skip
    secret = Path(entry["login"]["password"].removeprefix("file:"))
    assert secret.read_text("utf-8") == fresh["password"]
    assert fresh["password"] not in Path(ready["inventory"]).read_text("utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_both_schemes_answer_on_loopback_only(server: Server) -> None:
    assert server.http.get(f"{server.url}/_sim/stats").status_code == 200
    assert requests.get(f"{server.ready['http_url']}/_sim/stats", timeout=10).status_code == 200
    port = int(server.url.rpartition(":")[2])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in others:
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, port)) != 0, f"it listens on {address} too"


@pytest.mark.parametrize("path", ["/services/data", "/services/data/v62.0/sobjects/User/describe"])
def test_a_doubled_slash_before_the_path_is_one(org: Org, path: str) -> None:
    assert org.call("GET", f"/{path}").json() == org.call("GET", path).json()


def test_stats_tell_reads_from_writes(org: Org) -> None:
    org.query("SELECT Id FROM User")
    org.call("POST", "sobjects/PermissionSet", json={"Name": "Counted", "Label": "Counted"})
    org.call("POST", "sobjects/PermissionSet", json={"Label": "refused, but tried"})
    found = org.stats()
    assert (found["requests"], found["writes"]) == (3, 2)
    assert found["by_kind"] == {"query": 1, "sobjects": 2}


def test_reset_puts_everything_back_and_keeps_the_login(org: Org) -> None:
    before = snapshot(org)
    org.call("POST", "sobjects/PermissionSet", json={"Name": "Passing", "Label": "Passing"})
    assert snapshot(org) != before
    org.server.http.post(f"{org.server.url}/_sim/orgs/{org.alias}/reset")
    assert names(snapshot(org)) == names(before)
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Passing'") == []


def test_a_snapshot_holds_no_secret(org: Org) -> None:
    text = json.dumps(snapshot(org))
    for kind in ("password", "security_token", "access_token"):
        assert org.about[kind] not in text


def snapshot(org: Org) -> dict[str, object]:
    found: dict[str, object] = org.server.http.get(f"{org.server.url}/_sim/orgs/{org.alias}/snapshot").json()
    return found


def names(state: dict[str, object]) -> list[str]:
    objects = state["objects"]
    assert isinstance(objects, dict)
    return sorted(f"{sobject} {row.get('Name')}" for sobject, rows in objects.items() for row in rows)


@pytest.mark.parametrize(
    "wanted", [{"alias": "../x"}, {"alias": "new", "scenario": "nowhere"}, {"alias": "fresh"}, {}, [], "x"]
)
def test_an_org_that_cannot_be_made(server: Server, wanted: object) -> None:
    answer = server.http.post(f"{server.url}/_sim/orgs", json=wanted)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("path", ["/", "/services", "/services/Soap/x/59.0", "/_sim/orgs/nobody/snapshot"])
def test_an_address_that_is_not_there(server: Server, path: str) -> None:
    answer = server.http.get(f"{server.url}{path}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_a_method_that_is_not_served(server: Server) -> None:
    answer = server.http.delete(f"{server.url}/services/data")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"<a",
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><Envelope><Body><login>&e;</login></Body></Envelope>',
    ],
)
@pytest.mark.parametrize("door", ["u/59.0", "m/59.0", "c/59.0/"])
def test_bad_xml_is_a_fault_and_never_a_traceback(server: Server, door: str, body: bytes) -> None:
    answer = server.http.post(f"{server.url}/services/Soap/{door}", data=body, headers={"Content-Type": "text/xml"})
    assert answer.status_code == 500
    assert "<faultcode>soapenv:Client</faultcode>" in answer.text
    assert "Traceback" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM to catch")
def test_sigterm_ends_it_cleanly_and_leaves_nothing() -> None:
    command = [sys.executable, "-m", "cnxlib.simorg", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = json.loads(process.stdout.readline())
        requests.get(f"{ready['http_url']}/_sim/stats", timeout=10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.stderr.read() == ""
    assert not Path(ready["inventory"]).parent.exists()


@pytest.mark.parametrize(
    "arguments", [["--scenario", "nowhere"], ["--org", "x"], ["--org", "a/b=fresh"], ["--port", "99999"]]
)
def test_wrong_use_is_exit_2_with_a_message_and_no_traceback(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "cnxlib.simorg", "serve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr


def test_state_survives_a_restart(tmp_path: Path) -> None:
    arguments = ("--state", str(tmp_path / "orgs.db"), "--org", "kept=fresh")
    first = Server(*arguments)
    org = Org(first, first.ready["orgs"][0])
    org.call("POST", "sobjects/PermissionSet", json={"Name": "Kept", "Label": "Kept"})
    assert first.close() == 0
    second = Server(*arguments)
    again = Org(second, second.ready["orgs"][0])
    assert again.about == org.about
    assert [row["Label"] for row in again.query("SELECT Label FROM PermissionSet WHERE Name = 'Kept'")] == ["Kept"]
    assert second.close() == 0


def test_an_org_that_is_born_anew_is_another_org() -> None:
    told = []
    for _ in range(2):
        server = Server("--org", "demo=fresh")
        try:
            org = Org(server, server.ready["orgs"][0])
            server.http.post(f"{server.url}/_sim/orgs/demo/reset")
            assert org.query("SELECT Id FROM Organization") == [
                {"attributes": ANY, "Id": org.about["org_id"]},
            ], "a reset makes no other org of it"
            told.append(org.about["org_id"])
        finally:
            server.close()
    assert len(set(told)) == 2
    assert all(ids.to18(one[:15]) == one and one.startswith("00D") for one in told)


def test_a_modern_org_has_soap_login_and_app_creation_off(server: Server) -> None:
    org = server.add_org("modern")
    entry = yaml.safe_load(Path(server.ready["inventory"]).read_text("utf-8"))["orgs"][org.alias]
    assert entry["login"]["route"] == "session"
    assert Path(entry["login"]["session"].removeprefix("file:")).read_text("utf-8") == org.about["access_token"]
    app_parameters = entry["parameters"]["03_connected_app"]
    assert app_parameters["conexiom_accepts"] == "unknown"
    assert app_parameters["callback_url"].startswith("https://"), "laid over fresh"
    credentials = f"<username>{org.about['username']}</username><password>{org.about['password']}</password>"
    assert "sf:INVALID_OPERATION" in org.soap("u/59.0", f"<login>{credentials}</login>").text
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    app = "<fullName>Conexiom</fullName><contactEmail>a@b.example</contactEmail><label>Conexiom</label>"
    call = f'<createMetadata><metadata xmlns:x="{xsi}" x:type="ConnectedApp">{app}</metadata></createMetadata>'
    assert "You can't create a connected app." in org.soap("m/62.0", call, org.about["access_token"]).text


def test_every_org_of_the_state_file_comes_back(tmp_path: Path) -> None:
    arguments = ("--state", str(tmp_path / "orgs.db"))
    first = Server(*arguments, "--org", "named=fresh")
    try:
        made = first.http.post(f"{first.url}/_sim/orgs", json={"alias": "made", "scenario": "modern"}).json()
        org = Org(first, made)
        assert org.call("POST", "sobjects/PermissionSet", json={"Name": "Kept", "Label": "Kept"}).status_code == 201
    finally:
        assert first.close() == 0
    second = Server(*arguments)
    try:
        assert {each["alias"]: each["scenario"] for each in second.ready["orgs"]} == {
            "made": "modern",
            "named": "fresh",
        }
        again = Org(second, next(each for each in second.ready["orgs"] if each["alias"] == "made"))
        assert again.about == made
        assert len(again.query("SELECT Id FROM PermissionSet WHERE Name = 'Kept'")) == 1
    finally:
        assert second.close() == 0


def test_a_state_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    state, old = tmp_path / "orgs.db", tmp_path / "old.db"
    first = Server("--state", str(state), "--org", "kept=fresh")
    assert first.close() == 0
    shutil.copy(state, old)
    with closing(sqlite3.connect(old)) as database:
        database.execute("PRAGMA user_version = 1")
    text = tmp_path / "notes.txt"
    text.write_text("no database " * 100, "utf-8")
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE _document (a)")
    for code, arguments, told in [
        (2, ("--state", str(state), "--org", "kept=modern"), "not as modern"),
        (1, ("--state", str(old)), "written by another version of the simulated org"),
        (1, ("--state", str(text)), "no state file"),
        (1, ("--state", str(foreign)), "no state file"),
        (1, ("--state", str(tmp_path)), "no state file"),
    ]:
        command = [sys.executable, "-m", "cnxlib.simorg", "serve", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert (ended.returncode, ended.stdout) == (code, ""), ended
        assert ended.stderr.startswith("simulated org: ") and told in ended.stderr
        assert ended.stderr.count("\n") == 1, "one line, no traceback"
