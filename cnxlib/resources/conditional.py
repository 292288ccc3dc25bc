"""A resource that is wanted only where the org's own state asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnxlib.changes import Change
from cnxlib.engine import Done, Resource
from cnxlib.model import Observation
from cnxlib.rounds import Asking


class OnlyIf:
    """`resource`, unless `not_needed` finds a reason against it.

    Parameters
    ----------
    not_needed:
        Reads what it must; returns why the resource is not needed, "" where it is.
    resource:
        The resource then wanted.
    """

    def __init__(self, not_needed: Callable[[], Asking[str]], resource: Resource) -> None:
        self._not_needed, self._resource = not_needed, resource
        self.batch = resource.batch

    def observe(self) -> Asking[Observation]:
        """The reason alone, or what the resource observes."""
        reason = yield from self._not_needed()
        if reason:
            return Observation(not_needed=reason)
        return (yield from self._resource.observe())

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """As the resource's own."""
        return (yield from self._resource.apply(changes, ids))
