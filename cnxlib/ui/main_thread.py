"""The main thread of a notebook's kernel: its cells run there, and what interrupts it arrives there.

A press of a button may come in another thread (Jupyter's kernel subshells), and the end of a runner always does. Work
that is done here waits for the cell at work, and no two pieces of it meet.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future

Work = Callable[[], None]


class MainThread:
    """The main thread of the kernel whose cell makes this; outside of a kernel, work is done where it is asked for."""

    def __init__(self) -> None:
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def do(self, work: Work) -> None:
        """Do `work`, and wait until it is done."""
        done = self._begin(work)
        if done is not None:
            done.result()

    def do_soon(self, work: Work) -> None:
        """Do `work` when the cells at work have ended."""
        self._begin(work)

    def _begin(self, work: Work) -> Future[None] | None:
        if self._loop is None or threading.current_thread() is threading.main_thread():
            work()
            return None
        done: Future[None] = Future()
        self._loop.call_soon_threadsafe(_interruptible, work, done)
        return done


def _interruptible(work: Work, done: Future[None]) -> None:
    """Between its cells a kernel ignores interrupts; `work` is as good as a cell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        work()
    except KeyboardInterrupt:
        done.set_result(None)  # the loop would take it as its own end
    except Exception as error:
        done.set_exception(error)
    else:
        done.set_result(None)
    finally:
        signal.signal(signal.SIGINT, before)
