"""`cnx confirm`: what only a person can do is done, says who is logged in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cnxlib.cli import options
from cnxlib.cli.output import console, in_brackets, print_json, show_error, show_record
from cnxlib.errors import ParameterError

if TYPE_CHECKING:
    from cnxlib.phases.base import Phase, PhaseParams
    from cnxlib.runs.confirmation import Asked, Asking
    from cnxlib.salesforce.org import Org


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("confirm", epilog="Example: cnx confirm --org acme-sandbox 09.setup_file --evidence setup.zip")(confirm)


def confirm(
    org: options.Org,
    step: Annotated[
        str, typer.Argument(help="The step: 09.setup_file, setup_file, or its beginning. None lists those there are.")
    ] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What there is to say about it.")] = "",
    evidence: Annotated[
        Path | None, typer.Option("--evidence", metavar="FILE", help="A file that shows it: its hash is recorded.")
    ] = None,
    phase: options.Phases = None,
    param: options.Given = None,
    parameters: options.Parameters = None,
    ticket: options.Ticket = "",
    step_digest: Annotated[
        str, typer.Option("--step-digest", metavar="D", help="Confirm the step only as it was read, by its digest.")
    ] = "",
    json: options.Json = False,
) -> int:
    """Confirm a step that only a person can do. Reads the org, and changes nothing in it.

    Who confirms is who logs in. The step is asked again when its words change. Where the org itself shows whether it
    is done, to confirm it is to decide that it stays as it is, until it is found done; what the guide's next steps
    need cannot be confirmed. Without STEP those that are open are listed. Ends with 0 (confirmed, or listed),
    1 (failed) or 2 (wrong use).
    """
    from cnxlib.runs.confirmation import asked_of_people, evidence_of, without_evidence
    from cnxlib.runs.confirmation import confirm as put_down
    from cnxlib.salesforce.org import connect
    from cnxlib.secrets import SecretStore

    shown = evidence_of(evidence) if evidence else None
    phases, refused = _phases(org, step, phase, param, parameters)
    SecretStore().unlock()
    connected = connect(org)
    try:
        asked = asked_of_people(connected, phases, refused)
        if not step:
            return _list(connected, asked, as_json=json)
        wanted = asked.find(step)
        known = wanted.on_record(connected) if wanted.step.done_at else None
        if known is not None and (known.evidence or not shown):
            warning = "" if known.evidence else without_evidence(wanted, shown)
            return _told(connected, wanted, warning, as_json=json)
        result, confirmed = put_down(
            connected, wanted, note=note, evidence=shown, ticket=ticket, expected_digest=step_digest
        )
    finally:
        connected.close()
    told = result.as_json()
    by = {"done_by": confirmed.by, "done_at": confirmed.at} if confirmed else {}
    told["confirmed"] = {**wanted.as_json(), **by, "note": note, "evidence": shown}
    told["warning"] = without_evidence(wanted, shown) if confirmed else ""
    out = console(stderr=json)
    if confirmed and result.error is None:
        out.print(f"Confirmed by {confirmed.by}: {wanted.name}", soft_wrap=True)
        out.print(f"{wanted.phase.id} is {result.phases[0]['status']}.", soft_wrap=True)
        if wanted.step.meaning:
            out.print(wanted.step.meaning, soft_wrap=True)
    _warn(told["warning"])
    show_error(told, out)
    show_record(told, out)
    if json:
        print_json(told)
    return result.exit_code if result.error is not None else 0


def _phases(
    alias: str, step: str, names: Sequence[str] | None, pairs: Sequence[str] | None, file: Path | None
) -> tuple[list[tuple[Phase[Any], PhaseParams]], dict[str, str]]:
    """The phases to look at with their parameters, and those whose parameters are refused, with why."""
    from cnxlib.inventory import find_org
    from cnxlib.phases import PHASES, find_phase
    from cnxlib.runs import read_parameters, resolve, typed_in
    from cnxlib.runs.parameters import check_known

    number = step.partition(".")[0]
    named = [number] if number.isdecimal() and "." in step else list(names or [])
    wanted = {find_phase(name).id for name in named}
    chosen = [phase for phase in PHASES if not wanted or phase.id in wanted]
    entry = find_org(alias)
    given = {**(read_parameters(file) if file else {}), **typed_in(pairs or [])}
    for name in given:
        check_known(name, chosen)
    found, refused = [], {}
    for phase in chosen:
        own = {name: value for name, value in given.items() if name in phase.own_parameters}
        try:
            found.append((phase, resolve(alias, entry, [phase], own, {"mode": "plan"})[phase.id]))
        except ParameterError as error:
            refused[phase.id] = error.message
    return found, refused


def _list(org: Org, asked: Asking, *, as_json: bool) -> int:
    out = console(stderr=as_json)
    if not asked.left:
        out.print("No phase waits for a person.")
    for one in asked.left:
        out.print(Text.assemble((one.name, "bold"), f" · {one.step.who}"))
        out.print(Padding(Text(f"{one.step.what}{in_brackets(one.step.url)}"), (0, 0, 0, 2)))
        if one.step.meaning:
            out.print(Padding(Text(one.step.meaning), (0, 0, 0, 2)))
    for one in asked.steps:
        if one.step.done_at:
            how = "left as it is" if one.step.closed_by == "decision" else "confirmed"
            out.print(f"{one.name}: {how} by {one.step.done_by}, {one.step.done_at}", soft_wrap=True)
    _show_unread(asked.unread, out)
    if as_json:
        print_json(
            {
                "org": _described(org),
                "open": [one.as_json() for one in asked.left],
                "confirmed": [one.as_json() for one in asked.steps if one.step.done_at],
                "unread": dict(asked.unread),
                "api_calls": org.api_calls,
            }
        )
    return 0


def _told(org: Org, wanted: Asked, warning: str, *, as_json: bool) -> int:
    """It is confirmed already, as it reads now: nothing more is put down."""
    step = wanted.step
    console(stderr=as_json).print(f"{wanted.name} is confirmed already, by {step.done_by}, {step.done_at}.")
    _warn(warning)
    if as_json:
        told = {"org": _described(org), "run_id": "", "mode": "confirm", "status": str(wanted.outcome.status)}
        print_json({**told, "confirmed": wanted.as_json(), "warning": warning})
    return 0


def _warn(warning: str) -> None:
    if warning:
        console(stderr=True).print(Text(warning), soft_wrap=True)


def _described(org: Org) -> dict[str, str]:
    me = org.identity
    return {"alias": org.alias, "id": me.org_id, "name": me.org_name, "type": me.org_type}


def _show_unread(unread: Mapping[str, str], out: Console) -> None:
    for phase, why in unread.items():
        out.print(f"{phase} cannot be read yet: {why}", soft_wrap=True)
