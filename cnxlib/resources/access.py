"""Effective access: what users may do, from all the sets they hold, in queries that do not grow with each user.

Source: Object Reference, ObjectPermissions, FieldPermissions, PermissionSetAssignment, PermissionSetGroup. Every user
has an assignment of the set that the profile owns, so profiles need no case of their own. A group counts as its
calculated set (PermissionSet.Type = 'Group'), in which muting is applied already [R]. What a group would grant without
one of its sets is what the calculated set and any of the others grant. Sets that a session has to activate do not
count, and neither do assignments that have expired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnxlib.resources.permission_set import OWN_SET, api_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, ToolingQuery, soql
from cnxlib.salesforce.soql import in_lists

Needs = Mapping[str, frozenset[str]]
"""What access is asked for: rights by sObject or field, {"Case": {"Read", "Edit"}, "Account.Phone": {"Read"}}."""

_RIGHTS = ("Read", "Create", "Edit")


@dataclass
class _Grants:
    """What each set grants, by set id, then by sObject or field."""

    by_set: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    groups: dict[str, str] = field(default_factory=dict)
    """The groups' calculated sets, by group."""
    left_out: set[str] = field(default_factory=set)
    """Sets that do not count in what is lacking."""
    others: dict[str, set[str]] = field(default_factory=dict)
    """By calculated set of a group that holds a left-out one: the sets beside it."""
    dormant: set[str] = field(default_factory=set)
    """Sets that a session has to activate."""
    outdated: dict[str, str] = field(default_factory=dict)
    """Names of the groups that Salesforce has not calculated yet, by group."""

    def held(self, sets: Iterable[str]) -> dict[str, set[str]]:
        """The union of what `sets` grant."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in sets:
            if one not in self.dormant:
                for thing, rights in self.by_set.get(one, {}).items():
                    found[thing] |= rights
        return found

    def lacking(self, sets: Iterable[str], needs: Needs, *, groups_whole: bool = False) -> dict[str, list[str]]:
        """What `needs` asks for and `sets` do not grant; `groups_whole` counts a left-out set within a group."""
        counted = set(sets) - self.left_out
        apart = set() if groups_whole else counted & self.others.keys() - self.dormant
        held = self.held(counted - apart)
        for one in apart:
            for thing, rights in self.by_set[one].items():
                held[thing] |= rights & set().union(*(self.by_set[other][thing] for other in self.others[one]))
        return {thing: sorted(rights - held[thing]) for thing, rights in needs.items() if rights - held[thing]}


@dataclass(frozen=True)
class Access:
    """What users may do."""

    lacking: dict[str, dict[str, list[str]]]
    """By user name, rights by object or field; users who lack nothing are left out."""
    by_group: frozenset[str]
    """Those of them who lack nothing once the left-out set counts that a group of theirs holds."""
    outdated_groups: tuple[str, ...]
    """Groups that these users hold and Salesforce has not calculated yet: what they grant may change."""
    sample: tuple[Sampled, ...]
    """A few users, of whom no two hold the same sets."""
    profiles: Mapping[str, str] = field(default_factory=dict)
    """The profile's name of each user who lacks something."""


@dataclass(frozen=True)
class Sampled:
    """One user, and what the sets grant on objects, the one that is left out elsewhere included."""

    username: str
    user_id: str
    rights: Mapping[str, frozenset[str]]


SAMPLE = 5
"""Users who are cross-checked: as many tooling queries as one request takes."""


