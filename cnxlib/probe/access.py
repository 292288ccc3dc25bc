"""Facts about users, licences, permission sets and groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from cnxlib.errors import SalesforceError
from cnxlib.probe.fact import fact, refused
from cnxlib.rounds import Asking
from cnxlib.salesforce import Get, Identity, Query, ToolingQuery, soql

_RIGHTS = ("PermissionsRead", "PermissionsCreate", "PermissionsEdit", "PermissionsDelete")
_MUTING = "0QM"  # key prefix of MutingPermissionSet
_GROUPS = 20


@fact(expected="one row", source="Object Reference, PermissionSet")
def each_user_holds_the_profiles_set(me: Identity) -> Asking[str | None]:
    """Each user has one assignment of the set that the profile owns."""
    select = "SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {} AND PermissionSet.IsOwnedByProfile = true"
    (rows,) = yield [Query(soql(select, me.user_id))]
    return "one row" if len(rows) == 1 else f"{len(rows)} rows"


@fact(expected="the group's own set", source="inferred")
def assignments_of_groups_name_their_set(me: Identity) -> Asking[str | None]:
    """A group's assignment names, in PermissionSetId, the group's own set (Type = 'Group')."""
    (rows,) = yield [
        Query(
            "SELECT PermissionSetId, PermissionSet.Type FROM PermissionSetAssignment "
            "WHERE PermissionSetGroupId != null LIMIT 1"
        )
    ]
    if not rows:
        return None
    if not rows[0]["PermissionSetId"]:
        return "nothing"
    return "the group's own set" if (rows[0]["PermissionSet"] or {}).get("Type") == "Group" else "another set"


@fact(expected="less than its sets together", source="inferred")
def group_sets_have_muting_applied(me: Identity) -> Asking[str | None]:
    """What a group's own set grants has what is muted in the group taken off already."""
    components, own = yield [
        Query(
            "SELECT PermissionSetGroupId, PermissionSetId FROM PermissionSetGroupComponent "
            "WHERE PermissionSetGroup.Status = 'Updated'"
        ),
        Query("SELECT Id, PermissionSetGroupId FROM PermissionSet WHERE Type = 'Group'"),
    ]
    parts: dict[str, set[str]] = defaultdict(set)
    for row in components:
        parts[row["PermissionSetGroupId"]].add(row["PermissionSetId"])
    sets = {row["PermissionSetGroupId"]: row["Id"] for row in own}
    muted = sorted(group for group, ids in parts.items() if group in sets and any(map(_is_muting, ids)))[:_GROUPS]
    if not muted:
        return None
    wanted = sorted({sets[group] for group in muted} | {one for group in muted for one in parts[group]})
    select = f"SELECT ParentId, SobjectType, {', '.join(_RIGHTS)} FROM ObjectPermissions WHERE ParentId IN {{}}"
    (rows,) = yield [Query(soql(select, [one for one in wanted if not _is_muting(one)]))]
    for group in muted:
        together = _granted(rows, parts[group])
        if _granted(rows, {sets[group]}) < together:
            return "less than its sets together"
    return "as much as its sets together"


def _is_muting(set_id: str) -> bool:
    return set_id.startswith(_MUTING)


def _granted(rows: Iterable[Mapping[str, Any]], sets: set[str]) -> set[tuple[str, str]]:
    mine = [row for row in rows if row["ParentId"] in sets]
    return {(row["SobjectType"], right) for row in mine for right in _RIGHTS if row[right]}


@fact(expected="refused: EXCEEDED_ID_LIMIT", source="clients that met it")
def entity_access_needs_a_limit(me: Identity) -> Asking[str | None]:
    """UserEntityAccess answers a query without LIMIT with EXCEEDED_ID_LIMIT."""
    select = "SELECT IsReadable FROM UserEntityAccess WHERE UserId = {} AND EntityDefinitionId IN ('Account', 'Case')"
    try:
        yield [ToolingQuery(soql(select, me.user_id))]
    except SalesforceError as error:
        return refused(error)
    return "answered"


@fact(expected="refused: INVALID_FIELD", source="Object Reference, UserLicense: not filterable since API 64")
def used_licences_cannot_be_filtered(me: Identity) -> Asking[str | None]:
    """UserLicense.UsedLicenses cannot be filtered on."""
    try:
        yield [Query("SELECT Id FROM UserLicense WHERE UsedLicenses > 0 LIMIT 1")]
    except SalesforceError as error:
        return refused(error)
    return "answered"


@fact(
    expected="licence, profile, permission set licence", source="Salesforce Help, Salesforce Integration user licence"
)
def integration_users_are_licensed(me: Identity) -> Asking[str | None]:
    """An org has the Salesforce Integration licence, its profile and SalesforceAPIIntegrationPsl."""
    found = yield [
        Query("SELECT Id FROM UserLicense WHERE Name = 'Salesforce Integration'"),
        Query("SELECT Id FROM Profile WHERE UserLicense.Name = 'Salesforce Integration' LIMIT 1"),
        Query("SELECT Id FROM PermissionSetLicense WHERE DeveloperName = 'SalesforceAPIIntegrationPsl'"),
    ]
    names = ("licence", "profile", "permission set licence")
    return ", ".join(name for name, rows in zip(names, found, strict=True) if rows) or "none of them"


@fact(expected="isExpired", source="REST API, sObject User Password")
def password_tells_whether_it_is_expired(me: Identity) -> Asking[str | None]:
    """GET on a user's password tells isExpired, and nothing else."""
    (answer,) = yield [Get(f"sobjects/User/{me.user_id}/password")]
    return " ".join(sorted(answer))
