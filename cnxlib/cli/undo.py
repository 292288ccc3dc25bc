"""`cnx undo`: what a run did, taken back."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

import typer

from cnxlib.cli import options
from cnxlib.cli.phases import carried_out, order, report

UNDO = "99_undo"


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
    ticket: options.Ticket = "",
    expected_digest: options.Digest = "",
    confirm_org_id: options.ConfirmOrgId = "",
    json: options.Json = False,
) -> int:
    """Take back what a run did to its org: in reverse order, and only what is still as that run left it.

    What it created is deleted, what it changed is put back, assignments that it removed are given again. What was there
    before, and what was changed since, is left alone and named. Ends with 0 (done), 1 (failed, or the run's record is
    not as it was sealed) or 2 (wrong use).
    """
    from cnxlib.inventory import find_org
    from cnxlib.records.listing import find_run
    from cnxlib.records.steps import require_sealed

    path = find_run(run, org)
    alias = org or unquote(path.parent.name)
    find_org(alias)
    if not unverified:
        require_sealed(path, alias)
    asked = [f"run_id={path.name}", f"include_package={include_package}", f"unverified={unverified}"]
    wanted = order(
        "plan" if plan else "apply",
        alias,
        [UNDO],
        asked,
        ticket=ticket,
        digest=expected_digest,
        confirm_org_id=confirm_org_id,
    )
    return report(carried_out(wanted), json)
