"""References to secrets: env:NAME, file:PATH, age:NAME."""

from __future__ import annotations

import os
from pathlib import Path

from cnxlib.errors import SecretError
from cnxlib.secrets.store import SecretStore


def resolve(reference: str, store: SecretStore | None = None) -> str:
    """The secret that `reference` leads to.

    Parameters
    ----------
    reference:
        "env:NAME", "file:PATH" (the file's text without the last line break) or "age:NAME" (the secret store).
    store:
        The store that "age:" means; the user's own by default.

    Raises
    ------
    SecretError
        The reference is malformed or leads nowhere. The message holds the reference, never the secret.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        value = os.environ.get(name)
        if not value:
            raise SecretError(f"The environment variable {name} is not set", hint=f"Set {name}, then run again.")
        return value
    if kind == "file" and name:
        try:
            return Path(name).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
            raise SecretError(f"The secret in {name} cannot be read: {reason}", hint="Check the file.") from None
    if kind == "age" and name:
        return (store or SecretStore()).get(name)
    raise SecretError("A reference to a secret must begin with env:, file: or age:", hint="See orgs.example.yaml.")
