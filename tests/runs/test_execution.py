"""Executing one notebook: saved cell by cell, watched, interrupted, and honest about a kernel that dies."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from cnxlib.errors import RecordError
from cnxlib.runs.execution import Ending, execute

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals to itself")


def notebook(path: Path, *cells: str) -> Path:
    first = nbformat.v4.new_code_cell("where: str = ''", metadata={"tags": ["parameters"]})
    content = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    content.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(content, path)
    return path


def test_it_runs_this_python_in_this_folder_with_the_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "jupyter" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Somebody's", "language": "python"}
    (foreign / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.chdir(tmp_path)
    source = notebook(
        tmp_path / "a {b}.ipynb",
        "import os, sys, pathlib; pathlib.Path(where).write_text(sys.executable + '\\n' + os.getcwd())",
        "os.write(1, b'to the process, not to the cell'); print('to the cell')",
    )
    ticks: list[float] = []
    target = tmp_path / "out {b}.ipynb"
    ending = execute(source, target, {"where": str(tmp_path / "said")}, lambda: ticks.append(time.monotonic()))
    assert ending == Ending()
    assert (tmp_path / "said").read_text().splitlines() == [sys.executable, str(tmp_path)]
    assert len(ticks) > 5
    assert nbformat.read(target, as_version=4).cells[-1].outputs[0].text == "to the cell\n"
    assert capfd.readouterr() == ("", "")


def test_an_error_of_ours_is_told_by_name_and_in_one_message(tmp_path: Path) -> None:
    source = notebook(
        tmp_path / "in.ipynb",
        "from cnxlib.errors import LoginRefused",
        "raise LoginRefused('The org said no', org='acme', hint='Ask it why.')",
    )
    ending = execute(source, tmp_path / "out.ipynb", {})
    assert ending == Ending("LoginRefused", "The org said no [org acme]\nWhat to do: Ask it why.")
    saved = (tmp_path / "out.ipynb").read_text()
    assert "The org said no" in saved
    assert "Traceback" not in saved


def test_a_kernel_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    source = notebook(tmp_path / "in.ipynb", "import os; os.write(2, b'out of luck\\n'); os._exit(1)")
    ending = execute(source, tmp_path / "out.ipynb", {})
    assert ending.error == "KernelDied"
    assert "out of luck" in ending.message
    assert (tmp_path / "out.ipynb").exists()


def test_what_is_no_notebook_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "in.ipynb").write_text("{}")
    ending = execute(tmp_path / "in.ipynb", tmp_path / "out.ipynb", {})
    assert ending.error == "KernelNotStarted"
    assert len(ending.message.splitlines()) == 1


RUN = """
import sys
from pathlib import Path
from cnxlib.errors import RecordError
from cnxlib.runs.execution import execute
ending = execute(Path(sys.argv[1]), Path(sys.argv[2]), {})
print(ending.error, ending.interrupted)
"""


def interrupted(tmp_path: Path, times: int, *cells: str) -> str:
    """What a process of its own says of executing `cells` when Ctrl-C strikes it, after the file "started" is there."""
    source = notebook(tmp_path / "in.ipynb", *cells)
    command = [sys.executable, "-c", RUN, str(source), str(tmp_path / "out.ipynb")]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "started").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        return process.communicate(timeout=15)[0].strip()


def test_ctrl_c_interrupts_the_cell_and_the_notebook_is_kept(tmp_path: Path) -> None:
    cell = "try:\n    open('started', 'w').close(); time.sleep(60)\nfinally:\n    print('put ' + 'down')"
    assert interrupted(tmp_path, 1, "import time", cell, "print('nev' + 'er')") == "KeyboardInterrupt True"
    saved = (tmp_path / "out.ipynb").read_text()
    assert "put down" in saved
    assert "never" not in saved


def test_a_second_ctrl_c_kills_a_kernel_that_heeds_none(tmp_path: Path) -> None:
    cell = "signal.signal(signal.SIGINT, signal.SIG_IGN); open('started', 'w').close(); time.sleep(60)"
    assert interrupted(tmp_path, 2, "import signal, time", cell) == "KernelDied True"


def test_the_kernel_gets_variables_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_OUTSIDE", "kept")
    source = notebook(tmp_path / "in.ipynb", "import os; print(os.environ['FROM_OUTSIDE'], os.environ['FOR_IT'])")
    assert execute(source, tmp_path / "out.ipynb", {}, environment={"FOR_IT": "given"}) == Ending()
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[-1].outputs[0].text == "kept given\n"
    assert "FOR_IT" not in os.environ


def test_a_kernel_that_nobody_can_follow_is_put_down_first(tmp_path: Path) -> None:
    source = notebook(
        tmp_path / "in.ipynb",
        "import pathlib, time; pathlib.Path(where).write_text('began')",
        "time.sleep(60); pathlib.Path(where).write_text('went on')",
    )
    said = tmp_path / "said"

    def fail() -> None:
        if said.exists() and said.read_text() == "began":
            raise RecordError("The record cannot be read")

    started = time.monotonic()
    with pytest.raises(RecordError):
        execute(source, tmp_path / "out.ipynb", {"where": str(said)}, fail)
    assert time.monotonic() - started < 40
    assert said.read_text() == "began"
