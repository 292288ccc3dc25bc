"""Entry of `cnx`: the commands, and what becomes of their errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cnxlib import __version__
from cnxlib.cli import confirm, demo, doctor, handoff, lab, listing, phases, probe, records, secrets, sim, undo
from cnxlib.cli.guard import guarded
from cnxlib.cli.output import print_json, warn
from cnxlib.cli.signals import Terminated, end_gently
from cnxlib.errors import CnxError, UsageError

INTERRUPTED, TERMINATED = 130, 143
"""What shells give to a command that Ctrl-C or SIGTERM ended."""

# Typer shows wrong use in a panel of its own; it is caught here by the class of all such errors, so that --json holds
# for it too. Which module that class lives in depends on Typer's version; BadParameter has long been one of them.
_WrongUse: type[Any] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="cnx",
    help="Sets up the Conexiom for Salesforce app in a Salesforce org, as its guide describes it.\n\n"
    "Without an org of your own: cnx demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for commands in (demo, listing, phases, undo, confirm, lab, probe, doctor):
    commands.register(app)
app.add_typer(sim.app)
app.add_typer(records.app)
app.add_typer(secrets.app)
app.add_typer(handoff.app)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of `cnx` itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code.

    An error that was foreseen is one clear message on standard error. With --json standard output holds one object in
    any case: then it is ``{"error": {"type", "message", "org", "guide", "hint"}}``. No secret comes into either.

    Parameters
    ----------
    arguments:
        The command line without `cnx`; that of the process by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in (given[: given.index("--")] if "--" in given else given)
    end_gently()
    with guarded():
        return _run(given, as_json)


def _run(given: Sequence[str], as_json: bool) -> int:
    try:
        return int(app(args=list(given), prog_name="cnx", standalone_mode=False) or 0)
    except _WrongUse as error:
        context = error.ctx
        # No command at all has no message: its help is what there is to say.
        text = error.format_message() or (context.get_help() if context else "There is no command")
        wrong = UsageError(text, hint=f"{context.command_path if context else 'cnx'} --help says more.")
        return _tell(str(wrong), wrong.as_json(), as_json, wrong.exit_code)
    except CnxError as error:
        return _tell(str(error), error.as_json(), as_json, error.exit_code)
    except KeyboardInterrupt as error:
        told = {"type": "Interrupted", "message": "Interrupted", "org": "", "guide": [], "hint": ""}
        return _tell("Interrupted", told, as_json, TERMINATED if isinstance(error, Terminated) else INTERRUPTED)


def _tell(text: str, error: dict[str, Any], as_json: bool, code: int) -> int:
    warn(text)
    if as_json:
        print_json({"error": error})
    return code
