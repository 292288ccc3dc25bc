"""Effective access: what users may do, from all the sets they hold, in queries that do not grow with each user.

Source: Object Reference, ObjectPermissions, FieldPermissions, PermissionSetAssignment, PermissionSetGroup. Every user
has an assignment of the set that the profile owns, so profiles need no case of their own. A group counts as its
calculated set (PermissionSet.Type = 'Group'), in which muting is applied already [R].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cnxlib.resources.permission_set import OWN_SET, api_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, chunks, soql

Needs = Mapping[str, frozenset[str]]
"""What access is asked for: rights by sObject or field, {"Case": {"Read", "Edit"}, "Account.Phone": {"Read"}}."""


@dataclass
class _Grants:
    """What each set grants, by set id, then by sObject or field."""

    by_set: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    def lacking(self, sets: Iterable[str], needs: Needs) -> dict[str, list[str]]:
        held: dict[str, set[str]] = defaultdict(set)
        for one in sets:
            for thing, rights in self.by_set.get(one, {}).items():
                held[thing] |= rights
        return {thing: sorted(rights - held[thing]) for thing, rights in needs.items() if rights - held[thing]}


def lacking(usernames: Sequence[str], needs: Needs, leaving_out: str) -> Asking[dict[str, dict[str, list[str]]]]:
    """What each of these users lacks, by user name; users who lack nothing are left out.

    Parameters
    ----------
    usernames:
        The users; names that no user has yet are left out.
    needs:
        The access asked for.
    leaving_out:
        Label of an own set that does not count: who has access through it alone lacks it.
    """
    if not usernames:
        return {}
    held = [
        Query(
            soql(
                "SELECT Assignee.Username, PermissionSetId, PermissionSetGroupId FROM PermissionSetAssignment "
                "WHERE Assignee.IsActive = true AND Assignee.Username IN {}",
                list(part),
            )
        )
        for part in chunks(usernames)
    ]
    grants, groups, left_out, *assignments = yield from _grants_and(needs, leaving_out, held)
    sets: dict[str, set[str]] = {}
    for row in (row for rows in assignments for row in rows):
        group = row["PermissionSetGroupId"]
        one = groups.get(group, "") if group else row["PermissionSetId"]
        sets.setdefault(row["Assignee"]["Username"], set()).add(one)
    wanting = {name: grants.lacking(ids - left_out, needs) for name, ids in sorted(sets.items())}
    return {name: missing for name, missing in wanting.items() if missing}


def profiles_lacking(
    profiles: Sequence[str], needs: Needs, leaving_out: str
) -> Asking[dict[str, dict[str, list[str]]]]:
    """What the profiles of these names lack, by name: what users who are yet to be created will lack.

    Parameters are as for `lacking`: so that both ask the same, and it is sent once.
    """
    if not profiles:
        return {}
    owned = Query(
        soql(
            "SELECT Id, Profile.Name FROM PermissionSet WHERE IsOwnedByProfile = true AND Profile.Name IN {}",
            sorted(profiles),
        )
    )
    grants, _, _, rows = yield from _grants_and(needs, leaving_out, [owned])
    wanting = {row["Profile"]["Name"]: grants.lacking([row["Id"]], needs) for row in rows}
    return {name: missing for name, missing in wanting.items() if missing}


def _grants_and(needs: Needs, leaving_out: str, more: Sequence[Query]) -> Asking[list]:  # type: ignore[type-arg]
    """The grants, the groups' sets by group, the ids left out, and the rows of `more`: one round."""
    objects = sorted(thing for thing in needs if "." not in thing)
    fields = sorted(thing for thing in needs if "." in thing)
    rights = ("Read", "Create", "Edit")
    queries = [
        Query(
            soql(
                f"SELECT ParentId, SobjectType, {', '.join(f'Permissions{right}' for right in rights)} "
                "FROM ObjectPermissions WHERE SobjectType IN {}",
                objects,
            )
        ),
        Query(
            "SELECT Id, PermissionsViewAllData, PermissionsModifyAllData FROM PermissionSet "
            "WHERE PermissionsViewAllData = true OR PermissionsModifyAllData = true"
        ),
        Query("SELECT Id, PermissionSetGroupId FROM PermissionSet WHERE Type = 'Group'"),
        Query(soql(f"SELECT Id FROM PermissionSet WHERE Name = {{}} AND {OWN_SET}", api_name(leaving_out))),
        Query(
            soql(
                "SELECT ParentId, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions WHERE Field IN {}",
                fields or [""],
            )
        ),
    ]
    on_objects, on_all, group_rows, left_out, on_fields, *rest = yield [*queries, *more]
    grants = _Grants()
    for row in on_objects:
        granted = {right for right in rights if row[f"Permissions{right}"]}
        grants.by_set[row["ParentId"]][row["SobjectType"]] |= granted
    for row in on_fields:
        granted = {right for right in ("Read", "Edit") if row[f"Permissions{right}"]}
        grants.by_set[row["ParentId"]][row["Field"]] |= granted
    for row in on_all:
        # View and Modify All Data open every object, but no field.
        everything = {"Read", *(("Create", "Edit") if row["PermissionsModifyAllData"] else ())}
        for sobject in objects:
            grants.by_set[row["Id"]][sobject] |= everything
    groups = {row["PermissionSetGroupId"]: row["Id"] for row in group_rows}
    return [grants, groups, {row["Id"] for row in left_out}, *rest]
