"""Where the store's identity is kept, and how it is moved: what the store holds is never out of reach for it."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest

from cnxlib.errors import SecretError, StoreLocked, UsageError
from cnxlib.secrets import SecretStore, files, identity
from cnxlib.secrets.touched import touched
from tests.secrets import keyring_in_a_file as fake

pytestmark = pytest.mark.usefixtures("undecided")

PHRASE = "correct horse battery"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passphrases without scrypt, which takes seconds on purpose: here it is the order of writes that matters."""

    def encrypt(content: bytes, phrase: str) -> bytes:
        return b"age-encryption.org/" + phrase.encode() + b"\n" + content

    def decrypt(sealed: bytes, phrase: str) -> bytes:
        head, _, content = sealed.partition(b"\n")
        if head != b"age-encryption.org/" + phrase.encode():
            raise pyrage.DecryptError("Decryption failed")
        return content

    monkeypatch.setattr("pyrage.passphrase.encrypt", encrypt)
    monkeypatch.setattr("pyrage.passphrase.decrypt", decrypt)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"secrets.lock"}


def forget() -> None:
    """As a new process: it has not been told the passphrase."""
    os.environ.pop(identity.UNLOCKED, None)


def test_a_keyring_is_taken_where_there_is_one(
    tmp_path: Path, use_keyring: Callable[[fake.Keyring], Path], caplog: pytest.LogCaptureFixture
) -> None:
    entries = use_keyring(fake.Keyring())
    SecretStore(tmp_path / "s").put("name", "value")
    assert names_in(tmp_path / "s") == {"secrets.age", "identity.keyring"}
    assert "AGE-SECRET-KEY" not in (tmp_path / "s" / "identity.keyring").read_text()
    assert "AGE-SECRET-KEY" in entries.read_text()
    assert (SecretStore(tmp_path / "s").protection, SecretStore(tmp_path / "s").get("name")) == ("keyring", "value")
    assert caplog.messages == []
    # It is found by what it is, not by where the store lies; and a second store has one of its own.
    (tmp_path / "s").rename(tmp_path / "elsewhere")
    SecretStore(tmp_path / "two").put("name", "other")
    assert SecretStore(tmp_path / "elsewhere").get("name") == "value"


