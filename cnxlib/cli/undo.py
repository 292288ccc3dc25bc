"""`cnx undo`: what a run did, taken back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import unquote

import typer

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json, show_run, warn
from cnxlib.cli.phases import carried_out, order, report
from cnxlib.model import Status

UNDO = "99_undo"

WAITS_FOR_A_PERSON = 3
"""Exit code where a person has something left to do."""


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("undo", epilog="Example: cnx undo --run 20261123T204006Z-9f3c --plan")(undo)


def undo(
    run: Annotated[str, typer.Option("--run", metavar="ID", help="The run, by its id or the beginning of it.")],
    org: Annotated[
        str, typer.Option("--org", metavar="ALIAS", help="Its org; found by the run's record where not given.")
    ] = "",
    include_package: Annotated[
        bool, typer.Option("--include-package", help="Uninstall the package too, and with it the data in its fields.")
    ] = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Take a record that is not as it was sealed at its word.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be taken back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take back what is found.")] = False,
    ticket: options.Ticket = "",
    expected_digest: options.Digest = "",
    confirm_org_id: options.ConfirmOrgId = "",
    json: options.Json = False,
) -> int:
    """Take back what a run did to its org: in reverse order, and only what is still as that run left it.

    What it created is deleted, what it changed is put back, assignments that it removed are given again. What was there
    before, and what was changed since, is left alone and named. At a terminal you see what it is and are asked, unless
    you gave --yes or --expected-digest (the digest that --plan shows). Where there is no terminal it goes ahead, as
    apply does; a production org wants its id in any case.

    Ends with 0 (done), 1 (failed, or the run's record is not as it was sealed), 2 (wrong use) or 3 (a person has
    something left to do: to say yes, or to have the package uninstalled, which Salesforce keeps).
    """
    from cnxlib.inventory import find_org
    from cnxlib.records.listing import find_run
    from cnxlib.records.sealing import seal_cut_off
    from cnxlib.records.steps import require_sealed

    path = find_run(run, org)
    alias = org or unquote(path.parent.name)
    find_org(alias)
    seal_cut_off(alias)  # a run that was killed is undone like another
    if not unverified:
        require_sealed(path, alias)
    asked = [f"run_id={path.name}", f"include_package={include_package}", f"unverified={unverified}"]

    def applied(digest: str, org_id: str) -> int:
        wanted = order("apply", alias, [UNDO], asked, ticket=ticket, digest=digest, confirm_org_id=org_id)
        return report(carried_out(wanted), json)

    if not plan and (yes or expected_digest or not at_terminal()):
        return applied(expected_digest, confirm_org_id)
    planned = carried_out(order("plan", alias, [UNDO], asked, ticket=ticket))
    told = planned.as_json()
    if plan or told["status"] != Status.PENDING:
        return report(planned, json)
    show_run(told, console(stderr=json))
    if confirmed(told["org"], confirm_org_id):
        return applied(told["phases"][0]["digest"], told["org"]["id"])
    if json:
        print_json(told)
    warn("Nothing was taken back. To do it without a question: --yes, or --expected-digest with the digest above.")
    return WAITS_FOR_A_PERSON


def at_terminal() -> bool:
    """Whether a person is there to read a question and to answer it."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def confirmed(org: Mapping[str, str], org_id: str) -> bool:
    """Whether who sits at the terminal says yes; for a production org by typing its id, if it was not given."""
    production = org["type"] == "production" and org_id != org["id"]
    asked = f"Type the org's id ({org['id']}) to take this back" if production else "Type yes to take this back"
    console(stderr=True).print(f"\n{org['name']} is a {org['type']} org. {asked}: ", end="", soft_wrap=True)
    return sys.stdin.readline().strip() == (org["id"] if production else "yes")
