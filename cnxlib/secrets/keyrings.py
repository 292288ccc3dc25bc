"""The system's keyring: Windows' Credential Manager, macOS' Keychain, the Secret Service of Linux desktops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cnxlib.errors import SecretError, StoreLocked

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

RECOMMENDED = 1
"""From this priority on keyring itself recommends a backend; below it are none, null and those that write in clear."""


def is_recommended() -> bool:
    """Whether there is a keyring here that keeps secrets well. It may be locked."""
    backend = _backend()
    # A chain of backends has a high priority of its own, whatever it is made of.
    return any(_priority(each) >= RECOMMENDED for each in getattr(backend, "backends", [backend]))


def name_of_keyring() -> str:
    """What the keyring in use calls itself."""
    return str(getattr(_backend(), "name", "keyring"))


def read(service: str, name: str) -> str | None:
    """The password held for `name` of `service`, None where there is none; raises as `write` does."""
    return _asked(lambda backend: backend.get_password(service, name))


def write(service: str, name: str, value: str) -> None:
    """Keep a password.

    Raises
    ------
    StoreLocked
        The keyring is locked.
    SecretError
        There is no keyring here, or it refuses.
    """
    _asked(lambda backend: backend.set_password(service, name, value))


def delete(service: str, name: str) -> None:
    """Forget a password; raises as `write` does."""
    _asked(lambda backend: backend.delete_password(service, name))


def _backend() -> KeyringBackend:
    import keyring

    return keyring.get_keyring()


def _priority(backend: KeyringBackend) -> float:
    try:
        return float(backend.priority)
    except Exception:  # backends tell by any exception that they cannot work here
        return 0


def _asked(question: Callable[[KeyringBackend], T]) -> T:
    import keyring.errors

    backend = _backend()
    if _priority(backend) <= 0:
        raise SecretError(
            "There is no keyring here that works",
            hint="Run this where you are logged in to the desktop, or keep the secret elsewhere: env:, file: or age:.",
        )
    try:
        return question(backend)
    except keyring.errors.KeyringLocked:
        raise StoreLocked(f"The keyring ({name_of_keyring()}) is locked", hint="Unlock it, then run again.") from None
    except Exception as error:  # beside its own errors, backends let through those of the system beneath them
        raise SecretError(
            f"The keyring ({name_of_keyring()}) refuses: {type(error).__name__}",
            hint="See whether it opens in the system's own program for it, then run again.",
        ) from None
