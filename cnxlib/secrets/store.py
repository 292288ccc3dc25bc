"""The secret store: one age file, encrypted to an identity that lies beside it with mode 0600.

The store keeps what the runbook makes (the integration user's password, the connected app's secret) until it is handed
to Conexiom. Whoever can read the identity file can read the store: it protects copies of the store, not the account.
"""

from __future__ import annotations

import json
import os
import secrets
import string
from pathlib import Path
from typing import Literal

import platformdirs
import pyrage
from filelock import FileLock

from cnxlib.errors import SecretError


def store_directory() -> Path:
    """$CNX_SECRETS, else the user's data directory."""
    named = os.environ.get("CNX_SECRETS")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("conexiom-runbook"))


def make_secret(kind: Literal["password", "alphanumeric"]) -> str:
    """A new random secret.

    "password": 24 characters with letters of both cases, digits and marks, which Salesforce's strictest policy takes.
    "alphanumeric": 64 letters and digits, as ConnectedApp's consumerKey and consumerSecret must be (8-256).
    """
    alphabet = string.ascii_letters + string.digits
    if kind == "alphanumeric":
        return "".join(secrets.choice(alphabet) for _ in range(64))
    marks = "!#%*+-=?_"
    needed = [secrets.choice(part) for part in (string.ascii_lowercase, string.ascii_uppercase, string.digits, marks)]
    drawn = needed + [secrets.choice(alphabet + marks) for _ in range(20)]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


class SecretStore:
    """Named secrets in one encrypted file.

    Parameters
    ----------
    directory:
        Where `secrets.age` and `identity.txt` lie; made on first use.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or store_directory()
        self._file = self._directory / "secrets.age"
        self._identity_file = self._directory / "identity.txt"

    def names(self) -> list[str]:
        """The names held, sorted."""
        return sorted(self._read())

    def get(self, name: str) -> str:
        """The secret; raises `SecretError` where there is none of that name or the store cannot be read."""
        held = self._read()
        if name not in held:
            raise SecretError(f"The secret store {self._file} holds no {name}", hint="Run the phase that makes it.")
        return held[name]

    def put(self, name: str, value: str) -> str:
        """Keep `value` under `name`, replacing what was there; returns its reference, "age:NAME"."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self._directory / "secrets.lock"):
                held = self._read()
                held[name] = value
                sealed = pyrage.encrypt(json.dumps(held).encode(), [self._identity(make=True).to_public()])
                _write_private(self._file, sealed)
        except OSError as error:
            raise SecretError(
                f"The secret store {self._directory} cannot be written: {error.strerror or error}",
                hint="Make room for it, or name another folder in CNX_SECRETS.",
            ) from None
        return f"age:{name}"

    def _read(self) -> dict[str, str]:
        try:
            sealed = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SecretError(f"The secret store {self._file} cannot be read: {error.strerror}") from None
        try:
            held: dict[str, str] = json.loads(pyrage.decrypt(sealed, [self._identity(make=False)]))
        except (pyrage.DecryptError, ValueError):
            raise SecretError(
                f"The secret store {self._file} does not open with {self._identity_file}",
                hint="Bring back the identity it was made with, or move the store away to begin a new one.",
            ) from None
        return held

    def _identity(self, *, make: bool) -> pyrage.x25519.Identity:
        try:
            return pyrage.x25519.Identity.from_str(self._identity_file.read_text(encoding="ascii").strip())
        except FileNotFoundError:
            if not make or self._file.exists():
                raise SecretError(
                    f"The secret store's identity {self._identity_file} is missing",
                    hint="Bring it back from a backup, or move the store away to begin a new one.",
                ) from None
        except (OSError, ValueError, pyrage.IdentityError):
            raise SecretError(f"The secret store's identity {self._identity_file} cannot be read") from None
        identity = pyrage.x25519.Identity.generate()
        _write_private(self._identity_file, f"{identity}\n".encode())
        return identity


def _write_private(path: Path, content: bytes) -> None:
    """Replace `path` as a whole, readable by its owner alone (Windows: by the directory's own rules)."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise SecretError(f"{path} cannot be written: {error.strerror}", hint="Nothing was changed there.") from None
