"""Permission set groups: by a set of its own, a group grants what its sets grant, less what is muted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..actor import OBJECT_ACCESS, Actor
from ..errors import RowError
from ..schema.permissions import PERMISSIONS
from .base import Row, Rule, Trail

if TYPE_CHECKING:
    from ..org import Org


def group_set(org: Org, group_id: str) -> str:
    """The id of the set (Type = 'Group') by which a group grants."""
    return str(org.rows("PermissionSet", PermissionSetGroupId=group_id)[0]["Id"])


def recalculate_with(org: Org, set_id: str) -> None:
    """Calculate the groups again that a set (or muting set) is part of."""
    for each in org.rows("PermissionSetGroupComponent", PermissionSetId=set_id):
        recalculate(org, each["PermissionSetGroupId"])


def recalculate(org: Org, group_id: str) -> None:
    """Make the group's set grant the union of its sets less what is muted.

    Salesforce does it in the background, with Status Updating; here it is done at once.
    """
    own = group_set(org, group_id)
    components = [
        each["PermissionSetId"] for each in org.rows("PermissionSetGroupComponent", PermissionSetGroupId=group_id)
    ]
    muting = [each for each in components if org.rows("MutingPermissionSet", Id=each)]
    sets = [each for each in components if each not in muting]
    system = [f"Permissions{name}" for name in PERMISSIONS]
    org.store.update("PermissionSet", own, _less(
        _union([org.get("PermissionSet", each) for each in sets], system),
        _union([org.get("MutingPermissionSet", each) for each in muting], system),
    ))  # fmt: skip
    for sobject, key, columns in (
        ("ObjectPermissions", "SobjectType", [f"Permissions{name}" for name in OBJECT_ACCESS]),
        ("FieldPermissions", "Field", ["PermissionsRead", "PermissionsEdit"]),
    ):
        for each in org.rows(sobject, ParentId=own):
            org.store.delete(sobject, each["Id"])
        rows = [row for each in sets for row in org.rows(sobject, ParentId=each)]
        muted = [row for each in muting for row in org.rows(sobject, ParentId=each)]
        for value in sorted({row[key] for row in rows}):
            mine = [row for row in rows if row[key] == value]
            permissions = _less(_union(mine, columns), _union([row for row in muted if row[key] == value], columns))
            if any(permissions.values()):
                org.put(sobject, {"ParentId": own, "SobjectType": mine[0]["SobjectType"], key: value, **permissions})
    org.store.update("PermissionSetGroup", group_id, {"Status": "Updated"})


def _union(rows: list[dict[str, Any]], columns: list[str]) -> Row:
    return {name: int(any(row[name] for row in rows)) for name in columns}


def _less(granted: Row, muted: Row) -> Row:
    return {name: int(bool(value) and not muted[name]) for name, value in granted.items()}


class GroupRule(Rule):
    """A group has a set of its own from the start."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """The developer name is unique."""
        if org.rows("PermissionSetGroup", DeveloperName=row["DeveloperName"]):
            text = "The API name you entered is already in use. Enter a unique API name."
            raise RowError("DUPLICATE_DEVELOPER_NAME", text, ["DeveloperName"])

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Make the group's set."""
        org.put("PermissionSet", {
            "Name": row["DeveloperName"], "Label": row["MasterLabel"], "Type": "Group",
            "PermissionSetGroupId": row["Id"], "HasActivationRequired": row["HasActivationRequired"],
        })  # fmt: skip

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Refuse while somebody holds it. [R: text]"""
        if org.rows("PermissionSetAssignment", PermissionSetGroupId=row["Id"]):
            raise RowError("DELETE_FAILED", "You can't delete a permission set group that's assigned to users.")

    def after_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """The group's set and components go with it."""
        own = group_set(org, row["Id"])
        for sobject in ("ObjectPermissions", "FieldPermissions"):
            for each in org.rows(sobject, ParentId=own):
                org.store.delete(sobject, each["Id"])
        org.store.delete("PermissionSet", own)
        for each in org.rows("PermissionSetGroupComponent", PermissionSetGroupId=row["Id"]):
            org.store.delete("PermissionSetGroupComponent", each["Id"])

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """Which group."""
        label = (new or old)["MasterLabel"]
        return [
            (f"PermSetGroup{call.capitalize()}", "Manage Users", f"{call.capitalize()}d permission set group {label}")
        ]


class ComponentRule(Rule):
    """A set in a group: any but a profile's or a group's own."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Refuse sets that cannot be part of a group. [R: text]"""
        found = org.rows("PermissionSet", Id=row["PermissionSetId"])
        if found and found[0]["Type"] not in ("Regular", "Standard", "Session"):
            raise RowError(
                "FIELD_INTEGRITY_EXCEPTION", "You can't add this permission set to a group.", ["PermissionSetId"]
            )

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Calculate the group."""
        recalculate(org, row["PermissionSetGroupId"])

    def after_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Calculate the group."""
        recalculate(org, row["PermissionSetGroupId"])
