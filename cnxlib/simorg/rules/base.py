"""What a rule of an object may say about the rows that are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..actor import Actor
from ..errors import RowError
from ..schema import SObject

if TYPE_CHECKING:
    from ..org import Org

Row = dict[str, Any]
Trail = tuple[str, str, str]


class Rule:
    """Does nothing; the rules of an object override what they need.

    Rows are as columns hold them, by canonical field names; ``before_*`` may change them or raise ``ApiError``.
    """

    def authorise(self, org: Org, each: SObject, call: str, actor: Actor, row: Mapping[str, Any]) -> None:
        """Refuse an actor who may not ``create``, ``update`` or ``delete`` the row."""
        actor.require(*each.needs.get(call, ()))

    def derive(self, org: Org, row: Row) -> None:
        """Fill fields that follow from others; for seeds too."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Check and complete a new row."""

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """What else the org does."""

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """Check and complete the row as it will be."""

    def after_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """What else the org does."""

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Refuse a deletion."""

    def after_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """What else the org does."""

    def duplicate(self, org: Org, row: Row, names: tuple[str, ...], other: str) -> RowError:
        """The error for a row that equals another in fields that are unique."""
        text = f"duplicate value found: {names[-1]} duplicates value on record with id: {other[:15]}"
        return RowError("DUPLICATE_VALUE", text, [names[-1]])

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """Action, section and display of the rows of the setup audit trail."""
        return []


def refuse_cycle(org: Org, sobject: str, row: Row, field: str) -> None:
    """Refuse a row that would be its own parent, or an ancestor of it. [R: code and text]

    Raises:
        RowError: CIRCULAR_DEPENDENCY.
    """
    parent, seen = row[field], {row["Id"]}
    while parent:
        if parent in seen:
            raise RowError("CIRCULAR_DEPENDENCY", "attempt to violate hierarchy constraints", [field])
        seen.add(parent)
        parent = org.get(sobject, parent, [field])[field]


def depends(permission: str, on: list[str], field: str) -> RowError:
    """The refusal of a permission without those that it needs."""
    text = f"Permission {permission} depends on permission(s): {', '.join(on)}"
    return RowError("FIELD_INTEGRITY_EXCEPTION", text, [field])
