"""`cnx lab`: the notebooks in JupyterLab, or as plain pages."""

from __future__ import annotations

import importlib.util
import json as json_module
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
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
    app: Annotated[bool, typer.Option("--app", help="Plain pages instead of JupyterLab.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="A free one by default.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    notebooks: Annotated[
        Path | None,
        typer.Option("--notebooks", metavar="FOLDER", help="Where your copies of the notebooks lie.", file_okay=False),
    ] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Open the notebooks themselves, to change them.")] = False,
    json: options.Json = False,
    more: Annotated[list[str] | None, typer.Argument(metavar="-- OPTIONS...", help="Options for the server.")] = None,
) -> int:
    """Open JupyterLab on the notebooks, for this machine alone, until Ctrl-C.

    You work on copies, which are yours and are renewed each time; with --demo they go with the simulated org. With
    --json the object tells the address, and is printed before the server starts.
    """
    from cnxlib.cli.workplace import copies_folder, renew
    from cnxlib.inventory import find_org, inventory_path
    from cnxlib.records import runs_root
    from cnxlib.runs.notebooks import notebook_path
    from cnxlib.secrets import SecretStore

    if org and demo:
        raise UsageError("--org and --demo exclude each other", hint="The simulated org's alias is demo.")
    if edit and notebooks:
        raise UsageError("--edit and --notebooks exclude each other", hint="--edit opens the notebooks themselves.")
    _require("voila" if app else "jupyterlab")
    source = notebook_path(START)
    if not demo:
        SecretStore().unlock()  # while there is a terminal to ask at
    with ExitStack() as around:
        # Kernels work in the notebooks' folder, where a path that is relative to this one leads elsewhere.
        environment = {**os.environ, "CNX_ORGS": str(inventory_path()), "CNX_RUNS": str(runs_root())}
        # So that JupyterLab's terminal knows `cnx`, which the steps name; last, for what the user has there wins.
        path = [*filter(None, [environment.get("PATH")]), str(Path(sys.executable).parent)]
        environment["PATH"] = os.pathsep.join(path)
        if demo:
            from cnxlib.runs.simulated import SimulatedOrgs

            orgs = around.enter_context(SimulatedOrgs(["--org", f"demo={demo}"]))
            environment.update(orgs.environment())
        elif org:
            find_org(org)
            environment["CNX_ORG"] = org
        own = Path(around.enter_context(tempfile.TemporaryDirectory(prefix="cnx-lab-", ignore_cleanup_errors=True)))
        start = source
        if not edit:
            folder = notebooks or (own / "notebooks" if demo else copies_folder(org))
            renew(folder, source.parent)
            start = folder.resolve() / source.name
        token = secrets.token_urlsafe(24)
        port = port or _free_port()
        # The token goes by the environment: everybody on the machine can read a process's arguments.
        environment.update(JUPYTER_TOKEN=token, JUPYTER_PREFER_ENV_PATH="1")
        if not app:  # links open notebooks in JupyterLab's window (cnxlib.ui.view)
            environment["CNX_LAB_ROOT"] = str(start.parent)
        url = f"http://{HOST}:{port}/{'voila/render' if app else 'lab/tree'}/{start.name}?token={token}"
        console(stderr=True).print(f"{'Pages' if app else 'JupyterLab'} on {start}:\n{url}", soft_wrap=True)
        if json:
            print_json({"url": url, "notebook": str(start), "org": "demo" if demo else org})
        command = [
            *(sys.executable, "-m"),
            *(_pages(start) if app else _jupyterlab(start, own)),
            *(() if edit else ("--ServerApp.contents_manager_class=cnxlib.cli.contents.Copies",)),
            *(f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *(() if browser else ("--no-browser",)),
            *_as_root(),
            *(more or ()),
        ]
        process = subprocess.Popen(command, env=environment, stdout=sys.stderr, cwd=start.parent)
        return until_it_ends(process)


def _require(module: str) -> None:
    name, extra = {"jupyterlab": ("JupyterLab", "lab"), "voila": ("Voilà", "app")}[module]
    if importlib.util.find_spec(module) is None:
        raise CnxError(
            f"{name} is not installed", hint=f"It comes with the extra `{extra}`: pip install 'cnxlib[{extra}]'."
        )


def _jupyterlab(start: Path, own: Path) -> tuple[str, ...]:
    """JupyterLab with defaults and a window layout of its own, in the folder `own`; what the user has set wins."""
    from cnxlib.cli.workplace import FOR_NEWCOMERS

    settings = own / "settings"
    settings.mkdir()
    (settings / "overrides.json").write_text(json_module.dumps(FOR_NEWCOMERS), encoding="utf-8")
    return (
        *("jupyterlab", str(start)),
        *(f"--LabApp.app_settings_dir={settings}", f"--LabApp.workspaces_dir={own / 'workspaces'}"),
    )


def _pages(start: Path) -> tuple[str, ...]:
    """Voilà as an extension of Jupyter's server, whose token guards it; by itself it would serve whoever asks."""
    return (
        "jupyter_server",
        f"--ServerApp.root_dir={start.parent}",
        f"--ServerApp.default_url=/voila/render/{start.name}",
        "--ServerApp.jpserver_extensions=voila.server_extension=True",
        "--ServerApp.allow_unauthenticated_access=False",
        # What went wrong is said in a sentence; without this Voilà says that there was an error
        "--VoilaConfiguration.show_tracebacks=True",
    )


def _as_root() -> tuple[str, ...]:
    """Jupyter refuses root unless told; in a container there is nobody else, and it serves this machine alone."""
    return ("--allow-root",) if getattr(os, "geteuid", lambda: 1)() == 0 else ()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
