"""Assignments of permission sets and groups to users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actor import Actor
from ..errors import RowError
from ..values import datetime_text
from .base import Row, Rule, Trail
from .groups import group_set
from .licences import forbidden, granted, licences_of_user, user_licence
from .permissions import cannot_assign

if TYPE_CHECKING:
    from ..org import Org


class AssignmentRule(Rule):
    """A set or a group to a user, once, where the user's licences allow all that the set grants."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Exactly one of set and group; a group is held through its own set."""
        if row.get("PermissionSetGroupId"):
            own = group_set(org, row["PermissionSetGroupId"])
            if row.get("PermissionSetId") not in (None, own):
                text = "Specify either PermissionSetId or PermissionSetGroupId, not both."  # [R: text]
                raise RowError("FIELD_INTEGRITY_EXCEPTION", text, ["PermissionSetGroupId"])
            row["PermissionSetId"] = own
        if not row.get("PermissionSetId"):
            raise RowError(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [PermissionSetId]", ["PermissionSetId"]
            )
        self._allowed(org, row)
        if row.get("ExpirationDate") and row["ExpirationDate"] <= datetime_text(org.now()):
            raise RowError(
                "FIELD_INTEGRITY_EXCEPTION", "The expiration date must be in the future.", ["ExpirationDate"]
            )  # [R: text]

    def _allowed(self, org: Org, row: Row) -> None:
        permission_set = org.get("PermissionSet", row["PermissionSetId"])
        if permission_set["IsOwnedByProfile"]:
            text = "You can't assign a permission set that's owned by a profile."  # [R: text]
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text, ["PermissionSetId"])
        user = row["AssigneeId"]
        licence = permission_set["LicenseId"]
        kind = org.schema.by_prefix.get(licence[:3]) if licence else None
        if kind == "UserLicense" and user_licence(org, user)["Id"] != licence:
            # A set bound to a user licence goes to holders of that licence only; [R: the second sentence]
            raise cannot_assign(
                org, permission_set, user, "The user license doesn't match the permission set's license."
            )
        if kind == "PermissionSetLicense":
            held = org.rows("PermissionSetLicenseAssign", AssigneeId=user, PermissionSetLicenseId=licence)
            if not held:
                raise cannot_assign(
                    org, permission_set, user, "The user doesn't have the required permission set license."
                )  # [R]
        missing = forbidden(org, licences_of_user(org, user), *granted(org, permission_set["Id"]))
        if missing:
            raise cannot_assign(org, permission_set, user, f"The user license doesn't allow the permission: {missing}")

    def duplicate(self, org: Org, row: Row, names: tuple[str, ...], other: str) -> RowError:
        """The user holds it already."""
        what = f"Permission Set: {row['PermissionSetId'][:15]}"
        if row.get("PermissionSetGroupId"):
            what = f"Permission Set Group: {row['PermissionSetGroupId'][:15]}"
        text = f"Duplicate PermissionSetAssignment. Assignee: {row['AssigneeId'][:15]}; {what}"
        return RowError("DUPLICATE_VALUE", text, ["AssigneeId", "PermissionSetId"])

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """The profile's own set is held as long as the profile. [R: text]"""
        if org.get("PermissionSet", row["PermissionSetId"])["IsOwnedByProfile"]:
            text = "You can't remove the assignment of a permission set that's owned by a profile."
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text, ["PermissionSetId"])

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """Who got or lost which set."""
        row = new or old
        label = org.get("PermissionSet", row["PermissionSetId"])["Label"]
        user = org.get("User", row["AssigneeId"])["Username"]
        if call == "delete":
            return [("PermSetUnassign", "Manage Users", f"Permission set {label}: unassigned from user {user}")]
        return [("PermSetAssign", "Manage Users", f"Permission set {label}: assigned to user {user}")]
