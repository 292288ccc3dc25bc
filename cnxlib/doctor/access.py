"""What the user who is logged in may do: the permissions that the notebooks ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cnxlib.errors import SalesforceError
from cnxlib.model import Check
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, Query, soql


@dataclass(frozen=True)
class Permission:
    """A permission that phases need.

    Parameters
    ----------
    label:
        As Setup has it.
    names:
        Its name in the APIs, and those of others that do as well (PermissionSet, Permissions…).
    phases:
        Numbers of the notebooks that need it.
    severity:
        "warning" where only phases that not every org needs do.
    """

    label: str
    names: tuple[str, ...]
    phases: str
    severity: Literal["required", "warning"] = "required"


PERMISSIONS = (
    Permission("API Enabled", ("ApiEnabled",), "all"),
    Permission("View Setup and Configuration", ("ViewSetup",), "all"),
    Permission("Download AppExchange Packages", ("InstallPackaging",), "01"),
    Permission("Customize Application", ("CustomizeApplication",), "01, 02, 03, 04"),
    Permission("Modify Metadata Through Metadata API Functions", ("ModifyMetadata", "ModifyAllData"), "01, 03, 04"),
    Permission("Assign Permission Sets", ("AssignPermissionSets", "ManageUsers"), "02, 05, 06, 07, 08"),
    Permission("Manage Profiles and Permission Sets", ("ManageProfilesPermissionsets",), "02, 06"),
    Permission("Manage Internal Users", ("ManageInternalUsers", "ManageUsers"), "02, 08", "warning"),
    Permission("Manage Users", ("ManageUsers",), "02", "warning"),
    Permission("Reset User Passwords and Unlock Users", ("ResetPasswords", "ManageUsers"), "02", "warning"),
    Permission("Manage Connected Apps", ("ManageRemoteAccess", "CustomizeApplication"), "03", "warning"),
)
"""In the words of the notebooks' Permissions rows; the names are those of the object PermissionSet."""


def checks(me: Identity) -> Sequence[tuple[str, Asking[Check]]]:
    """A check for each permission, with its name.

    Each has a query of its own, for an org that lacks one of the columns refuses the whole query. All of them go out in
    one request.
    """
    return [(_name(one), _held(one, me)) for one in PERMISSIONS]


def _name(one: Permission) -> str:
    return f"permission {one.label}"


def _held(one: Permission, me: Identity) -> Asking[Check]:
    """Whether some set that the user holds grants it: a profile is one of them, and so is a group's."""
    unknown = 0
    for name in one.names:
        # Sets that are to be activated in a session count for nothing here.
        select = (
            f"SELECT Id FROM PermissionSet WHERE Permissions{name} = true AND HasActivationRequired = false AND Id IN "
            "(SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {} AND IsActive = true) LIMIT 1"
        )
        try:
            (rows,) = yield [Query(soql(select, me.user_id))]
        except SalesforceError as error:
            if error.code != "INVALID_FIELD":
                raise
            unknown += 1  # the org's edition has no such permission
            continue
        if rows:
            by = "" if name == one.names[0] else f" by {name}"
            return Check(_name(one), True, one.severity, detail=f"granted{by}")
    said = "no such permission in this org" if unknown == len(one.names) else f"{me.username} does not have it"
    hint = f"Log in as an administrator, or have it granted by a permission set. Needed by: {one.phases}."
    return Check(_name(one), False, one.severity, detail=said, hint=hint)
