"""Groups of users that are queues, and which objects' rows they may own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..actor import Actor
from ..errors import RowError
from ..names import check_api_name
from .base import Row, Rule

if TYPE_CHECKING:
    from ..org import Org

# The other types come with roles, territories and the org itself (Object Reference, Group)
_MADE_BY_CUSTOMERS = ("Queue", "Regular")


def is_queue(org: Org, owner_id: str) -> bool:
    """Whether an owner's id is a group's: queues alone own rows."""
    return org.schema.by_prefix.get(owner_id[:3]) == "Group"


def check_owner(org: Org, owner_id: str, sobject: str) -> None:
    """Refuse a queue that was not made for the object.

    Raises:
        RowError: INVALID_OPERATION.
    """
    if not org.rows("QueueSobject", QueueId=owner_id, SobjectType=sobject):
        raise RowError("INVALID_OPERATION", "Queue not associated with this SObject type", ["OwnerId"])


class GroupOfUsersRule(Rule):
    """A queue or a public group, of an API name that no other of its type has."""

    def derive(self, org: Org, row: Row) -> None:
        """The API name, from the name where none is given."""
        if not row.get("DeveloperName"):
            row["DeveloperName"] = re.sub(r"\W+", "_", row["Name"]).strip("_")

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Only types that customers make; who makes it owns it."""
        self._named(row)
        if row["Type"] not in _MADE_BY_CUSTOMERS:
            text = f"Type: bad value for restricted picklist field: {row['Type']}"  # [R]
            raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, ["Type"])
        row["OwnerId"] = actor.user_id

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """The API name is one."""
        self._named(new)

    def _named(self, row: Row) -> None:
        if row.get("DeveloperName"):
            check_api_name(row["DeveloperName"], "DeveloperName", "Developer Name", "Group")

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Refuse while it owns cases. [R: text]"""
        if org.rows("Case", OwnerId=row["Id"], IsDeleted=False):
            raise RowError("DELETE_FAILED", "You can't delete a queue that owns records.")

    def after_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """What it was made for goes with it."""
        for each in org.rows("QueueSobject", QueueId=row["Id"]):
            org.store.delete("QueueSobject", each["Id"])


class QueueObjectRule(Rule):
    """An object whose rows a queue may own."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """The group is a queue. [R: code and text]"""
        if org.get("Group", row["QueueId"], ["Type"])["Type"] != "Queue":
            raise RowError("FIELD_INTEGRITY_EXCEPTION", "The group is not a queue.", ["QueueId"])
