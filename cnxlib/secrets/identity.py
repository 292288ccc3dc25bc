"""Where the store's identity, the key that opens it, is kept: the system's keyring, behind a passphrase, or a file.

Each keeper leaves one file beside the store, so that the next process knows where to look. The identity has 74
characters, which every keyring takes (Windows' takes some 1,200).
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Literal

import pyrage

from cnxlib.errors import SecretError, StoreLocked
from cnxlib.secrets import keyrings
from cnxlib.secrets.files import keep_private, replace_private
from cnxlib.secrets.passphrase import new_passphrase, passphrase_of
from cnxlib.secrets.touched import touch

Protection = Literal["keyring", "passphrase", "file"]

SERVICE = "Conexiom runbook secret store"
"""The keyring's entries are under this service, by the public half of the identity they hold."""

UNLOCKED = "CNX_SECRETS_UNLOCKED"
"""Set, once the passphrase was given, for the kernels and runners that this process starts: none of them can ask."""


class Keeper(ABC):
    """One way to keep the identity of the store in a folder.

    Parameters
    ----------
    folder:
        That of the store.
    """

    protection: ClassVar[Protection]
    file_name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.file = folder / self.file_name

    @property
    def place(self) -> str:
        """Where the identity lies, in words."""
        return str(self.file)

    def is_used(self) -> bool:
        """Whether this is how the identity is kept."""
        return os.path.lexists(self.file)

    @abstractmethod
    def load(self) -> str:
        """The identity ("AGE-SECRET-KEY-1…").

        Raises
        ------
        StoreLocked
            It is there, and out of reach for now.
        SecretError
            It is lost or damaged.
        OSError
            Its file cannot be read.
        """

    @abstractmethod
    def save(self, identity: pyrage.x25519.Identity, passphrase: str = "") -> None:
        """Keep `identity` from now on; raises as `load` does.

        Parameters
        ----------
        identity:
            The whole of it.
        passphrase:
            For `BehindPassphrase`: a reference to the new passphrase; "" asks for it.
        """

    def discard(self) -> None:
        """Keep it no more."""
        self.file.unlink(missing_ok=True)


class PlainFile(Keeper):
    """A file of mode 0600: whoever can read it can read the store. It protects copies of the store, not the account."""

    protection = "file"
    file_name = "identity.txt"

    def load(self) -> str:
        """The file's content."""
        keep_private(self.file)
        return self.file.read_text(encoding="ascii").strip()

    def save(self, identity: pyrage.x25519.Identity, passphrase: str = "") -> None:
        """Write the file."""
        replace_private(self.file, f"{identity}\n".encode())


class BehindPassphrase(Keeper):
    """An age file of its own, encrypted with a passphrase (scrypt: opening it takes about a second)."""

    protection = "passphrase"
    file_name = "identity.age"

    def load(self) -> str:
        """What the passphrase opens; nobody is asked twice, nor in a process that one who knew it has started."""
        sealed = self.file.read_bytes()
        digest = hashlib.sha256(sealed).hexdigest()
        known_of, _, known = os.environ.get(UNLOCKED, "").partition(":")
        if known_of == digest:
            return known
        if not sealed.startswith(b"age-encryption.org/"):
            raise SecretError(f"{self.file} is no age file, or is damaged", hint="Bring it back from a backup.")
        phrase = passphrase_of(self.file)
        try:
            identity: str = pyrage.passphrase.decrypt(sealed, phrase).decode("ascii").strip()
        except (pyrage.DecryptError, ValueError):
            raise StoreLocked(
                f"The passphrase does not open {self.file}",
                hint="Try again. If it is surely right, the file is damaged: bring it back from a backup.",
            ) from None
        touch(phrase)
        os.environ[UNLOCKED] = f"{digest}:{touch(identity)}"
        return identity

    def save(self, identity: pyrage.x25519.Identity, passphrase: str = "") -> None:
        """Write the file, behind a new passphrase."""
        sealed = pyrage.passphrase.encrypt(f"{identity}\n".encode(), new_passphrase(passphrase))
        replace_private(self.file, sealed)
        os.environ[UNLOCKED] = f"{hashlib.sha256(sealed).hexdigest()}:{touch(str(identity))}"


class InKeyring(Keeper):
    """The system's keyring; the file holds the name of the entry, which is the public half of the identity."""

    protection = "keyring"
    file_name = "identity.keyring"

    @property
    def place(self) -> str:
        """The keyring and its entry."""
        return f"the keyring (service {SERVICE!r}, name in {self.file})"

    def load(self) -> str:
        """The keyring's entry."""
        entry = self.file.read_text(encoding="ascii").strip()
        try:
            found = keyrings.read(SERVICE, entry)
        except SecretError as error:
            raise StoreLocked(
                f"The secret store {self.file.parent} is locked, for its identity lies in the keyring: {error.message}",
                hint=error.hint,
            ) from None
        if found is None:
            raise SecretError(
                f"The secret store's identity is missing in {self.place}",
                hint="Is this the user and the computer that made the store? Else move the store away to begin anew.",
            )
        return found

    def save(self, identity: pyrage.x25519.Identity, passphrase: str = "") -> None:
        """Put it into the keyring, look whether it is there, and only then write the file."""
        entry = str(identity.to_public())
        keyrings.write(SERVICE, entry, str(identity))
        if keyrings.read(SERVICE, entry) != str(identity):
            raise SecretError(f"The keyring ({keyrings.name_of_keyring()}) does not keep what it is given")
        replace_private(self.file, f"{entry}\n".encode())

    def discard(self) -> None:
        """Forget the entry too; after the file, for one that leads nowhere would be taken for a lost identity."""
        entry = self.file.read_text(encoding="ascii").strip()
        super().discard()
        keyrings.delete(SERVICE, entry)


KEEPERS: dict[str, type[Keeper]] = {each.protection: each for each in (InKeyring, BehindPassphrase, PlainFile)}
"""By protection, in the order in which they are looked for."""
