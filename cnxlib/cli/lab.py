"""`cnx lab`: the notebooks in JupyterLab."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import Annotated

import typer

from cnxlib.cli import options
from cnxlib.cli.output import console, print_json
from cnxlib.cli.signals import until_it_ends
from cnxlib.errors import CnxError, UsageError

START = "00_start_here"
HOST = "127.0.0.1"


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("lab", epilog="Example: cnx lab --demo fresh")(lab)


def lab(
    org: Annotated[str, typer.Option("--org", metavar="ALIAS", help="The org to begin with.")] = "",
    demo: Annotated[str, typer.Option("--demo", metavar="S", help="Bring a simulated org of this scenario.")] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="A free one by default.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    json: options.Json = False,
    more: Annotated[list[str] | None, typer.Argument(metavar="-- OPTIONS...", help="Options for JupyterLab.")] = None,
) -> int:
    """Open JupyterLab on the notebooks, for this machine alone, until Ctrl-C.

    With --json the object tells the address, and is printed before the server starts.
    """
    from cnxlib.inventory import find_org, inventory_path
    from cnxlib.records import runs_root
    from cnxlib.runs.notebooks import notebook_path
    from cnxlib.secrets import SecretStore

    if org and demo:
        raise UsageError("--org and --demo exclude each other", hint="The simulated org's alias is demo.")
    if importlib.util.find_spec("jupyterlab") is None:
        raise CnxError("JupyterLab is not installed", hint="It comes with the extra `lab`: pip install 'cnxlib[lab]'.")
    start = notebook_path(START)
    if not demo:
        SecretStore().unlock()  # while there is a terminal to ask at
    with ExitStack() as around:
        # Kernels work in the notebooks' folder, where a path that is relative to this one leads elsewhere.
        environment = {**os.environ, "CNX_ORGS": str(inventory_path()), "CNX_RUNS": str(runs_root())}
        if demo:
            from cnxlib.runs.simulated import SimulatedOrgs

            orgs = around.enter_context(SimulatedOrgs(["--org", f"demo={demo}"]))
            environment.update(orgs.environment())
        elif org:
            find_org(org)
            environment["CNX_ORG"] = org
        token = secrets.token_urlsafe(24)
        port = port or _free_port()
        # The token goes by the environment: everybody on the machine can read a process's arguments.
        environment.update(JUPYTER_TOKEN=token, JUPYTER_PREFER_ENV_PATH="1")
        url = f"http://{HOST}:{port}/lab/tree/{start.name}?token={token}"
        console(stderr=True).print(f"JupyterLab on {start}:\n{url}", soft_wrap=True)
        if json:
            print_json({"url": url, "notebook": str(start), "org": "demo" if demo else org})
        command = [
            *(sys.executable, "-m", "jupyterlab", str(start)),
            *(f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *(() if browser else ("--no-browser",)),
            *_as_root(),
            *(more or ()),
        ]
        process = subprocess.Popen(command, env=environment, stdout=sys.stderr, cwd=start.parent)
        return until_it_ends(process)


def _as_root() -> tuple[str, ...]:
    """JupyterLab refuses root unless told; in a container there is nobody else, and it serves this machine alone."""
    return ("--allow-root",) if getattr(os, "geteuid", lambda: 1)() == 0 else ()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
