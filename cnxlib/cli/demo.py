"""`cnx demo`: the whole guide on a simulated org."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json, show_record, show_run

if TYPE_CHECKING:
    from cnxlib.runs import RunResult

ALIAS = "demo"

_DONE = ("converged", "changed", "not-needed")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("demo", epilog="Example: cnx demo")(demo)


def demo(
    scenario: Annotated[str, typer.Option(metavar="S", help="What the simulated org is like.")] = "fresh",
    json: options.Json = False,
) -> int:
    """Carry out the whole guide on a simulated org that is gone afterwards. Needs no Salesforce.

    Ends with 0 where all is done but what only a person can do: to wait for Conexiom's setup file.
    """
    from cnxlib.cli.phases import order
    from cnxlib.cli.progress import watching
    from cnxlib.runs import carry_out
    from cnxlib.runs.simulated import SimulatedOrgs

    with SimulatedOrgs(["--org", f"{ALIAS}={scenario}"]) as orgs:
        os.environ.update(orgs.environment())
        wanted = order("apply", ALIAS)
        with watching(len(wanted.phases)) as watch:
            result = carry_out(wanted, watch)
    code = _exit_code(result)
    told = result.as_json()
    _report(told, code, as_json=json)
    return code


def _exit_code(result: RunResult) -> int:
    """0 where all phases are done and the last waits for the setup file, which nobody in a demo can send; else 1."""
    if result.interrupted:
        return result.exit_code
    statuses = [str(status) for status in result.statuses]
    return 0 if statuses[-1] == "waiting" and all(status in _DONE for status in statuses[:-1]) else 1


def _report(told: Mapping[str, Any], code: int, *, as_json: bool) -> None:
    out = console(stderr=as_json)
    out.print(f"The guide, carried out on a simulated org (alias {ALIAS}, now gone):\n")
    show_run(told, out)
    if code == 0:
        out.print("  That is left as it is: nobody in a demo can send the file, and nothing confirms it by itself.")
    out.print("\nThe secrets it made were in a store of the demo's own, which is gone too; yours was not touched.")
    show_record(told, out)
    out.print("Open its notebooks in JupyterLab, or begin your own walk through the guide: cnx lab --demo fresh")
    if as_json:
        print_json(told)
