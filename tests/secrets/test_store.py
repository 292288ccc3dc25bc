"""The secret store and the references to it."""

from __future__ import annotations

import stat
import string
import sys
from pathlib import Path

import pytest

from cnxlib.errors import SecretError
from cnxlib.secrets import SecretStore, make_secret, resolve


def test_what_is_put_is_got_and_lies_encrypted(tmp_path: Path) -> None:
    store = SecretStore(tmp_path / "store")
    reference = store.put("00D/user/password", "hunter2-canary")
    assert reference == "age:00D/user/password"
    assert resolve(reference, SecretStore(tmp_path / "store")) == "hunter2-canary"
    for path in (tmp_path / "store").iterdir():
        assert b"hunter2-canary" not in path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes; the user's own folder protects there")
def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    SecretStore(tmp_path / "s").put("a", "b")
    for name in ("secrets.age", "identity.txt"):
        assert stat.S_IMODE((tmp_path / "s" / name).stat().st_mode) == 0o600


def test_putting_keeps_the_others(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.put("b", "2")
    store.put("a", "1")
    store.put("b", "3")
    assert store.names() == ["a", "b"]
    assert store.get("b") == "3"


def test_another_identity_does_not_open_it(tmp_path: Path) -> None:
    SecretStore(tmp_path / "one").put("a", "b")
    SecretStore(tmp_path / "two").put("a", "b")
    (tmp_path / "one" / "identity.txt").write_bytes((tmp_path / "two" / "identity.txt").read_bytes())
    with pytest.raises(SecretError, match="does not open"):
        SecretStore(tmp_path / "one").get("a")


def test_a_lost_identity_is_not_replaced_in_silence(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.put("a", "b")
    (tmp_path / "identity.txt").unlink()
    for attempt in (store.names, lambda: store.put("c", "d")):
        with pytest.raises(SecretError, match="identity"):
            attempt()


def test_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_TEST_SECRET", "from-env")
    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")
    assert resolve("env:CNX_TEST_SECRET") == "from-env"
    assert resolve(f"file:{tmp_path / 'secret'}") == "from-file"


@pytest.mark.parametrize("reference", ["env:CNX_NOT_SET", "file:/nowhere/at/all", "age:nothing", "hunter2", "env:", ""])
def test_references_that_lead_nowhere(reference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNX_NOT_SET", raising=False)
    with pytest.raises(SecretError) as caught:
        resolve(reference, SecretStore(tmp_path))
    assert "hunter2" not in str(caught.value)


def test_what_is_drawn_fits_salesforce() -> None:
    password, key = make_secret("password"), make_secret("alphanumeric")
    assert len(password) == 24
    for letters in (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%*+-=?_"):
        assert set(password) & set(letters)
    assert len(key) == 64
    assert key.isalnum() and key.isascii()
    assert make_secret("password") != password
