"""The account that is to be the integration user, as it is before: what it holds, and what of it is too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.errors import serving
from cnxlib.model import Check, Observation, Table
from cnxlib.resources.conexiom_sets import ADMIN_USER, MINIMUM, SUPER_USER, folded
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql

POWERFUL: Mapping[str, str] = {
    "ViewAllData": "View All Data",
    "ModifyAllData": "Modify All Data",
    "ManageUsers": "Manage Users",
    "AssignPermissionSets": "Assign Permission Sets",
    "CustomizeApplication": "Customize Application",
    "AuthorApex": "Author Apex",
}
"""System permissions that no integration of cases needs, by API name."""


def account_query(username: str) -> Query:
    """The user with profile and licence."""
    columns = "Id, Username, Name, Email, IsActive, LastLoginDate, Profile.Name, Profile.UserLicense.Name"
    return Query(soql(f"SELECT {columns} FROM User WHERE Username = {{}}", username))


@dataclass(frozen=True)
class Account:
    """An existing user."""

    row: Mapping[str, Any]
    sets: tuple[str, ...]
    """Labels of the permission sets and groups held, the profile's own left out."""
    powers: tuple[str, ...]
    """Labels of the `POWERFUL` permissions held, by whichever way."""


def read_account(username: str) -> Asking[Account | None]:
    """The user of that name, None where there is none."""
    columns = ", ".join(f"PermissionSet.Permissions{name}" for name in POWERFUL)
    held = soql(
        "SELECT PermissionSet.Label, PermissionSet.IsOwnedByProfile, PermissionSetGroup.MasterLabel, "
        f"{columns} FROM PermissionSetAssignment WHERE Assignee.Username = {{}}",
        username,
    )
    users, rows = yield [account_query(username), Query(held)]
    if not users:
        return None
    sets = {
        (row["PermissionSetGroup"] or row["PermissionSet"])["MasterLabel" if row["PermissionSetGroup"] else "Label"]
        for row in rows
        if not row["PermissionSet"]["IsOwnedByProfile"]
    }
    powers = [
        label for name, label in POWERFUL.items() if any(row["PermissionSet"][f"Permissions{name}"] for row in rows)
    ]
    return Account(users[0], tuple(sorted(sets)), tuple(powers))


def check_account(username: str, label: str) -> Asking[Check]:
    """A warning where the account holds more than the guide asks for; `label` is that of its own set or profile."""
    with serving("G2.7", "G2.8"):
        account = yield from read_account(username)
    asked = f"{SUPER_USER} is more than work on cases takes: the guide asks for it (G2.8)"
    expected = {folded(one) for one in (label, ADMIN_USER, SUPER_USER, MINIMUM)}
    more = [f"permission set {one}" for one in account.sets if folded(one) not in expected] if account else []
    more += account.powers if account else []
    return Check(
        "the account holds no more than it needs",
        not more,
        "warning",
        detail=f"{username} also holds: {', '.join(more)}. {asked}." if more else f"{asked}.",
        hint="Take it away, or use an account of Conexiom's own (another user_username)." if more else "",
        guide=("G2.7", "G2.8"),
    )


def check_not_oneself(username: str, me: str) -> Asking[Check]:
    """Who is logged in cannot be the integration user: API Only, or another profile, would lock them out."""
    yield from ()
    name = "the integration user is an account of its own"
    same = username.casefold() == me.casefold()
    hint = "Give another user_username." if same else ""
    return Check(name, not same, detail=f"{username} is you" if same else username, hint=hint, guide=("G2.7",))


def account_as_it_is(username: str) -> Asking[Observation]:
    """A table of an existing account before anything is changed in it; nothing where there is none."""
    account = yield from read_account(username)
    if account is None:
        return Observation()
    row = account.row
    rows: Sequence[tuple[str, str]] = (
        ("user name", row["Username"]),
        ("name", row["Name"]),
        ("e-mail", row["Email"]),
        ("active", "yes" if row["IsActive"] else "no"),
        ("profile", row["Profile"]["Name"]),
        ("licence", row["Profile"]["UserLicense"]["Name"]),
        ("last login", row["LastLoginDate"] or "never"),
        ("permission sets", ", ".join(account.sets) or "none"),
        ("far-reaching permissions", ", ".join(account.powers) or "none"),
    )
    return Observation(tables=(Table("The account as it is", ("what", "now"), tuple(rows)),))