def access_of(usernames: Sequence[str], needs: Needs, leaving_out: str) -> Asking[Access]:
    """What each of these users lacks.

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
        return Access({}, frozenset(), (), ())
    select = (
        "SELECT AssigneeId, Assignee.Username, PermissionSetId, PermissionSetGroupId, Assignee.Profile.Name "
        "FROM PermissionSetAssignment WHERE IsActive = true AND Assignee.Username IN {}"
    )
    held = [Query(soql(select, list(part))) for part in in_lists(usernames)]
    grants, assignments = yield from _grants_and(needs, leaving_out, held)
    sets: dict[str, set[str]] = {}
    users: dict[str, str] = {}
    profiles: dict[str, str] = {}
    outdated: set[str] = set()
    for row in (row for rows in assignments for row in rows):
        group, username = row["PermissionSetGroupId"], row["Assignee"]["Username"]
        outdated.update([grants.outdated[group]] if group in grants.outdated else ())
        sets.setdefault(username, set()).add(grants.groups.get(group, "") if group else row["PermissionSetId"])
        users[username] = row["AssigneeId"]
        profiles[username] = (row["Assignee"]["Profile"] or {}).get("Name", "")
    alike = {frozenset(ids): name for name, ids in sorted(sets.items(), reverse=True)}
    wanting_by_sets = {ids: grants.lacking(ids, needs) for ids in alike}
    wanting = {name: wanting_by_sets[frozenset(ids)] for name, ids in sorted(sets.items())}
    lacking = {name: missing for name, missing in wanting.items() if missing}
    content = {ids for ids in alike if not grants.lacking(ids, needs, groups_whole=True)}
    return Access(
        lacking,
        frozenset(name for name in lacking if frozenset(sets[name]) in content),
        tuple(sorted(outdated)),
        tuple(_sampled(name, users[name], grants.held(ids), needs) for ids, name in _first(alike)),
        {name: profiles[name] for name in lacking},
    )


def _first(alike: Mapping[frozenset[str], str]) -> list[tuple[frozenset[str], str]]:
    return sorted(alike.items(), key=lambda one: one[1])[:SAMPLE]


def _sampled(username: str, user_id: str, held: Mapping[str, set[str]], needs: Needs) -> Sampled:
    return Sampled(username, user_id, {thing: frozenset(held.get(thing, ())) for thing in needs if "." not in thing})


def disagreeing(sample: Sequence[Sampled]) -> Asking[list[str]]:
    """What Salesforce itself says of a sample (UserEntityAccess), where it is not what the sets add up to; in words."""
    # One user a query, and never without a LIMIT: EXCEEDED_ID_LIMIT.
    select = (
        "SELECT EntityDefinitionId, IsReadable, IsCreatable, IsEditable FROM UserEntityAccess "
        "WHERE UserId = {} AND EntityDefinitionId IN {} LIMIT 2"
    )
    asked = [one for one in sample if one.rights]
    answers = (yield [ToolingQuery(soql(select, one.user_id, sorted(one.rights))) for one in asked]) if asked else []
    found: list[str] = []
    for one, rows in zip(asked, answers, strict=True):
        said: dict[str, set[str]] = {
            row["EntityDefinitionId"]: {
                right
                for right, column in zip(_RIGHTS, ("IsReadable", "IsCreatable", "IsEditable"), strict=True)
                if row[column]
            }
            for row in rows
        }
        found.extend(
            f"{one.username} on {thing}: Salesforce says {_listed(said[thing])}, the sets say {_listed(rights)}"
            for thing, rights in sorted(one.rights.items())
            if thing in said and said[thing] != rights
        )
    return found


def _listed(rights: Iterable[str]) -> str:
    return " ".join(right for right in _RIGHTS if right in set(rights)) or "nothing"


def profiles_lacking(
    profiles: Sequence[str], needs: Needs, leaving_out: str
) -> Asking[dict[str, dict[str, list[str]]]]:
    """What the profiles of these names lack, by name: what users who are yet to be created will lack.

    Parameters are as for `access_of`: so that both ask the same, and it is sent once.
    """
    if not profiles:
        return {}
    owned = Query(
        soql(
            "SELECT Id, Profile.Name FROM PermissionSet WHERE IsOwnedByProfile = true AND Profile.Name IN {}",
            sorted(profiles),
        )
    )
    grants, (rows,) = yield from _grants_and(needs, leaving_out, [owned])
    wanting = {row["Profile"]["Name"]: grants.lacking([row["Id"]], needs) for row in rows}
    return {name: missing for name, missing in wanting.items() if missing}


def _grants_and(
    needs: Needs, leaving_out: str, more: Sequence[Query]
) -> Asking[tuple[_Grants, list[list[dict[str, Any]]]]]:
    """The grants, and the rows of each of `more`: one round."""
    objects = sorted(thing for thing in needs if "." not in thing)
    fields = sorted(thing for thing in needs if "." in thing)
    queries = [
        Query(
            soql(
                f"SELECT ParentId, SobjectType, {', '.join(f'Permissions{right}' for right in _RIGHTS)} "
                "FROM ObjectPermissions WHERE SobjectType IN {}",
                objects,
            )
        ),
        Query(
            soql(
                "SELECT Id, Name, Type, IsOwnedByProfile, NamespacePrefix, PermissionSetGroupId, "
                "HasActivationRequired, PermissionsViewAllData, PermissionsModifyAllData FROM PermissionSet "
                "WHERE PermissionsViewAllData = true OR PermissionsModifyAllData = true OR Type = 'Group' "
                f"OR HasActivationRequired = true OR (Name = {{}} AND {OWN_SET})",
                api_name(leaving_out),
            )
        ),
        Query("SELECT Id, MasterLabel FROM PermissionSetGroup WHERE Status != 'Updated'"),
        Query("SELECT PermissionSetGroupId, PermissionSetId FROM PermissionSetGroupComponent"),
        Query(
            soql(
                "SELECT ParentId, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions WHERE Field IN {}",
                fields or [""],
            )
        ),
    ]
    on_objects, special, outdated, components, on_fields, *rest = yield [*queries, *more]
    grants = _Grants()
    for row in on_objects:
        granted = {right for right in _RIGHTS if row[f"Permissions{right}"]}
        grants.by_set[row["ParentId"]][row["SobjectType"]] |= granted
    for row in on_fields:
        granted = {right for right in ("Read", "Edit") if row[f"Permissions{right}"]}
        grants.by_set[row["ParentId"]][row["Field"]] |= granted
    for row in special:
        _take(grants, row, objects, api_name(leaving_out))
    grants.outdated.update({row["Id"]: row["MasterLabel"] for row in outdated})
    parts: dict[str, set[str]] = defaultdict(set)
    for row in components:
        parts[row["PermissionSetGroupId"]].add(row["PermissionSetId"])
    for group, inside in parts.items():
        if inside & grants.left_out and group in grants.groups:
            grants.others[grants.groups[group]] = inside - grants.left_out
    return grants, rest


def _take(grants: _Grants, row: Mapping[str, Any], objects: Sequence[str], left_out: str) -> None:
    """Note what is special about one set."""
    if row["PermissionsViewAllData"] or row["PermissionsModifyAllData"]:
        # View and Modify All Data open every object, but no field.
        everything = _RIGHTS if row["PermissionsModifyAllData"] else ("Read",)
        for sobject in objects:
            grants.by_set[row["Id"]][sobject].update(everything)
    if row["PermissionSetGroupId"]:
        grants.groups[row["PermissionSetGroupId"]] = row["Id"]
    if row["HasActivationRequired"]:
        grants.dormant.add(row["Id"])
    if row["Name"] == left_out and not row["IsOwnedByProfile"] and not row["NamespacePrefix"]:
        grants.left_out.add(row["Id"])
