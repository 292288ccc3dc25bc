"""The secret store: one age file that holds named secrets, and beside it whatever keeps the identity that opens it.

It holds what the runbook makes (the integration user's password, the connected app's secret, the key that signs the
records) and what people put there.
"""

from __future__ import annotations

import difflib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import pyrage
from filelock import FileLock, Timeout

from cnxlib.errors import SecretError, UsageError
from cnxlib.secrets import keyrings, passphrase
from cnxlib.secrets.files import replace_private, sweep
from cnxlib.secrets.identity import KEEPERS, InKeyring, Keeper, PlainFile, Protection
from cnxlib.secrets.places import checked
from cnxlib.secrets.touched import touch

PROTECTION = "CNX_SECRETS_PROTECTION"
"""The environment variable that says how a new store keeps its identity: keyring, passphrase or file."""

PATIENCE_S = 30.0
"""How long another process may take to write the store, in seconds."""

LONGEST_NAME = 255

log = logging.getLogger(__name__)


def store_directory() -> Path:
    """$CNX_SECRETS, else the user's data directory."""
    named = os.environ.get("CNX_SECRETS")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("conexiom-runbook"))


def check_name(name: str) -> str:
    """`name`; raises `UsageError` where no secret can have it."""
    if not name or len(name) > LONGEST_NAME or name[0] in "-/" or " " in name or not name.isprintable():
        raise UsageError(
            f"A secret cannot have the name {name[:40]!r}",
            hint=f"A name has up to {LONGEST_NAME} letters, digits and marks, no spaces, and begins with no - or /.",
        )
    return name


