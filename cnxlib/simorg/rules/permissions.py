"""Permission sets and what they grant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actor import Actor
from ..errors import RowError
from ..names import check_api_name
from ..schema.permissions import PERMISSIONS
from . import groups
from .base import Row, Rule, Trail, depends
from .licences import forbidden, granted, licences_of_user
from .users import check_dependencies

if TYPE_CHECKING:
    from ..org import Org

_ACCESS_NEEDS = {
    "Create": ("Read",),
    "Edit": ("Read",),
    "Delete": ("Read", "Edit"),
    "ViewAllRecords": ("Read",),
    "ModifyAllRecords": ("Read", "Edit", "Delete", "ViewAllRecords"),
}
_ACCESS_WORDS = {"ViewAllRecords": "View All", "ModifyAllRecords": "Modify All"}
# Objects whose rows can only be seen through another's (Help, "Object Permissions": dependencies)
_OBJECT_NEEDS = {"Contact": "Account"}
_NOTHING = RowError("FIELD_INTEGRITY_EXCEPTION", "You must enable at least one permission.", ["Permissions"])


def licence_check(org: Org, set_id: str) -> None:
    """Refuse what the licence of the set or of one of its holders does not allow.

    Raises:
        RowError: FIELD_INTEGRITY_EXCEPTION.
    """
    row = org.get("PermissionSet", set_id)
    system, objects = granted(org, set_id)
    names = _licence_names(org, row["LicenseId"])
    missing = forbidden(org, names, system, objects) if names else None
    if missing:
        text = f"The user license doesn't allow the permission: {missing}"
        raise RowError("FIELD_INTEGRITY_EXCEPTION", text, ["Permissions"])
    if row["IsOwnedByProfile"]:
        return
    seen: dict[tuple[str, ...], str | None] = {}
    for each in org.rows("PermissionSetAssignment", PermissionSetId=set_id):
        held = tuple(licences_of_user(org, each["AssigneeId"]))
        seen.setdefault(held, forbidden(org, held, system, objects))
        if seen[held]:
            raise cannot_assign(
                org, row, each["AssigneeId"], f"The user license doesn't allow the permission: {seen[held]}"
            )


def _licence_names(org: Org, licence_id: str | None) -> list[str]:
    for sobject, name in (("UserLicense", "Name"), ("PermissionSetLicense", "DeveloperName")):
        found = org.rows(sobject, Id=licence_id) if licence_id else []
        if found:
            return [str(found[0][name])]
    return []


def cannot_assign(org: Org, permission_set: Row, user_id: str, reason: str) -> RowError:
    """The refusal of an assignment."""
    user = org.get("User", user_id, ["Name"])["Name"]
    text = f'Can\'t assign permission set "{permission_set["Label"]}" to user "{user}". {reason}'
    return RowError("FIELD_INTEGRITY_EXCEPTION", text, ["PermissionSetId"])


def _refuse_packaged(row: Row, verb: str) -> None:
    if row["NamespacePrefix"]:
        # A managed set cannot be edited by the subscriber (Packaging guide); [R: text]
        text = f"cannot {verb} managed object: entity=PermissionSet, component={row['Id'][:15]}"
        raise RowError("CANNOT_MODIFY_MANAGED_OBJECT" if verb == "modify" else "CANNOT_DELETE_MANAGED_OBJECT", text)


class PermissionSetRule(Rule):
    """A set of a customer's own: unique by name and label, fixed by its licence, deleted only when nobody holds it."""

    def derive(self, org: Org, row: Row) -> None:
        """A set that must be activated is a session set."""
        if row.get("HasActivationRequired") and row.get("Type") == "Regular":
            row["Type"] = "Session"

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Names and dependencies."""
        self._names(org, row)
        check_dependencies(row)

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """What the licence allows."""
        licence_check(org, row["Id"])

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """Names and dependencies; packaged sets are the package's."""
        _refuse_packaged(old, "modify")
        if old["Type"] == "Group" or (
            old["IsOwnedByProfile"] and (old["Name"], old["Label"]) != (new["Name"], new["Label"])
        ):
            text = "You can't change this permission set: it belongs to a profile or permission set group."  # [R: text]
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text, ["Name"])
        if (old["Name"], old["Label"]) != (new["Name"], new["Label"]):
            self._names(org, new)
        check_dependencies(new)

    def after_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """The profile of a profile's set shows the same permissions; groups are calculated again."""
        licence_check(org, new["Id"])
        if new["IsOwnedByProfile"]:
            org.store.update(
                "Profile", new["ProfileId"], {f"Permissions{name}": new[f"Permissions{name}"] for name in PERMISSIONS}
            )
        groups.recalculate_with(org, new["Id"])

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Only a set of one's own that nobody holds. [R: texts]"""
        _refuse_packaged(row, "delete")
        if row["IsOwnedByProfile"] or row["Type"] == "Group":
            raise RowError(
                "DELETE_FAILED", "You can't delete a permission set that belongs to a profile or permission set group."
            )
        if org.rows("PermissionSetAssignment", PermissionSetId=row["Id"]):
            raise RowError("DELETE_FAILED", "You can't delete a permission set that's assigned to users.")
        if org.rows("PermissionSetGroupComponent", PermissionSetId=row["Id"]):
            raise RowError("DELETE_FAILED", "You can't delete a permission set that's part of a permission set group.")

    def after_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """What it granted goes with it."""
        for sobject in ("ObjectPermissions", "FieldPermissions", "PermissionSetTabSetting", "SetupEntityAccess"):
            for each in org.rows(sobject, ParentId=row["Id"]):
                org.store.delete(sobject, each["Id"])

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """Which set, and which system permissions."""
        label = (new or old)["Label"]
        if call != "update":
            return [(f"PermSet{call.capitalize()}", "Manage Users", f"{call.capitalize()}d permission set {label}")]
        trail: list[Trail] = []
        for name, permission in PERMISSIONS.items():
            if old[f"Permissions{name}"] != new[f"Permissions{name}"]:
                verb = "Enabled" if new[f"Permissions{name}"] else "Disabled"
                trail.append(
                    (
                        f"PermSet{verb[:-1]}UserPerm",
                        "Manage Users",
                        f"{verb} {permission.label} for permission set {label}",
                    )
                )
        return trail or [("PermSetUpdate", "Manage Users", f"Changed permission set {label}")]

    def _names(self, org: Org, row: Row) -> None:
        check_api_name(row["Name"], "Name", "Permission Set Name", "Permission Set")  # [R: the two labels in the text]
        errors = [
            RowError(code, text, [field])
            for field, code, text in (
                ("Label", "DUPLICATE_MASTER_LABEL", "The label you entered is in use. Enter a unique label."),
                (
                    "Name",
                    "DUPLICATE_DEVELOPER_NAME",
                    "The API name you entered is already in use. Enter a unique API name.",
                ),
            )
            if any(
                each["Id"] != row.get("Id") and each["NamespacePrefix"] == row.get("NamespacePrefix")
                for each in org.rows("PermissionSet", **{field: row[field]})
            )
        ]
        if errors:
            first, *others = errors
            first.others = tuple(others)
            raise first


