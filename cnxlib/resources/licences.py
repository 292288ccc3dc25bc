"""Which licence the integration user takes: what the Conexiom sets allow, seats, and a profile of that licence.

Sources: Object Reference, PermissionSet.LicenseId (a set bound to a user licence goes to holders of that licence only),
UserLicense, PermissionSetLicense, PermissionSetLicenseAssign; Salesforce Help, Give Integration Users API Only Access.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import CnxError, Duplicate, NotYet, ParameterError, SalesforceError, serving
from cnxlib.model import Check, Observation
from cnxlib.resources.account import account_query
from cnxlib.resources.conexiom_sets import ADMIN_USER, SUPER_USER, conexiom_sets
from cnxlib.resources.user import find_users, user_id
from cnxlib.rounds import Asking
from cnxlib.salesforce import Insert, Query, soql

SALESFORCE, INTEGRATION = "Salesforce", "Salesforce Integration"
"""UserLicense.Name, which is not translated (its MasterLabel is) [R]."""
INTEGRATION_PSL = "SalesforceAPIIntegrationPsl"
"""PermissionSetLicense.DeveloperName: without it an Integration user can be given no object."""

PROFILES: Mapping[str, tuple[str, ...]] = {
    SALESFORCE: ("Minimum Access - Salesforce",),
    # The second is the first's forerunner, which older orgs still have.
    INTEGRATION: ("Minimum Access - API Only Integrations", "Salesforce API Only System Integrations"),
}
"""By licence: the standard profiles that grant next to nothing, in English; an org may have them translated."""

_USER_LICENCES = Query("SELECT Id, Name, TotalLicenses, UsedLicenses FROM UserLicense WHERE Status = 'Active'")
_SET_LICENCES = Query(
    "SELECT Id, DeveloperName, TotalLicenses, UsedLicenses FROM PermissionSetLicense WHERE Status = 'Active'"
)
_PROFILES = Query("SELECT Id, Name, UserLicense.Name FROM Profile")
# That the minimum-access profiles have no row at all is [R]: where they have, none is found by this, and the error
# lists the profiles of the licence for base_profile.
_BARE_PROFILES = Query(
    "SELECT ProfileId FROM PermissionSet WHERE IsOwnedByProfile = true AND IsCustom = false "
    "AND Id NOT IN (SELECT ParentId FROM ObjectPermissions)"
)


@dataclass(frozen=True)
class Candidate:
    """Who is to be licensed.

    Parameters
    ----------
    username:
        The user, who may exist.
    base_profile:
        Name of the profile given, "" where one is to be found.
    own_profile:
        Whether the access comes by a profile that this phase makes.
    """

    username: str
    base_profile: str = ""
    own_profile: bool = False


@dataclass(frozen=True)
class Choice:
    """The licence chosen.

    Parameters
    ----------
    licence:
        Name of the user licence.
    why:
        What decided it.
    profile:
        Name of the user's profile, as the org has it; "" where this phase makes it.
    needs_seat:
        Whether a further seat is taken: no active user has that name.
    free:
        Whether another base_profile would change the licence: no user of that name is there.
    seats:
        Free seats and all of them, by the name of the licence; what the org does not have is missing.
    set_licences:
        DeveloperNames of the permission set licences that come before the sets.
    """

    licence: str
    why: str
    profile: str
    needs_seat: bool
    free: bool
    seats: Mapping[str, tuple[int, int]]
    set_licences: tuple[str, ...] = ()


def choose(candidate: Candidate) -> Asking[Choice]:
    """The licence, the profile, and what has to be assigned before the sets.

    Raises
    ------
    NotYet
        The package is not installed: what its sets allow is not known.
    ParameterError
        The user that exists, or the profile that is given, is of a licence for which the sets are not.
    SalesforceError
        The sets are bound to a licence that the org does not show, or to two.
    """
    sets = yield from conexiom_sets()
    bound_ids = {sets[label].licence_id for label in (ADMIN_USER, SUPER_USER)} - {""}
    users, licences, set_licences, profiles, bare = yield [
        account_query(candidate.username),
        _USER_LICENCES,
        _SET_LICENCES,
        _PROFILES,
        _BARE_PROFILES,
    ]
    bound = [row["Name"] for row in licences if row["Id"] in bound_ids]
    of_sets = sorted(row["DeveloperName"] for row in set_licences if row["Id"] in bound_ids)
    if len(bound) + len(of_sets) < len(bound_ids) or len(bound) > 1:
        raise SalesforceError(
            f"{ADMIN_USER} and {SUPER_USER} need licences that no one user can hold here: {sorted(bound_ids)}",
            guide=("G2.8",),
            hint="Ask Conexiom which licence its permission sets are for, and whether this org has it.",
        )
    seats = _seats(licences, "Name") | _seats(set_licences, "DeveloperName")
    user = users[0] if users else None
    by_name = {row["Name"].casefold(): row for row in profiles}
    given = by_name.get(candidate.base_profile.casefold())
    licence, why = _licence(candidate, user, given, bound, of_sets, seats)
    if bound and licence != bound[0]:
        raise ParameterError(
            f"{candidate.username} would be of the licence {licence} ({why}), and {ADMIN_USER} goes to {bound[0]} only",
            guide=("G2.7", "G2.8"),
            hint=f"Choose another user name, or a base_profile of the licence {bound[0]}.",
        )
    if licence == INTEGRATION and candidate.own_profile:
        raise ParameterError(
            f"access_via: a profile of the licence {INTEGRATION} can grant no object ({why})",
            guide=("G2.5", "G2.7"),
            hint="Use permission_set: its permission set licence allows a set what it does not allow a profile.",
        )
    profile = "" if candidate.own_profile else _profile(candidate, user, licence, profiles, bare)
    before_the_sets = (*of_sets, *((INTEGRATION_PSL,) if licence == INTEGRATION else ()))
    needs_seat = user is None or not user["IsActive"]
    return Choice(licence, why, profile, needs_seat, user is None, seats, tuple(dict.fromkeys(before_the_sets)))


def _licence(
    candidate: Candidate,
    user: Mapping[str, Any] | None,
    given: Mapping[str, Any] | None,
    bound: Sequence[str],
    of_sets: Sequence[str],
    seats: Mapping[str, tuple[int, int]],
) -> tuple[str, str]:
    """The licence, and what decided it."""
    if user is not None:
        return user["Profile"]["UserLicense"]["Name"], "the user has it"
    if given is not None and not candidate.own_profile:
        return given["UserLicense"]["Name"], f"base_profile {given['Name']} is of it"
    if bound:
        return bound[0], "the Conexiom sets go to its holders only"
    if candidate.own_profile:
        return SALESFORCE, "the profile has to grant objects"
    if of_sets or not {INTEGRATION, INTEGRATION_PSL} <= seats.keys():
        # Which user licences a permission set licence goes with is told nowhere in the API. [R: Salesforce's]
        return SALESFORCE, "the org has no Integration licence" if not of_sets else f"the sets need {of_sets[0]}"
    return INTEGRATION, "the Conexiom sets are bound to no user licence"


def _profile(
    candidate: Candidate,
    user: Mapping[str, Any] | None,
    licence: str,
    profiles: Sequence[Mapping[str, Any]],
    bare: Sequence[Mapping[str, Any]],
) -> str:
    """The profile's name as the org has it.

    A standard profile is translated and has no API name that rows tell: where none has the English name, it is the
    only standard one of the licence that grants no object.
    """
    if user is not None:
        return str(user["Profile"]["Name"])
    english = PROFILES.get(licence, ())
    names = (candidate.base_profile,) if candidate.base_profile else english
    fitting = [row for row in profiles if row["UserLicense"]["Name"] == licence]
    for name in names:
        for row in fitting:
            if row["Name"].casefold() == name.casefold():
                return str(row["Name"])
    empty = {row["ProfileId"] for row in bare}
    left = [str(row["Name"]) for row in fitting if row["Id"] in empty]
    if len(left) == 1 and (not candidate.base_profile or candidate.base_profile in english):
        return left[0]
    wanted = candidate.base_profile or " or ".join(names) or "to begin with"
    raise ParameterError(
        f"base_profile: there is no profile {wanted} of the licence {licence}",
        guide=("G2.7",),
        hint=f"Give one of them: {', '.join(left or sorted(str(row['Name']) for row in fitting)) or 'there is none'}.",
    )


def _seats(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, tuple[int, int]]:
    return {row[name]: (row["TotalLicenses"] - row["UsedLicenses"], row["TotalLicenses"]) for row in rows}


def check_licences(candidate: Candidate) -> Asking[Check]:
    """Whether the licences that the user takes are there and free."""
    name, guide = "licence of the integration user", ("G2.7", "G2.8")
    try:
        with serving(*guide):
            choice = yield from choose(candidate)
            held = yield from _held(candidate.username)
    except NotYet as error:
        detail = f"known when the package is there ({error.phase})"
        return Check(name, True, "info", detail=detail, guide=guide)
    wanted = [*((choice.licence,) if choice.needs_seat else ()), *(set(choice.set_licences) - held.keys())]
    said = [_said(one, choice.seats) for one in (choice.licence, *choice.set_licences)]
    missing = [one for one in wanted if choice.seats.get(one, (0, 0))[0] < 1]
    hint = (
        f"No seat of {' and '.join(missing)} is free: deactivate a user who is gone, or buy one (Setup, Company "
        "Information). An existing user can be named in user_username."
    )
    left, total = choice.seats.get(SALESFORCE, (0, 0))
    if choice.licence == INTEGRATION and choice.free and left > 0:
        hint += f" Or give a base_profile of the licence {SALESFORCE}, of which {left} of {total} seats are left: "
        hint += f"{PROFILES[SALESFORCE][0]}, or what it is called here."
    return Check(
        name, not missing, detail=f"{'; '.join(said)} ({choice.why})", hint=hint if missing else "", guide=guide
    )


def _said(licence: str, seats: Mapping[str, tuple[int, int]]) -> str:
    left, total = seats.get(licence, (0, 0))
    return f"{licence}: {left} of {total} left" if total else f"{licence}: none in this org"


def set_licence_id(username: str, licence: str) -> str:
    """Id of a permission set licence's item, for `requires`."""
    return f"permission_set_licence:{username}/{licence}"


