"""Licences: seats, and which permissions a licence lets its holder be granted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from ..actor import Actor
from ..errors import RowError
from ..schema.permissions import PERMISSIONS
from .base import Row, Rule

if TYPE_CHECKING:
    from ..org import Org


@lru_cache(maxsize=1)
def _licences() -> dict[str, dict[str, list[str]]]:
    text = (files(__package__) / "licences.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return loaded


def user_licence(org: Org, user_id: str) -> Row:
    """Id and name of the UserLicense behind a user's profile."""
    profile = org.get("User", user_id, ["ProfileId"])["ProfileId"]
    return org.get("UserLicense", org.get("Profile", profile, ["UserLicenseId"])["UserLicenseId"], ["Id", "Name"])


def take_seat(org: Org, profile_id: str) -> None:
    """Refuse a further active user where the licence of the profile has no free seat.

    Raises:
        RowError: LICENSE_LIMIT_EXCEEDED.
    """
    licence = org.get("UserLicense", org.get("Profile", profile_id, ["UserLicenseId"])["UserLicenseId"])
    if licence["UsedLicenses"] >= licence["TotalLicenses"]:
        raise RowError("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded", ["ProfileId"])


def granted(org: Org, set_id: str) -> tuple[list[str], list[tuple[str, str]]]:
    """What a set grants: system permissions by name, objects with a word for the access (``Read`` ...)."""
    row = org.get("PermissionSet", set_id)
    system = [name for name in PERMISSIONS if row[f"Permissions{name}"]]
    objects = [
        (each["SobjectType"], access)
        for each in org.rows("ObjectPermissions", ParentId=set_id)
        for access in ("Read", "Create", "Edit", "Delete")
        if each[f"Permissions{access}"]
    ]
    return system, objects


def forbidden(
    org: Org, licences: Iterable[str], system: Iterable[str], objects: Iterable[tuple[str, str]]
) -> str | None:
    """The label of the first permission that none of the licences allows, such as "Read Accounts"."""
    known = _licences()
    held = [known.get(name) for name in licences]
    if any(each is None for each in held):
        return None
    for sobject, access in objects:
        if not any({"*", sobject} & set(each.get("objects", ["*"])) for each in held if each is not None):
            return f"{access} {org.schema[sobject].plural}"
    for name in system:
        if not any(name in each.get("system", PERMISSIONS) for each in held if each is not None):
            return PERMISSIONS[name].label
    return None


def licences_of_user(org: Org, user_id: str) -> list[str]:
    """The names by which licences.yaml knows a user's licence and permission set licences that allow something."""
    names = [user_licence(org, user_id)["Name"]]
    for each in org.rows("PermissionSetLicenseAssign", AssigneeId=user_id):
        key = org.get("PermissionSetLicense", each["PermissionSetLicenseId"])["DeveloperName"]
        if key in _licences():
            names.append(key)
    return names


class Seats(Rule):
    """A licence given to a user (PermissionSetLicenseAssign, UserPackageLicense): once, and while there are seats."""

    def __init__(self, licence: str, reference: str, total: str, section: str) -> None:
        self.licence, self.reference, self.total, self.section = licence, reference, total, section

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Refuse where no seat is left; -1 is unlimited."""
        licence = org.get(self.licence, row[self.reference])
        if 0 <= licence[self.total] <= licence["UsedLicenses"]:
            raise RowError("LICENSE_LIMIT_EXCEEDED", "license limit exceeded", [self.reference])

    def duplicate(self, org: Org, row: Row, names: tuple[str, ...], other: str) -> RowError:
        """The licence is held already."""
        text = f"duplicate value found: {names[-1]} duplicates value on record with id: {other[:15]}"
        return RowError("DUPLICATE_VALUE", text, names)

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """A permission set licence stays while a set of the user needs it. [R: code and text]"""
        if self.licence != "PermissionSetLicense":
            return
        name = org.get(self.licence, row[self.reference])["DeveloperName"]
        rest = [each for each in licences_of_user(org, row["AssigneeId"]) if each != name]
        for each in org.rows("PermissionSetAssignment", AssigneeId=row["AssigneeId"]):
            if forbidden(org, rest, *granted(org, each["PermissionSetId"])):
                text = "You can't remove a permission set license that a permission set of the user requires."
                raise RowError("FIELD_INTEGRITY_EXCEPTION", text, [self.reference])

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[tuple[str, str, str]]:
        """Who got or lost which licence."""
        row: dict[str, Any] = new or old
        what = org.get(self.licence, row[self.reference])
        name = what.get("MasterLabel") or what.get("NamespacePrefix")
        verb = "Assigned" if call == "create" else "Removed"
        user = org.get("User", row.get("AssigneeId") or row["UserId"])["Username"]
        return [(f"{self.licence}{verb}", self.section, f"{verb} {name} for user {user}")]
