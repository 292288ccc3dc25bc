"""`cnx doctor`: whether the runbook can work on an org, and what to do where it cannot."""

from __future__ import annotations

import typer
from rich.text import Text

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json, table


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("doctor", epilog="Example: cnx doctor --org acme-sandbox")(doctor)


def doctor(org: options.Org, json: options.Json = False) -> int:
    """Try the org's login, and say what is missing and how to get it; changes nothing.

    Looks at this machine, the org's entry in the inventory, the network, the login, and what the org lets its user do.
    Ends with 0 where all that is required is there, with 1 where not.
    """
    from cnxlib.doctor import diagnose
    from cnxlib.records import runs_root

    found = diagnose(org, runs_root())
    rows = [
        (check.name, _sign(check.ok, check.severity), _whole(check.detail), _whole("" if check.ok else check.hint))
        for check in found.checks
    ]
    people = console(stderr=json)
    people.print(table(("Check", "", "Found", "What to do"), rows))
    missing = [check.name for check in found.checks if not check.ok and check.severity == "required"]
    said = f"missing: {', '.join(dict.fromkeys(missing))}" if missing else "all that is required is there"
    people.print(f"\n{org}: {said}; {found.api_calls} API calls, nothing was changed.", soft_wrap=True)
    if json:
        print_json(found.as_json())
    return 0 if found.ok else 1


def _whole(text: str) -> Text:
    """A text that is broken where it is too long, never cut: it may be a path."""
    return Text(text, overflow="fold")


def _sign(ok: bool, severity: str) -> Text:
    if ok:
        return Text("–" if severity == "info" else "ok", "dim" if severity == "info" else "green")
    return Text("missing", "bold red") if severity == "required" else Text("warning", "yellow")