class SetLicences:
    """Permission set licences of one user. A set that needs one is refused to who does not hold it.

    Parameters
    ----------
    username:
        The user.
    wanted:
        Reads what it must; returns DeveloperNames.
    guide:
        Ids of the guide's steps.
    """

    batch = 1

    def __init__(self, username: str, wanted: Callable[[], Asking[Sequence[str]]], guide: tuple[str, ...]) -> None:
        self._username, self._wanted, self._guide = username, wanted, guide

    def observe(self) -> Asking[Observation]:
        """Find what the user holds."""
        with serving(*self._guide):
            wanted = yield from self._wanted()
            held = (yield from _held(self._username)) if wanted else {}
        return Observation(tuple(self._item(name, held.get(name, "")) for name in wanted))

    def _item(self, name: str, found: str) -> Item:
        state = {"user": self._username, "licence": name}
        key, requires = f"{self._username}/{name}", (user_id(self._username),)
        actual = state if found else None
        return Item("permission_set_licence", key, actual, state, self._guide, requires=requires, found=found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Assign it; a duplicate, made by another meanwhile, is as good."""
        (change,) = changes
        name = change.key.removeprefix(f"{self._username}/")
        users = yield from find_users([self._username])
        (licences,) = yield [Query(soql("SELECT Id FROM PermissionSetLicense WHERE DeveloperName = {}", name))]
        row = {"AssigneeId": users[self._username], "PermissionSetLicenseId": licences[0]["Id"]}
        try:
            (created,) = yield [Insert("PermissionSetLicenseAssign", row)]
        except Duplicate:
            return [Done()]
        except CnxError as error:
            return [Done(error=error)]
        return [Done(created)]


def _held(username: str) -> Asking[dict[str, str]]:
    """Ids of the user's permission set licence assignments, by the licence's DeveloperName."""
    select = (
        "SELECT Id, PermissionSetLicense.DeveloperName FROM PermissionSetLicenseAssign WHERE Assignee.Username = {}"
    )
    (rows,) = yield [Query(soql(select, username))]
    return {row["PermissionSetLicense"]["DeveloperName"]: row["Id"] for row in rows}
