"""Running `cnx` as people do: as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CNX = (sys.executable, "-m", "cnxlib")


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON value that it must be."""
        return json.loads(self.out)


def environment(runs: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with another records' root."""
    return {**os.environ, "CNX_RUNS": str(runs), "COLUMNS": "200", **(more or {})}


def cnx(*arguments: str, cwd: Path, more: Mapping[str, str] | None = None, timeout_s: float = 240) -> Ended:
    """Run `cnx` in the folder `cwd`, with its records in `cwd`/runs."""
    ended = subprocess.run(
        [*CNX, *arguments],
        cwd=cwd,
        env=environment(cwd / "runs", more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@contextmanager
def started(arguments: Sequence[str], *, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start `cnx` in the folder `cwd`, and leave no process behind whatever the test comes to."""
    with subprocess.Popen(
        [*CNX, *arguments],
        cwd=cwd,
        env=environment(cwd / "runs"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()
