"""Commands that are printed for people."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from cnxlib.ui.commands import typed_anywhere, verify_command


@pytest.mark.skipif(os.name == "nt", reason="splits the line as a POSIX shell does")
def test_a_printed_command_works_from_any_folder_with_nothing_on_the_path(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    ended = subprocess.run(
        shlex.split(typed_anywhere("schema", "--json")), cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert (ended.returncode, b"01_install_package" in ended.stdout) == (0, True), ended.stderr


def test_where_there_is_no_cnx_beside_python_it_is_a_module_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert typed_anywhere("orgs").replace('"', "").endswith("python -m cnxlib orgs")


def test_a_record_is_named_by_its_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"records verify {tmp_path / 'runs' / 'acme' / 'r1'}" in verify_command(Path("runs/acme/r1"))
