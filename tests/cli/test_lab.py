"""`cnx lab`: what it needs, and what it says where that is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnxlib.cli import lab
from tests.processes import cnx


@pytest.mark.parametrize(
    ("arguments", "module", "extra"), [((), "jupyterlab", "cnxlib[lab]"), (("--app",), "voila", "cnxlib[app]")]
)
def test_without_its_server_it_names_the_extra(
    tmp_path: Path, arguments: tuple[str, ...], module: str, extra: str
) -> None:
    command = ["lab", *arguments, "--json"]
    code = f"import sys; sys.modules[{module!r}] = None; from cnxlib.cli import main; sys.exit(main({command!r}))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 1
    error = json.loads(ended.stdout)["error"]
    assert "is not installed" in error["message"]
    assert f"pip install '{extra}'" in error["hint"]


@pytest.mark.parametrize("pair", [("--org", "--demo"), ("--edit", "--notebooks")])
def test_options_that_exclude_each_other_are_wrong_use(tmp_path: Path, pair: tuple[str, str]) -> None:
    given = [part for option in pair for part in ((option,) if option == "--edit" else (option, "x"))]
    ended = cnx("lab", *given, cwd=tmp_path)
    assert ended.code == 2
    assert "exclude each other" in ended.err


def test_its_terminal_knows_cnx_where_nothing_else_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, str]] = []
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    monkeypatch.setattr(lab, "until_it_ends", lambda process: 0)
    monkeypatch.setattr(lab.subprocess, "Popen", lambda command, env, **more: given.append(env))
    assert lab.lab(notebooks=tmp_path / "notebooks", browser=False) == 0
    assert given[0]["PATH"].split(os.pathsep)[-1] == str(Path(sys.executable).parent)
