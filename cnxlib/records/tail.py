"""Following a run record's events while another process writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError
from cnxlib.records.run_record import EVENTS, parse_events


class Tail:
    """The events of a record from the beginning on, each handed out once.

    Parameters
    ----------
    record:
        The record's folder.
    """

    def __init__(self, record: Path) -> None:
        self._path = record / EVENTS
        self._read = 0
        self._rest = b""

    def news(self) -> list[dict[str, Any]]:
        """The events that were written since the last call; a line that is still being written comes later.

        Raises
        ------
        RecordError
            The file cannot be read any more.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                fresh = file.read()
        except OSError as error:
            raise RecordError(f"{self._path} cannot be read: {error.strerror}") from None
        self._read += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        return list(parse_events(lines))
