"""Telling credentials to the person at the terminal: the one place where `cnx` shows a secret.

Everything else that is printed goes by the guard (`cnxlib.cli.guard`), which takes each secret out. Here it is passed
by on purpose, and only towards a terminal's alternate screen: the terminal keeps no lines of it, and it is wiped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from cnxlib.cli.guard import unguarded
from cnxlib.errors import UsageError


def require_terminal() -> None:
    """Refuse to go on where what is shown would stay: in a pipe, in a file, on a screen that cannot be wiped.

    Raises
    ------
    UsageError
        Standard input or output is no terminal, or it has no alternate screen.
    """
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        raise UsageError(
            "Credentials are told to a person at a terminal alone: standard input or output is a pipe or a file here",
            hint="Type the command in a terminal (in JupyterLab: File → New → Terminal). A program takes the "
            "references that `cnx secrets list` shows.",
        )
    screen = _screen()
    if screen.is_dumb_terminal or screen.legacy_windows:
        raise UsageError(
            "This terminal has no screen that can be wiped, so what it shows would stay on it",
            hint="Take another one: a terminal in JupyterLab, or Windows Terminal.",
        )


def tell(title: str, values: Sequence[tuple[str, str]]) -> None:
    """Show `values`, a name and a value each, until Enter is pressed; nothing of them stays on the terminal.

    Parameters
    ----------
    title:
        Whose they are.
    values:
        What is shown.
    """
    screen = _screen()
    with screen.screen(hide_cursor=False):
        try:
            screen.print(Text(f"{title}\n", "bold"), soft_wrap=True)
            for name, value in values:
                screen.print(Text(name, "dim"), soft_wrap=True)
                screen.print(Text(f"  {value}\n"), soft_wrap=True)
            screen.print(Text("Press Enter to wipe this screen. "), end="", soft_wrap=True)
            sys.stdin.readline()
        finally:
            screen.clear()  # some terminals keep what an alternate screen showed last


def _screen() -> Console:
    return Console(file=unguarded(sys.stdout), markup=False, highlight=False, force_terminal=True)
