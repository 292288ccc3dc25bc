"""`python -m cnxlib.simorg serve`: start a simulated org and say where it is, in one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from .control import Simulation
from .faults import Faults
from .inventory import Inventory, describe
from .orgs import Orgs
from .scenarios import loader
from .scenarios.seed import Seeder
from .server import Serving, application, bind
from .stats import Stats
from .store import StateFileError
from .tls import server_context


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or (with --exit-with-parent) the end of standard input.

    Returns:
        The exit code: 0, 1 for a state file that is none or another version's, or 2 for wrong use.
    """
    options = _parser().parse_args(arguments)
    directory = Path(f"{options.state}.files") if options.state else Path(tempfile.mkdtemp(prefix="cnx-sim-"))
    try:
        return _serve(options, directory)
    except (ValueError, OSError, StateFileError) as error:
        print(f"simulated org: {error}", file=sys.stderr)
        return 1 if isinstance(error, StateFileError) else 2
    finally:
        if not options.state:
            shutil.rmtree(directory, ignore_errors=True)


def _serve(options: argparse.Namespace, directory: Path) -> int:
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    sockets = bind(options.port)
    inventory = Inventory(directory, sockets.url)
    context = server_context(inventory.ca_file)
    seeder = Seeder()
    simulation = Simulation(Orgs(seeder, options.state, secrets.token_hex(8)), seeder, inventory, Stats(), Faults())
    simulation.add(*_wanted(options, simulation.orgs.kept()))
    serving = Serving(application(simulation, options.latency_ms / 1000), sockets, context)
    serving.start()
    ready = {
        "url": sockets.url,
        "http_url": sockets.http_url,
        "ca_cert": str(inventory.ca_file),
        "orgs": [describe(org, seeder.login(org)) for org in simulation.orgs],
        "inventory": str(inventory.path),
    }
    print(json.dumps(ready), flush=True)
    if options.exit_with_parent:
        threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
    while not stop.wait(1.0):  # a bounded wait lets Windows deliver Ctrl-C
        pass
    serving.stop()
    return 0


def _wait_for_end_of_input(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


def _wanted(options: argparse.Namespace, kept: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Alias and scenario of each org: --scenario under its own name, then --org, then all that the state file `kept`.

    `fresh` when there is none.

    Raises:
        ValueError: --org is not ALIAS=SCENARIO, or names another scenario than the state file has.
    """
    wanted = [(scenario, scenario) for scenario in options.scenario]
    for text in options.org:
        alias, separator, scenario = text.partition("=")
        if not separator:
            raise ValueError(f"--org takes ALIAS=SCENARIO, not {text!r}")
        wanted.append((alias, scenario))
    for alias, scenario in wanted:
        if dict(kept).get(alias, scenario) != scenario:
            raise ValueError(f"the state file has {alias} as {dict(kept)[alias]}, not as {scenario}")
    return [*wanted, *(each for each in kept if each not in wanted)] or [("fresh", "fresh")]


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65536:
        raise ValueError(text)
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnxlib.simorg", description="A simulated Salesforce org on the loopback address."
    )
    serve = parser.add_subparsers(dest="command", required=True).add_parser(
        "serve", help="start it and print one line of JSON when ready"
    )
    serve.add_argument(
        "--scenario",
        action="append",
        default=[],
        metavar="S",
        help=f"an org of this scenario: {', '.join(loader.names())}",
    )
    serve.add_argument("--org", action="append", default=[], metavar="ALIAS=S", help="an org under another alias")
    serve.add_argument(
        "--port",
        type=_port,
        default=0,
        help="HTTPS port (default: a free one); HTTP takes the next one where it is free",
    )
    serve.add_argument("--state", metavar="FILE", help="keep the orgs in this file, over restarts")
    serve.add_argument(
        "--latency-ms", type=float, default=0.0, metavar="N", help="milliseconds to wait before each answer"
    )
    serve.add_argument("--exit-with-parent", action="store_true", help="end when standard input ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())
