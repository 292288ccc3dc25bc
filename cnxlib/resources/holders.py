"""Who holds which Conexiom set: an access review, as a table and as a CSV file for the record.

Source: Object Reference, PermissionSetAssignment, PermissionSetGroupComponent. A set is held directly or through a
permission set group; an inactive user keeps what was assigned.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.history import Made
from cnxlib.model import Document, Observation, Table
from cnxlib.resources.conexiom_sets import LABELS, conexiom_sets
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql

TITLE = "Who holds what"
"""Title of the table, by which it is found to be shown as a picture too."""

_SELECT = (
    "SELECT Id, AssigneeId, Assignee.Username, Assignee.Name, Assignee.IsActive, Assignee.Profile.Name, {}, "
    "ExpirationDate FROM PermissionSetAssignment WHERE IsActive = true AND {}"
)
_REVIEW = ("username", "name", "active", "profile", "permission_set", "through", "expires", "assigned_by", "assignment")


@dataclass(frozen=True)
class Holding:
    """One Conexiom set that one user holds."""

    username: str
    name: str
    profile: str
    active: bool
    """Whether the user is."""
    user_id: str
    label: str
    """Of the set, as spelt in `LABELS`."""
    group: str
    """Label of the permission set group that brings the set, "" where it is assigned directly."""
    expires: str
    assignment_id: str


def holdings() -> Asking[list[Holding]]:
    """Every holding of one of the four sets, inactive users' too, by user name and set."""
    sets = yield from conexiom_sets()
    labels = {one.id: label for label, one in sets.items()}
    components = (
        "SELECT PermissionSetGroupId, PermissionSetGroup.MasterLabel, PermissionSetId FROM PermissionSetGroupComponent "
        "WHERE PermissionSetId IN {}"
    )
    direct, parts = yield [
        Query(_SELECT.format("PermissionSetId", soql("PermissionSetId IN {}", sorted(labels)))),
        Query(soql(components, sorted(labels))),
    ]
    found = [_holding(row, labels[row["PermissionSetId"]], "") for row in direct]
    if parts:
        groups = sorted({part["PermissionSetGroupId"] for part in parts})
        where = soql("PermissionSetGroupId IN {}", groups)
        (members,) = yield [Query(_SELECT.format("PermissionSetGroupId", where))]
        for row in members:
            for part in parts:
                if part["PermissionSetGroupId"] == row["PermissionSetGroupId"]:
                    group = part["PermissionSetGroup"]["MasterLabel"]
                    found.append(_holding(row, labels[part["PermissionSetId"]], group))
    return sorted(found, key=lambda one: (one.username, LABELS.index(one.label), one.group))


def _holding(row: Mapping[str, Any], label: str, group: str) -> Holding:
    user = row["Assignee"]
    profile = (user["Profile"] or {}).get("Name", "")
    expires = row["ExpirationDate"] or ""
    return Holding(
        user["Username"], user["Name"], profile, user["IsActive"], row["AssigneeId"], label, group, expires, row["Id"]
    )


def who_holds_what(phase: str) -> Callable[[], Asking[Observation]]:
    """What a phase shows of it: the matrix of users and sets, the leavers, and the review as a CSV file.

    Parameters
    ----------
    phase:
        The phase's number, with which the file's name begins: several phases of a run may leave one.
    """

    def read() -> Asking[Observation]:
        found = yield from holdings()
        (made,) = yield [Made("assignment")]
        active = [one for one in found if one.active]
        tables = [Table(TITLE, ("user", "name", "profile", *LABELS), _matrix(active))]
        tables.extend(leavers(found))
        review = Document(f"{phase}-who-holds-what.csv", as_csv(_REVIEW, [_reviewed(one, made) for one in found]))
        return Observation(tables=tuple(tables), documents=(review,))

    return read


def leavers(found: Sequence[Holding]) -> list[Table]:
    """The inactive users who still hold a set; no table where there are none."""
    gone = [one for one in found if not one.active]
    return [Table("Inactive users who still hold a set", *_listed(gone))] if gone else []


def _listed(found: Sequence[Holding]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    rows = tuple((one.username, one.name, one.profile, _held(one)) for one in found)
    return ("user", "name", "profile", "set"), rows


def _held(one: Holding) -> str:
    return f"{one.label}, by the group {one.group}" if one.group else one.label


def _matrix(found: Sequence[Holding]) -> tuple[tuple[str, ...], ...]:
    """One row a user, one column a set."""
    users: dict[str, tuple[Holding, dict[str, str]]] = {}
    for one in found:
        _, marks = users.setdefault(one.username, (one, {}))
        if marks.get(one.label) != "yes":
            marks[one.label] = f"by {one.group}" if one.group else "yes"
    return tuple(
        (one.username, one.name, one.profile, *(marks.get(label, "") for label in LABELS))
        for one, marks in users.values()
    )


def _reviewed(one: Holding, made: Mapping[str, str]) -> tuple[str, ...]:
    ours = made.get(f"{one.username}/{one.label}") == one.assignment_id
    return (
        one.username,
        one.name,
        "yes" if one.active else "no",
        one.profile,
        one.label,
        one.group or "direct",
        one.expires or "never",
        "this runbook" if ours else "others",
        one.assignment_id,
    )


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A CSV file's text. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in row] for row in rows
    )
    return out.getvalue()
