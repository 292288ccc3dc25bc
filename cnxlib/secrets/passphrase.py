"""The passphrase before the store's identity: given by reference, or asked of the person at the terminal."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MethodType

from cnxlib.errors import SecretError, StoreLocked, UsageError
from cnxlib.secrets.places import look_up
from cnxlib.secrets.touched import touch

REFERENCE = "CNX_SECRETS_PASSPHRASE_REF"
"""The environment variable that says where the passphrase lies (env:, file:, keyring:), for runs without a person."""

KINDS = ("env", "file", "keyring")

SHORTEST = 8


def reference() -> str:
    """The reference that is given, "" where none is."""
    return os.environ.get(REFERENCE, "")


_nobody_asked: ContextVar[bool] = ContextVar("nobody_asked", default=False)


@contextmanager
def nobody_asked() -> Iterator[None]:
    """Within, nobody is asked: work in the background must not put a question between what a person is doing."""
    token = _nobody_asked.set(True)
    try:
        yield
    finally:
        _nobody_asked.reset(token)


def can_ask() -> bool:
    """Whether there is a person to ask."""
    return not _nobody_asked.get() and (_in_notebook() or _at_terminal())


def passphrase_of(path: Path) -> str:
    """The passphrase that opens the identity in `path`.

    Raises
    ------
    StoreLocked
        No reference is given, and there is nobody to ask.
    SecretError
        The reference leads nowhere.
    """
    if reference():
        return _at(reference())
    answer = ask_hidden(f"Passphrase of the secret store {path.parent}: ")
    if not answer:
        raise StoreLocked(
            f"The secret store {path.parent} is locked: its identity {path.name} lies behind a passphrase",
            hint=f"Run `cnx` in a terminal, where it asks, or say in {REFERENCE} where the passphrase lies "
            "(env:NAME, file:PATH, keyring:SERVICE/NAME).",
        )
    return answer


def new_passphrase(place: str) -> str:
    """A passphrase to be.

    Parameters
    ----------
    place:
        A reference to it; "" asks for it, twice.

    Raises
    ------
    StoreLocked
        There is nobody to ask.
    SecretError
        The reference leads nowhere.
    UsageError
        It is too short, or was typed differently the second time.
    """
    if place:
        chosen = _at(place)
    else:
        chosen = ask_hidden("New passphrase of the secret store: ") or ""
        if not chosen:
            raise StoreLocked(
                "There is nobody to ask for a new passphrase",
                hint=f"Run `cnx` in a terminal, or say in {REFERENCE} where the passphrase lies.",
            )
        if chosen != ask_hidden("Once more: "):
            raise UsageError("The two passphrases differ", hint="Nothing was changed; try again.")
    if len(chosen) < SHORTEST:
        raise UsageError(f"The passphrase is shorter than {SHORTEST} characters", hint="Several words make a good one.")
    return touch(chosen)


def ask_hidden(question: str) -> str | None:
    """What a person types unseen, at the terminal or in a notebook; None where nobody can be asked."""
    if not can_ask():
        return None
    try:
        return getpass.getpass(question)
    except (EOFError, RuntimeError):  # ipykernel's StdinNotImplementedError is a RuntimeError
        return None


def _at(place: str) -> str:
    kind, _, name = place.partition(":")
    found = look_up(kind, name) if kind in KINDS and name else None
    if found is None:
        raise SecretError(
            f"The reference to the secret store's passphrase ({REFERENCE}) leads nowhere that could hold one",
            hint="It is env:NAME, file:PATH or keyring:SERVICE/NAME.",
        )
    return found


def _in_notebook() -> bool:
    """ipykernel puts a method of its own in getpass's place, which asks the notebook's reader."""
    return isinstance(getpass.getpass, MethodType)


def _at_terminal() -> bool:
    if os.name != "posix":
        return sys.stdin is not None and sys.stdin.isatty()
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))  # also where standard input is a pipe, as in getpass
    except OSError:
        return False
    return True
