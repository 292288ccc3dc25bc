"""Starting `cnx lab` for a browser: a process with folders of its own, and orgs that know nothing but their login."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

READY_S = 90.0
"""How long the server may take to answer, in seconds: it takes about four, with other tests beside it many more."""


@dataclass(frozen=True)
class Lab:
    """A server, and the folders it works in.

    Attributes
    ----------
    url:
        Of the start page, with the token.
    home:
        The folder that holds `orgs.yaml`, `runs`, `notebooks` and the server's own words.
    """

    url: str
    home: Path
    environment: Mapping[str, str]

    @property
    def runs(self) -> Path:
        """The root of the run records."""
        return self.home / "runs"

    def page_of(self, notebook: str) -> str:
        """The address of another notebook, by name; JupyterLab leaves the tabs closed that were open before."""
        return self.url.replace("00_start_here", notebook) + "&reset"

    def api(self, method: str, path: str) -> Any:
        """Ask the server's own REST API, as no person does: for what only the machinery can do to a kernel."""
        address, _, token = self.url.partition("?token=")
        root = "/".join(address.split("/")[:3])
        headers = {"Authorization": f"token {token}"}
        request = urllib.request.Request(f"{root}/api/{path}", method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def cnx(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `cnx` on the same orgs and records."""
        return subprocess.run(
            [sys.executable, "-m", "cnxlib", *arguments],
            cwd=self.home,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )

    def parameters(self, alias: str) -> Mapping[str, Any]:
        """What `orgs.yaml` holds for an org's phases by now."""
        return yaml.safe_load((self.home / "orgs.yaml").read_text(encoding="utf-8"))["orgs"][alias].get(
            "parameters", {}
        )


@contextmanager
def serving(home: Path, *arguments: str) -> Iterator[Lab]:
    """Run `cnx lab` in the folder `home`, where `orgs.yaml` is; when it does not answer, its words are the error."""
    folders = {
        "CNX_ORGS": "orgs.yaml",
        "CNX_RUNS": "runs",
        "CNX_SECRETS": "secrets",
        "JUPYTER_CONFIG_DIR": "jupyter",  # nothing that the developer has set
    }
    environment = {**os.environ, **{name: str(home / path) for name, path in folders.items()}, "COLUMNS": "200"}
    said = home / "server.log"
    command = [sys.executable, "-m", "cnxlib", "lab", "--no-browser", "--json", "--notebooks", str(home / "notebooks")]
    with (
        said.open("wb") as stderr,
        subprocess.Popen(
            [*command, *arguments],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
        ) as process,
    ):
        try:
            url = json.loads(_object(process) or "{}").get("url", "")
            if not url or not _answers(url, process):
                raise AssertionError(f"cnx lab does not answer:\n{said.read_text(encoding='utf-8', errors='replace')}")
            yield Lab(url, home, environment)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _object(process: subprocess.Popen[str]) -> str:
    """The object that is printed before the server starts; "" where the process ended without one."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            return "".join(lines)
    return ""


def _answers(url: str, process: subprocess.Popen[str]) -> bool:
    """Wait until the server answers; False when it ended, or the time is over."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url.partition("?")[0], timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.2)
    return False


def write_inventory(home: Path, known: str, aliases: Iterable[str]) -> None:
    """Write `orgs.yaml`: the logins as the simulated orgs' own inventory `known` has them, and no parameters."""
    entries = yaml.safe_load(Path(known).read_text(encoding="utf-8"))["orgs"]
    for entry in entries.values():
        entry.pop("parameters", None)
    chosen = {alias: entries[alias] for alias in aliases}
    (home / "orgs.yaml").write_text(yaml.safe_dump({"orgs": chosen}, sort_keys=False), encoding="utf-8")
