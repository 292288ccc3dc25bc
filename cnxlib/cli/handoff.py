"""`cnx handoff`: what was given to Conexiom, when and by whom; and replacing it afterwards."""

from __future__ import annotations

import json as json_
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from cnxlib.cli import options, phases
from cnxlib.cli.output import console, print_json, table
from cnxlib.errors import UsageError

app = typer.Typer(
    name="handoff", help="What was given to Conexiom: shown, never with its values, and replaced.", no_args_is_help=True
)


class Credential(StrEnum):
    """What can be replaced."""

    PASSWORD = "password"
    CONSUMER_SECRET = "consumer-secret"


@app.command("show", epilog="Example: cnx handoff show --org acme-sandbox")
def show(org: options.Org, json: options.Json = False) -> int:
    """List what was handed over: when, by whom, what, to whom, and the hash of it. Reads the records alone."""
    from cnxlib.inventory import find_org
    from cnxlib.records.handed import handed_over

    find_org(org)
    given = handed_over(org)
    out = console(stderr=json)
    if given:
        rows = [(one.at[:19], one.by, one.how, ", ".join(one.what), one.to or one.note) for one in given]
        out.print(table(("When (UTC)", "By", "How", "What", "To, or what was said"), rows))
    else:
        out.print(f"Nothing was handed over for {org}, by the records here.", soft_wrap=True)
    for one in given:
        if one.file or one.sha256 or one.asked:
            out.print(f"\nRun {one.run}: {one.file or ', '.join(one.what)}", soft_wrap=True)
            for line in filter(None, (one.asked, one.sha256)):
                out.print(Text(f"  {line}"), soft_wrap=True)
    if any(one.how in ("sealed", "mailed", "confirmed") for one in given):
        out.print(
            f"\nTo replace what they were given: cnx handoff rotate --org {org} password consumer-secret",
            soft_wrap=True,
        )
    if json:
        print_json({"org": org, "handed_over": [one.as_json() for one in given]})
    return 0


@app.command("rotate", epilog="Example: cnx handoff rotate --org acme-sandbox password")
def rotate(
    org: options.Org,
    what: Annotated[
        list[Credential],
        typer.Argument(help="The integration user's password, the connected app's key and secret, or both."),
    ],
    occasion: Annotated[
        str, typer.Option("--occasion", metavar="NAME", help="A name: under one name it is done once. Now, by default.")
    ] = "",
    ticket: options.Ticket = "",
    confirm_org_id: options.ConfirmOrgId = "",
    json: options.Json = False,
) -> int:
    """Replace what Conexiom was given: the password at once, key and secret by a step that is told.

    The new password is drawn, set and kept in the secret store; nobody sees it. Until Conexiom is given the new ones
    (`cnx apply --phase 09`) their connection does not work. Ends as `cnx apply` does, with 3 where a person has to act.
    """
    if len(set(what)) != len(what):
        raise UsageError("The same thing is named twice", hint="cnx handoff rotate --help says more.")
    name = occasion or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    wanted = [f"{one.replace('-', '_')}@{name}" for one in what]
    return phases.apply(
        org=org,
        phase=["09"],
        param=[f"rotate={json_.dumps(wanted)}"],
        ticket=ticket,
        confirm_org_id=confirm_org_id,
        json=json,
    )
