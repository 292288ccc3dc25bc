"""The command line: `cnx`."""

from cnxlib.cli.main import main

__all__ = ["main"]
