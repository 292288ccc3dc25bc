"""Parameters that the phases 06, 07 and 08 share: who gets a Conexiom set, and which access they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from cnxlib.errors import ParameterError, serving
from cnxlib.phases.base import MAPPED_FIELD, Email, PhaseParams, Username
from cnxlib.resources.assignment import Wanted
from cnxlib.resources.conexiom_users import Audience, Joining
from cnxlib.resources.field_permissions import Field as SalesforceField
from cnxlib.resources.field_permissions import whole
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.resources.selection import SETS, Rule, Selection, SetLabel, read_csv, selected
from cnxlib.rounds import Asking

MappedField = Annotated[str, StringConstraints(pattern=MAPPED_FIELD)]


_TAKING = "Taking sets away"


class UserToCreate(BaseModel):
    """A new user and the sets of their role."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    username: Username = Field(title="User name", description="Unique over all of Salesforce.")
    email: Email = Field(title="E-mail address")
    last_name: str = Field(min_length=1, max_length=80, title="Last name")
    first_name: str = Field("", max_length=40, title="First name")
    alias: str = Field(min_length=1, max_length=8, title="Alias", description="Up to 8 characters.")
    profile: str = Field(min_length=1, title="Profile", json_schema_extra=in_form(offers="profiles"))
    sets: tuple[SetLabel, ...] = Field((), title="Permission sets", json_schema_extra=in_form(choices=SETS))


class AccessParams(PhaseParams):
    """Which access Conexiom users need."""

    service_cloud_alerts: bool = Field(
        False,
        title="Service Cloud alerts are used",
        description="Conexiom's alerts become cases that its users work on",
        json_schema_extra=in_form(help="Conexiom's alerts become cases, which its users work on."),
    )
    mapped_fields: tuple[MappedField, ...] = Field(
        (),
        title="Further mapped fields",
        description='further fields that are mapped: "Account.Phone", "Case.Priority:edit"',
        json_schema_extra=in_form(
            offers="mapped_fields",
            help="Fields of Account and Case that you map in Conexiom beyond its own: Account.Phone to be read, "
            "Case.Priority:edit to be edited.",
        ),
    )


def _readable(path: str) -> str:
    """Refuse a file that cannot be used before anything is sent to the org."""
    if path:
        try:
            read_csv(path)
        except ParameterError as error:
            raise ValueError(f"{error.message.removeprefix('users_csv: ')}. {error.hint}") from None
    return path


class AssignmentParams(AccessParams):
    """And who gets which set."""

    assignments: tuple[Selection, ...] = Field(
        (),
        title="Who gets which set",
        description="who gets which set: [{set, users | profile | role | permission_set | where}]",
        json_schema_extra=in_form(noun="assignment", help="One entry for each set and way of choosing people."),
    )
    users_csv: Annotated[str, AfterValidator(_readable)] = Field(
        "",
        title="File of users",
        description="CSV file with the columns Username and PermissionSet",
        json_schema_extra=in_form(
            kind="file",
            help="A CSV file with the columns Username and PermissionSet, for long lists: choose it, or give its path.",
        ),
    )


class RemovalParams(PhaseParams):
    """And from whom one is taken."""

    remove: tuple[Selection, ...] = Field(
        (),
        title="From whom a set is taken",
        description="from whom a set is taken: the same shape as assignments",
        json_schema_extra=in_form(
            noun="removal", group=_TAKING, help="Inactive users too; only what this runbook gave."
        ),
    )
    remove_foreign: bool = Field(
        False,
        title="Take away what others gave, too",
        description="take away too what this runbook did not give",
        json_schema_extra=in_form(group=_TAKING),
    )


class JoiningParams(AccessParams):
    """And who joins."""

    new_users: tuple[UserToCreate, ...] = Field(
        (),
        title="New users",
        description="users to create: [{username, email, last_name, first_name, alias, profile, sets}]",
        json_schema_extra=in_form(noun="new user", help="Users to create, or to find if they are there by now."),
    )
    rules: tuple[Rule, ...] = Field(
        (),
        title="Rules for those who join",
        description="saved rules: [{when: {profile | role | permission_set}, sets: [...]}]",
        json_schema_extra=in_form(
            noun="rule",
            help="Whoever has a profile, role or permission set gets Conexiom's sets, at each later run too.",
        ),
    )
    reactivate: bool = Field(
        False,
        title="Activate new users who were deactivated",
        description="activate those of new_users who were deactivated; else they stay so",
        json_schema_extra=in_form(
            group=EXPERTS, help="Left alone, those of the new users who were deactivated stay so."
        ),
    )


def mapped(fields: Sequence[str]) -> tuple[SalesforceField, ...]:
    """The fields that "Object.Field" and "Object.Field:edit" mean, each once; one that is meant in both ways is edited.

    Where a part of an address is mapped, it is the address: it alone takes field-level security.
    """
    found: dict[str, SalesforceField] = {}
    for text in fields:
        name, _, edit = text.partition(":")
        sobject, _, part = name.partition(".")
        field = whole(sobject, part)
        before = found.get(f"{sobject}.{field}".casefold())
        wanted = SalesforceField(sobject, field, edit=bool(edit) or (before is not None and before.edit))
        found[wanted.said.casefold()] = wanted
    return tuple(found.values())


def given(params: AssignmentParams) -> list[Selection]:
    """The assignments of the parameters and of the CSV file."""
    return [*params.assignments, *(read_csv(params.users_csv) if params.users_csv else ())]


def taken(params: RemovalParams, guide: tuple[str, ...]) -> Asking[dict[tuple[str, str], Wanted]]:
    """The assignments that `remove` means, by user name and set, as such that should not be there."""
    with serving(*guide):
        pairs = yield from selected(params.remove, leaving=True)
    return {pair: Wanted(*pair, guide, present=False, foreign=params.remove_foreign) for pair in pairs}


def ruled(params: JoiningParams) -> list[Selection]:
    """The saved rules as selections."""
    return [selection for rule in params.rules for selection in rule.selections()]


def audience(params: AccessParams, selections: Sequence[Selection] = ()) -> Audience:
    """The Conexiom users: whoever holds a set, `selections`, and who joins where `params` say that."""
    joining = params.new_users if isinstance(params, JoiningParams) else ()
    return Audience(
        tuple(selections),
        tuple(Joining(user.username, user.profile) for user in joining),
        params.service_cloud_alerts,
        mapped(params.mapped_fields),
        isinstance(params, JoiningParams) and params.reactivate,
    )
