"""Parameters that the phases 06, 07 and 08 share: who gets a Conexiom set, and which access they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from cnxlib.errors import ParameterError
from cnxlib.phases.base import MAPPED_FIELD, Email, PhaseParams, Username
from cnxlib.resources.assignment import Wanted
from cnxlib.resources.conexiom_users import Audience, Joining
from cnxlib.resources.field_permissions import Field as SalesforceField
from cnxlib.resources.selection import Rule, Selection, SetLabel, read_csv, selected
from cnxlib.rounds import Asking

MappedField = Annotated[str, StringConstraints(pattern=MAPPED_FIELD)]


class UserToCreate(BaseModel):
    """A new user and the sets of their role."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    username: Username
    email: Email
    last_name: str = Field(min_length=1, max_length=80)
    first_name: str = Field("", max_length=40)
    alias: str = Field(min_length=1, max_length=8)
    profile: str = Field(min_length=1)
    sets: tuple[SetLabel, ...] = ()


class AccessParams(PhaseParams):
    """Which access Conexiom users need."""

    service_cloud_alerts: bool = Field(False, description="Conexiom's alerts become cases that its users work on")
    mapped_fields: tuple[MappedField, ...] = Field(
        (), description='further fields that are mapped: "Account.Phone", "Case.Priority:edit"'
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
        (), description="who gets which set: [{set, users | profile | role | permission_set | where}]"
    )
    users_csv: Annotated[str, AfterValidator(_readable)] = Field(
        "", description="CSV file with the columns Username and PermissionSet"
    )


class RemovalParams(PhaseParams):
    """And from whom one is taken."""

    remove: tuple[Selection, ...] = Field((), description="from whom a set is taken: the same shape as assignments")
    remove_foreign: bool = Field(False, description="take away too what this runbook did not give")


class JoiningParams(AccessParams):
    """And who joins."""

    new_users: tuple[UserToCreate, ...] = Field(
        (), description="users to create: [{username, email, last_name, first_name, alias, profile, sets}]"
    )
    rules: tuple[Rule, ...] = Field(
        (), description="saved rules: [{when: {profile | role | permission_set}, sets: [...]}]"
    )


def mapped(fields: Sequence[str]) -> tuple[SalesforceField, ...]:
    """The fields that "Object.Field" and "Object.Field:edit" mean."""
    found = []
    for text in fields:
        name, _, edit = text.partition(":")
        sobject, _, field = name.partition(".")
        found.append(SalesforceField(sobject, field, edit=bool(edit)))
    return tuple(found)


def given(params: AssignmentParams) -> list[Selection]:
    """The assignments of the parameters and of the CSV file."""
    return [*params.assignments, *(read_csv(params.users_csv) if params.users_csv else ())]


def taken(params: RemovalParams, guide: tuple[str, ...]) -> Asking[dict[tuple[str, str], Wanted]]:
    """The assignments that `remove` means, by user name and set, as such that should not be there."""
    pairs = yield from selected(params.remove, leaving=True)
    return {pair: Wanted(*pair, guide, present=False, foreign=params.remove_foreign) for pair in pairs}


def ruled(params: JoiningParams) -> list[Selection]:
    """The saved rules as selections."""
    return [selection for rule in params.rules for selection in rule.selections()]


def audience(
    params: AccessParams, selections: Sequence[Selection] = (), joining: Sequence[UserToCreate] = ()
) -> Audience:
    """The Conexiom users: whoever holds a set, `selections` and `joining`."""
    return Audience(
        tuple(selections),
        tuple(Joining(user.username, user.profile) for user in joining),
        params.service_cloud_alerts,
        mapped(params.mapped_fields),
    )