def test_a_keyring_that_is_locked_or_lost_is_told_apart(
    tmp_path: Path, use_keyring: Callable[[fake.Keyring], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = use_keyring(fake.Keyring())
    store = SecretStore(tmp_path / "s")
    store.put("name", "value")
    before = (tmp_path / "s" / "secrets.age").read_bytes()
    monkeypatch.setenv(fake.LOCKED, "1")
    for attempt in (store.names, lambda: store.put("name", "other")):
        with pytest.raises(StoreLocked, match=r"keyring .* is locked") as caught:
            attempt()
        assert caught.value.hint
    monkeypatch.delenv(fake.LOCKED)
    assert store.get("name") == "value"
    entries.write_text("{}")
    with pytest.raises(SecretError, match="identity is missing in the keyring"):
        store.get("name")
    assert (tmp_path / "s" / "secrets.age").read_bytes() == before


def test_with_the_keyring_out_of_reach_the_store_is_locked(
    tmp_path: Path, use_keyring: Callable[[fake.Keyring], Path]
) -> None:
    import keyring.backends.fail

    use_keyring(fake.Keyring())
    SecretStore(tmp_path / "s").put("name", "value")
    use_keyring(keyring.backends.fail.Keyring())  # such as by ssh, without the desktop
    with pytest.raises(StoreLocked, match="no keyring here"):
        SecretStore(tmp_path / "s").get("name")


@pytest.mark.parametrize("locked", [True, False])
def test_without_a_keyring_that_works_a_file_is_written_and_that_is_said_once(
    tmp_path: Path,
    use_keyring: Callable[[fake.Keyring], Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    locked: bool,
) -> None:
    if locked:
        monkeypatch.setenv(fake.LOCKED, "1")
    entries = use_keyring(fake.Keyring() if locked else fake.InClear())
    for n in range(3):
        SecretStore(tmp_path / "s").put(f"name-{n}", "value")
    assert names_in(tmp_path / "s") == {"secrets.age", "identity.txt"}
    assert not entries.exists()
    (told,) = caplog.messages
    assert str(tmp_path / "s" / "identity.txt") in told
    assert "cnx secrets protect --with passphrase" in told
    assert "AGE-SECRET" not in told


def test_a_store_from_before_goes_on_as_it_is(
    tmp_path: Path, use_keyring: Callable[[fake.Keyring], Path], caplog: pytest.LogCaptureFixture
) -> None:
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "identity.txt").write_text(f"{key}\n")
    (tmp_path / "s" / "identity.txt").chmod(0o600)
    (tmp_path / "s" / "secrets.age").write_bytes(pyrage.encrypt(b'{"name": "value"}', [key.to_public()]))
    use_keyring(fake.Keyring())
    store = SecretStore(tmp_path / "s")
    store.put("new", "other")
    assert (store.protection, store.get("name"), store.get("new")) == ("file", "value", "other")
    assert caplog.messages == []


def test_how_it_is_kept_can_be_said(
    tmp_path: Path, use_keyring: Callable[[fake.Keyring], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_keyring(fake.Keyring())
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "file")
    SecretStore(tmp_path / "file").put("name", "value")
    assert SecretStore(tmp_path / "file").protection == "file"
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "safe")
    with pytest.raises(UsageError, match="'safe'") as caught:
        SecretStore(tmp_path / "safe").put("name", "value")
    assert "keyring, passphrase, file" in caught.value.hint


def test_a_passphrase_for_runs_without_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real scrypt."""
    (tmp_path / "phrase").write_text(f"{PHRASE}\n")
    monkeypatch.setenv("CNX_SECRETS_PASSPHRASE_REF", f"file:{tmp_path / 'phrase'}")
    store = SecretStore(tmp_path / "s")
    store.put("name", "value")
    assert names_in(tmp_path / "s") == {"secrets.age", "identity.age"}
    assert b"AGE-SECRET" not in (tmp_path / "s" / "identity.age").read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "s" / "identity.age").stat().st_mode) == 0o600
    forget()
    assert SecretStore(tmp_path / "s").get("name") == "value"
    assert PHRASE in touched()
    forget()
    (tmp_path / "phrase").write_text("wrong horse battery")
    with pytest.raises(StoreLocked, match=r"does not open .*identity\.age"):
        store.get("name")
    monkeypatch.delenv("CNX_SECRETS_PASSPHRASE_REF")
    with pytest.raises(StoreLocked, match="behind a passphrase") as caught:
        store.get("name")
    assert "CNX_SECRETS_PASSPHRASE_REF" in caught.value.hint


@pytest.mark.parametrize(
    ("reference", "kind", "said"),
    [
        ("age:phrase", SecretError, "leads nowhere"),
        ("sf:acme", SecretError, "leads nowhere"),
        (PHRASE, SecretError, "leads nowhere"),
        ("env:CNX_NOT_SET", SecretError, "CNX_NOT_SET is not set"),
        ("env:TOO_SHORT", UsageError, "shorter than 8"),
    ],
)
def test_passphrases_that_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, kind: type[Exception], said: str
) -> None:
    monkeypatch.setenv("TOO_SHORT", "seven77")
    monkeypatch.setenv("CNX_SECRETS_PASSPHRASE_REF", reference)
    with pytest.raises(kind, match=said) as caught:
        SecretStore(tmp_path / "s").put("name", "value")
    assert PHRASE not in str(caught.value)
    assert names_in(tmp_path / "s") == set()


@pytest.mark.usefixtures("quick")
def test_a_person_is_asked_once_for_all_processes(tmp_path: Path, answer: Callable[..., list[str]]) -> None:
    asked = answer(PHRASE, PHRASE)
    SecretStore(tmp_path / "s").protect("passphrase")
    assert len(asked) == 2
    SecretStore(tmp_path / "s").put("name", "value")
    assert len(asked) == 2
    forget()
    asked = answer(PHRASE)
    SecretStore(tmp_path / "s").unlock()
    assert [SecretStore(tmp_path / "s").get("name") for _ in range(3)] == ["value"] * 3
    assert len(asked) == 1
    assert str(tmp_path / "s") in asked[0]


@pytest.mark.usefixtures("quick")
def test_what_opens_one_store_is_not_tried_on_another(tmp_path: Path, answer: Callable[..., list[str]]) -> None:
    answer(PHRASE, PHRASE, "another phrase", "another phrase", PHRASE)
    for name in ("one", "two"):
        SecretStore(tmp_path / name).protect("passphrase")
        SecretStore(tmp_path / name).put("name", f"value of {name}")
    assert SecretStore(tmp_path / "two").get("name") == "value of two"
    assert SecretStore(tmp_path / "one").get("name") == "value of one"  # asked for, the fifth answer


@pytest.mark.usefixtures("quick")
def test_unlocking_asks_nobody_who_is_not_there(tmp_path: Path, answer: Callable[..., list[str]]) -> None:
    SecretStore(tmp_path / "none").unlock()
    assert not (tmp_path / "none").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHRASE", PHRASE)
        SecretStore(tmp_path / "s").protect("passphrase", "env:PHRASE")
    forget()
    SecretStore(tmp_path / "s").unlock()
    answer("")
    with pytest.raises(StoreLocked):
        SecretStore(tmp_path / "s").unlock()


@pytest.mark.usefixtures("quick")
def test_a_passphrase_typed_differently_changes_nothing(tmp_path: Path, answer: Callable[..., list[str]]) -> None:
    SecretStore(tmp_path / "s").put("name", "value")
    answer(PHRASE, "correct house battery")
    with pytest.raises(UsageError, match="differ"):
        SecretStore(tmp_path / "s").protect("passphrase")
    assert names_in(tmp_path / "s") == {"secrets.age", "identity.txt"}
    assert SecretStore(tmp_path / "s").get("name") == "value"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("before", "after"), [*itertools.permutations(["keyring", "passphrase", "file"], 2)])
def test_the_identity_moves_and_the_old_one_opens_no_more(
    tmp_path: Path,
    use_keyring: Callable[[fake.Keyring], Path],
    monkeypatch: pytest.MonkeyPatch,
    before: Any,
    after: Any,
) -> None:
    entries = use_keyring(fake.Keyring())
    monkeypatch.setenv("PHRASE", PHRASE)
    store = SecretStore(tmp_path / "s")
    store.protect(before, "env:PHRASE")
    store.put("name", "value")
    old = store._load(store._keepers[before])
    store.protect(after, "env:PHRASE")
    assert store.protection == after
    assert store.get("name") == "value"
    assert names_in(tmp_path / "s") == {"secrets.age", identity.KEEPERS[after].file_name}
    assert ("AGE-SECRET" in entries.read_text() if entries.exists() else False) == (after == "keyring")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt((tmp_path / "s" / "secrets.age").read_bytes(), [old])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("before", "after"),
    [*itertools.permutations(["keyring", "passphrase", "file"], 2), ("passphrase", "passphrase")],
)
def test_a_move_cut_off_at_any_write_leaves_a_store_that_opens(
    tmp_path: Path,
    use_keyring: Callable[[fake.Keyring], Path],
    monkeypatch: pytest.MonkeyPatch,
    before: Any,
    after: Any,
) -> None:
    class CutOff(BaseException):
        """As a kill does, it is caught by nobody."""

    use_keyring(fake.Keyring())
    phrases = {"OLD": PHRASE, "NEW": "another phrase"}
    for name, value in phrases.items():
        monkeypatch.setenv(name, value)

    def cut(step: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if not left[0]:
                raise CutOff
            left[0] -= 1
            return step(*arguments, **options)

        return counted

    for steps in itertools.count():
        store = SecretStore(tmp_path / f"s{steps}")
        store.protect(before, "env:OLD")
        store.put("name", "value")
        left = [steps]
        with monkeypatch.context() as patch:
            patch.setattr(files, "_rename", cut(files._rename, left))
            patch.setattr(fake.Keyring, "_write", cut(fake.Keyring._write, left))
            patch.setattr(Path, "unlink", cut(Path.unlink, left))
            try:
                store.protect(after, "env:NEW")
                ended = True
            except CutOff:
                ended = False
        opened = []
        for phrase in phrases:
            forget()
            monkeypatch.setenv("CNX_SECRETS_PASSPHRASE_REF", f"env:{phrase}")
            try:
                opened.append(store.get("name"))
            except StoreLocked:
                continue
            # Whatever it was left like, it takes new secrets and the move can be made again.
            store.put("more", "other")
            store.protect(after, "env:NEW")
            assert (store.get("name"), store.get("more"), store.protection) == ("value", "other", after)
            assert names_in(store.directory) == {"secrets.age", identity.KEEPERS[after].file_name}
            break
        assert opened == ["value"]
        monkeypatch.delenv("CNX_SECRETS_PASSPHRASE_REF")
        if ended:
            break
    assert steps >= 3


def test_a_keyring_that_refuses_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SecretStore(tmp_path / "s")
    monkeypatch.setenv("CNX_SECRETS_PROTECTION", "file")
    store.put("name", "value")
    with pytest.raises(SecretError, match="no keyring here"):
        store.protect("keyring")
    assert (store.protection, store.get("name")) == ("file", "value")


def test_one_that_forgets_what_it_is_given_is_found_out(
    tmp_path: Path, use_keyring: Callable[[fake.Keyring], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_keyring(fake.Keyring())
    monkeypatch.setattr(fake.Keyring, "set_password", lambda *arguments: None)
    SecretStore(tmp_path / "s").put("name", "value")
    assert SecretStore(tmp_path / "s").protection == "file"
    with pytest.raises(SecretError, match="does not keep"):
        SecretStore(tmp_path / "s").protect("keyring")
    assert SecretStore(tmp_path / "s").get("name") == "value"
