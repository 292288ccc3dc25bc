"""Commands as they are printed for people: they work from any folder, with nothing on the PATH."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path


def typed_anywhere(*arguments: str) -> str:
    """The command line of `cnx` with `arguments`, by the full path of the `cnx` that belongs to this Python."""
    program = Path(sys.executable).with_name("cnx.exe" if os.name == "nt" else "cnx")
    start = [str(program)] if program.is_file() else [sys.executable, "-m", "cnxlib"]
    return (subprocess.list2cmdline if os.name == "nt" else shlex.join)([*start, *arguments])


def verify_command(record: Path) -> str:
    """How anybody checks that nobody altered a run's record."""
    return typed_anywhere("records", "verify", str(record.absolute()))
