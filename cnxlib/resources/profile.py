"""A profile of the org's own: made empty, then given what the guide asks for.

Sources: Salesforce Help, Create or Clone Profiles (by the API a profile is made empty, where Setup can only clone one);
Object Reference, ObjectPermissions (its rows are written for permission sets alone, so the Metadata API serves here);
Metadata API, Profile (an update changes what it names and nothing else).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import ParameterError, SalesforceError
from cnxlib.model import Observation
from cnxlib.resources.bearer import Bearer
from cnxlib.resources.grants import Grants
from cnxlib.rounds import Asking
from cnxlib.salesforce import Insert, Query, ReadMetadata, WriteMetadata, soql

ELEMENTS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "object_permissions": (
        "objectPermissions",
        "object",
        {
            "PermissionsCreate": "allowCreate",
            "PermissionsDelete": "allowDelete",
            "PermissionsEdit": "allowEdit",
            "PermissionsRead": "allowRead",
            "PermissionsModifyAllRecords": "modifyAllRecords",
            "PermissionsViewAllRecords": "viewAllRecords",
        },
    ),
    "field_permissions": ("fieldPermissions", "field", {"PermissionsRead": "readable", "PermissionsEdit": "editable"}),
}
"""By kind: the element of a Profile, what tells its parts apart, and the parts' names for the rows' columns."""


class Profile:
    """A profile for one user, with system permissions.

    Parameters
    ----------
    name:
        Its name.
    licence:
        Name of the user licence that it is made for; a profile has one for good.
    system_permissions:
        API names without their prefix: "ApiEnabled".
    username:
        The only active user who may have it: what the profile is given, everybody who has it gets.
    guide:
        Ids of the guide's steps.
    """

    batch = 1

    def __init__(
        self, name: str, licence: str, system_permissions: Sequence[str], username: str, guide: tuple[str, ...]
    ) -> None:
        self._name, self._licence, self._username, self._guide = name, licence, username, guide
        self._columns = tuple(f"Permissions{permission}" for permission in system_permissions)

    def observe(self) -> Asking[Observation]:
        """Find the profile by name; refuse one that is Salesforce's or somebody else's."""
        columns = ", ".join(("Id", "Name", "UserLicense.Name", *self._columns))
        profiles, sets, users = yield [
            Query(soql(f"SELECT {columns} FROM Profile WHERE Name = {{}}", self._name)),
            Query(soql("SELECT IsCustom FROM PermissionSet WHERE Profile.Name = {}", self._name)),
            Query(soql("SELECT Username FROM User WHERE IsActive = true AND Profile.Name = {} LIMIT 5", self._name)),
        ]
        granted = dict.fromkeys(self._columns, True)
        if not profiles:
            desired: dict[str, Any] = {"Name": self._name, "UserLicense": self._licence, **granted}
            return Observation((Item("profile", self._name, None, desired, self._guide),))
        others = sorted(row["Username"] for row in users if row["Username"].casefold() != self._username.casefold())
        self._refuse_anothers(profiles[0], all(row["IsCustom"] for row in sets), others)
        actual = {column: profiles[0][column] for column in self._columns}
        return Observation((Item("profile", self._name, actual, granted, self._guide, found=profiles[0]["Id"]),))

    def _refuse_anothers(self, row: Mapping[str, Any], custom: bool, others: Sequence[str]) -> None:
        licence = row["UserLicense"]["Name"]
        why = ""
        if not custom:
            why = "is one of Salesforce's own"
        elif others:
            why = f"is that of {', '.join(others)} too, who would get what it is given"
        elif licence != self._licence:
            why = f"is of the licence {licence}, and {self._licence} is needed"
        if why:
            raise ParameterError(
                f"label: the profile {self._name} {why}",
                guide=self._guide,
                hint="Give another label: a profile of that name is made.",
            )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Create the profile where it is missing, then switch on the permissions that it lacks."""
        (change,) = changes
        created = ""
        if change.op == "create":
            (licences,) = yield [Query(soql("SELECT Id FROM UserLicense WHERE Name = {}", self._licence))]
            row = {"Name": self._name, "UserLicenseId": licences[0]["Id"]}
            (created,) = yield [Insert("Profile", row)]
        # Cut off here, the profile stays empty, and the next run grants what it lacks.
        lacking = sorted(name for name in change.after or {} if name in self._columns)
        granted = [{"enabled": True, "name": column.removeprefix("Permissions")} for column in lacking]
        yield [WriteMetadata("update", "Profile", {"fullName": self._name, "userPermissions": granted})]
        return [Done(created)]


class ProfileGrants(Grants):
    """Object and field permissions of a profile."""

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Write the elements concerned, each whole, with what it grants already.

        Raises
        ------
        SalesforceError
            The Metadata API shows less than the profile's rows do: what is there would be taken away.
        """
        (profile,) = yield [ReadMetadata("Profile", self._bearer.name)]
        element, named, columns = ELEMENTS[self._kind]
        present = {part[named]: part for part in (profile or {}).get(element, ())}
        parts = []
        for change in changes:
            key = self._key(change)
            # That readMetadata answers a profile with all it grants (a retrieval shows what was asked for) is [R].
            if change.op == "update" and key not in present:
                raise SalesforceError(
                    f"The Metadata API does not show what the profile {self._bearer.name} grants on {key}, so that "
                    "writing it could take some of that away",
                    guide=change.guide,
                    hint=f"Give the profile the missing permissions on {key} by hand (Setup, Profiles), then run "
                    "again; or use access_via permission_set.",
                )
            before = {**dict.fromkeys(columns.values(), False), **present.get(key, {})}
            granted = {columns[column]: value for column, value in (change.after or {}).items()}
            parts.append({**before, named: key, **granted})
        yield [WriteMetadata("update", "Profile", {"fullName": self._bearer.name, element: parts})]
        return [Done() for _ in changes]


def profile_bearer(name: str) -> Bearer:
    """The profile as what bears permissions."""
    return Bearer(name, "profile")
