"""`cnx sim`: simulated orgs to try things on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cnxlib.cli import options
from cnxlib.cli.output import print_json
from cnxlib.cli.signals import until_it_ends
from cnxlib.errors import UsageError

app = typer.Typer(name="sim", help="Simulated Salesforce orgs on this machine.", no_args_is_help=True)

Scenarios = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="S", help="An org of this scenario, which is its alias too (default: fresh)."),
]
Orgs = Annotated[list[str] | None, typer.Option("--org", metavar="ALIAS=S", help="An org under another alias.")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, metavar="P", help="HTTPS port; a free one by default.")]
State = Annotated[Path | None, typer.Option("--state", metavar="FILE", help="Keep the orgs in this file.")]
Latency = Annotated[float, typer.Option("--latency-ms", min=0, metavar="N", help="Milliseconds before each answer.")]


@app.command("serve", epilog="Example: cnx sim serve --org acme=fresh --port 8443")
def serve(
    scenario: Scenarios = None,
    org: Orgs = None,
    port: Port = 0,
    state: State = None,
    latency_ms: Latency = 0,
    json: options.Json = False,
) -> int:
    """Serve simulated orgs until Ctrl-C; prints one line of JSON when they are ready, with or without --json."""
    command = [sys.executable, "-m", "cnxlib.simorg", "serve", *_arguments(scenario, org, port, state, latency_ms)]
    return until_it_ends(subprocess.Popen(command))


@app.command(
    "run",
    epilog="Example: cnx sim run --scenario fresh -- sh -c 'cnx plan --org fresh; cnx apply --org fresh'",
    context_settings={"allow_interspersed_args": False},
)
def run(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The command and its arguments.")],
    scenario: Scenarios = None,
    org: Orgs = None,
    port: Port = 0,
    state: State = None,
    latency_ms: Latency = 0,
    json: options.Json = False,
) -> int:
    """Run a command with simulated orgs around it, and end as it does.

    The command finds them by CNX_ORGS and CNX_SIM_URL, trusts their certificate, and has a secret store of its own.
    With --json what it prints goes to standard error; the object tells its exit code and what the orgs were sent.
    """
    from cnxlib.runs.simulated import SimulatedOrgs

    secrets = Path(f"{state}.secrets").resolve() if state else None
    with SimulatedOrgs(_arguments(scenario, org, port, state, latency_ms), secrets=secrets) as orgs:
        try:
            process = subprocess.Popen(
                command, env={**os.environ, **orgs.environment()}, stdout=sys.stderr if json else None
            )
        except OSError as error:
            raise UsageError(f"{command[0]} cannot be run: {error.strerror}", hint="Check the command.") from None
        code = until_it_ends(process)
        if json:
            print_json({"command": command, "exit_code": code, "stats": _stats(orgs.ready)})
    return code


def _arguments(
    scenarios: list[str] | None, orgs: list[str] | None, port: int, state: Path | None, latency_ms: float
) -> list[str]:
    return [
        *(part for scenario in scenarios or [] for part in ("--scenario", scenario)),
        *(part for org in orgs or [] for part in ("--org", org)),
        *(("--port", str(port)) if port else ()),
        *(("--state", str(state)) if state else ()),
        *(("--latency-ms", str(latency_ms)) if latency_ms else ()),
    ]


def _stats(ready: Mapping[str, Any]) -> Any:
    import requests

    with requests.Session() as http:
        http.trust_env = False  # the address is this machine's: no proxy
        return http.get(f"{ready['http_url']}/_sim/stats", timeout=10).json()
