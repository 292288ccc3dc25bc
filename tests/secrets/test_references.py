"""References: each kind leads to its secret, which is from then on known as one; what leads nowhere says so."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest

from cnxlib.errors import SecretError, StoreLocked
from cnxlib.phases.base import REFERENCE_OR_BLANK
from cnxlib.secrets import SecretStore, resolve, salesforce_cli
from cnxlib.secrets.touched import touched
from tests.secrets import keyring_in_a_file as fake


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_TEST_SECRET", "from-env")
    assert resolve("env:CNX_TEST_SECRET") == "from-env"
    assert "from-env" in touched()


@pytest.mark.parametrize("content", ["from-file", "from-file\n", "from-file\r\n", "\ufefffrom-file\n"])
def test_a_file_is_read_as_editors_and_windows_write_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_bytes(content.encode())
    assert resolve(f"file:{tmp_path / 'secret'}") == "from-file"


def test_a_key_keeps_its_lines(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    (tmp_path / "key.pem").write_text(f"{key}\n")
    assert resolve(f"file:{tmp_path / 'key.pem'}") == key


def test_the_store(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.put("a/b:c", "from-the-store")
    assert resolve("age:a/b:c", store) == "from-the-store"


def test_the_keyring(use_keyring: Callable[[fake.Keyring], Path]) -> None:
    use_keyring(fake.Keyring())
    keyring.set_password("https://login.salesforce.com", "admin@acme.example", "from-the-keyring")
    assert resolve("keyring:https://login.salesforce.com/admin@acme.example") == "from-the-keyring"
    with pytest.raises(SecretError, match="nothing for other of acme"):
        resolve("keyring:acme/other")
    with pytest.raises(SecretError) as caught:
        resolve("keyring:acme")
    assert "SERVICE/NAME" in caught.value.hint


def test_a_locked_keyring_is_told_from_an_empty_one(
    use_keyring: Callable[[fake.Keyring], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_keyring(fake.Keyring())
    monkeypatch.setenv(fake.LOCKED, "1")
    with pytest.raises(StoreLocked, match="locked"):
        resolve("keyring:acme/admin")


def test_where_there_is_no_keyring_it_says_so() -> None:
    with pytest.raises(SecretError, match="no keyring here"):
        resolve("keyring:acme/admin")


def test_the_salesforce_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    session = salesforce_cli.CliSession("00D5x!from-the-cli", "https://acme.example", "admin@acme.example")
    monkeypatch.setattr(salesforce_cli, "session_of", {"acme": session}.__getitem__)
    assert resolve("sf:acme") == "00D5x!from-the-cli"
    assert "00D5x!from-the-cli" in touched()


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:CNX_NOT_SET", "CNX_NOT_SET is not set"),
        ("file:/nowhere/at/all", "/nowhere/at/all cannot be read: No such file"),
        ("file:/", "cannot be read"),
        ("file:nul\0l", "cannot be read"),
        ("age:nothing", "holds no nothing"),
        ("hunter2", "env:NAME, file:PATH, age:NAME, keyring:SERVICE/NAME or sf:ALIAS"),
        ("hunter2:canary", "env:NAME"),
        ("env:", "env:NAME"),
        ("", "env:NAME"),
    ],
)
def test_what_leads_nowhere(reference: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNX_NOT_SET", raising=False)
    with pytest.raises(SecretError, match=re.escape(said)) as caught:
        resolve(reference, SecretStore(tmp_path))
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint


def test_a_name_that_is_nearly_right_is_offered(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.put("acme/password", "x" * 8)
    with pytest.raises(SecretError) as caught:
        resolve("age:acme/pasword", store)
    assert caught.value.hint == "Did you mean acme/password?"


@pytest.mark.parametrize("value", ["abc", "\n", "a\n"])
def test_what_is_too_short_to_be_hidden_is_no_secret(tmp_path: Path, value: str) -> None:
    (tmp_path / "secret").write_text(value)
    with pytest.raises(SecretError, match=r"empty|shorter than 4"):
        resolve(f"file:{tmp_path / 'secret'}")
    with pytest.raises(SecretError, match="shorter than 4"):
        SecretStore(tmp_path / "store").put("short", value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file")
def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(SecretError, match="too large"):
        resolve("file:/dev/zero")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00\x01secret")
    with pytest.raises(SecretError, match="no UTF-8 text"):
        resolve(f"file:{tmp_path / 'secret'}")


@pytest.mark.parametrize("reference", ["", "env:A", "file:/a", "age:a/b", "keyring:a/b", "sf:acme"])
def test_parameters_take_each_kind(reference: str) -> None:
    assert re.match(REFERENCE_OR_BLANK, reference)


@pytest.mark.parametrize("value", ["hunter2", "env:", "vault:a", " env:A"])
def test_parameters_take_nothing_else(value: str) -> None:
    assert not re.match(REFERENCE_OR_BLANK, value)
