"""The sessions that the Salesforce CLI (`sf`) holds: who logged in with it, by single sign-on and MFA or otherwise.

Two of its commands are asked. `sf org display --json` renews the session where it can and tells address and user; since
May 2026 it hides the access token ("[REDACTED] ..."). `sf org auth show-access-token --json`, which came with that
change, tells the token (forcedotcom/cli issue 3560; salesforcecli/plugin-org pull request 1667). A CLI without that
command is an older one, whose `org display` tells the token itself. The shapes are those that sf 2.146 answered.

No secret is given to `sf`: its arguments are the alias and words of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnxlib.errors import SecretError
from cnxlib.secrets.touched import touch

TIMEOUT_S = 120.0
"""How long one command of the CLI may take, in seconds: a Node.js program that may ask the org for a new token."""

ALIAS = r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*"
"""What an alias or user name of the CLI may look like here. On Windows `sf` is a batch file, for which quoting does not
hold: nothing that its shell would read as more than a word may get there."""

_TOKEN = re.compile(r"00D\w{12,15}!\S+")
"""A session id begins with the org's id. A hidden one, or one that the CLI left encrypted, does not."""


@dataclass(frozen=True)
class CliSession:
    """A session of the Salesforce CLI: its token, the org's address ("https://host[:port]"), the user's name."""

    access_token: str = field(repr=False)
    instance_url: str
    username: str


class _Refused(Exception):
    """What the CLI said instead of a result: its error's name and message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def session_of(alias: str) -> CliSession:
    """The session that the Salesforce CLI holds for an alias or user name.

    Parameters
    ----------
    alias:
        As given to `sf org login web --alias`.

    Raises
    ------
    SecretError
        There is no `sf`, it knows no such alias, or its session is over and cannot be renewed; names the command that
        logs in anew.
    """
    if not re.fullmatch(ALIAS, alias):
        raise SecretError(
            f"{alias!r} is no alias of the Salesforce CLI that can be used here",
            hint="Give it one of letters, digits and . _ - @ +, beginning with a letter or digit: sf alias set.",
        )
    # In this order: `org display` says whether the session could be renewed; the other warns, and tells a stale token.
    shown = _result(alias, "org", "display")
    status = str(shown.get("connectedStatus") or "Connected")  # a scratch org's answer has none
    if status != "Connected":
        raise SecretError(
            f"The Salesforce CLI is not connected to {alias}: {status}",
            hint=f"Run: {_login(alias)}. Behind a proxy that opens TLS, name its CA for `sf` in NODE_EXTRA_CA_CERTS.",
        )
    token, url = _token(alias, shown), str(shown.get("instanceUrl") or "").rstrip("/")
    if not url.startswith("https://"):
        raise SecretError(
            f"The Salesforce CLI tells no https address of the org {alias}",
            hint=f"Look at: sf org display --target-org {alias}. Log in anew: {_login(alias)}",
        )
    return CliSession(touch(token), url, str(shown.get("username") or ""))


def version() -> str:
    """The CLI's version, such as "@salesforce/cli/2.146.3"; "" where it is not installed or does not answer."""
    try:
        return _run("--version").stdout.partition(" ")[0].strip()
    except (SecretError, OSError):
        return ""


def _token(alias: str, shown: Mapping[str, Any]) -> str:
    """The access token, by its own command; from `org display` where the CLI is too old for that."""
    try:
        told = _asked(("org", "auth", "show-access-token", "--target-org", alias))
    except _Refused as refused:
        told = shown
        said = f": {refused.message}" if refused.message else ""
    else:
        said = ""
    token = str(told.get("accessToken") or "")
    if not _TOKEN.fullmatch(token):
        raise SecretError(
            f"The Salesforce CLI does not tell its access token for {alias}{said}",
            hint=f"Bring it up to date (sf update), then log in anew: {_login(alias)}",
        )
    return token


def _result(alias: str, *command: str) -> Mapping[str, Any]:
    try:
        return _asked((*command, "--target-org", alias))
    except _Refused as refused:
        if refused.name == "NamedOrgNotFoundError":
            said = f"The Salesforce CLI is not logged in to an org with the alias {alias}"
        else:
            said = f"The Salesforce CLI has no session for {alias}: {refused.message or refused.name}"
        raise SecretError(said, hint=f"Run: {_login(alias)}") from None


def _asked(arguments: Sequence[str]) -> Mapping[str, Any]:
    """The `result` of one command.

    Raises
    ------
    _Refused
        It answered with an error, or with something that is no answer.
    SecretError
        There is no `sf`, or it takes too long.
    """
    ended = _run(*arguments, "--json")
    # An older CLI may say something of its own (a new version is out) before the object.
    text = ended.stdout[max(ended.stdout.find("{"), 0) :]
    try:
        told = json.loads(text)
    except ValueError:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise _Refused("", said[-1] if said else f"exit code {ended.returncode}") from None
    result = told.get("result") if isinstance(told, dict) else None
    if isinstance(result, dict) and told.get("status", 0) == 0:
        return result
    if not isinstance(told, dict):
        raise _Refused("", f"exit code {ended.returncode}")
    message = str(told.get("message") or "").strip().splitlines()
    raise _Refused(str(told.get("name") or ""), " ".join(line.strip() for line in message))


def program() -> str:
    """Where `sf` is; raises `SecretError` where it is not installed, which says how to install it."""
    found = shutil.which("sf")
    if found is None:
        raise SecretError(
            "The Salesforce CLI (sf) is not installed, or not on the PATH",
            hint="Install it (npm install --global @salesforce/cli, or its installer), "
            "then log in: sf org login web --alias NAME. Or give the org another login in the inventory.",
        )
    return found


def quiet() -> dict[str, str]:
    """The environment in which `sf` says nothing but what it was asked."""
    said = {"NO_COLOR": "1", "FORCE_COLOR": "0", "SF_AUTOUPDATE_DISABLE": "true", "SF_SKIP_NEW_VERSION_CHECK": "true"}
    return {**os.environ, **said}


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = program()
    try:
        return subprocess.run(
            [found, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
            env=quiet(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SecretError(
            f"The Salesforce CLI did not answer within {TIMEOUT_S:.0f} s",
            hint=f"Try it by hand: sf {' '.join(arguments)}",
        ) from None
    except OSError as error:
        raise SecretError(f"The Salesforce CLI {found} cannot be run: {error.strerror}") from None


def _login(alias: str) -> str:
    return f"sf org login web --alias {alias}"
