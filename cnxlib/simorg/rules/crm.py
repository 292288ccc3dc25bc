"""Accounts, contacts, cases, record types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..actor import Actor
from ..errors import RowError
from ..schema import SObject
from ..values import datetime_text
from .base import Row, Rule, refuse_cycle
from .queues import check_owner, is_queue

if TYPE_CHECKING:
    from ..org import Org

_WORDS = {"create": "Create", "update": "Edit", "delete": "Delete"}


class DataRule(Rule):
    """Rows guarded by object permissions.

    Sharing is Public Read/Write: whoever may edit an object may edit all its rows.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def authorise(self, org: Org, each: SObject, call: str, actor: Actor, row: Mapping[str, Any]) -> None:
        """The object permission for the call."""
        if actor.may(_WORDS[call], each.name):
            return
        if call == "create":
            raise RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {each.label}")
        raise RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")

    def derive(self, org: Org, row: Row) -> None:
        """A person's full name."""
        if self.name == "Contact":
            row["Name"] = " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Who creates a row owns it."""
        row["OwnerId"] = row.get("OwnerId") or actor.user_id
        self._owner(org, row)
        self._record_type(org, row)

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """A new owner is an active user, or a queue made for the object; accounts and cases form trees."""
        if new["OwnerId"] != old["OwnerId"]:
            self._owner(org, new)
        if new.get("RecordTypeId") != old.get("RecordTypeId"):
            self._record_type(org, new)
        if self.name != "Contact" and new["ParentId"] != old["ParentId"]:
            refuse_cycle(org, self.name, new, "ParentId")

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """An account with cases cannot be deleted: its cases are no details of it. [R: text]"""
        if self.name == "Account" and org.rows("Case", AccountId=row["Id"], IsDeleted=False):
            text = (
                f"Your attempt to delete {row['Name']} could not be completed because it is associated with the"
                " following cases."
            )
            raise RowError("DELETE_FAILED", text)

    def _record_type(self, org: Org, row: Row) -> None:
        """Refuse a record type of another object, and one that is not active (Object Reference, RecordType)."""
        if not (id_ := row.get("RecordTypeId")):
            return
        found = org.get("RecordType", id_)
        if found["SobjectType"] != self.name or not found["IsActive"]:
            text = f"Record Type ID: this ID value isn't valid for the user: {id_}"
            raise RowError("INVALID_CROSS_REFERENCE_KEY", text, ["RecordTypeId"])

    def _owner(self, org: Org, row: Row) -> None:
        if not row["OwnerId"]:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", ["OwnerId"])  # [R: code]
        if is_queue(org, row["OwnerId"]):
            check_owner(org, row["OwnerId"], self.name)
        elif not org.get("User", row["OwnerId"])["IsActive"]:
            text = f"operation performed with inactive user [{row['OwnerId'][:15]}]"
            raise RowError("INACTIVE_OWNER_OR_USER", text, ["OwnerId"])


class CaseRule(DataRule):
    """A case is numbered, and closed by its status."""

    def derive(self, org: Org, row: Row) -> None:
        """The number, and whether it is closed."""
        if not row.get("CaseNumber"):
            row["CaseNumber"] = f"{1000 + org.store.next_number('CaseNumber'):08d}"
        row["IsClosed"] = int(row.get("Status") == "Closed")
        if not row["IsClosed"]:
            row["ClosedDate"] = None
        elif not row.get("ClosedDate"):
            row["ClosedDate"] = datetime_text(org.now())


class RecordTypeRule(Rule):
    """A record type's process is one of its object. [R: code and text]"""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """The process."""
        self._process(org, row)

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """The process."""
        self._process(org, new)

    def _process(self, org: Org, row: Row) -> None:
        id_ = row["BusinessProcessId"]
        if id_ and org.get("BusinessProcess", id_)["TableEnumOrId"] != row["SobjectType"]:
            text = f"Business Process ID: not a process of {row['SobjectType']}: {id_}"
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text, ["BusinessProcessId"])
