"""A permission set of the org's own, and the system permissions in it.

Source: Object Reference, PermissionSet. Rows are additive: what is not named here is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import serving
from cnxlib.history import Made
from cnxlib.model import Check, Observation
from cnxlib.resources.in_words import named
from cnxlib.rounds import Asking
from cnxlib.salesforce import Insert, Query, Update, soql

OWN_SET = "IsOwnedByProfile = false AND NamespacePrefix = null"
"""SOQL condition for sets that no profile and no package owns."""


def api_name(label: str) -> str:
    """The API name that Setup would propose for a label: "Minimum_Permissions_for_Conexiom" (80 characters at most)."""
    words = "".join(character if character.isascii() and character.isalnum() else " " for character in label).split()
    return "_".join(words)[:80].rstrip("_")


def set_id(name: str) -> str:
    """Id of a set's item, for `requires`."""
    return f"permission_set:{name}"


def check_its_alone(label: str, username: str, guide: tuple[str, ...]) -> Asking[Check]:
    """A warning where others hold a set of that label's API name that this runbook did not make.

    Parameters
    ----------
    label:
        The set's.
    username:
        Of the only user who is to hold it: what the set is given, everybody gets who holds it.
    guide:
        Ids of the guide's steps.
    """
    name = api_name(label)
    own = "PermissionSet.Name = {} AND PermissionSet.IsOwnedByProfile = false AND PermissionSet.NamespacePrefix = null"
    users, groups, made = yield [
        Query(
            soql(
                f"SELECT PermissionSetId, Assignee.Username FROM PermissionSetAssignment WHERE {own} AND "
                "Assignee.IsActive = true AND Assignee.Username != {} ORDER BY Assignee.Username",
                name,
                username,
            )
        ),
        Query(
            soql(
                "SELECT PermissionSetId, PermissionSetGroup.MasterLabel FROM PermissionSetGroupComponent WHERE "
                f"{own} ORDER BY PermissionSetGroup.MasterLabel",
                name,
            )
        ),
        Made("permission_set"),
    ]
    by_user = [(row, row["Assignee"]["Username"]) for row in users]
    by_group = [(row, f"the permission set group {row['PermissionSetGroup']['MasterLabel']}") for row in groups]
    holders = [who for row, who in by_user + by_group if row["PermissionSetId"] != made.get(name)]
    said = f"{label} is there, was not made here, and what it is given goes to {named(holders)} too"
    return Check(
        "the permission set is the integration user's alone",
        not holders,
        "warning",
        detail=said if holders else "",
        hint="Give another label: a set of that name is made. Or take the set from them first." if holders else "",
        guide=guide,
    )


class PermissionSet:
    """A permission set with a label and system permissions.

    Parameters
    ----------
    label:
        Its label; the API name is derived from it.
    system_permissions:
        API names without their prefix: "ApiEnabled" for PermissionSet.PermissionsApiEnabled.
    guide:
        Ids of the guide's steps.
    """

    batch = 1

    def __init__(self, label: str, system_permissions: Sequence[str], guide: tuple[str, ...]) -> None:
        self._label, self._guide = label, guide
        self.name = api_name(label)
        self._columns = tuple(f"Permissions{permission}" for permission in system_permissions)

    def observe(self) -> Asking[Observation]:
        """Find the set by API name. Another label is left alone: an admin may have translated it."""
        columns = ", ".join(("Id", "Name", "Label", *self._columns))
        query = soql(f"SELECT {columns} FROM PermissionSet WHERE Name = {{}} AND {OWN_SET}", self.name)
        with serving(*self._guide):
            (rows,) = yield [Query(query)]
        granted = dict.fromkeys(self._columns, True)
        if not rows:
            desired: dict[str, Any] = {"Label": self._label, **granted}
            return Observation((Item("permission_set", self.name, None, desired, self._guide),))
        actual = {column: rows[0][column] for column in self._columns}
        item = Item("permission_set", self.name, actual, granted, self._guide, found=rows[0]["Id"])
        return Observation((item,))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Create the set, or switch on the permissions that are missing."""
        (change,) = changes
        if change.op == "create":
            (created,) = yield [Insert("PermissionSet", {"Name": self.name, **(change.after or {})})]
            return [Done(created)]
        yield [Update("PermissionSet", ids[change.id], change.after or {})]
        return [Done()]
