"""Set up `.venv` beside this file and run one of the project's commands in it; the standard library is all this needs.

    python3 start.py demo|lab|test|bench|screenshots|check|format|lock|setup|clean [arguments]
    python3 start.py cnx plan --org acme-sandbox

On Windows: `py start.py demo`. The first run installs exactly what requirements.lock names, each file checked against
its hash; later runs compare a stamp and go straight on. pip is run as this machine has it configured.
"""

# An older Python must be able to parse this file, or it would die of a SyntaxError before it says what it lacks:
# no syntax newer than 3.6 here.
import sys

OLDEST = (3, 11)
if sys.version_info < OLDEST:
    sys.exit("start.py: Python 3.11 or newer is needed; this one is %d.%d" % sys.version_info[:2])  # noqa: UP031

import ast
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "start.json"
LOG = VENV / "start.log"
LOCK = ROOT / "requirements.lock"
UNFINISHED = {"unfinished": "yes"}

SIM = ["-m", "cnxlib", "sim", "run", "--org", "demo=fresh", "--", str(PYTHON)]
"""Runs .venv's Python with a simulated org called `demo`, the alias that the notebooks have by default."""


class SetupError(Exception):
    """The set-up cannot go on; the message is one line that says why and what to do."""


# What is installed, and what should be


def wanted() -> dict[str, str]:
    """What a finished `.venv` is stamped with: where it belongs (`home`) and what is installed in it (`packages`).

    Of pyproject.toml only what an installation depends on counts: a new setting of a linter installs nothing.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = [project["project"], project["build-system"], project.get("tool", {}).get("hatch")]
    packages = hashlib.sha256(LOCK.read_bytes() + json.dumps(installed, sort_keys=True).encode())
    home = f"{sys.implementation.cache_tag} {sys.platform} {ROOT}"
    return {"home": home, "packages": packages.hexdigest()}


def stamped() -> dict[str, str]:
    """The stamp of `.venv`: empty when it has none, UNFINISHED when a set-up was cut short."""
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        return UNFINISHED
    return found if isinstance(found, dict) else UNFINISHED


def stamp(value: Mapping[str, str]) -> None:
    """Write the stamp at once or not at all."""
    new = STAMP.with_suffix(".new")
    new.write_text(json.dumps(value), encoding="utf-8")
    new.replace(STAMP)


def is_ready() -> bool:
    """Whether `.venv` is finished and is what is wanted."""
    return stamped() == wanted() and PYTHON.exists()


def is_usable() -> bool:
    """Whether the `.venv` that is there can be brought up to date in place.

    Not one that was cut short, was moved or is of another Python. One without a stamp was made by hand: it is kept when
    its Python is the same as this one and has pip.
    """
    found = stamped()
    if found:
        return found.get("home") == wanted()["home"] and PYTHON.exists()
    probe = f"import sys, pip; sys.exit(sys.implementation.cache_tag != {sys.implementation.cache_tag!r})"
    try:
        return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


# Making it so


def setup() -> None:
    """Make `.venv` what is wanted; quick when it is already.

    Raises:
        SetupError: it cannot be made; the message says why.
    """
    if is_ready():
        return
    with alone():
        if is_ready():  # another start.py has just made it
            return
        began = time.monotonic()
        if not is_usable():
            make_venv()
        stamp(UNFINISHED)
        LOG.write_bytes(b"")
        pip_install("Installing the packages of requirements.lock (takes minutes)", "--require-hashes", "-r", str(LOCK))
        # The build backend is in the lock too: nothing is fetched beside it.
        pip_install("Installing the project", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        compile_all()
        stamp(wanted())
        say(f"Ready in .venv after {time.monotonic() - began:.0f} s")


def need_venv_module() -> None:
    """Debian leaves half of Python's venv module out of its `python3` package.

    Raises:
        SetupError: it is missing; names the package.
    """
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise SetupError(f"this Python lacks venv or ensurepip; on Debian or Ubuntu: sudo apt install {package}")


def make_venv() -> None:
    """Make an empty `.venv`, in the place of any that is there."""
    need_venv_module()
    if Path(sys.prefix).resolve() == VENV.resolve():
        raise SetupError(".venv must be made anew, which its own Python cannot do; run start.py with another one")
    if VENV.exists():
        say("Making .venv anew: it is unfinished, was moved, or is of another Python")
        try:
            shutil.rmtree(VENV)
        except OSError as error:
            raise SetupError(f"cannot remove .venv ({error}); close what runs in it and try again") from error
    VENV.mkdir()
    stamp(UNFINISHED)
    if run_quietly("Making .venv", [sys.executable, "-m", "venv", str(VENV)]) != 0:
        raise SetupError(f"cannot make .venv: {last_line(LOG)} (all of it: {LOG})")


def pip_install(label: str, *arguments: str) -> None:
    """Run `pip install` in `.venv` as this machine has pip configured, with its output in LOG."""
    # --no-user: where pip is set to install for the user, that cannot mean this folder.
    options = ["--no-user", "--no-input", "--progress-bar", "off", "--no-compile"]
    if run_quietly(label, [str(PYTHON), "-m", "pip", "install", *options, *arguments]) != 0:
        raise SetupError(f"{reason(LOG.read_text(encoding='utf-8', errors='replace'))} (all of it: {LOG})")


def compile_all() -> None:
    """Byte-compile what is installed on all cores, which takes pip, with its one, most of the time of an installation.

    What cannot be compiled (templates, other versions' syntax) is compiled, or fails, when it is imported.
    """
    folder = VENV / ("Lib" if os.name == "nt" else "lib")
    run_quietly("Compiling", [str(PYTHON), "-m", "compileall", "-qq", "-j", "0", str(folder)])


def reason(output: str) -> str:
    """Why pip failed, in one line, from what it printed."""
    if "DO NOT MATCH THE HASHES" in output:
        return "a file that pip got is not the one that requirements.lock names (its hash differs); check pip's index"
    if any(sign in output for sign in ("NewConnectionError", "NameResolutionError", "Max retries", "timed out")):
        return "no network: pip does not reach its package index; check the connection and `pip config list`"
    if "No space left on device" in output:
        return "the disk is full"
    errors = [line for line in output.splitlines() if line.startswith("ERROR: ")]
    return "pip failed: " + (errors[-1][len("ERROR: ") :] if errors else "it gave no reason")


def run_quietly(label: str, command: Sequence[str]) -> int:
    """Run a command with its output in LOG, showing the label and the seconds that pass; returns its exit code."""
    terminal = sys.stderr.isatty()
    if not terminal:
        say(label)
    began = shown = time.monotonic()
    with LOG.open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        while True:
            try:
                return process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            if terminal:
                print(f"\r{label} ... {now - began:.0f} s", end="", file=sys.stderr, flush=True)
            elif now - shown >= 30:
                shown = now
                say(f"  ... {now - began:.0f} s")
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        if terminal:
            print("\r" + " " * (len(label) + 12) + "\r", end="", file=sys.stderr, flush=True)


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no reason was given")


def say(message: str) -> None:
    """Tell a person; standard output is the command's own."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def alone() -> Iterator[None]:
    """Hold the set-up lock, which the system releases when its holder dies."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "start.lock").open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:  # it waits ten seconds at most
                    continue
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# The commands


def environment() -> dict[str, str]:
    """The environment of a command: as if `.venv` were activated."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    return {**kept, "VIRTUAL_ENV": str(VENV), "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])}