class _Grant(Rule):
    """A row below a set: not in a packaged set, and licences are looked at again."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Refuse a row below a packaged set, or one that is wrong."""
        _refuse_packaged(org.get("PermissionSet", row["ParentId"]), "modify")
        self.check(org, row)

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """The same for the row as it will be."""
        _refuse_packaged(org.get("PermissionSet", new["ParentId"]), "modify")
        if self.grants(new):
            self.check(org, new)

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Packaged sets are the package's."""
        _refuse_packaged(org.get("PermissionSet", row["ParentId"]), "modify")

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Look at licences and groups again."""
        licence_check(org, row["ParentId"])
        groups.recalculate_with(org, row["ParentId"])

    def after_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """A row that grants nothing more is gone (Object Reference, ObjectPermissions and FieldPermissions)."""
        if not self.grants(new):
            org.store.delete(self.sobject, new["Id"])
        self.after_insert(org, new, actor)

    def after_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Groups are calculated again."""
        groups.recalculate_with(org, row["ParentId"])

    sobject = ""

    def grants(self, row: Row) -> bool:
        """Whether the row grants anything."""
        return any(value for name, value in row.items() if name.startswith("Permissions"))

    def check(self, org: Org, row: Row) -> None:
        """Refuse a row that is wrong in itself."""
        if not self.grants(row):
            raise _NOTHING

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """What was changed in which set."""
        row = new or old
        what = row.get("Field") or row.get("SobjectType") or row.get("Name")
        label = org.get("PermissionSet", row["ParentId"])["Label"]
        return [
            ("PermSetEntityPermChanged", "Manage Users", f"Changed {self.sobject} of {what} in permission set {label}")
        ]


class ObjectPermissionsRule(_Grant):
    """Object permissions, which need one another."""

    sobject = "ObjectPermissions"

    def check(self, org: Org, row: Row) -> None:
        """Create and Edit need Read, Delete both; rows seen through a parent need Read on it."""
        each = org.schema.get(row["SobjectType"])
        if each is None or not each.permissionable:
            text = f"Sobject Type Name: bad value for restricted picklist field: {row['SobjectType']}"
            raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, ["SobjectType"])
        row["SobjectType"] = each.name
        super().check(org, row)
        plural = org.schema[row["SobjectType"]].plural
        for access, needs in _ACCESS_NEEDS.items():
            missing = [f"{_ACCESS_WORDS.get(need, need)} {plural}" for need in needs if not row[f"Permissions{need}"]]
            if row[f"Permissions{access}"] and missing:
                raise depends(f"{_ACCESS_WORDS.get(access, access)} {plural}", missing, f"Permissions{access}")
        parent = _OBJECT_NEEDS.get(row["SobjectType"])
        if parent and not any(
            e["PermissionsRead"] for e in org.rows(self.sobject, ParentId=row["ParentId"], SobjectType=parent)
        ):
            raise depends(f"Read {plural}", [f"Read {org.schema[parent].plural}"], "PermissionsRead")


class FieldPermissionsRule(_Grant):
    """Field-level security, only of fields that take it."""

    sobject = "FieldPermissions"

    def check(self, org: Org, row: Row) -> None:
        """The field takes field-level security; Edit needs Read."""
        sobject, _, name = row["Field"].partition(".")
        each = org.schema.get(sobject)
        one = each.field(name) if each else None
        if each is None or one is None or not one.permissionable or each.name.lower() != row["SobjectType"].lower():
            # A field without field-level security is no entry of the picklist [R: code and text]
            text = f"Field Name: bad value for restricted picklist field: {row['Field']}"
            raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, ["Field"])
        row |= {"Field": f"{each.name}.{one.name}", "SobjectType": each.name}
        super().check(org, row)
        if row["PermissionsEdit"] and not row["PermissionsRead"]:
            raise depends(f"Edit {row['Field']}", [f"Read {row['Field']}"], "PermissionsEdit")


class TabSettingRule(_Grant):
    """The visibility of a tab."""

    sobject = "PermissionSetTabSetting"

    def grants(self, row: Row) -> bool:
        """Every row does."""
        return True

    def check(self, org: Org, row: Row) -> None:
        """The tab exists. [R: code and text]"""
        if not org.rows("TabDefinition", Name=row["Name"]):
            raise RowError("INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: no tab {row['Name']}", ["Name"])
