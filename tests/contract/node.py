"""jsforce in a Node process: installed once into a cache folder, spoken to by lines of JSON."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("CNX_CONTRACT_CACHE") or HERE.parents[1] / ".cache" / "contract")
INSTALL_S = 180


class Unavailable(Exception):
    """jsforce cannot be had here; says why."""


class Refused(Exception):
    """jsforce's error: the code that Salesforce gave, without SOAP's prefix, and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code.removeprefix("sf:")
        self.message = message


def installed() -> tuple[str, Path]:
    """The path of node, and the folder in whose node_modules the jsforce of package-lock.json is.

    Raises:
        Unavailable: Node or npm is missing, or npm cannot install it.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Unavailable("Node.js and npm are needed for jsforce")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(lock).hexdigest()[:12]
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "install.lock", timeout=INSTALL_S):
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            _install(npm, folder)
            (folder / "installed").touch()
    return node, folder


def _install(npm: str, folder: Path) -> None:
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"npm did not install jsforce within {INSTALL_S} s") from None
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if "npm error" in line]
        raise Unavailable(f"npm could not install jsforce: {' '.join(words[:3]) or done.returncode}")


class Node:
    """The process. Its environment says whom it trusts (NODE_EXTRA_CA_CERTS)."""

    def __init__(self) -> None:
        node, folder = installed()
        self._process = subprocess.Popen(
            [node, str(HERE / "bridge.cjs"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._connections = 0

    def connect(self, **options: Any) -> Jsforce:
        """A jsforce Connection made with these options."""
        self._connections += 1
        self.ask({"connection": self._connections, "open": options})
        return Jsforce(self, self._connections)

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Send one request; the value that came back.

        Raises:
            Refused: jsforce raised an error.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"Node ended with {self._process.wait(10)}"
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(str(answer["error"]["code"]), answer["error"]["message"])
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(15)


class Jsforce:
    """One jsforce connection: `js("sobject(Account).create", {"Name": "A"})`."""

    def __init__(self, node: Node, number: int) -> None:
        self._node, self._number = node, number

    def __call__(self, path: str, *args: Any) -> Any:
        """Call what is at `path` below the connection; see bridge.cjs."""
        return self._node.ask({"connection": self._number, "path": path, "args": args})
