"""The guard of a notebook's kernel: nothing that it says holds a secret.

What a kernel shows reaches the notebook, and JupyterLab's copies of it, as messages: printed text, displays, errors,
replies, the state of widgets. All of them are packed by one function of the kernel's session, which is where they are
redacted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from IPython.core.getipython import get_ipython

from cnxlib.secrets.heritage import inherit_to_runner
from cnxlib.secrets.logs import guard_logging
from cnxlib.secrets.redaction import MARK, finds, redact_json


def guard() -> None:
    """Redact all that this process says: a kernel's messages, and what any library logs. Idempotent.

    From here on each secret that is touched is also handed down to the runner, where one started this kernel.
    """
    guard_logging()
    inherit_to_runner()
    shell = get_ipython()
    session = getattr(getattr(shell, "kernel", None), "session", None)
    if session is not None and not isinstance(session.pack, _Pack):
        session.pack = _Pack(session.pack)
        session.send = _with_redacted_buffers(session.send)


class CellOutput:
    """What the cell that is run now shows, to be taken away later. Outside of a kernel there is nothing to take."""

    def __init__(self) -> None:
        self._kernel = getattr(get_ipython(), "kernel", None)
        self._parent = self._kernel.get_parent("shell") if self._kernel is not None else None

    def clear(self) -> None:
        """Empty the cell, in the browser that ran it (Jupyter's message clear_output)."""
        if self._kernel is not None:
            send, socket = self._kernel.session.send, self._kernel.iopub_socket
            send(socket, "clear_output", {"wait": False}, parent=self._parent, ident=b"clear_output")


class _Pack:
    """Packs the parts of a message as before, after a look at what came out."""

    def __init__(self, pack: Callable[[Any], bytes]) -> None:
        self._pack = pack

    def __call__(self, part: Any) -> bytes:
        packed = self._pack(part)
        return self._pack(redact_json(part)) if finds(packed) else packed


def _with_redacted_buffers(send: Callable[..., Any]) -> Callable[..., Any]:
    """`Session.send`, with a mark in place of binary state of widgets that holds a secret."""
    signature = inspect.signature(send)

    def redacted(*given: Any, **named: Any) -> Any:
        call = signature.bind(*given, **named)
        if buffers := call.arguments.get("buffers"):
            call.arguments["buffers"] = [MARK.encode() if finds(bytes(buffer)) else buffer for buffer in buffers]
        return send(*call.args, **call.kwargs)

    return redacted
