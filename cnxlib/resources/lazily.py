"""A resource that can be described only after something has been read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnxlib.changes import Change
from cnxlib.engine import Done, Resource
from cnxlib.model import Observation
from cnxlib.rounds import Asking


class Lazily:
    """The resource that `make` returns, made anew each time the org is observed.

    Parameters
    ----------
    make:
        Reads what it must and returns the resource; it takes one change at a time.
    """

    batch = 1

    def __init__(self, make: Callable[[], Asking[Resource]]) -> None:
        self._make = make
        self._made: Resource | None = None

    def observe(self) -> Asking[Observation]:
        """Make the resource, then observe by it."""
        self._made = yield from self._make()
        return (yield from self._made.observe())

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """As the resource that was observed."""
        if self._made is None:
            raise RuntimeError("applied before it was observed")
        return (yield from self._made.apply(changes, ids))
