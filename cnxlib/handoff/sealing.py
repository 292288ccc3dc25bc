"""Credentials in an age file that its receiver alone opens."""

from __future__ import annotations

from collections.abc import Iterable

import pyrage

from cnxlib.errors import SecretError

SHORTEST_PASSPHRASE = 12
"""Characters: whoever has the file can try as many as they like, though each costs them a second (age, scrypt)."""


def is_recipient(key: str) -> bool:
    """Whether `key` is an age recipient (its checksum tells)."""
    try:
        pyrage.x25519.Recipient.from_str(key)
    except (ValueError, pyrage.RecipientError):
        return False
    return True


def lines_of(parts: Iterable[tuple[str, str]]) -> str:
    """Credentials as text, one a line, as the guide's template has them."""
    return "".join(f"{name}: {value}\n" for name, value in parts)


def sealed_to_key(text: str, recipient: str) -> str:
    """`text`, encrypted so that the identity of `recipient` opens it; armoured."""
    key = pyrage.x25519.Recipient.from_str(recipient)
    sealed: bytes = pyrage.encrypt(text.encode(), [key], armored=True)
    return sealed.decode()


def sealed_to_passphrase(text: str, passphrase: str) -> str:
    """`text`, encrypted so that `passphrase` opens it; armoured.

    Raises
    ------
    SecretError
        It is too short to withstand who has the file and time.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise SecretError(
            f"The passphrase for the credentials is shorter than {SHORTEST_PASSPHRASE} characters",
            guide=("G9.2",),
            hint="Several words make a good one. Nothing was sealed.",
        )
    sealed: bytes = pyrage.passphrase.encrypt(text.encode(), passphrase, armored=True)
    return sealed.decode()
