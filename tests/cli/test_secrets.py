"""`cnx secrets` as people and programs use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes import CNX, Ended, cnx, environment
from tests.secrets import keyring_in_a_file
from tests.terminal import at_terminal

VALUE = "hunter2-canary"
PHRASE = "correct horse battery"
ORG = "00D5x000000ABCDEAA"
ROOT = str(Path(__file__).parents[2])

terminal = pytest.mark.skipif(os.name != "posix", reason="has no pseudo terminal")


class Shell:
    """`cnx secrets` with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, folder / "store"
        self.more: dict[str, str] = {"CNX_SECRETS": str(self.store), "CNX_ORGS": str(folder / "orgs.yaml")}

    def __call__(self, *arguments: str, stdin: bytes = b"", code: int = 0) -> Ended:
        ended = subprocess.run(
            [*CNX, "secrets", *arguments],
            cwd=self.folder,
            env=environment(self.folder / "runs", self.more),
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
            start_new_session=True,  # nobody is at a terminal
        )
        told = Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
        assert told.code == code, told.err
        assert "Traceback" not in told.err
        assert VALUE not in told.out + told.err
        assert PHRASE not in told.out + told.err
        return told

    def asked(self, *arguments: str, answers: dict[str, str]) -> tuple[int, str]:
        return at_terminal(
            [*CNX, "secrets", *arguments],
            answers,
            cwd=self.folder,
            environment=environment(self.folder / "runs", self.more),
        )

    def resolved(self, reference: str) -> str:
        code = "import sys; from cnxlib.secrets import resolve; print(resolve(sys.argv[1]))"
        return subprocess.run(
            [sys.executable, "-c", code, reference],
            env={**os.environ, **self.more},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.strip()


@pytest.fixture
def secrets(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def error_of(ended: Ended) -> dict[str, Any]:
    error: dict[str, Any] = ended.json["error"]
    return error


def test_a_secret_goes_in_by_standard_input_and_is_listed_by_name(secrets: Shell) -> None:
    told = secrets("set", "acme/password", "--json", stdin=f"{VALUE}\n".encode())
    assert told.json == {
        "name": "acme/password",
        "reference": "age:acme/password",
        "replaced": False,
        "store": str(secrets.store),
        "protection": "file",
    }
    assert secrets.resolved("age:acme/password") == VALUE
    assert "Replaced acme/password" in secrets("set", "acme/password", stdin=b"another value").out
    assert secrets.resolved("age:acme/password") == "another value"
    listed = secrets("list")
    assert "age:acme/password" in listed.out
    assert str(secrets.store) in listed.out
    (one,) = secrets("list", "--json").json["secrets"]
    assert one == {"name": "acme/password", "reference": "age:acme/password", "org": None}


def test_the_org_of_a_secret_is_told_by_its_alias_where_the_records_know_it(secrets: Shell) -> None:
    secrets("set", f"{ORG}/user/a@acme.example/password", stdin=VALUE.encode())
    assert secrets("list", "--json").json["secrets"][0]["org"] == {"id": ORG, "alias": ""}
    (secrets.folder / "orgs.yaml").write_text(
        "orgs:\n  acme:\n    login: {route: session, url: 'https://acme.example', session: 'env:S'}\n"
    )
    record = secrets.folder / "runs" / "acme" / "20260101T000000Z-abcd"
    record.mkdir(parents=True)
    (record / "run.json").write_text(json.dumps({"org": {"alias": "acme", "id": ORG}}))
    (record / "events.jsonl").write_text("")
    assert secrets("list", "--json").json["secrets"][0]["org"] == {"id": ORG, "alias": "acme"}
    assert " acme" in secrets("list").out


def test_what_is_not_there_yet(secrets: Shell) -> None:
    assert secrets("list", "--json").json == {"store": str(secrets.store), "protection": None, "secrets": []}
    assert "nothing yet" in secrets("list").out
    assert not secrets.store.exists()


def test_removing_says_what_was_removed(secrets: Shell) -> None:
    for name in ("acme/password", "acme/token"):
        secrets("set", name, stdin=VALUE.encode())
    error = error_of(secrets("rm", "acme/pasword", "--json", code=2))
    assert (error["type"], error["hint"]) == ("UsageError", "Did you mean acme/password?")
    assert "Removed acme/password" in secrets("rm", "acme/password").out
    assert secrets("rm", "acme/token", "--json").json == {
        "removed": "acme/token",
        "reference": "age:acme/token",
        "store": str(secrets.store),
    }
    assert secrets("list", "--json").json["secrets"] == []
    secrets("rm", "acme/token", code=2)


@pytest.mark.parametrize("more", [[VALUE], ["--", VALUE], [f"--{VALUE}"], [f"-{VALUE}"]])
def test_a_secret_is_never_an_argument(secrets: Shell, more: list[str]) -> None:
    ended = secrets("set", "--json", "acme/password", *more, stdin=VALUE.encode(), code=2)
    assert "never an argument" in error_of(ended)["message"]
    assert not secrets.store.exists()


@pytest.mark.parametrize(
    ("name", "stdin", "said"),
    [
        ("acme", b"", "No secret was given"),
        ("acme", b"\n", "No secret was given"),
        ("acme", b"abc\n", "4 characters or more"),
        ("acme", b"\xff\xfe\x00", "no UTF-8"),
        ("acme", b"x" * 70_000, "too large"),
        ("a b", VALUE.encode(), "cannot have the name"),
        ("/acme", VALUE.encode(), "cannot have the name"),
    ],
)
def test_what_cannot_be_kept(secrets: Shell, name: str, stdin: bytes, said: str) -> None:
    error = error_of(secrets("set", name, "--json", stdin=stdin, code=2))
    assert said in error["message"]
    assert error["hint"]
    assert not secrets.store.exists()


def test_a_broken_store_is_named(secrets: Shell) -> None:
    secrets.store.mkdir()
    (secrets.store / "secrets.age").write_text("PK")
    for arguments in (["list"], ["set", "acme"], ["rm", "acme"], ["protect", "--with", "file"]):
        error = error_of(secrets(*arguments, "--json", stdin=VALUE.encode(), code=1))
        assert str(secrets.store / "secrets.age") in error["message"]
    assert (secrets.store / "secrets.age").read_text() == "PK"


def test_the_keyring_holds_the_key_and_is_shared_by_processes(secrets: Shell) -> None:
    secrets.more |= {
        "CNX_SECRETS_PROTECTION": "",
        "PYTHON_KEYRING_BACKEND": "tests.secrets.keyring_in_a_file.Keyring",
        "PYTHONPATH": ROOT,
        keyring_in_a_file.FILE: str(secrets.folder / "keyring.json"),
    }
    assert secrets("set", "acme", "--json", stdin=VALUE.encode()).json["protection"] == "keyring"
    assert secrets.resolved("age:acme") == VALUE
    secrets.more[keyring_in_a_file.LOCKED] = "1"
    error = error_of(secrets("list", "--json", code=1))
    assert error["type"] == "StoreLocked"
    assert "Unlock" in error["hint"]


def test_a_warning_once_where_the_key_lies_in_clear(secrets: Shell) -> None:
    secrets.more["CNX_SECRETS_PROTECTION"] = ""
    first = secrets("set", "one", "--json", stdin=VALUE.encode())
    assert first.json["protection"] == "file"
    assert "cnx secrets protect --with passphrase" in first.err
    assert "unprotected" not in secrets("set", "two", stdin=VALUE.encode()).err


def test_a_passphrase_for_runs_without_a_person(secrets: Shell) -> None:
    secrets("set", "acme", stdin=VALUE.encode())
    secrets.more["PHRASE"] = PHRASE
    told = secrets("protect", "--with", "passphrase", "--new-passphrase-ref", "env:PHRASE", "--json").json
    assert (told["before"], told["protection"]) == ("file", "passphrase")
    locked = error_of(secrets("list", "--json", code=1))
    assert locked["type"] == "StoreLocked"
    assert "CNX_SECRETS_PASSPHRASE_REF" in locked["hint"]
    secrets.more["CNX_SECRETS_PASSPHRASE_REF"] = "env:PHRASE"
    assert secrets("list", "--json").json["secrets"][0]["name"] == "acme"
    assert secrets.resolved("age:acme") == VALUE
    told = secrets("protect", "--with", "file", "--json").json
    assert (told["before"], told["protection"]) == ("passphrase", "file")
    wrong = secrets("protect", "--with", "file", "--new-passphrase-ref", "env:PHRASE", code=2)
    assert "--with passphrase" in wrong.err


@terminal
def test_a_person_types_unseen(secrets: Shell) -> None:
    code, shown = secrets.asked("set", "acme", answers={"acme: ": VALUE, "Once more: ": VALUE})
    assert code == 0, shown
    assert "Kept acme" in shown
    assert VALUE not in shown
    assert secrets.resolved("age:acme") == VALUE
    code, shown = secrets.asked("set", "acme", answers={"acme: ": VALUE, "Once more: ": "hunter3-canary"})
    assert (code, "The two differ" in shown) == (2, True)


@terminal
def test_a_person_is_asked_for_the_passphrase(secrets: Shell) -> None:
    secrets("set", "acme", stdin=VALUE.encode())
    new = {"New passphrase": PHRASE, "Once more: ": PHRASE}
    code, shown = secrets.asked("protect", "--with", "passphrase", answers=new)
    assert code == 0, shown
    assert "behind a passphrase" in shown
    code, shown = secrets.asked("list", "--json", answers={"Passphrase of the secret store": PHRASE})
    assert code == 0, shown
    assert '"age:acme"' in shown
    assert PHRASE not in shown
    code, shown = secrets.asked("list", answers={"Passphrase of the secret store": "wrong horse battery"})
    assert (code, "does not open" in shown) == (1, True)


@terminal
def test_a_run_asks_before_its_kernels_need_it(secrets: Shell, sim: Any) -> None:
    """The kernels have no terminal; they are handed what the passphrase opened."""
    alias = sim.new_org("fresh")
    secrets.more["PHRASE"] = PHRASE
    secrets("protect", "--with", "passphrase", "--new-passphrase-ref", "env:PHRASE")
    del secrets.more["PHRASE"], secrets.more["CNX_ORGS"]
    arguments = ["apply", "--org", alias, "--phase", "01", "--phase", "03", "--json"]
    locked = cnx(*arguments, cwd=secrets.folder, more=secrets.more)
    assert locked.code == 1
    assert "behind a passphrase" in locked.json["phases"][1]["reason"]
    code, shown = at_terminal(
        [*CNX, *arguments],
        {"Passphrase of the secret store": PHRASE},
        cwd=secrets.folder,
        environment=environment(secrets.folder / "runs", secrets.more),
    )
    assert code == 0, shown
    assert (secrets.store / "secrets.age").exists()
    secrets.more |= {"PHRASE": PHRASE, "CNX_SECRETS_PASSPHRASE_REF": "env:PHRASE"}
    listed = secrets("list", "--json").json["secrets"]
    assert any(one["name"].endswith("consumer_secret") for one in listed)
    written = [path for path in (secrets.folder / "runs").rglob("*") if path.is_file()]
    assert written
    for path in written:
        assert PHRASE.encode() not in path.read_bytes()
        assert b"AGE-SECRET-KEY" not in path.read_bytes()
