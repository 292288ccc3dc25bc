"""Who holds which Conexiom set: an access review, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.model import Observation, Table
from cnxlib.resources.conexiom_sets import LABELS, conexiom_sets
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql


@dataclass(frozen=True)
class Holder:
    """An active user with a Conexiom set."""

    username: str
    name: str
    profile: str
    labels: frozenset[str]


def holders() -> Asking[list[Holder]]:
    """The active users with at least one of the four sets, by user name."""
    sets = yield from conexiom_sets()
    labels = {one.id: label for label, one in sets.items()}
    query = soql(
        "SELECT Assignee.Username, Assignee.Name, Assignee.Profile.Name, PermissionSetId FROM PermissionSetAssignment "
        "WHERE Assignee.IsActive = true AND PermissionSetId IN {}",
        sorted(labels),
    )
    (rows,) = yield [Query(query)]
    found: dict[str, Holder] = {}
    for row in rows:
        user = row["Assignee"]
        before = found.get(user["Username"])
        held = (before.labels if before else frozenset()) | {labels[row["PermissionSetId"]]}
        profile = (user["Profile"] or {}).get("Name", "")
        found[user["Username"]] = Holder(user["Username"], user["Name"], profile, held)
    return [found[username] for username in sorted(found)]


def who_holds_what() -> Asking[Observation]:
    """The matrix of users and sets: one row a user, one column a set."""
    rows = []
    for holder in (yield from holders()):
        marks = ("yes" if label in holder.labels else "" for label in LABELS)
        rows.append((holder.username, holder.name, holder.profile, *marks))
    return Observation(tables=(Table("Who holds what", ("user", "name", "profile", *LABELS), tuple(rows)),))
