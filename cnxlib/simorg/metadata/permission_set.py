"""PermissionSet as a metadata component: the same rows that REST shows, written under the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import ApiError
from ..org import Actor, Org
from ..schema.permissions import PERMISSIONS
from .components import Kind, Value
from .grants import (
    check_record_type,
    license_id,
    license_name,
    ordered,
    read_grants,
    user_permissions,
    write_grants,
    write_rows,
)

EXTRAS = "PermissionSetExtras"
"""Kind of the documents that hold what a set has in metadata alone, by the set's id: `recordTypeVisibilities`."""

REPLACING_VERSION = 40
"""From this API version on, an update switches off what it leaves out (Metadata API, PermissionSet)."""

_TAB = {"Visible": "DefaultOn", "Available": "DefaultOff"}
_OUTSIDE = {
    "applicationVisibilities", "classAccesses", "customMetadataTypeAccesses", "customPermissions",
    "customSettingAccesses",
    "emailRoutingAddressAccesses", "externalCredentialPrincipalAccesses", "externalDataSourceAccesses", "flowAccesses",
    "pageAccesses",
}  # fmt: skip


@dataclass(frozen=True)
class PermissionSet(Kind):
    """Permission sets that belong to no profile and no group."""

    as_rows: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()

    def names(self, org: Org) -> dict[str, str]:
        """The sets by their names, those of packages with the namespace before them."""
        return {
            _full_name(row): str(row["Id"])
            for row in org.rows("PermissionSet")
            if not row["IsOwnedByProfile"] and row["Type"] != "Group"
        }

    def read(self, org: Org, name: str) -> Value | None:
        """The set with everything that it grants."""
        id_ = self.names(org).get(name)
        if id_ is None:
            return None
        row = org.get("PermissionSet", id_)
        value: Value = {
            **read_grants(org, row, id_),
            "description": row["Description"],
            "hasActivationRequired": row["HasActivationRequired"],
            "label": row["Label"],
            "license": license_name(org, row["LicenseId"]),
            "recordTypeVisibilities": (org.document(EXTRAS, id_) or {}).get("recordTypeVisibilities", []),
            "tabSettings": [
                {"tab": found["Name"], "visibility": "Visible" if found["Visibility"] == "DefaultOn" else "Available"}
                for found in ordered(org.rows("PermissionSetTabSetting", ParentId=id_), "Name")
            ],
        }
        return {element: found for element, found in value.items() if found is not None}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make the set and what it grants."""
        self.require(value)
        _refuse_outside(value)
        if name in self.names(org):
            raise self.duplicate(name)
        row = {"Name": name, **_columns(value), **user_permissions(value)}
        if "license" in value:
            row["LicenseId"] = license_id(org, value["license"])
        id_ = org.insert("PermissionSet", row, actor)
        _write_parts(org, actor, id_, value, replace=True)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change the set; from API version 40 on, what is left out is switched off."""
        self.require(value)
        _refuse_outside(value)
        id_ = self.id_of(org, name)
        row = org.get("PermissionSet", id_)
        _refuse_managed(row)
        if "license" in value and license_id(org, value["license"]) != row["LicenseId"]:
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", "You can't change the license of a permission set", ["license"])
        replace = version >= REPLACING_VERSION
        off = {f"Permissions{each}": False for each in PERMISSIONS if row.get(f"Permissions{each}")} if replace else {}
        org.update("PermissionSet", id_, {**off, **_columns(value), **user_permissions(value)}, actor)
        _write_parts(org, actor, id_, value, replace=replace)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Delete the set's row."""
        id_ = self.id_of(org, name)
        _refuse_managed(org.get("PermissionSet", id_))
        org.delete("PermissionSet", id_, actor)
        org.drop_document(EXTRAS, id_)

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Give the set another API name."""
        id_ = self.id_of(org, old)
        org.update("PermissionSet", id_, {"Name": new}, actor)


def _write_parts(org: Org, actor: Actor, id_: str, value: Value, *, replace: bool) -> None:
    """Bring the rows below the set to what `value` says; `replace` takes away those that it does not name."""
    write_grants(org, actor, id_, value, replace=replace)
    tabs = {part["tab"]: {"Visibility": _TAB.get(part["visibility"])} for part in value.get("tabSettings", [])}
    write_rows(org, actor, id_, "PermissionSetTabSetting", "Name", tabs, replace=replace)
    if "recordTypeVisibilities" in value or replace:
        kept = (
            {}
            if replace
            else {
                part["recordType"]: part for part in (org.document(EXTRAS, id_) or {}).get("recordTypeVisibilities", [])
            }
        )
        for part in value.get("recordTypeVisibilities", []):
            check_record_type(org, part["recordType"])
            kept[part["recordType"]] = part
        org.put_document(EXTRAS, id_, {"recordTypeVisibilities": ordered(list(kept.values()), "recordType")})


def _columns(value: Value) -> dict[str, Any]:
    columns = {"Label": value["label"]}
    if "description" in value:
        columns["Description"] = value["description"]
    if "hasActivationRequired" in value:
        columns["HasActivationRequired"] = value["hasActivationRequired"]
    return columns


def _refuse_outside(value: Value) -> None:
    """What the simulated org has nothing of (Apex classes, pages, flows ...) cannot be granted."""
    for element in sorted(_OUTSIDE & value.keys()):
        raise ApiError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"In field: {element} - no such component found in this simulated org",
            [element],
        )


def _refuse_managed(row: Mapping[str, Any]) -> None:
    if row["NamespacePrefix"]:
        raise ApiError(
            "CANNOT_MODIFY_MANAGED_OBJECT", f"Cannot modify managed object: entity=PermissionSet, component={row['Id']}"
        )


def _full_name(row: Mapping[str, Any]) -> str:
    return f"{row['NamespacePrefix']}__{row['Name']}" if row["NamespacePrefix"] else str(row["Name"])