def hand_over(arguments: Sequence[str], folder: Path) -> int:
    """Become the Python of `.venv` with these arguments; where a process cannot be replaced (Windows), wait for it."""
    command = [str(PYTHON), *arguments]
    if os.name != "nt":
        os.chdir(folder)
        os.execve(command[0], command, environment())
    with subprocess.Popen(command, cwd=folder, env=environment()) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # the child has had it too, and decides


def demo(arguments: Sequence[str]) -> int:
    """Carry out the whole guide on a simulated org."""
    return hand_over(["-m", "cnxlib", "demo", *arguments], ROOT)


def lab(arguments: Sequence[str]) -> int:
    """Open JupyterLab on the notebooks, against a simulated org."""
    return hand_over([*SIM, "-m", "cnxlib", "lab", *arguments], ROOT)


def test(arguments: Sequence[str]) -> int:
    """Run the notebooks and the tests in one pytest beside a simulated org; arguments replace the two folders.

    All of them together are run by one process more than there are cores, since each waits for a browser, a kernel or
    an org some of the time; tests/conftest.py says what is run by the same one.
    """
    pytest = ["-m", "pytest", "--nbval-lax", "--nbval-current-env"]
    # In the order given: the notebooks come before the tests, which take the environment for orgs of their own
    parallel = ["--numprocesses", str((os.cpu_count() or 1) + 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    all_of_them = [*parallel, "notebooks", "tests"]
    return hand_over([*SIM, *pytest, *(arguments or all_of_them)], ROOT)


def bench(arguments: Sequence[str]) -> int:
    """Print what the simulated org costs, as ratios to a bare endpoint, and how many requests the guide sends."""
    return hand_over([str(ROOT / "tests" / "bench"), *arguments], ROOT)


def screenshots(arguments: Sequence[str]) -> int:
    """Take the pictures in docs/ anew, in Chromium, of the guide on a simulated org."""
    return hand_over(["-m", "tests.browser.screenshots", *arguments], ROOT)


def cnx(arguments: Sequence[str]) -> int:
    """Run `cnx` with these arguments, where you are."""
    return hand_over(["-m", "cnxlib", *arguments], Path.cwd())


def run_all(steps: Mapping[str, Sequence[str]]) -> int:
    """Run each command of .venv's Python, whatever became of the one before; 1 when any failed."""
    failed = []
    for name, arguments in steps.items():
        say(f"* {name}")
        command = [str(PYTHON), *arguments]
        if subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, check=False).returncode != 0:
            failed.append(name)
    if failed:
        say("start.py: failed: " + ", ".join(failed))
    return 1 if failed else 0


def notebooks() -> list[str]:
    """The notebooks of the repository."""
    return sorted(map(str, (ROOT / "notebooks").glob("*.ipynb")))


def check(arguments: Sequence[str]) -> int:
    """Look at the code without running it: ruff, mypy, the layers, the notebooks' outputs."""
    return run_all(
        {
            "ruff check": ["-m", "ruff", "check", *arguments],
            "ruff format --check": ["-m", "ruff", "format", "--check", *arguments],
            "mypy --strict": ["-m", "mypy", *arguments],
            "lint-imports": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
            "nbstripout --verify": ["-m", "nbstripout", "--verify", "--keep-id", *notebooks()],
        }
    )


def format_code(arguments: Sequence[str]) -> int:
    """Write the code as `check` wants it, and take the outputs out of the notebooks."""
    return run_all(
        {
            "ruff check --fix": ["-m", "ruff", "check", "--fix", *arguments],
            "ruff format": ["-m", "ruff", "format", *arguments],
            "nbstripout": ["-m", "nbstripout", "--keep-id", *notebooks()],
        }
    )


def lock(arguments: Sequence[str]) -> int:
    """Write requirements.lock from pyproject.toml; versions stay, but with `--upgrade` or `--upgrade-package NAME`."""
    need_venv_module()
    python = str(CACHE / "uv" / BIN.name / PYTHON.name)
    config = [python, "-m", "pip", "config", "list"]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(CACHE / "uv")], check=True)
        subprocess.run([python, "-m", "pip", "install", "--no-user", "--quiet", "uv"], check=True)
        listed = subprocess.run(config, check=True, stdout=subprocess.PIPE, text=True).stdout
    except subprocess.CalledProcessError as error:
        raise SetupError("cannot install uv, which resolves the versions; what pip says is above") from error
    command = [python, "-m", "uv", "--no-config", "--quiet", "pip", "compile", "--universal", "--all-extras"]
    command += ["--generate-hashes", "--no-emit-index-url", "--python-version", "{}.{}".format(*OLDEST)]
    command += ["--custom-compile-command", "python3 start.py lock", "--output-file", LOCK.name, "pyproject.toml"]
    command += arguments
    environ = lock_environment(os.environ, listed)
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


