"""Licences left for the users that the set-up makes, and seats of the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.errors import NotYet
from cnxlib.model import Check
from cnxlib.resources.package import conexiom_package, version_text
from cnxlib.resources.user import find_users
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, Query, soql

_BUY = "Deactivate a user who is gone, or buy a licence (Setup, Company Information)."


def checks(me: Identity, parameters: Mapping[str, Mapping[str, Any]]) -> Sequence[tuple[str, Asking[Check]]]:
    """The checks with their names; `parameters` are those of the org's entry, by notebook."""
    return [
        ("Salesforce licences", _licences("Salesforce", _users_to_make(parameters))),
        ("Salesforce Integration licences", _licences("Salesforce Integration", None)),
        ("package", _package()),
        ("package seats", _seats()),
    ]


def _users_to_make(parameters: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """User names that 02 and 08 are told to make; what is malformed is for them to refuse.

    "" stands for an integration user whose name is made up when it is wanted.
    """
    own = parameters.get("02_integration_user", {})
    wanted = own.get("email_to_case_integration") or own.get("case_alerts")
    names = [str(own.get("user_username", ""))] if wanted else []
    users = parameters.get("08_new_users", {}).get("new_users", [])
    names += [str(user["username"]) for user in users if isinstance(user, Mapping) and user.get("username")]
    return tuple(names)


def _licences(name: str, to_make: tuple[str, ...] | None) -> Asking[Check]:
    """What is left of a user licence, and whether that will do; with None for `to_make` it is told and no more."""
    title = f"{name} licences"
    select = "SELECT TotalLicenses, UsedLicenses FROM UserLicense WHERE Name = {} AND Status = 'Active'"
    (rows,) = yield [Query(soql(select, name))]
    left = sum(row["TotalLicenses"] - row["UsedLicenses"] for row in rows)
    said = f"{left} of {sum(row['TotalLicenses'] for row in rows)} left" if rows else "none in this org"
    if to_make is None:
        return Check(title, True, "info", detail=said)
    named = [username for username in to_make if username]
    there = yield from find_users(named)
    missing = len([username for username in named if username not in there]) + to_make.count("")
    if not missing:
        return Check(title, True, "info", detail=f"{said}; no user is to be made")
    wanted = f"{said}; {missing} wanted by the entry's parameters"
    return Check(title, left >= missing, detail=wanted, hint=_BUY)


def _package() -> Asking[Check]:
    try:
        installed = yield from conexiom_package()
    except NotYet:
        return Check("package", True, "info", detail="not installed yet; 01_install_package brings it")
    said = f"{installed.name} {version_text(installed.version)}, namespace {installed.namespace}"
    return Check("package", True, "info", detail=said)


def _seats() -> Asking[Check]:
    """Seats of the package (PackageLicense; -1 is unlimited, and no row means that it takes none)."""
    try:
        installed = yield from conexiom_package()
    except NotYet:
        return Check("package seats", True, "info", detail="known when the package is installed")
    select = "SELECT AllowedLicenses, UsedLicenses, Status FROM PackageLicense WHERE NamespacePrefix = {}"
    (rows,) = yield [Query(soql(select, installed.namespace))]
    if not rows or rows[0]["AllowedLicenses"] < 0:
        return Check("package seats", True, "info", detail="unlimited")
    row = rows[0]
    left = row["AllowedLicenses"] - row["UsedLicenses"]
    said = f"{left} of {row['AllowedLicenses']} left, {row['Status'].lower()}"
    hint = "Take a seat from who needs none (Setup, Installed Packages, Manage Licenses), or ask Conexiom for more."
    return Check("package seats", left > 0, "warning", detail=said, hint=hint)
