"""What permission sets and profiles grant, as their metadata writes it: rows below a set, under REST's rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ApiError
from ..org import Actor, Org
from ..schema.permissions import PERMISSIONS
from .components import Value

OBJECT = {
    "allowCreate": "PermissionsCreate",
    "allowDelete": "PermissionsDelete",
    "allowEdit": "PermissionsEdit",
    "allowRead": "PermissionsRead",
    "modifyAllRecords": "PermissionsModifyAllRecords",
    "viewAllRecords": "PermissionsViewAllRecords",
}
"""Elements of objectPermissions and the columns that they are."""


def write_rows(
    org: Org,
    actor: Actor,
    parent: str,
    sobject: str,
    key: str,
    wanted: Mapping[str, Mapping[str, Any]],
    *,
    replace: bool,
) -> None:
    """Rows of `sobject` below the set `parent`, one for each value of `key`; nothing granted means no row."""
    present = {str(row[key]): row for row in org.rows(sobject, ParentId=parent)}
    for name, columns in sorted(wanted.items()):  # by name: Account is there before Contact, which needs it
        row = present.get(name)
        if not any(granted for column, granted in columns.items() if column != "SobjectType"):
            if row:
                org.delete(sobject, row["Id"], actor)
        elif row is None:
            org.insert(sobject, {"ParentId": parent, key: name, **columns}, actor)
        else:
            changed = {column: granted for column, granted in columns.items() if row[column] != granted}
            if changed:
                org.update(sobject, row["Id"], changed, actor)
    for name, row in present.items():
        if replace and name not in wanted:
            org.delete(sobject, row["Id"], actor)


def read_grants(org: Org, row: Mapping[str, Any], set_id: str) -> Value:
    """The elements that a profile and a permission set have in common: access to fields and objects, permissions.

    Args:
        org: the org.
        row: of the Profile or PermissionSet, with its system permissions.
        set_id: the set below which the rows stand.
    """
    return {
        "fieldPermissions": [
            {"editable": found["PermissionsEdit"], "field": found["Field"], "readable": found["PermissionsRead"]}
            for found in ordered(org.rows("FieldPermissions", ParentId=set_id), "Field")
        ],
        "objectPermissions": [
            {element: found[column] for element, column in OBJECT.items()} | {"object": found["SobjectType"]}
            for found in ordered(org.rows("ObjectPermissions", ParentId=set_id), "SobjectType")
        ],
        "userPermissions": [
            {"enabled": True, "name": name} for name in sorted(PERMISSIONS) if row.get(f"Permissions{name}")
        ],
    }


def write_grants(org: Org, actor: Actor, set_id: str, value: Value, *, replace: bool) -> None:
    """Bring object permissions and field-level security below a set to what `value` says.

    Raises:
        ApiError: refused.
    """
    objects = {
        part["object"]: {column: part.get(element, False) for element, column in OBJECT.items()}
        for part in value.get("objectPermissions", [])
    }
    write_rows(org, actor, set_id, "ObjectPermissions", "SobjectType", objects, replace=replace)
    fields = {}
    for part in value.get("fieldPermissions", []):
        check_field(org, part["field"])
        fields[part["field"]] = {
            "SobjectType": part["field"].partition(".")[0],
            "PermissionsRead": part.get("readable", part["editable"]),
            "PermissionsEdit": part["editable"],
        }
    write_rows(org, actor, set_id, "FieldPermissions", "Field", fields, replace=replace)


def user_permissions(value: Value) -> dict[str, bool]:
    """Columns of the system permissions that a component names.

    Raises:
        ApiError: INVALID_CROSS_REFERENCE_KEY: there is none of that name.
    """
    granted: dict[str, bool] = {}
    for part in value.get("userPermissions", []):
        if part["name"] not in PERMISSIONS:
            raise ApiError(
                "INVALID_CROSS_REFERENCE_KEY", f"Unknown user permission: {part['name']}", ["userPermissions"]
            )
        granted[f"Permissions{part['name']}"] = part["enabled"]
    return granted


def check_field(org: Org, name: str) -> None:
    """Refuse a field that is not there, or takes no field-level security.

    Raises:
        ApiError: INVALID_CROSS_REFERENCE_KEY, FIELD_INTEGRITY_EXCEPTION.
    """
    sobject, _, field = name.partition(".")
    description = org.sobject(sobject)
    if description is None:
        raise ApiError(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomObject named {sobject} found", ["field"]
        )
    found = description.fields.get(field.lower())
    if found is None:
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomField named {name} found", ["field"])
    if not found.permissionable:
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", f"You cannot deploy to a required field: {name}", ["field"])


def check_record_type(org: Org, name: str) -> None:
    """Refuse a record type that is not there (INVALID_CROSS_REFERENCE_KEY)."""
    sobject, _, developer_name = name.partition(".")
    if not org.rows("RecordType", SobjectType=sobject, DeveloperName=developer_name):
        raise ApiError(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: recordType - no RecordType named {name} found", ["recordType"]
        )


def license_id(org: Org, name: str) -> str:
    """The id of a user licence or permission set licence by its name.

    Raises:
        ApiError: INVALID_CROSS_REFERENCE_KEY: there is none.
    """
    for sobject, column in (
        ("UserLicense", "Name"),
        ("PermissionSetLicense", "MasterLabel"),
        ("PermissionSetLicense", "DeveloperName"),
    ):
        if found := org.rows(sobject, **{column: name}):
            return str(found[0]["Id"])
    raise ApiError("INVALID_CROSS_REFERENCE_KEY", f"In field: license - no UserLicense named {name} found", ["license"])


def license_name(org: Org, id_: str | None) -> str | None:
    """The name of a licence by its id."""
    for sobject, column in (("UserLicense", "Name"), ("PermissionSetLicense", "MasterLabel")):
        if id_ and (found := org.rows(sobject, Id=id_)):
            return str(found[0][column])
    return None


def ordered(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Rows by the text of one of their columns."""
    return sorted(rows, key=lambda row: str(row[key]))
