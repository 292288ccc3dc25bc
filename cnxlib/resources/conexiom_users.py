"""The Conexiom users: those who hold a Conexiom set and those about to; nobody else. And what they lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnxlib.errors import serving
from cnxlib.model import Observation, Table
from cnxlib.resources.access import Needs, Sampled, access_of, profiles_lacking
from cnxlib.resources.conexiom_sets import MINIMUM
from cnxlib.resources.field_permissions import Field, find_fields
from cnxlib.resources.holders import holdings
from cnxlib.resources.selection import Selection, selected
from cnxlib.resources.user import find_users, inactive_users
from cnxlib.rounds import Asking, together

ACCOUNT_RIGHTS = ("Read", "Edit")
CASE_RIGHTS = ("Read", "Create", "Edit")

LACKING_TITLE = f"Who lacks access, not counting {MINIMUM}"
"""Title of the table, by which it is found to be shown as a picture too."""


@dataclass(frozen=True)
class Joining:
    """A user who is yet to be created, or was by an earlier run."""

    username: str
    profile: str


@dataclass(frozen=True)
class Lacking:
    """What Conexiom users lack of the access that the Minimum set gives."""

    users: dict[str, dict[str, list[str]]]
    """By user name, of users that exist: rights by object or field."""
    joining: dict[str, dict[str, list[str]]]
    """By user name, of users yet to be created: what their profile lacks."""
    measured: int
    """How many users were looked at."""
    outdated_groups: tuple[str, ...] = ()
    """Groups of theirs that Salesforce has not calculated yet."""
    sample: tuple[Sampled, ...] = ()
    """A few of the users, for a cross-check."""
    profiles: Mapping[str, str] = field(default_factory=dict)
    """The profile's name of each user who lacks something."""
    by_group: frozenset[str] = frozenset()
    """Those of `users` to whom a permission set group gives the Minimum set already."""

    @property
    def to_be_given(self) -> list[str]:
        """User names of those whom the Minimum set is still to be given to."""
        return [*sorted(self.users.keys() - self.by_group), *sorted(self.joining)]

    def __bool__(self) -> bool:
        return bool(self.users or self.joining)


@dataclass(frozen=True)
class Audience:
    """Whom the visibility phase is about, and which access they need.

    Parameters
    ----------
    selections:
        Who is about to get a Conexiom set.
    joining:
        Users whom phase 08 creates.
    service_cloud_alerts:
        Whether Case access counts.
    mapped_fields:
        Further fields whose field-level security counts.
    reactivate:
        Whether those of `joining` who were deactivated come back; else they are left out.
    fields_guide:
        Ids of the guide's steps that `mapped_fields` serve.
    """

    selections: tuple[Selection, ...] = ()
    joining: tuple[Joining, ...] = ()
    service_cloud_alerts: bool = False
    mapped_fields: tuple[Field, ...] = ()
    reactivate: bool = False
    fields_guide: tuple[str, ...] = ()

    def needs(self) -> Asking[Needs]:
        """The access that every Conexiom user needs; fields without field-level security need none."""
        needs: dict[str, frozenset[str]] = {"Account": frozenset(ACCOUNT_RIGHTS)}
        if self.service_cloud_alerts:
            needs["Case"] = frozenset(CASE_RIGHTS)
        if self.mapped_fields:
            with serving(*self.fields_guide):
                found = yield from find_fields(self.mapped_fields)
            for wanted, have in found.items():
                if have.takes_fls:
                    needs[have.api_name] = frozenset(("Read", "Edit") if wanted.edit else ("Read",))
        return needs

    def lacking(self) -> Asking[Lacking]:
        """Who lacks what, not counting the Minimum set itself."""
        needs, holding, about_to, everyone = yield from together(
            self.needs(), holdings(), selected(self.selections), self._who_comes()
        )
        named = {one.username for one in holding if one.active} | {username for username, _ in about_to}
        names = sorted(named | {one.username for one in everyone})
        access, profiles, existing = yield from together(
            access_of(names, needs, MINIMUM),
            profiles_lacking(sorted({one.profile for one in everyone}), needs, MINIMUM),
            find_users([one.username for one in everyone]),
        )
        joining = {
            one.username: profiles[one.profile]
            for one in everyone
            if one.profile in profiles and one.username not in existing
        }
        their = {**access.profiles, **{one.username: one.profile for one in everyone if one.username in joining}}
        return Lacking(
            access.lacking, joining, len(names), access.outdated_groups, access.sample, their, access.by_group
        )

    def _who_comes(self) -> Asking[list[Joining]]:
        """The joining users without those who left and are not to come back."""
        gone = yield from inactive_users([] if self.reactivate else [one.username for one in self.joining])
        return [one for one in self.joining if one.username.casefold() not in gone]


def lacking_of(found: Lacking) -> Observation:
    """What a phase shows of it: a row for each user who lacks something, a column for each object and field."""
    users = {**found.users, **found.joining}
    things = sorted({thing for missing in users.values() for thing in missing})
    rows = tuple(
        (username, found.profiles.get(username, ""), *(" ".join(missing.get(thing, ())) for thing in things))
        for username, missing in sorted(users.items())
    )
    return Observation(tables=(Table(LACKING_TITLE, ("user", "profile", *things), rows),) if rows else ())
