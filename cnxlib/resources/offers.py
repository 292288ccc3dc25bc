"""What an org offers for a parameter: names to choose from, read in as few requests as they take.

Source: Object Reference, Profile, UserRole, PermissionSet, RecordType, ConnectedApplication, User; Tooling API,
FieldDefinition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, ToolingQuery, soql

Offer = tuple[str, str]
"""A value, and what people call it."""

USERS = "users"
"""The source that is searched, since an org may have ten thousand."""

MOST_USERS = 20
"""Users that one search tells of."""


def profiles() -> Asking[list[Offer]]:
    """Profiles by name, with the licence of each."""
    (rows,) = yield [Query("SELECT Name, UserLicense.Name FROM Profile ORDER BY Name")]
    return [(row["Name"], f"{row['Name']} · {(row['UserLicense'] or {}).get('Name', '')}".strip(" ·")) for row in rows]


def roles() -> Asking[list[Offer]]:
    """Roles by name."""
    (rows,) = yield [Query("SELECT Name FROM UserRole ORDER BY Name")]
    return [(name, name) for name in dict.fromkeys(row["Name"] for row in rows)]


def permission_sets() -> Asking[list[Offer]]:
    """Permission sets and groups by API name, those that stand behind profiles left out."""
    (rows,) = yield [Query("SELECT Name, Label FROM PermissionSet WHERE IsOwnedByProfile = false ORDER BY Label")]
    labels = {row["Name"]: row["Label"] for row in rows}
    return list(labels.items())


def case_record_types() -> Asking[list[Offer]]:
    """Active record types of Case by API name."""
    (rows,) = yield [
        Query("SELECT DeveloperName, Name FROM RecordType WHERE SobjectType = 'Case' AND IsActive = true ORDER BY Name")
    ]
    return [(row["DeveloperName"], row["Name"]) for row in rows]


def mapped_fields() -> Asking[list[Offer]]:
    """Fields of Account and Case, each to be read and to be edited, as `mapped_fields` names them."""
    objects = ("Account", "Case")
    # FieldDefinition answers no queryMore, hence the LIMIT, and one object a query.
    select = "SELECT QualifiedApiName, MasterLabel, IsFlsEnabled FROM FieldDefinition WHERE "
    answers = yield [
        ToolingQuery(soql(f"{select}EntityDefinition.QualifiedApiName = {{}} LIMIT 2000", sobject))
        for sobject in objects
    ]
    found: list[Offer] = []
    for sobject, rows in zip(objects, answers, strict=True):
        for row in sorted(rows, key=lambda row: str(row["MasterLabel"])):
            if row["IsFlsEnabled"]:
                name, label = f"{sobject}.{row['QualifiedApiName']}", f"{sobject}: {row['MasterLabel']}"
                found += [(name, f"{label}, to be read"), (f"{name}:edit", f"{label}, to be edited")]
    return found


def apps() -> Asking[list[Offer]]:
    """Connected apps by name."""
    (rows,) = yield [Query("SELECT Name FROM ConnectedApplication ORDER BY Name")]
    return [(name, name) for name in dict.fromkeys(row["Name"] for row in rows)]


SOURCES: Mapping[str, Callable[[], Asking[list[Offer]]]] = {
    "profiles": profiles,
    "roles": roles,
    "permission_sets": permission_sets,
    "case_record_types": case_record_types,
    "mapped_fields": mapped_fields,
    "apps": apps,
}
"""What is read whole, by the name that a parameter asks for it (`in_form(offers=…)`)."""


def users(text: str) -> Asking[list[Offer]]:
    """Active users by user name whose name, user name or e-mail address contains `text`: one more than `MOST_USERS`."""
    template = (
        "SELECT Name, Username, Email FROM User WHERE IsActive = true AND "
        "(Name LIKE '%{text:like}%' OR Username LIKE '%{text:like}%' OR Email LIKE '%{text:like}%') "
        "ORDER BY Name, Username LIMIT {limit}"
    )
    (rows,) = yield [Query(soql(template, text=text, limit=MOST_USERS + 1))]
    return [
        (row["Username"], row["Name"] if row["Email"] == row["Username"] else f"{row['Name']} · {row['Email']}")
        for row in rows
    ]
