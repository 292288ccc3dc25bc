"""`cnx plan`, `cnx apply`, `cnx verify`: the notebooks of some phases on one org."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json, show_record, show_run
from cnxlib.errors import UsageError
from cnxlib.model import Mode

if TYPE_CHECKING:
    from cnxlib.runs import Order, RunResult


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("plan", epilog="Example: cnx plan --org acme-sandbox --phase 03")(plan)
    app.command("apply", epilog="Example: cnx apply --org acme-sandbox -p case_alerts=true --ticket CHG-4711")(apply)
    app.command("verify", epilog="Example: cnx verify --org acme-sandbox")(verify)


def plan(
    org: options.Org,
    phase: options.Phases = None,
    param: options.Given = None,
    parameters: options.Parameters = None,
    ticket: options.Ticket = "",
    json: options.Json = False,
) -> int:
    """Show what differs between an org and the guide; changes nothing.

    Ends with 0 (planned), 1 (failed) or 2 (wrong use).
    """
    return report(carried_out(order("plan", org, phase, param, parameters, ticket=ticket)), json)


def apply(
    org: options.Org,
    phase: options.Phases = None,
    param: options.Given = None,
    parameters: options.Parameters = None,
    ticket: options.Ticket = "",
    expected_digest: options.Digest = "",
    confirm_org_id: options.ConfirmOrgId = "",
    json: options.Json = False,
) -> int:
    """Make an org as the guide asks, and verify it.

    Ends with 0 (done), 1 (failed), 2 (wrong use) or 3 (a person has something left to do).
    """
    wanted = order(
        "apply", org, phase, param, parameters, ticket=ticket, digest=expected_digest, confirm_org_id=confirm_org_id
    )
    return report(carried_out(wanted), json)


def verify(
    org: options.Org,
    phase: options.Phases = None,
    param: options.Given = None,
    parameters: options.Parameters = None,
    ticket: options.Ticket = "",
    json: options.Json = False,
) -> int:
    """Read an org again and compare it with the guide; changes nothing.

    Ends with 0 (as the guide asks), 1 (it differs, or failed), 2 (wrong use) or 3 (a person has something left to do).
    """
    return report(carried_out(order("verify", org, phase, param, parameters, ticket=ticket)), json)


def order(
    mode: Mode,
    alias: str,
    names: Sequence[str] | None = None,
    pairs: Sequence[str] | None = None,
    file: Path | None = None,
    *,
    ticket: str = "",
    digest: str = "",
    confirm_org_id: str = "",
) -> Order:
    """What a command line asks for, checked as a whole before anything is sent.

    Raises
    ------
    UsageError
        Something in it cannot be right.
    """
    from cnxlib.inventory import find_org
    from cnxlib.phases import NOTEBOOKS, PHASES, find_phase
    from cnxlib.runs import Order, read_parameters, resolve, typed_in

    wanted = {find_phase(name).id for name in names or []}
    chosen = [phase for phase in NOTEBOOKS if phase.id in wanted] if wanted else list(PHASES)
    if digest and len(chosen) != 1:
        raise UsageError("--expected-digest is that of one phase's plan", org=alias, hint="Add --phase.")
    entry = find_org(alias)
    given = {**(read_parameters(file) if file else {}), **typed_in(pairs or [])}
    common = {"mode": mode, "expected_digest": digest, "confirm_org_id": confirm_org_id, "ticket": ticket}
    return Order(alias, mode, chosen, resolve(alias, entry, chosen, given, common), ticket)


def carried_out(wanted: Order) -> RunResult:
    """Carry an order out, its progress shown on standard error."""
    from cnxlib.cli.progress import watching
    from cnxlib.runs import carry_out
    from cnxlib.secrets import SecretStore

    SecretStore().unlock()  # the kernels cannot ask
    with watching(len(wanted.phases)) as watch:
        return carry_out(wanted, watch)


def report(result: RunResult, as_json: bool) -> int:
    """Show what a run came to; returns the exit code."""
    told = result.as_json()
    out = console(stderr=as_json)
    show_run(told, out)
    show_record(told, out)
    if as_json:
        print_json(told)
    return result.exit_code
