"""`cnx records` as people and auditors use it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cnxlib.records.presence import present
from cnxlib.records.run_record import RunRecord
from cnxlib.secrets import SecretStore
from cnxlib.secrets.identity import UNLOCKED
from tests.processes import Ended, cnx
from tests.records.making import begun, ended, sealed

STATEMENT = "statement.dsse.json"


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CNX_SIGNING_KEY", "CNX_SIGNING_FINGERPRINT", "CNX_SECRETS_PASSPHRASE_REF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "file")


@pytest.fixture
def runs(tmp_path: Path) -> list[RunRecord]:
    """Three sealed runs of the org "acme"."""
    return [sealed(tmp_path / "runs", "acme", ticket=f"CHG-{number}") for number in (1, 2, 3)]


def head(record: RunRecord) -> str:
    return "sha256:" + hashlib.sha256((record.path / STATEMENT).read_bytes()).hexdigest()


def records(*arguments: str, cwd: Path, more: dict[str, str] | None = None) -> Ended:
    done = cnx("records", *arguments, cwd=cwd, more=more)
    assert "Traceback" not in done.err
    return done


def test_the_list_says_of_each_run_what_it_was_and_whether_it_is_sealed(runs: list[RunRecord], tmp_path: Path) -> None:
    unsealed = ended(tmp_path / "runs", "other", ticket="CHG-9")
    at_work = begun(tmp_path / "runs", "other")
    with present(at_work):
        told = records("list", "--json", cwd=tmp_path).json
    acme, other = told["orgs"]
    numbered = {run["run_id"]: (run["number"], run["seal"], run["ticket"]) for run in acme["runs"]}
    assert numbered == {run.run_id: (n, "sealed", f"CHG-{n}") for n, run in enumerate(runs, 1)}
    assert {run["run_id"]: run["seal"] for run in other["runs"]} == {
        unsealed.run_id: "unsealed",
        at_work.run_id: "in progress",
    }
    people = records("list", "--org", "acme", cwd=tmp_path).out
    for number, run in enumerate(runs, 1):
        assert re.search(rf"{run.run_id} +{number} +apply +changed +CHG-{number} +sealed", people)
    assert unsealed.run_id not in people


def test_a_list_of_nothing_is_empty(tmp_path: Path) -> None:
    done = records("list", "--json", cwd=tmp_path)
    assert (done.code, done.json["orgs"]) == (0, [])
    assert str(tmp_path / "runs") in done.err


def test_a_run_is_shown_with_its_changes_and_notebooks(runs: list[RunRecord], tmp_path: Path) -> None:
    told = records("show", runs[1].run_id, "--json", cwd=tmp_path).json
    assert told["statement"]["predicate"]["number"] == 2
    (phase,) = told["phases"]
    assert (phase["phase"], phase["status"]) == ("07_existing_users", "changed")
    assert (phase["steps"][0]["before"], phase["steps"][0]["after"]) == (None, {"set": "User"})
    assert told["notebooks"] == [str(runs[1].path / "07_existing_users.ipynb")]
    shown = records("show", str(runs[1].path), cwd=tmp_path).out
    for part in ("CHG-2", "admin@acme.example", 'null → {"set": "User"}', "07_existing_users.ipynb", head(runs[1])):
        assert part in shown


def test_a_run_is_found_by_the_beginning_of_its_id(runs: list[RunRecord], tmp_path: Path) -> None:
    shared = runs[0].run_id[:8]  # the day
    several = records("show", shared, cwd=tmp_path)
    assert several.code == 2
    assert all(run.run_id in several.err for run in runs)
    none = records("show", "2001", cwd=tmp_path)
    assert (none.code, "cnx records list" in none.err) == (2, True)
    copied = sealed(tmp_path / "runs", "other").path.with_name(runs[0].run_id)
    shutil.copytree(runs[0].path, copied)
    assert records("show", runs[0].run_id, cwd=tmp_path).code == 2
    assert records("show", runs[0].run_id, "--org", "acme", cwd=tmp_path).code == 0


def test_what_lies_in_a_record_says_nothing_to_the_terminal(runs: list[RunRecord], tmp_path: Path) -> None:
    (runs[0].path / "\x1b[2Jgone\n").write_text("")
    done = records("verify", cwd=tmp_path)
    assert done.code == 1
    assert "\\x1b[2Jgone\\n: added" in done.out
    assert "\x1b[2J" not in done.out


def test_an_auditor_needs_the_records_and_the_key_alone(runs: list[RunRecord], tmp_path: Path) -> None:
    key = records("key", cwd=tmp_path)
    (tmp_path / "signer.pem").write_text(key.out)
    fingerprint = re.search("sha256:[0-9a-f]{64}", key.err)
    assert fingerprint
    assert records("key", "--json", cwd=tmp_path).json["fingerprint"] == fingerprint[0]
    elsewhere = tmp_path / "auditor"
    elsewhere.mkdir()
    shutil.copytree(tmp_path / "runs", elsewhere / "evidence")
    nothing = {"CNX_SECRETS": str(elsewhere / "no-store"), "CNX_ORGS": str(elsewhere / "no-orgs.yaml")}
    by_key = records("verify", "evidence", "--public-key", str(tmp_path / "signer.pem"), cwd=elsewhere, more=nothing)
    assert by_key.code == 0, by_key.err
    complete = f"complete through run 3 ({runs[2].run_id}, {head(runs[2])})"
    assert f"{complete}; later runs cannot be excluded" in by_key.out
    given = ["--fingerprint", fingerprint[0], "--head", head(runs[2]), "--json"]
    told = records("verify", "evidence/acme", *given, cwd=elsewhere, more=nothing).json
    assert (told["ok"], told["orgs"][0]["said"]) == (True, f"{complete}, the head that was given")
    alone = records("verify", "evidence", cwd=elsewhere, more=nothing)
    assert (alone.code, "Nobody vouched for it" in alone.out, fingerprint[0] in alone.out) == (0, True, True)
    pinned = records("verify", "evidence", cwd=elsewhere, more={**nothing, "CNX_SIGNING_FINGERPRINT": "0" * 64})
    assert (pinned.code, pinned.out.count("foreign: another key signed it")) == (1, 3)
    assert not (elsewhere / "no-store").exists()


def test_what_was_done_to_records_is_named_and_the_rest_told_apart(runs: list[RunRecord], tmp_path: Path) -> None:
    (runs[1].path / "run.json").write_text("{}")
    unsealed = ended(tmp_path / "runs", "acme")
    done = records("verify", "--org", "acme", "--json", cwd=tmp_path)
    assert done.code == 1
    assert [(one["kind"], one["run"], one["file"]) for one in done.json["findings"]] == [
        ("altered", runs[1].run_id, "run.json"),
        ("unsealed", unsealed.run_id, ""),
    ]
    assert f"run 2 ({runs[1].run_id}), run.json: altered" in done.err
    assert f"unsealed: nothing vouches for it; `cnx records seal {unsealed.run_id}`" in done.err
    assert f"Still as sealed: 1 ({runs[0].run_id}), 3 ({runs[2].run_id})" in done.err
    assert "complete through run 1 " in done.err
    one = records("verify", runs[2].run_id, cwd=tmp_path)
    assert (one.code, f"run {runs[2].run_id} is as sealed; what came before" in one.out) == (0, True)


def test_runs_cut_off_at_the_end_show_with_the_head(runs: list[RunRecord], tmp_path: Path) -> None:
    wanted = head(runs[2])
    shutil.rmtree(runs[2].path)
    assert records("verify", cwd=tmp_path).code == 0
    done = records("verify", "--head", wanted, cwd=tmp_path)
    assert (done.code, f"truncated: the head that was given, {wanted}" in done.out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["verify", "--org", "nobody"], "nobody"),
        (["verify", "no-such-run"], "no-such-run"),
        (["verify", "--head", "abc"], "abc"),
        (["verify", "--fingerprint", "abc"], "abc"),
        (["verify", "--public-key", "missing.pem"], "missing.pem"),
        (["verify", "--public-key", "runs/acme/RUN/run.json"], "run.json"),
        (["verify", "RUN", "--head", "0" * 64], "--head"),
        (["seal", "RUN"], "sealed already"),
        (["show", ""], "''"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(
    runs: list[RunRecord], tmp_path: Path, arguments: list[str], named: str
) -> None:
    given = [argument.replace("RUN", runs[0].run_id) for argument in arguments]
    done = records(*given, cwd=tmp_path)
    assert (done.code, named in done.err, done.out) == (2, True, "")
    assert len(done.err.strip().splitlines()) <= 3


def executed(path: Path, text: str = "done") -> Path:
    """A notebook as papermill leaves it."""
    output = {"output_type": "stream", "name": "stdout", "text": [text]}
    cell = {"cell_type": "code", "id": "a", "execution_count": 1, "source": ["1"], "outputs": [output], "metadata": {}}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def by_itself(root: Path) -> RunRecord:
    """The record of a notebook that papermill ran without the runner."""
    record = RunRecord.begin("acme", root)
    record.event("phase-started", {"org": {"alias": "acme"}}, phase="04_api_access", mode="verify")
    record.event("phase-ended", {"status": "converged", "digest": ""}, phase="04_api_access", mode="verify")
    return record


def test_a_notebook_run_by_papermill_itself_is_sealed_by_a_person(tmp_path: Path) -> None:
    record = by_itself(tmp_path / "runs")
    assert records("verify", cwd=tmp_path).code == 1
    notebook = executed(tmp_path / "out.ipynb")
    told = records("seal", record.run_id, "--notebook", str(notebook), "--json", cwd=tmp_path).json
    assert (told["run_id"], told["number"], told["hits"], told["head"]) == (record.run_id, 1, [], head(record))
    assert (record.path / "out.ipynb").read_bytes() == notebook.read_bytes()
    about = records("show", record.run_id, "--json", cwd=tmp_path).json["statement"]["predicate"]
    assert (about["sealed"]["by"], about["ending"], about["status"]) == ("person", "complete", "converged")
    assert records("verify", cwd=tmp_path).code == 0


def test_a_secret_is_taken_out_before_a_person_seals(tmp_path: Path) -> None:
    record = by_itself(tmp_path / "runs")
    planted = "AKIA" + "Q3EGRIWGYQ7NWM5T"
    notebook = executed(tmp_path / "out.ipynb", f"aws_key = {planted}")
    done = records("seal", record.run_id, "--notebook", str(notebook), "--json", cwd=tmp_path)
    assert done.code == 1
    assert [hit["file"] for hit in done.json["hits"]] == ["out.ipynb"]
    assert all(planted.encode() not in path.read_bytes() for path in record.path.iterdir())
    about = records("show", record.run_id, "--json", cwd=tmp_path).json["statement"]["predicate"]
    assert about["scan"]["hits"] == done.json["hits"]
    assert records("verify", cwd=tmp_path).code == 0


def test_what_is_no_executed_notebook_is_not_taken_in(tmp_path: Path) -> None:
    record = by_itself(tmp_path / "runs")
    (tmp_path / "no.ipynb").write_text("{}")
    source = json.loads(executed(tmp_path / "source.ipynb").read_text())
    source["cells"][0]["execution_count"] = None
    (tmp_path / "source.ipynb").write_text(json.dumps(source))
    for name, why in (("no.ipynb", "no notebook"), ("source.ipynb", "not executed"), ("gone.ipynb", "cannot be read")):
        done = records("seal", record.run_id, "--notebook", name, cwd=tmp_path)
        assert (done.code, why in done.err) == (2, True), done.err
    with present(record):
        assert "in progress" in records("seal", record.run_id, cwd=tmp_path).err
    assert [path.name for path in record.path.iterdir()] == ["events.jsonl"]


def test_a_locked_store_seals_nothing_and_still_verifies(runs: list[RunRecord], tmp_path: Path) -> None:
    opened = {"CNX_SECRETS_PASSPHRASE_REF": "env:PASSPHRASE", "PASSPHRASE": "correct horse battery staple"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSPHRASE", opened["PASSPHRASE"])
        SecretStore().protect("passphrase", "env:PASSPHRASE")
        os.environ.pop(UNLOCKED)  # or the processes started from here would know it
    record = by_itself(tmp_path / "runs")
    refused = records("seal", record.run_id, "--json", cwd=tmp_path)
    assert (refused.code, refused.json["error"]["type"]) == (1, "StoreLocked")
    assert [path.name for path in record.path.iterdir()] == ["events.jsonl"]
    looked = records("verify", runs[0].run_id, cwd=tmp_path)
    assert looked.code == 0
    assert "The own store could not be asked" in looked.out
    assert records("seal", record.run_id, cwd=tmp_path, more=opened).code == 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_reads_the_printed_key(tmp_path: Path) -> None:
    key = records("key", cwd=tmp_path)
    told = subprocess.run(
        ["openssl", "pkey", "-pubin", "-noout", "-text"], input=key.out, capture_output=True, text=True, check=True
    )
    assert "ED25519" in told.stdout.upper()
