"""Where a secret can lie outside the store: the environment, a file, the system's keyring, the Salesforce CLI."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from cnxlib.errors import SecretError
from cnxlib.secrets import keyrings
from cnxlib.secrets.touched import touch

SHORTEST = 4
"""A shorter value cannot be kept out of a record: it would be found, and blackened, in half of its words."""

LARGEST_FILE = 64 * 1024
"""In bytes. A key is a few thousand; a device or a wrong file has no end."""


def look_up(kind: str, name: str) -> str | None:
    """The secret at a place, touched; None where there is no such kind of place.

    Raises
    ------
    SecretError
        The place holds none. The message names the place, never what is in it.
    """
    find = _FINDERS.get(kind)
    return None if find is None else checked(find(name), f"{kind}:{name}")


def checked(value: str, reference: str) -> str:
    """`value`, touched.

    Raises
    ------
    SecretError
        It is too short to be kept secret.
    """
    if len(value) < SHORTEST:
        raise SecretError(
            f"The secret at {reference} is {'empty' if not value else f'shorter than {SHORTEST} characters'}",
            hint=f"A secret has {SHORTEST} characters or more: a shorter one cannot be kept out of what is written.",
        )
    return touch(value)


def _of_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SecretError(f"The environment variable {name} is not set", hint=f"Set {name}, then run again.")
    return value


def _of_file(name: str) -> str:
    path = Path(name)
    try:
        path = path.expanduser()
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise SecretError(f"The file {path} is too large to hold a secret", hint="Name the right file.")
        return content.decode("utf-8-sig").rstrip("\r\n")
    except (OSError, ValueError, RuntimeError) as error:
        # ValueError: no UTF-8, or a name with a null in it. RuntimeError: a home that is not known.
        undecodable = isinstance(error, UnicodeDecodeError)
        reason = getattr(error, "strerror", None) or ("it is no UTF-8 text" if undecodable else "no such file")
        raise SecretError(f"The secret in {name} cannot be read: {reason}", hint="Check the file.") from None


def _of_keyring(name: str) -> str:
    service, _, user = name.rpartition("/")
    if not service or not user:
        raise SecretError(
            f"The reference keyring:{name} names no entry of the keyring",
            hint="It is keyring:SERVICE/NAME; what is after the last slash is the name.",
        )
    value = keyrings.read(service, user)
    if value is None:
        raise SecretError(
            f"The keyring holds nothing for {user} of {service}", hint=f"Put it there: keyring set {service} {user}"
        )
    return value


def _of_salesforce_cli(alias: str) -> str:
    from cnxlib.secrets.salesforce_cli import session_of

    return session_of(alias).access_token


_FINDERS: Mapping[str, Callable[[str], str]] = {
    "env": _of_environment,
    "file": _of_file,
    "keyring": _of_keyring,
    "sf": _of_salesforce_cli,
}
