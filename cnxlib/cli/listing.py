"""`cnx orgs` and `cnx schema`: what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json, table

if TYPE_CHECKING:
    from cnxlib.inventory import OrgEntry


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("orgs", epilog="Example: cnx orgs --json")(orgs)
    app.command("schema", epilog="Example: cnx schema --phase 03")(schema)


def orgs(json: options.Json = False) -> int:
    """List the orgs of the inventory, and the last run on each."""
    from cnxlib.inventory import inventory_path, read_inventory

    orgs = read_inventory()
    last = {alias: last_run(alias) for alias in orgs}
    found = [{"alias": alias, **_described(entry, last[alias])} for alias, entry in orgs.items()]
    rows = [
        (alias, _type_of(entry, last[alias]), f"{entry.login.route} at {entry.login.at}", _said(last[alias]))
        for alias, entry in orgs.items()
    ]
    out = console(stderr=json)
    out.print(table(("Org", "Type", "Login", "Last run"), rows))
    out.print(f"\nInventory: {inventory_path()}", soft_wrap=True)
    if json:
        print_json({"orgs": found})
    return 0


def _described(entry: OrgEntry, last: Mapping[str, Any] | None) -> dict[str, Any]:
    run = last and {name: last[name] for name in ("run_id", "mode", "status", "started_at")}
    login = {"route": entry.login.route, "url": entry.login.url}
    return {"type": _type_of(entry, last), "login": login, "last_run": run}


def _type_of(entry: OrgEntry, last: Mapping[str, Any] | None) -> str:
    """An org tells its type when it is logged in to; so it is known since the last run."""
    return "simulated" if entry.simulated else (last and last["org"]["type"]) or "unknown"


def last_run(alias: str) -> Mapping[str, Any] | None:
    """The newest run of an org that came to its end."""
    from cnxlib.records import RunRecord, runs_of

    for path in reversed(runs_of(alias)):
        result = RunRecord.join(path).read_json()
        if result is not None:
            return result
    return None


def _said(run: Mapping[str, Any] | None) -> str:
    return f"{run['mode']} {run['status']}, {run['started_at']}" if run else "none"


def schema(phase: options.Phases = None, json: options.Json = False) -> int:
    """List the parameters of the phases: with --json as JSON schemas."""
    from cnxlib.phases import PHASES, find_phase

    wanted = {find_phase(name).id for name in phase or []}
    chosen = [each for each in PHASES if not wanted or each.id in wanted]
    out = console(stderr=json)
    for each in chosen:
        described = each.params.model_json_schema()
        rows = [
            (
                name,
                _type(described["properties"][name]),
                _default(described, name),
                _help(described["properties"][name]),
            )
            for name in each.own_parameters
        ]
        out.print(f"{each.id} · {each.title}")
        out.print(table(("  Parameter", "Takes", "Default", ""), [(f"  {row[0]}", *row[1:]) for row in rows]))
        out.print()
    if json:
        told = [{"phase": each.id, "title": each.title, "schema": each.params.model_json_schema()} for each in chosen]
        print_json({"phases": told})
    return 0


def _type(described: Mapping[str, Any]) -> str:
    if "enum" in described:
        return " | ".join(map(str, described["enum"]))
    words = {"string": "text", "boolean": "true | false", "integer": "number", "array": "list", "object": "object"}
    return words.get(described.get("type", ""), "value")


def _default(described: Mapping[str, Any], name: str) -> str:
    import json

    field = described["properties"][name]
    return json.dumps(field["default"], ensure_ascii=False) if "default" in field else "required"


def _help(described: Mapping[str, Any]) -> str:
    return str(described.get("description", ""))
