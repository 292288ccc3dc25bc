"""The guard of the terminal: nothing that `cnx` prints holds a secret, not even the traceback of a bug."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TextIO, cast

from cnxlib.secrets.logs import guard_logging
from cnxlib.secrets.redaction import redact


@contextmanager
def guarded() -> Iterator[None]:
    """Redact standard output, standard error, logs and the traceback of an error that nobody caught.

    The streams are given back in the end; an error that comes out of here is shown redacted all the same.
    """
    out, err = sys.stdout, sys.stderr
    guard_logging()
    sys.stdout, sys.stderr = _redacting(out), _redacting(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
        sys.excepthook = _show  # not before: Typer sets one of its own when it is called


class _Redacting:
    """A text stream that redacts what is written; in all else it is the stream that it was made of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def unguarded(stream: TextIO) -> TextIO:
    """The stream below a redacting one, for what was redacted already and would be no JSON after another time."""
    return stream._stream if isinstance(stream, _Redacting) else stream


def _redacting(stream: TextIO) -> TextIO:
    return cast(TextIO, _Redacting(stream))


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """As the interpreter shows an error that nobody caught, redacted as a whole."""
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
