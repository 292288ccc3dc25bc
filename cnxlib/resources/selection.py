"""Which users a parameter means: by name, CSV, profile, role, permission set or SOQL condition."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cnxlib.errors import ParameterError, SalesforceError
from cnxlib.model import Check
from cnxlib.resources.conexiom_sets import LABELS, MINIMUM, known_label
from cnxlib.resources.in_form import in_form
from cnxlib.resources.in_words import named
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql
from cnxlib.salesforce.soql import in_lists

SetLabel = Annotated[str, AfterValidator(known_label)]
"""Label of a Conexiom set, or of the Minimum set; spelt as the guide does, in either way."""

SETS = (*LABELS, MINIMUM)
"""The labels that people choose from."""

_WAYS = ("users", "profile", "role", "permission_set", "where")


class Selection(BaseModel):
    """One permission set, and in exactly one way the users who are meant.

    users: user names · profile, role, permission_set: names · where: a SOQL condition on User, such as
    "Department = 'Service'".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=in_form(one_of=_WAYS))
    set: SetLabel = Field(title="Permission set", json_schema_extra=in_form(choices=SETS))
    users: tuple[str, ...] = Field((), title="User names", json_schema_extra=in_form(offers="users"))
    profile: str = Field("", title="Profile", json_schema_extra=in_form(offers="profiles"))
    role: str = Field("", title="Role", json_schema_extra=in_form(offers="roles"))
    permission_set: str = Field(
        "", title="Permission set that they hold", json_schema_extra=in_form(offers="permission_sets")
    )
    where: str = Field(
        "", title="Condition on users", description="What follows WHERE in a query, such as Department = 'Service'."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Selection:
        given = [way for way in _WAYS if getattr(self, way)]
        if len(given) != 1:
            raise ValueError(f"say who is meant for {self.set}: give exactly one of {', '.join(_WAYS)}")
        return self

    def spelt_out(self) -> list[tuple[tuple[str, str], str]]:
        """Whom it means in the words given: (way, name) to be compared by, and the text for people."""
        return [
            ((way, name.casefold()), name if way == "users" else f"{way.replace('_', ' ')} {name}")
            for way in _WAYS
            for name in (self.users if way == "users" else [getattr(self, way)])
            if name
        ]


class When(BaseModel):
    """Which new users a rule is about: exactly one of profile, role, permission_set, by name."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra=in_form(one_of=("profile", "role", "permission_set"))
    )
    profile: str = Field("", title="Profile", json_schema_extra=in_form(offers="profiles"))
    role: str = Field("", title="Role", json_schema_extra=in_form(offers="roles"))
    permission_set: str = Field(
        "", title="Permission set that they hold", json_schema_extra=in_form(offers="permission_sets")
    )

    @model_validator(mode="after")
    def _one_way(self) -> When:
        if sum(bool(value) for value in (self.profile, self.role, self.permission_set)) != 1:
            raise ValueError("say who is meant: give exactly one of profile, role, permission_set")
        return self


class Rule(BaseModel):
    """Whoever fits `when` gets `sets`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: When = Field(title="Who is meant")
    sets: tuple[SetLabel, ...] = Field(title="Permission sets", json_schema_extra=in_form(choices=SETS))

    def selections(self) -> list[Selection]:
        """The rule as one selection for each set."""
        return [Selection(set=label, **self.when.model_dump()) for label in self.sets]


def selected(selections: Sequence[Selection], *, leaving: bool = False) -> Asking[list[tuple[str, str]]]:
    """(user name, label of the set) for every active user meant, sorted, without doubles.

    Who is named outright and inactive is left out, as whoever a profile or a condition means would be:
    `named_are_active` tells of them.

    Parameters
    ----------
    selections:
        Who is meant.
    leaving:
        Whether the sets are to be taken away: then inactive users count too.

    Raises
    ------
    ParameterError
        A user name that is given outright belongs to nobody; there is no such profile, role or set; or
        Salesforce does not understand a condition.
    """
    rows_of = yield from _rows(selections, leaving=leaving)
    found: set[tuple[str, str]] = set()
    for selection in selections:
        rows = [row for query in _queries(selection, leaving) for row in rows_of[query]]
        if selection.users:
            _refuse_unknown(selection, rows)
        found.update((row["Username"], selection.set) for row in rows if leaving or row["IsActive"])
    return sorted(found)


def counted(selections: Sequence[Selection]) -> Asking[int]:
    """How many assignments to active users are meant, at most: who is meant in two ways counts twice.

    Only users who are named outright are read, so that thousands of others cost no further page.

    Raises
    ------
    ParameterError
        As `selected` does.
    """
    rows_of = yield from _rows(selections, counting=True)
    count = 0
    for selection in selections:
        rows = [row for query in _queries(selection, counting=True) for row in rows_of[query]]
        if selection.users:
            _refuse_unknown(selection, rows)
            count += len({row["Username"] for row in rows if row["IsActive"]})
        else:
            count += sum(int(row["users"]) for row in rows)
    return count


def named_are_active(selections: Sequence[Selection], guide: tuple[str, ...]) -> Asking[Check]:
    """Whether the users who are named outright are active: the others get nothing, and nothing of theirs changes.

    Parameters
    ----------
    selections:
        Who is to get a set.
    guide:
        Ids of the guide's steps.
    """
    outright = [selection for selection in selections if selection.users]
    rows_of = yield from _rows(outright)
    inactive = {row["Username"] for rows in rows_of.values() for row in rows if not row["IsActive"]}
    return Check(
        "users named for a set are active",
        not inactive,
        "warning",
        detail=f"inactive, get nothing: {named(sorted(inactive))}" if inactive else "",
        hint="Take them out of assignments and users_csv, or activate them (Setup, Users)." if inactive else "",
        guide=guide,
    )


def _rows(
    selections: Sequence[Selection], *, leaving: bool = False, counting: bool = False
) -> Asking[dict[Query, list[dict[str, Any]]]]:
    """The rows of each query; raises `ParameterError` where one means nothing."""
    asked = [
        query for selection in selections for query in (*_queries(selection, leaving, counting), *_existence(selection))
    ]
    queries = list(dict.fromkeys(asked))
    try:
        answers = (yield queries) if queries else []
    except SalesforceError as error:
        conditions = [selection.where for selection in selections if selection.where]
        if not conditions or error.code not in _NOT_UNDERSTOOD:
            raise
        raise ParameterError(
            f"Salesforce does not understand a condition among {conditions}: {error.message}",
            hint="where takes what follows WHERE in a query on User, such as Department = 'Service'.",
        ) from None
    rows_of = dict(zip(queries, answers, strict=True))
    for selection in selections:
        if not all(rows_of[query] for query in _existence(selection)):
            way, name = next((way, getattr(selection, way)) for way in _NAMED if getattr(selection, way))
            raise ParameterError(
                f"There is no {way.replace('_', ' ')} {name!r}, which a selection for {selection.set} names",
                hint="Check the spelling: assignments, remove and rules take names as Setup shows them.",
            )
    return rows_of


_NOT_UNDERSTOOD = ("MALFORMED_QUERY", "INVALID_FIELD", "INVALID_QUERY_FILTER_OPERATOR")


def _queries(selection: Selection, leaving: bool = False, counting: bool = False) -> list[Query]:
    if selection.users:
        named = "SELECT Username, IsActive FROM User WHERE Username IN {}"
        return [Query(soql(named, list(part))) for part in in_lists(selection.users)]
    select = f"SELECT {'COUNT(Id) users' if counting else 'Username, IsActive'} FROM User WHERE "
    if not leaving:
        select += "IsActive = true AND "
    if selection.profile:
        return [Query(soql(select + "Profile.Name = {}", selection.profile))]
    if selection.role:
        return [Query(soql(select + "UserRole.Name = {}", selection.role))]
    if selection.permission_set:
        # By API name and by label, as two queries: a semi-join's inner query takes no OR.
        holders = "SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.{} = {{}}"
        template = f"{select}Id IN ({holders})"
        return [Query(soql(template.format(column), selection.permission_set)) for column in ("Name", "Label")]
    return [Query(f"{select}({selection.where})")]


_NAMED = {
    "profile": "SELECT Id FROM Profile WHERE Name = {0}",
    "role": "SELECT Id FROM UserRole WHERE Name = {0}",
    "permission_set": "SELECT Id FROM PermissionSet WHERE Name = {0} OR Label = {0}",
}


def _existence(selection: Selection) -> list[Query]:
    """What must have rows for the selection to mean anything: a misspelt profile would mean nobody."""
    return [
        Query(soql(template, getattr(selection, way))) for way, template in _NAMED.items() if getattr(selection, way)
    ]


def _refuse_unknown(selection: Selection, rows: Sequence[dict[str, object]]) -> None:
    known = {str(row["Username"]).casefold() for row in rows}
    unknown = [name for name in selection.users if name.casefold() not in known]
    if unknown:
        raise ParameterError(
            f"No user is called {named(unknown, 10)}",
            hint="Check the spelling in assignments, remove and users_csv (Setup, Users).",
        )


def read_csv(path: str) -> list[Selection]:
    """Selections from a CSV file with the columns Username and PermissionSet: one for each set.

    Raises
    ------
    ParameterError
        The file cannot be read, lacks a column, or names an unknown set; says the line.
    """
    try:
        with Path(path).expanduser().open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(f"users_csv: {path} cannot be read: {error}", hint="Give a UTF-8 CSV file.") from None
    users: dict[str, list[str]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            name = row["Username"].strip()
            one = Selection(set=row["PermissionSet"], users=(name,) if name else ())
            users.setdefault(one.set, []).extend(one.users)
        except (KeyError, ValueError, AttributeError) as error:
            said = f"the column {error} is missing" if isinstance(error, KeyError) else "no known set, or no user name"
            raise ParameterError(
                f"users_csv: {path}, line {line}: {said}",
                hint="The file needs the columns Username and PermissionSet; the sets are the guide's four.",
            ) from None
    return [Selection(set=label, users=tuple(dict.fromkeys(names))) for label, names in users.items()]
