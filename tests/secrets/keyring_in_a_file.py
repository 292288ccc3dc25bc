"""A keyring for tests, shared by processes: a JSON file, which can be locked."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

FILE, LOCKED = "TEST_KEYRING_FILE", "TEST_KEYRING_LOCKED"


class Keyring(KeyringBackend):
    """Keeps its entries in $TEST_KEYRING_FILE; is locked while $TEST_KEYRING_LOCKED is set."""

    priority = 5

    def get_password(self, service: str, username: str) -> str | None:
        found: str | None = self._entries().get(f"{service}\n{username}")
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password) > 1200:
            raise ValueError("longer than what Windows keeps")
        self._write(self._entries() | {f"{service}\n{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        if entries.pop(f"{service}\n{username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._write(entries)

    def _entries(self) -> dict[str, str]:
        if os.environ.get(LOCKED):
            raise KeyringLocked("locked")
        file = Path(os.environ[FILE])
        return json.loads(file.read_text()) if file.exists() else {}

    def _write(self, entries: dict[str, str]) -> None:
        Path(os.environ[FILE]).write_text(json.dumps(entries))


class InClear(Keyring):
    """One of those that keyring does not recommend."""

    priority = 0.5