def lock_environment(environ: Mapping[str, str], pip_config: str) -> dict[str, str]:
    """The environment in which uv resolves from pip's one index and from nowhere else.

    Args:
        environ: the environment now; what it tells uv about other places is left out.
        pip_config: what `pip config list` printed: lines `section.name='value'`, the environment's (which win) first.
    """
    settings: dict[str, str] = {}
    for line in pip_config.splitlines():
        name, _, value = line.partition("=")
        settings.setdefault(name.rpartition(".")[2], ast.literal_eval(value))
    places = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX_URL", "UV_DEFAULT_INDEX")
    env = {name: value for name, value in environ.items() if name not in places}
    if "index-url" in settings:
        env["UV_DEFAULT_INDEX"] = settings["index-url"]
    if "cert" in settings:
        env["SSL_CERT_FILE"] = settings["cert"]
    return env


def clean(arguments: Sequence[str]) -> int:
    """Remove .venv and the caches; `runs/` is evidence and stays."""
    patterns = [".venv", ".cache", ".*_cache", "cnxlib/**/__pycache__", "tests/**/__pycache__", "notebooks/.ipynb_*"]
    folders = [folder for pattern in patterns for folder in ROOT.glob(pattern)]
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
    return 0


def only_setup(arguments: Sequence[str]) -> int:
    """Make .venv what requirements.lock says, and nothing else."""
    say(".venv is up to date")
    return 0


IN_VENV: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "lab": lab,
    "test": test,
    "bench": bench,
    "screenshots": screenshots,
    "check": check,
    "format": format_code,
    "setup": only_setup,
    "cnx": cnx,
}
WITHOUT_VENV: dict[str, Callable[[Sequence[str]], int]] = {"lock": lock, "clean": clean}


def usage() -> str:
    """The commands with what each does."""
    every = {**IN_VENV, **WITHOUT_VENV}
    lines = [f"  {name:12}{command.__doc__}" for name, command in every.items()]
    return "\n".join(["usage: python3 start.py COMMAND [arguments]", "", *lines])


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code: 2 for wrong use, 1 when the set-up failed."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in IN_VENV and name not in WITHOUT_VENV:
        say((f"start.py: there is no command {name!r}\n" if name else "") + usage())
        return 2
    try:
        if name in WITHOUT_VENV:
            return WITHOUT_VENV[name](rest)
        setup()
        return IN_VENV[name](rest)
    except (SetupError, OSError) as error:
        say(f"start.py: {error}")
        return 1
    except KeyboardInterrupt:
        say("start.py: interrupted; the next run begins it again")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