class SecretStore:
    """Named secrets in one encrypted file.

    Whoever reads sees the file as it was before or after a write, never between. Writers wait for each other.

    Parameters
    ----------
    directory:
        Where `secrets.age` and the identity's file lie; made on first use. The user's own by default.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or store_directory()
        self._file = self.directory / "secrets.age"
        self._keepers: dict[str, Keeper] = {name: keeper(self.directory) for name, keeper in KEEPERS.items()}

    @property
    def protection(self) -> Protection | None:
        """How the identity is kept; None where there is no store yet."""
        keeper = self._keeper()
        return None if keeper is None else keeper.protection

    def names(self) -> list[str]:
        """The names held, sorted; raises as `get` does."""
        return sorted(self._read())

    def get(self, name: str) -> str:
        """The secret.

        Raises
        ------
        StoreLocked
            The store wants a passphrase that nobody gave, or lies behind a keyring that is out of reach.
        SecretError
            There is none of that name, it is too short to be kept secret, or the store cannot be read.
        """
        held = self._read()
        if name not in held:
            near = difflib.get_close_matches(name, held)
            raise SecretError(
                f"The secret store {self._file} holds no {name}",
                hint=f"Did you mean {' or '.join(near)}?" if near else "`cnx secrets list` shows what it holds.",
            )
        return checked(held[name], f"age:{name}")

    def put(self, name: str, value: str) -> str:
        """Keep `value` under `name`, replacing what was there; returns its reference, "age:NAME".

        Raises
        ------
        UsageError
            No secret can have that name.
        StoreLocked, SecretError
            The secret is too short, or the store cannot be opened or written; what it held it holds still.
        """
        check_name(name)
        checked(value, f"age:{name}")
        with self._writing():
            self._write(self._read() | {name: value}, self._identity_to_write())
        return f"age:{name}"

    def remove(self, name: str) -> bool:
        """Forget a secret; whether there was one. Raises as `put` does."""
        if not self._file.exists():
            return False
        with self._writing():
            held = self._read()
            found = held.pop(name, None) is not None
            if found:
                self._write(held, self._identity_to_write())
        return found

    def prepare(self) -> None:
        """Make sure that a secret can be kept, before one is made that would be lost; raises as `put` does."""
        with self._writing():
            self._write(self._read(), self._identity_to_write())

    def unlock(self) -> None:
        """Have the passphrase given now, so that processes started from here need not ask.

        Nothing happens where none is needed, or where it is not given and nobody is there: whoever needs the store says
        then that it is locked.

        Raises
        ------
        StoreLocked, SecretError
            The passphrase is wrong, or the reference to it leads nowhere.
        """
        keeper = self._keeper()
        if keeper and keeper.protection == "passphrase" and (passphrase.reference() or passphrase.can_ask()):
            self._load(keeper)

    def protect(self, protection: Protection, new_passphrase: str = "") -> None:
        """Keep the identity in another way, or behind another passphrase.

        It is a new identity: copies of the old one do not open what is written from now on. Cut off at any point, the
        store opens with whatever is there.

        Parameters
        ----------
        protection:
            "keyring", "passphrase" or "file".
        new_passphrase:
            A reference to it; "" asks for it.

        Raises
        ------
        UsageError
            The passphrase will not do.
        StoreLocked, SecretError
            The store, or the new place, cannot be opened or written; what the store held it holds still.
        """
        with self._writing():
            used = self._keeper()
            if used is not None and used.protection == protection != "passphrase":
                self._discard_others(used)
                return
            held, chosen = self._read(), self._keepers[protection]
            fresh = pyrage.x25519.Identity.generate()
            if self._file.exists():
                self._write(held, self._identity_to_write(), fresh)
            chosen.save(fresh, new_passphrase)
            self._discard_others(chosen)
            if self._file.exists():
                self._write(held, fresh)

    def _discard_others(self, chosen: Keeper) -> None:
        for keeper in self._keepers.values():
            if keeper is not chosen and keeper.is_used():
                keeper.discard()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone among the processes; what the system refuses is told in words."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.directory / "secrets.lock", timeout=PATIENCE_S):
                for file in (self._file, *(keeper.file for keeper in self._keepers.values())):
                    sweep(file)
                yield
        except Timeout:
            raise SecretError(
                f"Another process has been writing the secret store {self.directory} for {PATIENCE_S:.0f} s",
                hint="Wait for it, then run again. Nothing was changed.",
            ) from None
        except OSError as error:
            raise SecretError(
                f"The secret store {self.directory} cannot be written: {error.strerror or error}. "
                "What it held it holds still; nothing new was kept",
                hint="Make room for it or mend its rights, or name another folder in CNX_SECRETS.",
            ) from None

    def _write(self, held: Mapping[str, str], *identities: pyrage.x25519.Identity) -> None:
        sealed = pyrage.encrypt(json.dumps(held).encode(), [identity.to_public() for identity in identities])
        replace_private(self._file, sealed)

    def _read(self) -> dict[str, str]:
        try:
            sealed = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SecretError(f"The secret store {self._file} cannot be read: {error.strerror}") from None
        if not sealed.startswith(b"age-encryption.org/"):
            raise self._broken("is no age file, or is damaged")
        keeper = self._keeper()
        if keeper is None:
            raise SecretError(
                f"The secret store's identity is missing: there is none beside {self._file}",
                hint="Bring it back from a backup, or move the store away to begin a new one.",
            )
        identity = self._load(keeper)
        try:
            held = json.loads(pyrage.decrypt(sealed, [identity]))
        except pyrage.DecryptError as error:
            foreign = "No matching keys" in str(error)
            raise self._broken(
                f"does not open with the identity in {keeper.place}" if foreign else "is damaged or cut off"
            ) from None
        except ValueError:
            held = None
        if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
            raise self._broken("holds something else than this runbook's secrets")
        return held

    def _broken(self, how: str) -> SecretError:
        return SecretError(
            f"The secret store {self._file} {how}. It was left as it is; orgs and run records do not depend on it",
            hint="Bring it back from a backup together with its identity, or move it away to begin a new one.",
        )

    def _keeper(self) -> Keeper | None:
        return next((keeper for keeper in self._keepers.values() if keeper.is_used()), None)

    def _load(self, keeper: Keeper) -> pyrage.x25519.Identity:
        try:
            return pyrage.x25519.Identity.from_str(touch(keeper.load()))
        except OSError as error:
            said = f"cannot be read: {error.strerror}"
        except (ValueError, pyrage.IdentityError):
            said = "is none, or is damaged"
        raise SecretError(
            f"The secret store's identity in {keeper.place} {said}. The store itself was left as it is",
            hint="Bring the identity back from a backup, or move the store away to begin a new one.",
        )

    def _identity_to_write(self) -> pyrage.x25519.Identity:
        keeper = self._keeper()
        return self._make_identity() if keeper is None else self._load(keeper)

    def _make_identity(self) -> pyrage.x25519.Identity:
        """A new identity, kept as the environment says, else as well as can be without asking anybody."""
        identity = pyrage.x25519.Identity.generate()
        touch(str(identity))
        wanted = os.environ.get(PROTECTION) or ("passphrase" if passphrase.reference() else "")
        if wanted and wanted not in KEEPERS:
            raise UsageError(f"{PROTECTION} is {wanted!r}", hint=f"It is one of {', '.join(KEEPERS)}, or not set.")
        if wanted:
            self._keepers[wanted].save(identity, passphrase.reference())
            return identity
        try:
            if keyrings.is_recommended():
                self._keepers[InKeyring.protection].save(identity)
                return identity
            why = "there is no keyring here that works"
        except SecretError as error:
            why = error.message
        plain = self._keepers[PlainFile.protection]
        plain.save(identity)
        log.warning(
            "The key of the secret store lies unprotected in %s (%s): whoever can read that file can read the store. "
            "`cnx secrets protect --with passphrase` puts a passphrase before it.",
            plain.file,
            why,
        )
        return identity
