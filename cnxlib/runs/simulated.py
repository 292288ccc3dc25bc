"""Simulated orgs around a run: a process of their own, reached by URL, gone when this process is gone."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from cnxlib.errors import CnxError, UsageError
from cnxlib.inventory.reading import OF_THE_SIMULATION
from cnxlib.records.keys import PIN, REFERENCE, simulated_key_file

READY_S = 60.0
"""How long the orgs may take to be ready, in seconds: they take about two, on a busy machine many more."""


class SimulatedOrgs:
    """A context in which simulated orgs are served.

    The server holds the other end of a pipe: it ends with this process, even where that is killed.

    Parameters
    ----------
    arguments:
        Those of `cnx sim serve`.
    secrets:
        Folder of the secret store for whoever works on these orgs; one that goes with them by default.

    Raises
    ------
    CnxError
        On entering: the server did not get ready; says what it said.
    """

    def __init__(self, arguments: Sequence[str] = (), *, secrets: Path | None = None) -> None:
        self._arguments = tuple(arguments)
        self._secrets = secrets
        self._server: subprocess.Popen[str] | None = None
        self.ready: Mapping[str, Any] = {}
        """The line that the server printed: url, http_url, ca_cert, orgs, inventory."""

    def __enter__(self) -> SimulatedOrgs:
        self._folder = Path(tempfile.mkdtemp(prefix="cnx-simulated-"))
        try:
            self.ready = self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def environment(self) -> dict[str, str]:
        """What a program needs to work on these orgs, beside what it has: inventory, address, trust, a secret store."""
        bundle = self._folder / "ca-bundle.pem"
        ca_cert = Path(self.ready["ca_cert"])
        bundle.write_bytes(_trusted_so_far() + b"\n" + ca_cert.read_bytes())
        of_node = self._folder / "node-extra-ca.pem"
        of_node.write_bytes(_content("NODE_EXTRA_CA_CERTS") + b"\n" + ca_cert.read_bytes())
        signing = {}
        if self._secrets is None and os.environ.get(REFERENCE, "age:").startswith("age:"):
            # A store that goes with the orgs cannot keep a key for the records, which stay.
            signing = {REFERENCE: f"file:{simulated_key_file()}", PIN: ""}
        direct = [os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "", "127.0.0.1", "localhost"]
        without_proxy = ",".join(filter(None, direct))
        return {
            "CNX_ORGS": self.ready["inventory"],
            OF_THE_SIMULATION: self.ready["inventory"],
            "CNX_SIM_URL": self.ready["url"],
            "CNX_SECRETS": str(self._secrets or self._folder / "secrets"),
            "CNX_SECRETS_PROTECTION": "file",  # it goes with the orgs, and leaves nothing in the user's keyring
            "REQUESTS_CA_BUNDLE": str(bundle),
            "SSL_CERT_FILE": str(bundle),
            **signing,
            "NODE_EXTRA_CA_CERTS": str(of_node),
            "NO_PROXY": without_proxy,
            "no_proxy": without_proxy,
        }

    def _start(self) -> Mapping[str, Any]:
        said = self._folder / "stderr"
        with said.open("wb") as stderr:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "cnxlib.simorg", "serve", *self._arguments, "--exit-with-parent"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                # Ctrl-C is for those who work on the orgs; these stay until the work is put down.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        assert self._server.stdout is not None
        line = _first_line(self._server.stdout, READY_S)
        with suppress(ValueError):
            ready = json.loads(line)
            if isinstance(ready, dict):
                return ready
        with suppress(subprocess.TimeoutExpired):
            self._server.wait(2)
        words = said.read_text(encoding="utf-8", errors="replace").strip()
        kind = UsageError if self._server.returncode == UsageError.exit_code else CnxError
        raise kind(
            f"The simulated org did not start within {READY_S:.0f} s" if not words else words.splitlines()[-1],
            hint="It needs the extra `sim`: pip install 'cnxlib[sim]'." if "No module named" in words else "",
        )

    def _stop(self) -> None:
        server = self._server
        if server is not None:
            for pipe in (server.stdin, server.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _first_line(stream: IO[str], patience_s: float) -> str:
    """The first line of `stream`, "" where it ends or none comes in time. (A pipe cannot be polled on Windows.)"""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    with suppress(queue.Empty):
        return lines.get(timeout=patience_s)
    return ""


def _trusted_so_far() -> bytes:
    """The certificates that Python programs trust here: those of the environment, else certifi's."""
    found = _content("REQUESTS_CA_BUNDLE") or _content("SSL_CERT_FILE")
    if found:
        return found
    import certifi

    return Path(certifi.where()).read_bytes()


def _content(variable: str) -> bytes:
    """What is in the file that an environment variable names; nothing where it names none."""
    with suppress(OSError):
        return Path(os.environ.get(variable, "")).read_bytes()
    return b""
