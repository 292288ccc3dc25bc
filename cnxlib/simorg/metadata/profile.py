"""Profile as a metadata component: a profile's row, the rows below the set that it owns, and where it may log in."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import ApiError
from ..identity import policy
from ..languages import english_profile
from ..org import Actor, Org
from ..rules.users import profile_set
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

EXTRAS = policy.RANGES
"""Kind of the documents that hold what a profile has in metadata alone, by its id: its login addresses, layouts ..."""

# Standard profiles go by other names than their labels (Metadata API, Profile)
_NAMES = {
    "System Administrator": "Admin",
    "Standard User": "Standard",
    "Read Only": "ReadOnly",
    "Solution Manager": "SolutionManager",
    "Marketing User": "MarketingProfile",
    "Contract Manager": "ContractManager",
    "Standard Platform User": "StandardAul",
}
# What rows say; the rest of a profile is kept in its document, replaced element by element
_AS_ROWS = {
    "custom", "description", "fieldPermissions", "objectPermissions", "tabVisibilities", "userLicense",
    "userPermissions",
}  # fmt: skip


@dataclass(frozen=True)
class Profile(Kind):
    """Profiles. An update changes only what it names, at every version (Metadata API, Profile)."""

    as_rows: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()

    def names(self, org: Org) -> dict[str, str]:
        """The profiles by their names in metadata: `Admin`, `Standard`, or the label."""
        english = {english_profile(str(row["Name"])): str(row["Id"]) for row in org.rows("Profile")}
        return {_NAMES.get(name, name): id_ for name, id_ in english.items()}

    def read(self, org: Org, name: str) -> Value | None:
        """The profile with everything that its set grants."""
        id_ = self.names(org).get(name)
        if id_ is None:
            return None
        row, owned = org.get("Profile", id_), profile_set(org, id_)
        value: Value = {
            **(org.document(EXTRAS, id_) or {}),
            **read_grants(org, row, owned),
            "custom": org.get("PermissionSet", owned)["IsCustom"],
            "description": row["Description"],
            "tabVisibilities": [
                {"tab": found["Name"], "visibility": found["Visibility"]}
                for found in ordered(org.rows("PermissionSetTabSetting", ParentId=owned), "Name")
            ],
            "userLicense": license_name(org, row["UserLicenseId"]),
        }
        return {element: found for element, found in value.items() if found is not None}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make a custom profile; it needs a user licence."""
        if name in self.names(org):
            raise self.duplicate(name)
        if "userLicense" not in value:
            raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [userLicense]", ["userLicense"])
        row = {"Name": name, "UserLicenseId": license_id(org, value["userLicense"]), **_columns(value)}
        id_ = org.insert("Profile", row, actor)
        if granted := user_permissions(value):
            org.update("Profile", id_, granted, actor)
        _write_parts(org, actor, id_, value)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change what `value` names and nothing else."""
        id_ = self.id_of(org, name)
        row = org.get("Profile", id_)
        if "userLicense" in value and license_id(org, value["userLicense"]) != row["UserLicenseId"]:
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", "You can't change the license of a profile", ["userLicense"])
        wanted = {**_columns(value), **user_permissions(value)}
        if changed := {column: each for column, each in wanted.items() if row[column] != each}:
            org.update("Profile", id_, changed, actor)
        _write_parts(org, actor, id_, value)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Delete a custom profile that nobody has."""
        id_ = self.id_of(org, name)
        if not org.get("PermissionSet", profile_set(org, id_))["IsCustom"]:
            raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"Cannot delete standard profile: {name}")  # [R: text]
        org.delete("Profile", id_, actor)
        org.drop_document(EXTRAS, id_)

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Give a custom profile another name."""
        id_ = self.id_of(org, old)
        org.update("Profile", id_, {"Name": new}, actor)


def check_range(start: str, end: str) -> None:
    """Refuse what is no range of addresses of one kind, first to last (FIELD_INTEGRITY_EXCEPTION)."""
    try:
        first, last = ipaddress.ip_address(start.strip()), ipaddress.ip_address(end.strip())
        if first.version != last.version or int(first) > int(last):
            raise ValueError
    except ValueError:
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION", f"Invalid IP address range: {start} - {end}", ["ipRanges"]
        ) from None


def _columns(value: Value) -> dict[str, Any]:
    return {"Description": value["description"]} if "description" in value else {}


def _write_parts(org: Org, actor: Actor, id_: str, value: Value) -> None:
    owned = profile_set(org, id_)
    write_grants(org, actor, owned, value, replace=False)
    tabs = {
        part["tab"]: {"Visibility": None if part["visibility"] == "Hidden" else part["visibility"]}
        for part in value.get("tabVisibilities", [])
    }
    write_rows(org, actor, owned, "PermissionSetTabSetting", "Name", tabs, replace=False)
    extras = {element: each for element, each in value.items() if element not in _AS_ROWS}
    if extras:
        _check_extras(org, extras)
        org.put_document(EXTRAS, id_, (org.document(EXTRAS, id_) or {}) | _merged_types(org, id_, extras))


def _merged_types(org: Org, id_: str, extras: Value) -> Value:
    """The extras, with record types that are not named kept as they are."""
    if "recordTypeVisibilities" not in extras:
        return extras
    kept = (org.document(EXTRAS, id_) or {}).get("recordTypeVisibilities", [])
    by_name = {part["recordType"]: part for part in [*kept, *extras["recordTypeVisibilities"]]}
    return extras | {"recordTypeVisibilities": ordered(list(by_name.values()), "recordType")}


def _check_extras(org: Org, extras: Mapping[str, Any]) -> None:
    for part in extras.get("loginIpRanges", []):
        check_range(part["startAddress"], part["endAddress"])
    for part in extras.get("recordTypeVisibilities", []):
        check_record_type(org, part["recordType"])
