"""A kernel's secrets reach its runner, and nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnxlib.errors import SecretError
from cnxlib.secrets import heritage, touched
from cnxlib.secrets.heritage import Heritage, inherit_to_runner
from cnxlib.secrets.touched import touch

KERNEL = """
from cnxlib.secrets.heritage import inherit_to_runner
from cnxlib.secrets.touched import touch
touch("before-the-hook")
inherit_to_runner()
inherit_to_runner()
touch("Zürich\\n密码"); touch("before-the-hook")
"""


@pytest.fixture(autouse=True)
def as_in_a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(touched, "_values", set())
    monkeypatch.setattr(touched, "_heirs", [])
    monkeypatch.setattr(heritage, "_inheriting", set())
    yield


def test_a_runner_learns_what_its_kernel_touched(tmp_path: Path) -> None:
    with Heritage() as runner:
        assert runner.values() == frozenset()
        subprocess.run([sys.executable, "-c", KERNEL], env={**os.environ, **runner.environment}, check=True)
        assert runner.values() == {"before-the-hook", "Zürich\n密码"}
        assert runner.values() == {"before-the-hook", "Zürich\n密码"}
        assert touched.touched() == runner.values()


def in_the_kernel(runner: Heritage, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in runner.environment.items():
        monkeypatch.setenv(name, value)
    inherit_to_runner()
    return Path(runner.environment["CNX_HERITAGE_FILE"])


def test_the_disk_holds_none_in_clear_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Heritage() as runner:
        file = in_the_kernel(runner, monkeypatch)
        touch("a-very-secret-value")
        assert b"a-very-secret-value" not in file.read_bytes()
        if os.name == "posix":
            assert file.stat().st_mode & 0o077 == 0
            assert file.parent.stat().st_mode & 0o077 == 0
    assert not file.parent.exists()


def test_a_half_written_value_spoils_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with Heritage() as runner:
        file = in_the_kernel(runner, monkeypatch)
        touch("first")
        with file.open("ab") as broken:
            broken.write(b"YWdlLWVuY3J5cHRpb24")
        assert runner.values() == {"first"}
        touch("second")
        assert runner.values() == {"first", "second"}


def test_a_kernel_that_outlives_its_runner_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with Heritage() as runner:
        in_the_kernel(runner, monkeypatch)
    assert touch("still-going") == "still-going"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with Heritage() as runner:
        monkeypatch.setitem(runner.environment, "CNX_HERITAGE_FILE", "/dev/full")
        in_the_kernel(runner, monkeypatch)
        with pytest.raises(SecretError, match="cannot be written"):
            touch("nowhere-to-go")


def test_without_a_runner_nothing_is_handed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNX_HERITAGE_FILE", raising=False)
    inherit_to_runner()
    assert touched._heirs == []
