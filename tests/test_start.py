"""start.py as people run it, on a toy project whose one library is a wheel in a folder: no network is needed."""

import ast
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import start
from tests.toy.backend import write_wheel

REPOSITORY = Path(start.__file__).parent


@dataclass
class Toy:
    """A copy of the toy project with a copy of start.py."""

    root: Path
    wheels: Path
    environ: dict[str, str] = field(default_factory=dict)

    def release(self, version: str) -> str:
        """Publish the library in this version, and lock it; returns the hash that the lock names."""
        digest = write_wheel(self.wheels, "library", version, {"library.py": f"VERSION = {version!r}\n"})
        (self.root / "requirements.lock").write_text(f"library=={version} --hash=sha256:{digest}\n")
        return digest

    def popen(self, *arguments: str, python: Path | str = sys.executable) -> "subprocess.Popen[str]":
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        return subprocess.Popen(
            [python, str(self.root / "start.py"), *arguments],
            cwd=self.root.parent,
            env={**environ, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": str(self.wheels), **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, python: Path | str = sys.executable) -> "subprocess.CompletedProcess[str]":
        with self.popen(*arguments, python=python) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def library(self) -> str:
        """The version of the library that a command finds."""
        version: str = json.loads(self.run("cnx").stdout)["library"]
        return version

    @property
    def witness(self) -> Path:
        """A file in .venv, which is gone when .venv was made anew."""
        return self.root / ".venv" / "witness"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    root = tmp_path / "project"
    shutil.copytree(REPOSITORY / "tests" / "toy", root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "start.py", root)
    (tmp_path / "wheels").mkdir()
    made = Toy(root, tmp_path / "wheels", {"PIP_NO_INDEX": "1"})
    made.release("1.0")
    return made


@pytest.fixture(scope="module")
def bare_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    venv = tmp_path_factory.mktemp("bare") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    return venv


@pytest.fixture
def toy_with_venv(toy: Toy, bare_venv: Path) -> Toy:
    """The toy project with a .venv that somebody made by hand; making one takes seconds, copying it does not."""
    shutil.copytree(bare_venv, toy.root / ".venv", symlinks=True)
    toy.witness.touch()
    return toy


@pytest.fixture
def silent_index() -> Iterator[str]:
    """The address of a package index that takes a request and never answers it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def test_first_run_sets_up_and_later_ones_go_straight_on(toy: Toy) -> None:
    first = toy.run("cnx", "orgs", "--json")
    assert json.loads(first.stdout) == {
        "arguments": ["orgs", "--json"],
        "folder": str(toy.root.parent),
        "venv": str(toy.root / ".venv"),
        "library": "1.0",
    }
    assert first.returncode == 3
    assert "Ready in .venv" in first.stderr

    shutil.rmtree(toy.wheels)  # nothing is looked for any more
    toy.witness.touch()
    second = toy.run("demo")
    assert second.stderr == ""
    assert toy.witness.exists()
    called = json.loads(second.stdout)
    assert (called["arguments"], called["folder"]) == (["demo"], str(toy.root))


def test_hand_made_venv_is_kept_and_a_changed_lock_is_installed_in_place(toy_with_venv: Toy) -> None:
    assert toy_with_venv.library() == "1.0"
    toy_with_venv.release("2.0")
    assert toy_with_venv.library() == "2.0"
    assert toy_with_venv.witness.exists()


def test_moved_project_is_set_up_anew(toy_with_venv: Toy) -> None:
    toy = toy_with_venv
    assert toy.run("setup").returncode == 0
    toy.root = toy.root.rename(toy.root.with_name("moved"))
    called = json.loads(toy.run("demo").stdout)
    assert called["venv"] == str(toy.root / ".venv")
    assert not toy.witness.exists()


def test_half_made_venv_is_repaired(toy: Toy) -> None:
    (toy.root / ".venv" / start.BIN.name).mkdir(parents=True)
    toy.witness.touch()
    assert toy.library() == "1.0"
    assert not toy.witness.exists()


@pytest.mark.parametrize("torn", ["", '{"home": ', "[]"])
def test_torn_stamp_means_unfinished(torn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "STAMP", tmp_path / "start.json")
    start.STAMP.write_text(torn)
    assert start.stamped() == start.UNFINISHED
    assert not start.is_usable()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal there")
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_interrupted_installation_is_done_again(toy_with_venv: Toy, silent_index: str, name: str) -> None:
    toy = toy_with_venv
    log = toy.root / ".venv" / "start.log"
    reachable, toy.environ = toy.environ, {"PIP_INDEX_URL": silent_index, "PIP_FIND_LINKS": ""}
    with toy.popen("setup") as process:
        deadline = time.monotonic() + 60
        while not (log.exists() and "Looking in indexes" in log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, getattr(signal, name))
        err = process.communicate(timeout=60)[1]
    if name == "SIGINT":
        assert process.returncode == 130
        assert err.splitlines()[-1] == "start.py: interrupted; the next run begins it again"

    toy.environ = reachable
    assert toy.library() == "1.0"
    assert not toy.witness.exists()


def last_line(result: "subprocess.CompletedProcess[str]") -> str:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


def test_other_file_than_the_locked_one_is_refused(toy_with_venv: Toy) -> None:
    lock = toy_with_venv.root / "requirements.lock"
    lock.write_text(f"library==1.0 --hash=sha256:{'0' * 64}\n")
    assert last_line(toy_with_venv.run("setup")).startswith(
        "start.py: a file that pip got is not the one that requirements.lock"
    )


def test_no_network_is_said_in_one_line(toy_with_venv: Toy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    toy_with_venv.environ = {
        "PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "1",
    }
    assert last_line(toy_with_venv.run("setup")).startswith(
        "start.py: no network: pip does not reach its package index"
    )


def test_own_python_cannot_make_its_venv_anew(toy_with_venv: Toy) -> None:
    toy = toy_with_venv
    (toy.root / ".venv" / "start.json").write_text(json.dumps(start.UNFINISHED))
    python = toy.root / ".venv" / start.BIN.name / start.PYTHON.name
    assert last_line(toy.run("setup", python=python)).endswith("run start.py with another one")
    assert python.exists()


def test_debian_without_venv_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    version = ".".join(map(str, sys.version_info[:2]))
    with pytest.raises(start.SetupError, match=f"sudo apt install python{version}-venv$"):
        start.need_venv_module()


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "ERROR: first\nnoise\nERROR: No matching distribution found for x==1",
            "No matching distribution found for x==1",
        ),
        ("", "pip failed: it gave no reason"),
    ],
)
def test_reason(output: str, line: str) -> None:
    assert start.reason(output).endswith(line)


def test_only_what_an_installation_depends_on_is_stamped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pyproject = tmp_path / "pyproject.toml"
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    pyproject.write_text(text, encoding="utf-8")
    monkeypatch.setattr(start, "ROOT", tmp_path)
    before = start.wanted()
    pyproject.write_text(text.replace("line-length = 120", "line-length = 99"), encoding="utf-8")
    assert start.wanted() == before
    pyproject.write_text(text.replace('"lark>=1.2"', '"lark>=1.3"'), encoding="utf-8")
    assert start.wanted()["packages"] != before["packages"]


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["nothing"], 2), (["--help"], 0)])
def test_usage(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main(arguments) == code
    out, err = capsys.readouterr()
    assert all(f"\n  {name}" in out + err for name in (*start.IN_VENV, *start.WITHOUT_VENV))


def test_lock_resolves_from_the_index_of_pip_alone() -> None:
    environ = {"HOME": "/h", "UV_FIND_LINKS": "/wheels", "UV_EXTRA_INDEX_URL": "https://other.example/simple"}
    listed = ":env:.cert='/env.pem'\nglobal.cert='/global.pem'\nglobal.find-links='/wheels'\n"
    assert start.lock_environment(environ, listed) == {"HOME": "/h", "SSL_CERT_FILE": "/env.pem"}
    mirror = "global.index-url='https://mirror.example/simple'"
    assert start.lock_environment({}, mirror) == {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}


def test_older_pythons_can_parse_it() -> None:
    ast.parse((REPOSITORY / "start.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_make_has_the_same_commands() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY:"))
    assert set(phony.split()[1:]) == {*start.IN_VENV, *start.WITHOUT_VENV}
