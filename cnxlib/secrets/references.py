"""References to secrets: env:NAME, file:PATH, age:NAME, keyring:SERVICE/NAME, sf:ALIAS."""

from __future__ import annotations

from cnxlib.errors import SecretError
from cnxlib.secrets.places import look_up
from cnxlib.secrets.store import SecretStore

REFERENCE = r"(env|file|age|keyring|sf):.+"
"""What a reference looks like, as a regular expression; nothing else is taken for one."""

FORMS = "env:NAME, file:PATH, age:NAME, keyring:SERVICE/NAME or sf:ALIAS"
"""The same in words."""


def resolve(reference: str, store: SecretStore | None = None) -> str:
    """The secret that `reference` leads to; from then on it is kept out of all that is written.

    Parameters
    ----------
    reference:
        "env:NAME"; "file:PATH" (the file's text without the last line breaks); "age:NAME" (the secret store);
        "keyring:SERVICE/NAME" (the system's keyring; the name is what is after the last slash); "sf:ALIAS" (the access
        token of an org that the Salesforce CLI is logged in to).
    store:
        The store that "age:" means; the user's own by default.

    Raises
    ------
    StoreLocked
        The store or the keyring is locked.
    SecretError
        The reference is malformed, leads nowhere, or to fewer than four characters. The message holds the reference,
        never the secret.
    """
    kind, _, name = reference.partition(":")
    if name and kind == "age":
        return (store or SecretStore()).get(name)
    value = look_up(kind, name) if name else None
    if value is None:
        # Not shown: somebody may have written a secret where a reference belongs.
        raise SecretError(f"A reference to a secret is {FORMS}", hint="See orgs.example.yaml.")
    return value
