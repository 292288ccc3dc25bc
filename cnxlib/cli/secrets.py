"""`cnx secrets`: what the secret store holds, by name. No value is ever shown, or taken as an argument."""

from __future__ import annotations

import difflib
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json, table
from cnxlib.errors import CnxError, UsageError

if TYPE_CHECKING:
    from cnxlib.secrets import SecretStore

LARGEST = 64 * 1024
"""Bytes that are read of standard input: a key has a few thousand."""

_OF_AN_ORG = re.compile(r"(00D[A-Za-z0-9]{15})/.")

app = typer.Typer(
    name="secrets", help="The secret store: names in, references out, never a value.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name; age:NAME is the reference to it.")]


@app.command(
    "set",
    epilog="Example: cnx secrets set acme/password (it asks, or reads standard input)",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def set_(context: typer.Context, name: Name, json: options.Json = False) -> int:
    """Keep a secret, asked for unseen or read from standard input; one of that name is replaced."""
    from cnxlib.secrets.store import check_name

    if context.args:  # let through so that they are refused without being shown
        raise UsageError(
            "The secret itself is never an argument: other programs can see those, and your shell keeps them",
            hint=f"Give it when asked, or by standard input: cnx secrets set {name}. Change it, if it was a real one.",
        )
    check_name(name)
    store = _store()
    replaced = (
        name in store.names()
    )  # opens the store first: whoever has typed a secret should not have done so in vain
    value = _value(name)
    reference = store.put(name, value)
    console(stderr=json).print(
        f"{'Replaced' if replaced else 'Kept'} {name}. Refer to it as {reference}", soft_wrap=True
    )
    if json:
        told = {"name": name, "reference": reference, "replaced": replaced}
        print_json({**told, "store": str(store.directory), "protection": store.protection})
    return 0


@app.command("list", epilog="Example: cnx secrets list --json")
def list_(json: options.Json = False) -> int:
    """List the names held, the references to them and the orgs they belong to."""
    store = _store()
    names = store.names()
    orgs = {name: found[1] for name in names if (found := _OF_AN_ORG.match(name))}
    aliases = _aliases() if orgs else {}
    rows = [(name, f"age:{name}", aliases.get(org := orgs.get(name, ""), org)) for name in names]
    out = console(stderr=json)
    if rows:
        out.print(table(("Name", "Reference", "Org"), rows))
    else:
        out.print("The store holds nothing yet.")
    out.print(f"\nStore: {store.directory}{_protected(store)}", soft_wrap=True)
    if json:
        secrets = [
            {
                "name": name,
                "reference": f"age:{name}",
                "org": {"id": orgs[name], "alias": aliases.get(orgs[name], "")} if name in orgs else None,
            }
            for name in names
        ]
        print_json({"store": str(store.directory), "protection": store.protection, "secrets": secrets})
    return 0


@app.command("rm", epilog="Example: cnx secrets rm acme/password")
def rm(name: Name, json: options.Json = False) -> int:
    """Forget a secret, for good; asks nothing."""
    store = _store()
    names = store.names()
    if not (name in names and store.remove(name)):
        near = difflib.get_close_matches(name, names)
        raise UsageError(
            f"The secret store {store.directory} holds no {name}; nothing was removed",
            hint=f"Did you mean {' or '.join(near)}?" if near else "`cnx secrets list` shows what it holds.",
        )
    console(stderr=json).print(f"Removed {name}. What refers to age:{name} finds nothing now.", soft_wrap=True)
    if json:
        print_json({"removed": name, "reference": f"age:{name}", "store": str(store.directory)})
    return 0


@app.command("protect", epilog="Example: cnx secrets protect --with passphrase")
def protect(
    with_: Annotated[
        Literal["keyring", "passphrase", "file"],
        typer.Option("--with", help="The system's keyring, a passphrase, or a file that only you can read."),
    ],
    new_passphrase: Annotated[
        str,
        typer.Option("--new-passphrase-ref", metavar="REF", help="Where a new passphrase lies; asked for by default."),
    ] = "",
    json: options.Json = False,
) -> int:
    """Change how the key of the store is kept, or its passphrase.

    CNX_SECRETS_PASSPHRASE_REF says where the passphrase lies (env:NAME, file:PATH, keyring:SERVICE/NAME) for runs that
    have nobody to ask.
    """
    from cnxlib.secrets import passphrase

    store = _store()
    before = store.protection
    if new_passphrase and with_ != "passphrase":
        raise UsageError("--new-passphrase-ref goes with --with passphrase")
    # The environment's reference is to the passphrase in use; to a new one only where none was in use.
    store.protect(with_, new_passphrase or ("" if before == "passphrase" else passphrase.reference()))
    out = console(stderr=json)
    out.print(f"Store: {store.directory}{_protected(store)}", soft_wrap=True)
    if before == "file" != with_:
        out.print("Copies of the old identity.txt, in backups say, open older copies of the store, not this one.")
    if json:
        print_json({"store": str(store.directory), "before": before, "protection": store.protection})
    return 0


def _store() -> SecretStore:
    from cnxlib.secrets import SecretStore

    return SecretStore()


def _value(name: str) -> str:
    """The secret, from a person who types it unseen and twice, else from standard input."""
    from cnxlib.secrets.passphrase import ask_hidden
    from cnxlib.secrets.places import SHORTEST

    if sys.stdin is not None and sys.stdin.isatty():
        value = ask_hidden(f"{name}: ") or ""
        if value and value != ask_hidden("Once more: "):
            raise UsageError("The two differ", hint="Nothing was changed; try again.")
    else:
        value = _piped()
    if len(value) < SHORTEST:
        raise UsageError(
            f"A secret has {SHORTEST} characters or more" if value else "No secret was given",
            hint="Nothing was changed. Give it when asked in a terminal, or by standard input.",
        )
    return value


def _piped() -> str:
    content = sys.stdin.buffer.read(LARGEST + 1) if sys.stdin is not None else b""
    if len(content) > LARGEST:
        raise UsageError("Standard input is too large for a secret", hint=f"It may have {LARGEST} bytes.")
    try:
        return content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError("Standard input is no UTF-8 text", hint="Nothing was changed.") from None


def _protected(store: SecretStore) -> str:
    words = {"keyring": "its key in the system's keyring", "passphrase": "its key behind a passphrase"}
    protection = store.protection
    return f", {words.get(protection, 'its key in a file that only you can read')}" if protection else ", not made yet"


def _aliases() -> dict[str, str]:
    """The alias of each org by its id, as far as the records tell."""
    from cnxlib.cli.listing import last_run
    from cnxlib.inventory import read_inventory

    known: dict[str, str] = {}
    with suppress(CnxError):  # without inventory or records there are only the ids
        for alias in read_inventory():
            run = last_run(alias)
            if run is not None:
                known[run["org"]["id"]] = alias
    return known
