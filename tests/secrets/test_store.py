"""The secret store: what it holds stays whole and secret, whatever befalls it."""

from __future__ import annotations

import os
import signal
import stat
import string
import subprocess
import sys
import time
from pathlib import Path

import pyrage
import pytest
from filelock import FileLock

from cnxlib.errors import SecretError, UsageError
from cnxlib.secrets import SecretStore, make_secret, resolve, store
from cnxlib.secrets.touched import touched

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes, limits or signals of this kind")


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    command = [sys.executable, "-c", f"import sys\nfrom cnxlib.secrets import SecretStore\n{code}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_put_is_got_and_lies_encrypted(tmp_path: Path) -> None:
    store = SecretStore(tmp_path / "store")
    reference = store.put("00D/user/password", "hunter2-canary")
    assert reference == "age:00D/user/password"
    assert resolve(reference, SecretStore(tmp_path / "store")) == "hunter2-canary"
    for path in (tmp_path / "store").iterdir():
        assert b"hunter2-canary" not in path.read_bytes()


def test_what_goes_in_and_out_is_known_as_secret(tmp_path: Path) -> None:
    SecretStore(tmp_path).put("in", "put-canary")
    assert "put-canary" in touched()
    assert (
        run("SecretStore(__import__('pathlib').Path(sys.argv[1])).put('out', 'got-canary')", str(tmp_path)).stderr == ""
    )
    assert "got-canary" not in touched()
    SecretStore(tmp_path).get("out")
    assert "got-canary" in touched()
    assert (tmp_path / "identity.txt").read_text().strip() in touched()
    assert make_secret("password") in touched()


@posix
def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    SecretStore(tmp_path / "s").put("name", "value")
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o700
    for name in ("secrets.age", "identity.txt"):
        assert stat.S_IMODE((tmp_path / "s" / name).stat().st_mode) == 0o600


def test_putting_keeps_the_others_and_removing_too(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.put("b", "2222")
    store.put("a", "1111")
    store.put("b", "3333")
    assert store.names() == ["a", "b"]
    assert store.get("b") == "3333"
    assert store.remove("a")
    assert not store.remove("a")
    assert store.names() == ["b"]
    assert not SecretStore(tmp_path / "none").remove("a")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["", "/a", "-a", "a b", "a\nb", "a\x1bb", "a" * 256])
def test_names_that_no_secret_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        SecretStore(tmp_path).put(name, "value")
    assert list(tmp_path.iterdir()) == []


def test_many_processes_write_and_none_is_lost(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cnxlib.secrets import SecretStore\n"
        "for n in range(6): SecretStore(Path(sys.argv[1])).put(f'{sys.argv[2]}/{n}', f'value-{n}')"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    assert SecretStore(tmp_path).names() == [f"{name}/{n}" for name in "abcd" for n in range(6)]


def test_a_store_that_is_held_is_waited_for_and_then_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = SecretStore(tmp_path)
    kept.put("name", "value")
    monkeypatch.setattr(store, "PATIENCE_S", 0.1)
    with FileLock(tmp_path / "secrets.lock"), pytest.raises(SecretError, match="Another process"):
        SecretStore(tmp_path).put("name", "other")
    assert kept.get("name") == "value"


@posix
def test_a_writer_that_is_killed_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    kept = SecretStore(tmp_path)
    kept.put("kept", "value")
    code = "n = 0\nwhile True:\n    n += 1\n    SecretStore(Path(sys.argv[1])).put('new', f'value-{n}')"
    prefix = "import sys; from pathlib import Path; from cnxlib.secrets import SecretStore\n"
    for pause_s in (0.02, 0.05, 0.09):
        writer = subprocess.Popen([sys.executable, "-c", prefix + code, str(tmp_path)])
        until = time.monotonic() + 30
        while kept.names() != ["kept", "new"]:
            assert time.monotonic() < until
        time.sleep(pause_s)
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
        assert kept.get("kept") == "value"
        assert kept.get("new").startswith("value-")
        kept.remove("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["identity.txt", "secrets.age", "secrets.lock"]


@posix
def test_one_that_dies_before_the_renaming_loses_its_own_alone(tmp_path: Path) -> None:
    kept = SecretStore(tmp_path)
    kept.put("kept", "value")
    code = (
        "import os\nfrom pathlib import Path\nfrom cnxlib.secrets import files\n"
        "files._rename = lambda *paths: os._exit(9)\n"
        "SecretStore(Path(sys.argv[1])).put('new', 'other')"
    )
    assert run(code, str(tmp_path)).returncode == 9
    assert len(list(tmp_path.glob("*.new"))) == 1
    assert kept.names() == ["kept"]
    kept.put("next", "value")
    assert list(tmp_path.glob("*.new")) == []


@posix
def test_a_full_disk_costs_the_new_secret_alone(tmp_path: Path) -> None:
    kept = SecretStore(tmp_path)
    kept.put("kept", "value")
    code = (
        "import resource\nfrom pathlib import Path\nfrom cnxlib.errors import SecretError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))\n"
        "try:\n    SecretStore(Path(sys.argv[1])).put('new', 'hunter2-canary')\n"
        "except SecretError as error:\n    print(error)"
    )
    ended = run(code, str(tmp_path))
    assert str(tmp_path) in ended.stdout
    assert "holds still" in ended.stdout
    assert "hunter2-canary" not in ended.stdout + ended.stderr
    assert kept.names() == ["kept"]
    assert list(tmp_path.glob("*.new")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/sys is a folder in which not even root can make one")
def test_a_read_only_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="/sys/cnx-secrets cannot be written") as caught:
        SecretStore(Path("/sys/cnx-secrets")).put("name", "value")
    assert "CNX_SECRETS" in caught.value.hint


def test_a_store_in_a_read_only_folder_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SecretStore(tmp_path).put("name", "value")
    (tmp_path / "secrets.lock").unlink(missing_ok=True)

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert SecretStore(tmp_path).get("name") == "value"
    for attempt in (lambda: SecretStore(tmp_path).put("a", "bbbb"), lambda: SecretStore(tmp_path).remove("name")):
        with pytest.raises(SecretError, match="Read-only file system"):
            attempt()


def test_it_is_known_before_a_secret_is_made_whether_it_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SecretError, match="cannot be written"):
        SecretStore(tmp_path / "file").prepare()
    ready = SecretStore(tmp_path / "store")
    ready.prepare()
    assert ready.names() == []
    ready.put("name", "value")
    ready.prepare()
    assert ready.get("name") == "value"


def identity_of(folder: Path) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str((folder / "identity.txt").read_text().strip())


def test_what_is_broken_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    kept = SecretStore(tmp_path)
    kept.put("name", "hunter2-canary")
    whole = (tmp_path / "secrets.age").read_bytes()
    foreign = pyrage.encrypt(b"[1, 2]", [identity_of(tmp_path).to_public()])
    another = pyrage.encrypt(b"{}", [pyrage.x25519.Identity.generate().to_public()])
    for content, said in (
        (b"", "is no age file"),
        (b"PK\x03\x04", "is no age file"),
        (whole[:-1], "damaged or cut off"),
        (whole[:30], "damaged or cut off"),
        (whole[:-1] + bytes([whole[-1] ^ 1]), "damaged or cut off"),
        (foreign, "something else"),
        (another, "does not open with the identity in"),
    ):
        (tmp_path / "secrets.age").write_bytes(content)
        for attempt in (kept.names, lambda: kept.put("new", "value"), lambda: kept.remove("name"), kept.prepare):
            with pytest.raises(SecretError, match=said) as caught:
                attempt()
            assert str(tmp_path / "secrets.age") in str(caught.value)
            assert "backup" in caught.value.hint
        assert (tmp_path / "secrets.age").read_bytes() == content
    (tmp_path / "secrets.age").write_bytes(whole)
    assert kept.get("name") == "hunter2-canary"


def test_another_identity_does_not_open_it(tmp_path: Path) -> None:
    SecretStore(tmp_path / "one").put("a", "bbbb")
    SecretStore(tmp_path / "two").put("a", "bbbb")
    (tmp_path / "one" / "identity.txt").write_bytes((tmp_path / "two" / "identity.txt").read_bytes())
    with pytest.raises(SecretError, match="does not open"):
        SecretStore(tmp_path / "one").get("a")


@pytest.mark.parametrize("content", [b"", b"AGE-SECRET-KEY-1NONSENSE\n", b"\xff\xfe"])
def test_a_damaged_identity_is_named(tmp_path: Path, content: bytes) -> None:
    SecretStore(tmp_path).put("a", "bbbb")
    (tmp_path / "identity.txt").write_bytes(content)
    with pytest.raises(SecretError, match=r"identity\.txt is none, or is damaged"):
        SecretStore(tmp_path).get("a")


def test_a_lost_identity_is_not_replaced_in_silence(tmp_path: Path) -> None:
    store = SecretStore(tmp_path)
    store.put("a", "bbbb")
    (tmp_path / "identity.txt").unlink()
    for attempt in (store.names, lambda: store.put("c", "dddd")):
        with pytest.raises(SecretError, match="identity is missing"):
            attempt()
    assert not (tmp_path / "identity.txt").exists()


@posix
def test_an_identity_that_others_can_read_is_mended_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    SecretStore(tmp_path).put("a", "bbbb")
    identity = tmp_path / "identity.txt"
    identity.chmod(0o644)
    assert SecretStore(tmp_path).get("a") == "bbbb"
    assert stat.S_IMODE(identity.stat().st_mode) == 0o600
    (told,) = caplog.messages
    assert str(identity) in told


@posix
def test_one_that_cannot_be_mended_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SecretStore(tmp_path).put("a", "bbbb")
    (tmp_path / "identity.txt").chmod(0o640)

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(SecretError, match="read by other users"):
        SecretStore(tmp_path).get("a")


def test_where_the_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "named"))
    assert SecretStore().directory == tmp_path / "named"
    monkeypatch.delenv("CNX_SECRETS")
    assert os.fspath(SecretStore().directory).endswith("conexiom-runbook")


def test_what_is_drawn_fits_salesforce() -> None:
    password, key = make_secret("password"), make_secret("alphanumeric")
    assert len(password) == 24
    for letters in (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%*+-=?_"):
        assert set(password) & set(letters)
    assert len(key) == 64
    assert key.isalnum() and key.isascii()
    assert make_secret("password") != password
