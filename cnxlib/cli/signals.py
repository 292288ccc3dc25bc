"""Being ended from outside: SIGTERM and SIGHUP are taken as Ctrl-C is, so a run is put down and its record written."""

from __future__ import annotations

import signal
import subprocess
import threading
from types import FrameType
from typing import Any


class Terminated(KeyboardInterrupt):
    """This process alone was told to end; Ctrl-C, in contrast, strikes those that it started as well."""


def end_gently() -> None:
    """Raise `Terminated` in the main thread on SIGTERM and SIGHUP, where they are not already taken or ignored."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


def until_it_ends(process: subprocess.Popen[Any]) -> int:
    """Wait for a process as a shell does, and return its exit code; it is ended when this process is told to end."""
    while True:
        try:
            code = process.wait()
        except Terminated:
            process.terminate()
        except KeyboardInterrupt:
            pass  # it has had it too, and decides
        else:
            return code if code >= 0 else 128 - code
