"""Logging in with the browser: `sf org login web`, which opens it and waits until somebody has logged in there.

It is run without --json: with it, the answer would hold the tokens (salesforcecli/plugin-auth, login/web.ts). Without,
it says who was authorized, and keeps the tokens to itself.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

from cnxlib.errors import SecretError
from cnxlib.secrets.redaction import redact
from cnxlib.secrets.salesforce_cli import ALIAS, CliSession, program, quiet, session_of

PATIENCE_S = 900.0
"""How long somebody may take to log in, in seconds."""

_URL = r"https://[A-Za-z0-9.-]+(:\d+)?"
"""On Windows `sf` is a batch file: nothing that its shell would read as more than a word may get there."""

_PORT = re.compile(r"port \d+", re.IGNORECASE)


class WebLogin:
    """One login, waited for in this thread, and to be given up from another.

    Parameters
    ----------
    alias:
        What the CLI will call the org.
    url:
        Where to log in, "https://host": https://login.salesforce.com, https://test.salesforce.com or a My Domain.
    """

    def __init__(self, alias: str, url: str) -> None:
        if not re.fullmatch(ALIAS, alias) or not re.fullmatch(_URL, url):
            raise SecretError(
                "The Salesforce CLI cannot be given this name or address",
                hint="A name has letters, digits and . _ - @ +; an address is https:// and a host.",
            )
        self._alias, self._url = alias, url
        self._process: subprocess.Popen[str] | None = None
        self._given_up = threading.Event()

    def wait(self, tell: Callable[[str], None] = lambda line: None) -> CliSession:
        """Open the browser, wait for the person, and return the session; `tell` hears each line that `sf` says.

        Raises
        ------
        SecretError
            There is no `sf`, the browser cannot be opened, the login was refused, given up, or took too long.
        """
        said = self._logged_in(tell)
        if self._given_up.is_set():
            raise SecretError("The login was given up", hint="Press the button again to begin anew.")
        if said is not None:
            raise SecretError(f"The Salesforce CLI could not log in: {said or 'it gave no reason'}", hint=_hint(said))
        return session_of(self._alias)

    def give_up(self) -> None:
        """End it."""
        self._given_up.set()
        if self._process is not None and self._process.poll() is None:
            _kill(self._process)

    def _logged_in(self, tell: Callable[[str], None]) -> str | None:
        """None once somebody has logged in; else what `sf` said last."""
        command = [program(), "org", "login", "web", "--alias", self._alias, "--instance-url", self._url]
        last = ""
        try:
            with subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                env=quiet(),
                start_new_session=os.name == "posix",
            ) as process:
                self._process = process
                if self._given_up.is_set():
                    _kill(process)
                timer = threading.Timer(PATIENCE_S, self.give_up)
                timer.daemon = True
                timer.start()
                try:
                    for line in process.stdout or ():
                        if line.strip():
                            last = redact(line.strip())
                            tell(last)
                finally:
                    timer.cancel()
                return None if process.wait() == 0 else last
        except OSError as error:
            raise SecretError(f"The Salesforce CLI cannot be run: {error.strerror}") from None


def _hint(said: str) -> str:
    if _PORT.search(said):
        return "Another login is still waiting: close its terminal or notebook, wait a minute, then press again."
    return (
        "The browser opens on the computer where JupyterLab runs: where it has none, choose another way to log in "
        "below. Else press the button again. If the browser said that the app is blocked, have an administrator "
        "allow the app “Salesforce CLI”: install it (Setup, Connected Apps OAuth Usage, Install), or grant you Approve "
        "Uninstalled Connected Apps."
    )


def _kill(process: subprocess.Popen[str]) -> None:
    """End `sf` with what it started: it is a script that starts Node.js."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGTERM)
        else:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
