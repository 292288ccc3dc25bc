"""Executing one notebook by papermill so that it can be watched and interrupted."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

TICK_S = 0.05
NUDGE_S = 2.0
"""How often an interrupted kernel is interrupted again: one that is between two cells does not heed it."""
PATIENCE_S = 20.0
"""How long an interrupted kernel may take to end before it is killed."""


@dataclass(frozen=True)
class Ending:
    """How the execution of a notebook ended. All fields are "" or False where it ran to its end.

    Attributes
    ----------
    error:
        Name of what stopped it: an error's class ("PreflightFailed"), "KernelDied" or "KernelNotStarted".
    message:
        What that said.
    interrupted:
        Whether a person ended it (Ctrl-C).
    """

    error: str = ""
    message: str = ""
    interrupted: bool = False


def execute(
    source: Path,
    target: Path,
    parameters: Mapping[str, Any],
    tick: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> Ending:
    """Execute the notebook `source` in a fresh kernel of this Python and save it, cell by cell, as `target`.

    The kernel keeps the working directory and the environment of this process. It prints into nothing that this
    process prints into. Ctrl-C interrupts the cell that runs, so that it can put down what it was about; a second one
    kills the kernel.

    Parameters
    ----------
    source, target:
        The notebook and its executed copy.
    parameters:
        Values for its `parameters` cell, JSON values by name.
    tick:
        Called some twenty times a second meanwhile, in the calling thread. Where it raises, the kernel is interrupted,
        and the error raised again when that has ended.
    environment:
        Variables for the kernel, beside those of this process.
    """
    from jupyter_core.utils import ensure_event_loop

    _load_papermill()  # not in the thread, where nobody would see it fail
    with tempfile.TemporaryFile() as printed:
        kernel = _Kernel(printed, environment or {})
        endings: list[Ending] = []
        over = threading.Event()  # Thread.join may forget a thread when Ctrl-C strikes in it

        def work() -> None:
            try:
                endings.append(_papermill(source, target, parameters, kernel, printed))
            finally:
                ensure_event_loop().close()  # nbclient leaves this thread's open
                over.set()

        threading.Thread(target=work, name=f"papermill {source.stem}", daemon=True).start()
        interruption = _Interruption(kernel)
        failure: Exception | None = None
        while not over.is_set():
            try:
                over.wait(TICK_S)
                if failure is None:
                    tick()
                interruption.press_on()
            except KeyboardInterrupt:
                interruption.begin()
            except Exception as error:  # nobody can follow it any more: it is put down before that is told
                failure = error
                interruption.begin()
        if failure is not None:
            raise failure
        tick()
    ending = endings[0]
    return Ending(ending.error, ending.message, interrupted=True) if interruption.began else ending


def _load_papermill() -> None:
    """Import papermill: late, for it takes most of a second, and without what would make that three.

    papermill imports jsonschema, whose check of one format imports rfc3987_syntax where JupyterLab brought it, and that
    builds its grammars at import, for more than two seconds. No notebook's schema has that format.
    """
    name = "rfc3987_syntax"
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # this is how Python spells "cannot be imported"
    try:
        import papermill  # noqa: F401
    finally:
        if hidden:
            del sys.modules[name]


class _Kernel:
    """The one kernel of an execution: made by nbclient, reached from here to interrupt it.

    Parameters
    ----------
    printed:
        Receives what the kernel's process prints beside its cells' outputs.
    environment:
        Variables for it, beside those of this process.
    """

    def __init__(self, printed: IO[bytes], environment: Mapping[str, str]) -> None:
        self._printed, self._environment = printed, environment
        self._manager: AsyncKernelManager | None = None

    def manager_class(self) -> type[AsyncKernelManager]:
        """The class that nbclient makes its kernel manager of."""
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager

        kernel = self

        class Manager(AsyncKernelManager):
            """Starts the kernel of this very Python, whatever "python3" means to the user's other Jupyters."""

            def __init__(self, **traits: Any) -> None:
                # With no folder to look in, "python3" is ipykernel's own description of the running Python.
                super().__init__(**{**traits, "kernel_spec_manager": KernelSpecManager(kernel_dirs=[])})
                kernel._manager = self

            async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
                options["env"] = {**(options.get("env") or os.environ), **kernel._environment}
                await super().start_kernel(stdout=kernel._printed, stderr=kernel._printed, **options)

        return Manager

    def signal(self, number: int) -> None:
        """Send a signal to the kernel; nothing where none runs."""
        manager = self._manager
        if manager is not None and manager.has_kernel and manager.provisioner is not None:
            asyncio.run(manager.provisioner.send_signal(number))


class _Interruption:
    """Ending a kernel on a person's wish, first gently."""

    def __init__(self, kernel: _Kernel) -> None:
        self._kernel = kernel
        self._began_at = 0.0
        self._nudged_at = 0.0

    @property
    def began(self) -> bool:
        """Whether anybody wished it."""
        return self._began_at > 0

    def begin(self) -> None:
        """Interrupt the kernel; asked a second time, kill it."""
        if self.began:
            self._kill()
            return
        self._began_at = time.monotonic()
        self._nudge()

    def press_on(self) -> None:
        """Keep at it, where it was begun, until the kernel has ended."""
        if not self.began:
            return
        now = time.monotonic()
        if now - self._began_at > PATIENCE_S:
            self._kill()
        elif now - self._nudged_at > NUDGE_S:
            self._nudge()

    def _nudge(self) -> None:
        self._nudged_at = time.monotonic()
        self._kernel.signal(signal.SIGINT)

    def _kill(self) -> None:
        self._kernel.signal(getattr(signal, "SIGKILL", signal.SIGTERM))


def _papermill(
    source: Path, target: Path, parameters: Mapping[str, Any], kernel: _Kernel, printed: IO[bytes]
) -> Ending:
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            papermill.execute_notebook(
                # Its path is a template in which papermill would fill braces in
                _verbatim(source),
                _verbatim(target),
                dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                kernel_manager_class=kernel.manager_class(),
                iopub_timeout=60,  # outputs may be late on a busy machine; 4 s would end the run
                shutdown_kernel="immediate",  # after the last cell there is nothing to wait for
            )
    except PapermillExecutionError as error:
        return Ending(error.ename, _plain(error.evalue) or f"the cell In [{error.exec_count}] stopped")
    except DeadKernelError:
        return Ending("KernelDied", "The kernel that executed the notebook died" + _last_words(printed))
    except Exception as error:
        # What comes out here is papermill's, nbclient's or jupyter_client's, and says little to the reader.
        what = _plain(str(error)).splitlines()
        cause = f" ({type(error).__name__}: {what[0]})" if what else f" ({type(error).__name__})"
        return Ending("KernelNotStarted", f"The notebook could not be executed{cause}" + _last_words(printed))
    return Ending()


def _verbatim(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()


def _last_words(printed: IO[bytes]) -> str:
    """The last lines that a kernel printed, for who has to find out why it died."""
    printed.seek(0)
    said = _plain(printed.read().decode(errors="replace")).splitlines()
    lines = [line for line in said if not line.startswith("[IPKernelApp]")]
    return ": " + " / ".join(lines[-3:]) if lines else ", and said nothing"
