"""Seats of the Conexiom package: who holds a set and cannot use it, because nobody gave them one.

Source: Object Reference, PackageLicense (AllowedLicenses -1 is a site licence), UserPackageLicense.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cnxlib.errors import NotPermitted, NotYet, serving
from cnxlib.model import Check, ManualStep, Observation
from cnxlib.resources.in_words import named
from cnxlib.resources.package import conexiom_package
from cnxlib.resources.user import find_users
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql

PAGE = "/lightning/setup/ImportedPackage/home"
_CHECK = "seats of the package"


@dataclass(frozen=True)
class Seats:
    """The package's seats."""

    licence_id: str
    allowed: int
    """-1 is a site licence: every user has a seat."""
    used: int

    @property
    def limited(self) -> bool:
        """Whether a user needs a seat of their own."""
        return self.allowed >= 0


def seats() -> Asking[Seats | None]:
    """The package's seats, None where Salesforce counts none for it or does not show them to this user."""
    package = yield from conexiom_package()
    select = "SELECT Id, AllowedLicenses, UsedLicenses FROM PackageLicense WHERE NamespacePrefix = {}"
    try:
        (rows,) = yield [Query(soql(select, package.namespace))]
    except NotPermitted:
        return None
    return Seats(rows[0]["Id"], int(rows[0]["AllowedLicenses"]), int(rows[0]["UsedLicenses"])) if rows else None


def check_seats(guide: tuple[str, ...] = ("G5.1",)) -> Asking[Check]:
    """How many seats there are and are free, for the guide's steps of these ids.

    Raises
    ------
    NotYet
        The package is not installed.
    """
    with serving(*guide):
        found = yield from seats()
    if found is None or not found.limited:
        detail = "not counted for this package" if found is None else "a site licence: every user has one"
        return Check(_CHECK, True, "info", detail=detail, guide=guide)
    free = found.allowed - found.used
    return Check(
        _CHECK,
        free > 0,
        "warning",
        detail=f"{found.used} of {found.allowed} are taken",
        hint="" if free > 0 else "Free a seat or buy more: who holds a set without a seat cannot use the application.",
        guide=guide,
    )


def check_seats_if_installed(guide: tuple[str, ...]) -> Asking[Check]:
    """`check_seats`, where the package need not be there yet."""
    try:
        return (yield from check_seats(guide))
    except NotYet:
        return Check(_CHECK, True, "info", detail="known once the package is installed", guide=guide)


def without_a_seat(
    usernames: Callable[[], Asking[Sequence[str]]], guide: tuple[str, ...], url: str
) -> Callable[[], Asking[Observation]]:
    """A manual step that names those of the users who have no seat; nothing where all have one.

    Parameters
    ----------
    usernames:
        Reads what it must, and returns the users who are to use the application.
    guide:
        Ids of the guide's steps.
    url:
        Address of the org.
    """

    def read() -> Asking[Observation]:
        found = yield from seats()
        if found is None or not found.limited:
            return Observation()
        names = yield from usernames()
        held = Query(soql("SELECT UserId FROM UserPackageLicense WHERE PackageLicenseId = {}", found.licence_id))
        (rows,) = yield [held]
        users = yield from find_users(sorted(names))
        seated = {row["UserId"] for row in rows}
        missing = [name for name in sorted(names) if users.get(name) not in seated]
        return Observation(manual=(_step(missing, guide, url),) if missing else ())

    return read


def _step(missing: Sequence[str], guide: tuple[str, ...], url: str) -> ManualStep:
    return ManualStep(
        "package_seats",
        guide,
        f"Give a seat of the Conexiom package (Setup, Installed Packages, Manage Licenses) to {named(missing)}: "
        "without one a permission set does not open the application.",
        url=f"{url}{PAGE}",
        closed_by="reading",
    )
