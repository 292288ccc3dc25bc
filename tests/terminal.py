"""Running a program at a terminal, as a person who answers its questions. POSIX only."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def at_terminal(
    command: Sequence[str], answers: Mapping[str, str], *, cwd: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run `command` at a terminal of its own; returns its exit code and all that the terminal showed.

    Parameters
    ----------
    command:
        The program and its arguments.
    answers:
        What is typed when the terminal shows a question, in their order.
    cwd, environment:
        The folder it runs in, and its environment.
    """
    import fcntl
    import pty
    import termios

    here, there = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environment),
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(there)
        try:
            shown, answered = "", 0
            left = list(answers.items())
            until = time.monotonic() + 60
            while (part := _read(here, until)) is not None:
                shown += part
                if left and left[0][0] in shown[answered:]:
                    answered = len(shown)
                    os.write(here, f"{left.pop(0)[1]}\n".encode())
            return process.wait(10), shown
        finally:
            process.kill()
            os.close(here)


def _read(handle: int, until: float) -> str | None:
    """What comes next, None at the end."""
    ready, _, _ = select.select([handle], [], [], max(0, until - time.monotonic()))
    assert ready, "the program neither asked what was expected nor ended"
    try:
        return os.read(handle, 4096).decode() or None
    except OSError:  # what Linux says when nobody holds the other end any more
        return None
