"""A user: found by user name, or created. Never deleted (Salesforce cannot), never changed where it is another's.

Source: Object Reference, User; Organization for the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import Duplicate, OrgUnreachable, ParameterError, Temporary, serving
from cnxlib.model import Observation
from cnxlib.resources.bearer import Bearer
from cnxlib.rounds import Asking
from cnxlib.salesforce import Insert, Query, Update, chunks, soql
from cnxlib.salesforce.soql import in_lists


def user_id(username: str) -> str:
    """Id of a user's item, for `requires`."""
    return f"user:{username}"


def find_users(usernames: Sequence[str]) -> Asking[dict[str, str]]:
    """Ids by user name, in the spelling asked for, of those that exist; two hundred a query."""
    if not usernames:
        return {}
    answers = yield [
        Query(soql("SELECT Id, Username FROM User WHERE Username IN {}", list(part))) for part in chunks(usernames)
    ]
    found = {row["Username"].casefold(): row["Id"] for rows in answers for row in rows}
    return {name: found[name.casefold()] for name in usernames if name.casefold() in found}


def inactive_users(usernames: Sequence[str]) -> Asking[dict[str, str]]:
    """Those who are there and were deactivated: the org's spelling of each user name, by the name in lower case."""
    if not usernames:
        return {}
    answers = yield [
        Query(soql("SELECT Username FROM User WHERE IsActive = false AND Username IN {}", list(part)))
        for part in in_lists(sorted(usernames))
    ]
    return {row["Username"].casefold(): row["Username"] for rows in answers for row in rows}


def people(usernames: Sequence[str]) -> Asking[list[dict[str, Any]]]:
    """Id, Username, LastName, FirstName and Email of those who exist."""
    if not usernames:
        return []
    select = "SELECT Id, Username, LastName, FirstName, Email FROM User WHERE Username IN {}"
    answers = yield [Query(soql(select, list(part))) for part in in_lists(sorted(usernames))]
    return [row for rows in answers for row in rows]


@dataclass(frozen=True)
class NewUser:
    """A user to be there.

    Parameters
    ----------
    username:
        Unique over all orgs of Salesforce.
    last_name, first_name, alias:
        Alias: 8 characters at most.
    profile:
        Name of the profile.
    email:
        Where Salesforce writes to.
    take_over:
        Whether an existing user of that name who is not recognisably this one may be used.
    """

    username: str
    last_name: str
    first_name: str
    alias: str
    profile: str
    email: str
    take_over: bool = False
    profile_is_made: bool = False
    """Whether the same phase makes the profile; then an existing user gets it too."""


class User:
    """One user, active.

    Parameters
    ----------
    wanted:
        The user.
    guide:
        Ids of the guide's steps.
    parameter:
        Name of the phase's parameter to blame when the user name belongs to somebody else.
    """

    batch = 1

    def __init__(self, wanted: NewUser, guide: tuple[str, ...], parameter: str) -> None:
        self._wanted, self._guide, self._parameter = wanted, guide, parameter

    def observe(self) -> Asking[Observation]:
        """Find the user, the profile, and what new users of the org begin with."""
        wanted = self._wanted
        select = "SELECT Id, Username, LastName, FirstName, IsActive, Profile.Name FROM User WHERE Username = {}"
        with serving(*self._guide):
            users, profiles = yield [
                Query(soql(select, wanted.username)),
                Query(soql("SELECT Id, Name FROM Profile WHERE Name = {}", wanted.profile)),
            ]
        if users:
            return self._found(users[0])
        if not profiles and not wanted.profile_is_made:
            raise ParameterError(
                f"There is no profile {wanted.profile!r} for the user {wanted.username}",
                guide=self._guide,
                hint="Setup, Profiles lists the names; give one of them.",
            )
        desired = {
            "Username": wanted.username,
            "LastName": wanted.last_name,
            "FirstName": wanted.first_name,
            "Email": wanted.email,
            "Profile": wanted.profile,
            "IsActive": True,
        }
        requires = self._requires
        return Observation(
            (Item("user", wanted.username, None, desired, self._guide, reversible=False, requires=requires),)
        )

    @property
    def _requires(self) -> tuple[str, ...]:
        return (Bearer(self._wanted.profile, "profile").id,) if self._wanted.profile_is_made else ()

    def _found(self, row: Mapping[str, Any]) -> Observation:
        wanted = self._wanted
        ours = row["LastName"] == wanted.last_name and (row["FirstName"] or "") == wanted.first_name
        if not ours and not wanted.take_over:
            raise ParameterError(
                f"{self._parameter}: {wanted.username} is somebody else's: "
                f"{row['FirstName'] or ''} {row['LastName']}".rstrip(),
                guide=self._guide,
                hint="Choose another user name, or allow this user to be taken over (take_over_existing).",
            )
        actual: dict[str, Any] = {"IsActive": bool(row["IsActive"])}
        desired: dict[str, Any] = {"IsActive": True}
        if wanted.profile_is_made:
            actual["Profile"], desired["Profile"] = row["Profile"]["Name"], wanted.profile
        found = str(row["Id"])
        item = Item("user", wanted.username, actual, desired, self._guide, requires=self._requires, found=found)
        return Observation((item,))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Create the user with the org's time zone, locale and language, or bring it up to what is wanted."""
        (change,) = changes
        wanted, after = self._wanted, change.after or {}
        if change.op == "update":
            values = {name: value for name, value in after.items() if name != "Profile"}
            if "Profile" in after:
                (rows,) = yield [Query(soql("SELECT Id FROM Profile WHERE Name = {}", wanted.profile))]
                values["ProfileId"] = rows[0]["Id"]
            yield [Update("User", ids[change.id], values)]
            return [Done()]
        organization, profiles = yield [
            Query("SELECT TimeZoneSidKey, DefaultLocaleSidKey, LanguageLocaleKey FROM Organization"),
            Query(soql("SELECT Id, Name FROM Profile WHERE Name = {}", wanted.profile)),
        ]
        values = {
            "Username": wanted.username,
            "LastName": wanted.last_name,
            "FirstName": wanted.first_name,
            "Alias": wanted.alias,
            "Email": after["Email"],
            "ProfileId": profiles[0]["Id"],
            "TimeZoneSidKey": organization[0]["TimeZoneSidKey"],
            "LocaleSidKey": organization[0]["DefaultLocaleSidKey"],
            "EmailEncodingKey": "UTF-8",
            "LanguageLocaleKey": organization[0]["LanguageLocaleKey"],
            "IsActive": True,
        }
        try:
            (created,) = yield [Insert("User", values)]
        except (OrgUnreachable, Temporary):
            # The answer was lost, and perhaps not the request: the plan found no such user, so this one is it.
            mine = soql("SELECT Id FROM User WHERE Username = {} AND LastName = {}", wanted.username, wanted.last_name)
            (rows,) = yield [Query(mine)]
            if not rows:
                raise
            created = rows[0]["Id"]
        except Duplicate as error:
            # User names are unique over all orgs of Salesforce, and this one is not in ours.
            raise ParameterError(
                f"{self._parameter}: another Salesforce org has a user {wanted.username} already ({error.code})",
                guide=self._guide,
                hint="Choose another user name; it need not be a working e-mail address.",
            ) from None
        return [Done(created)]
