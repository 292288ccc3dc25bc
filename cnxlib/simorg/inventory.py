"""What a started server leaves for its clients: a private directory with the CA, the secrets and an orgs.yaml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from .org import Org
from .scenarios.loader import load
from .scenarios.seed import Login

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Inventory:
    """The directory and its files.

    Args:
        directory: where they go; made with mode 0700.
        url: the server's HTTPS address.
    """

    def __init__(self, directory: Path, url: str = "") -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "secrets").mkdir(mode=0o700, exist_ok=True)
        self.directory = directory.resolve()
        self.url = url
        self._entries: dict[str, Any] = {}

    @property
    def ca_file(self) -> Path:
        """The CA's certificate (PEM)."""
        return self.directory / "ca.pem"

    @property
    def path(self) -> Path:
        """The inventory, an orgs.yaml."""
        return self.directory / "orgs.yaml"

    def kept(self, alias: str, username: str) -> Login | None:
        """The login that an earlier server left for the org; None where it left none."""
        try:
            texts = [self._secret(alias, kind).read_text("utf-8") for kind in ("password", "token", "session")]
        except FileNotFoundError:
            return None
        return Login(username, *texts)

    def add(self, org: Org, login: Login) -> None:
        """Write the org's secrets and take its entry in; `write` puts it on disk."""
        for kind, text in (
            ("password", login.password),
            ("token", login.security_token),
            ("session", login.access_token),
        ):
            _write_private(self._secret(org.alias, kind), text)
        scenario = load(org.scenario, org.alias)
        self._entries[org.alias] = {
            "login": self._login(org.alias, login, soap=scenario.flags.soap_login),
            "ca_cert": str(self.ca_file),
            "simulated": True,
            "parameters": scenario.parameters,
        }

    def write(self) -> None:
        """Write the inventory anew, with all that was added."""
        _write_private(
            self.path, yaml.dump({"orgs": self._entries}, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        )

    def _login(self, alias: str, login: Login, *, soap: bool) -> dict[str, str]:
        """The password route where SOAP login is on; the session route where it is not."""
        files = {kind: f"file:{self._secret(alias, kind)}" for kind in ("password", "token", "session")}
        if soap:
            secret = {"password": files["password"], "security_token": files["token"]}
            return {"route": "password", "url": self.url, "username": login.username, **secret}
        return {"route": "session", "url": self.url, "session": files["session"]}

    def _secret(self, alias: str, kind: str) -> Path:
        return self.directory / "secrets" / f"{alias}.{kind}"


def describe(org: Org, login: Login) -> dict[str, str]:
    """The org's entry in the ready line and in the control door's answers."""
    return {
        "alias": org.alias,
        "org_id": org.org_id,
        "username": login.username,
        "password": login.password,
        "security_token": login.security_token,
        "access_token": login.access_token,
        "scenario": org.scenario,
    }


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from the first byte on and in one step."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
