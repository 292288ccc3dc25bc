"""Permission sets and permission set groups of a scenario, and what they and the profiles grant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..org import Org
from ..rules.groups import group_set, recalculate

_LETTERS = {
    "C": "PermissionsCreate",
    "R": "PermissionsRead",
    "E": "PermissionsEdit",
    "D": "PermissionsDelete",
    "V": "PermissionsViewAllRecords",
    "M": "PermissionsModifyAllRecords",
}


def grant(org: Org, parent: str, spec: Mapping[str, Any], *, all_fields: bool = False) -> None:
    """Object permissions, field-level security and tabs of one set.

    Args:
        org: the org.
        parent: the set's id.
        spec: `objects` by letters (CREDVM), `fields` by letters (RE), `tabs`.
        all_fields: field-level security follows the objects: every field is readable, and editable where the object is.
    """
    for sobject, letters in spec.get("objects", {}).items():
        org.put("ObjectPermissions", {"ParentId": parent, "SobjectType": sobject, **_granted(letters)})
        if all_fields:
            _grant_all_fields(org, parent, sobject, "E" in letters)
    rows = [
        {"ParentId": parent, "SobjectType": field.partition(".")[0], "Field": field, **_granted(letters)}
        for field, letters in spec.get("fields", {}).items()
    ]
    org.put_many("FieldPermissions", rows)
    tabs = [{"ParentId": parent, "Name": tab, "Visibility": "DefaultOn"} for tab in spec.get("tabs", [])]
    org.put_many("PermissionSetTabSetting", tabs)


def _granted(letters: str) -> dict[str, bool]:
    return {_LETTERS[letter]: True for letter in letters}


def _grant_all_fields(org: Org, parent: str, sobject: str, edit: bool) -> None:
    rows = [
        {
            "ParentId": parent,
            "SobjectType": sobject,
            "Field": f"{sobject}.{field.name}",
            "PermissionsRead": True,
            "PermissionsEdit": edit and (field.updateable or field.type == "address"),
        }
        for field in org.schema[sobject].fields.values()
        if field.permissionable
    ]
    org.put_many("FieldPermissions", rows)


def add_set(org: Org, name: str, spec: Mapping[str, Any], licenses: Mapping[str, str], user_id: str) -> None:
    """Make a permission set: `label`, `permissions`, `license`, and what `grant` takes."""
    row = {
        "Name": name,
        "Label": spec["label"],
        "LicenseId": licenses.get(spec.get("license", "")),
        "CreatedById": user_id,
        "LastModifiedById": user_id,
        **_system(spec),
    }
    grant(org, org.put("PermissionSet", row), spec)


def add_group(org: Org, name: str, spec: Mapping[str, Any]) -> tuple[str, str]:
    """Make a permission set group: `label`, its `sets`, and what it `mutes`.

    Returns:
        The ids of the group and of its own set, by which it grants.
    """
    group = org.put("PermissionSetGroup", {"DeveloperName": name, "MasterLabel": spec["label"]})
    own = {"Name": name, "Label": spec["label"], "Type": "Group", "PermissionSetGroupId": group}
    org.put("PermissionSet", own)
    sets = sets_by_name(org)
    components = [sets[each] for each in spec["sets"]]
    if "mutes" in spec:
        muting = {"DeveloperName": f"{name}_muting", "MasterLabel": f"{spec['label']} (muted)"}
        components.append(org.put("MutingPermissionSet", {**muting, **_system(spec["mutes"])}))
        grant(org, components[-1], spec["mutes"])
    rows = [{"PermissionSetGroupId": group, "PermissionSetId": each} for each in components]
    org.put_many("PermissionSetGroupComponent", rows)
    recalculate(org, group)
    return group, group_set(org, group)


def sets_by_name(org: Org) -> dict[str, str]:
    """Ids of the sets that can be assigned: the org's own by API name, the package's by label."""
    rows = [row for row in org.rows("PermissionSet", IsOwnedByProfile=False) if row["Type"] != "Group"]
    return {row["Label"] if row["NamespacePrefix"] else row["Name"]: row["Id"] for row in rows}


def _system(spec: Mapping[str, Any]) -> dict[str, bool]:
    return {f"Permissions{permission}": True for permission in spec.get("permissions", ())}
