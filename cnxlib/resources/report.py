"""Facts for people: read, shown, and nothing managed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnxlib.changes import Change
from cnxlib.engine import Done
from cnxlib.model import Observation
from cnxlib.rounds import Asking


class Report:
    """What `read` finds, as tables, texts and manual steps.

    Parameters
    ----------
    read:
        Returns an observation whose items, if it has any, are left alone.
    """

    batch = 1

    def __init__(self, read: Callable[[], Asking[Observation]]) -> None:
        self._read = read

    def observe(self) -> Asking[Observation]:
        """What `read` returns."""
        return (yield from self._read())

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """There is never anything to apply."""
        yield from ()
        return [Done() for _ in changes]
