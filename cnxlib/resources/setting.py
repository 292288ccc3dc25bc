"""A switch of the org's settings, one true-or-false property of a metadata component such as CaseSettings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import SalesforceError, serving
from cnxlib.model import ManualStep, Observation
from cnxlib.rounds import Asking
from cnxlib.salesforce import ReadMetadata, WriteMetadata


class Setting:
    """A switch, checked always and changed only where that was opted for.

    Parameters
    ----------
    name:
        What people call it.
    type, full_name, path:
        The component, and the property's place in it: ("emailToCase", "enableEmailToCase").
    wanted:
        Whether the guide asks for the switch to be on.
    guide:
        Ids of the guide's steps.
    change:
        Whether it may be changed; where not, and it differs, `manual` is what a person has to decide.
    manual:
        The step left to a person then; closed by a decision.
    reversible:
        Whether Salesforce lets it be switched back.
    inverse:
        Whether the property is true where the switch, as Setup names it, is off.
    """

    batch = 1

    def __init__(
        self,
        name: str,
        type: str,
        full_name: str,
        path: tuple[str, ...],
        wanted: bool,
        guide: tuple[str, ...],
        change: bool,
        manual: ManualStep,
        reversible: bool = True,
        inverse: bool = False,
    ) -> None:
        self._name, self._type, self._full_name, self._path = name, type, full_name, path
        self._wanted, self._guide, self._change = wanted, guide, change
        self._manual, self._reversible, self._inverse = manual, reversible, inverse

    @property
    def name(self) -> str:
        """What people call it."""
        return self._name

    def meant(self, on: bool) -> Setting:
        """The same switch, to be on or off by a change."""
        meant = copy(self)
        meant._wanted, meant._change = on, True
        return meant

    def observe(self) -> Asking[Observation]:
        """Read the component; an absent property counts as false, as Metadata API leaves defaults out."""
        with serving(*self._guide):
            (component,) = yield [ReadMetadata(self._type, self._full_name)]
        if component is None:
            raise SalesforceError(
                f"The org shows no {self._type} {self._full_name}",
                guide=self._guide,
                hint="The feature may be missing in this edition, or the user may not read metadata.",
            )
        value: Any = component
        for part in self._path:
            value = value.get(part) if isinstance(value, dict) else None
        on = bool(value) is not self._inverse
        actual, desired = {"value": on}, {"value": self._wanted}
        if on is not self._wanted and not self._change:
            return Observation((Item.left_alone("setting", self._name, actual, self._guide),), (self._manual,))
        item = Item("setting", self._name, actual, desired, self._guide, self._reversible)
        return Observation((item,), done=(self._manual.step,) if on is self._wanted else ())

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Write the one property; what is not named keeps its value (settings are not replaced as a whole)."""
        value: Any = self._wanted is not self._inverse
        for part in reversed(self._path):
            value = {part: value}
        yield [WriteMetadata("update", self._type, {"fullName": self._full_name, **value})]
        return [Done()]
