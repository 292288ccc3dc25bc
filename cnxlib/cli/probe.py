"""`cnx probe`: what this project believes of Salesforce, looked up in an org."""

from __future__ import annotations

import typer
from rich.text import Text

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json, table


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("probe", epilog="Example: cnx probe --org acme-sandbox > facts.txt")(probe)


def probe(org: options.Org, json: options.Json = False) -> int:
    """Look up in an org what this project believes of Salesforce; changes nothing.

    Standard output holds a text to send back to the project: answers about facts, nothing of the org. (A login by a
    user whom nobody knows is among what is tried.) Ends with 0 whatever is found.
    """
    from cnxlib.probe import Verdict, as_text
    from cnxlib.probe import probe as look_up
    from cnxlib.salesforce.org import connect

    styles = {Verdict.AGREES: "green", Verdict.DIFFERS: "bold red", Verdict.OPEN: "dim"}
    connected = connect(org)
    try:
        me = connected.identity
        findings = look_up(connected.send, me)
        calls = connected.api_calls
    finally:
        connected.close()
    rows = [(one.fact.id, Text(one.verdict.value, styles[one.verdict]), one.found) for one in findings]
    people = console(stderr=True)
    people.print(table(("Fact", "", "Found"), rows))
    counts = {verdict.value: sum(one.verdict is verdict for one in findings) for verdict in Verdict}
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    people.print(f"\n{org}: {len(findings)} facts, {said}; {calls} API calls, nothing was changed.\n", soft_wrap=True)
    text = as_text(findings, me)
    if json:
        facts = [one.as_json() for one in findings]
        about = {"alias": org, "type": me.org_type}
        print_json({"org": about, "api_version": me.api_version, "facts": facts, "counts": counts, "text": text})
    else:
        console().print(Text(text), soft_wrap=True)
    return 0
