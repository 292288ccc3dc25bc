"""Which users a parameter means: by name, CSV, profile, role, permission set or SOQL condition."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from cnxlib.errors import ParameterError
from cnxlib.resources.conexiom_sets import known_label
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, chunks, soql

SetLabel = Annotated[str, AfterValidator(known_label)]
"""Label of a Conexiom set, or of the Minimum set; spelt as the guide does, in either way."""

_WAYS = ("users", "profile", "role", "permission_set", "where")


class Selection(BaseModel):
    """One permission set, and in exactly one way the users who are meant.

    users: user names · profile, role, permission_set: names · where: a SOQL condition on User, such as
    "Department = 'Service'".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    set: SetLabel
    users: tuple[str, ...] = ()
    profile: str = ""
    role: str = ""
    permission_set: str = ""
    where: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Selection:
        given = [way for way in _WAYS if getattr(self, way)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(_WAYS)} for the set {self.set}")
        return self


class When(BaseModel):
    """Which new users a rule is about: exactly one of profile, role, permission_set, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    profile: str = ""
    role: str = ""
    permission_set: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> When:
        if sum(bool(value) for value in (self.profile, self.role, self.permission_set)) != 1:
            raise ValueError("give exactly one of profile, role, permission_set")
        return self


class Rule(BaseModel):
    """Whoever fits `when` gets `sets`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: When
    sets: tuple[SetLabel, ...]

    def selections(self) -> list[Selection]:
        """The rule as one selection for each set."""
        return [Selection(set=label, **self.when.model_dump()) for label in self.sets]


def selected(selections: Sequence[Selection]) -> Asking[list[tuple[str, str]]]:
    """(user name, label of the set) for every active user meant, sorted, without doubles.

    Raises
    ------
    ParameterError
        A user name that is given outright belongs to no active user; or there is no such profile, role or set.
    """
    asked = [query for selection in selections for query in (*_queries(selection), *_existence(selection))]
    queries = list(dict.fromkeys(asked))
    answers = (yield queries) if queries else []
    rows_of = dict(zip(queries, answers, strict=True))
    found: set[tuple[str, str]] = set()
    for selection in selections:
        rows = [row for query in _queries(selection) for row in rows_of[query]]
        if not all(rows_of[query] for query in _existence(selection)):
            way, name = next((way, getattr(selection, way)) for way in _NAMED if getattr(selection, way))
            raise ParameterError(
                f"There is no {way.replace('_', ' ')} {name!r}, which a selection for {selection.set} names",
                guide=("G7.1",),
                hint="Check the spelling: assignments, remove and rules take names as Setup shows them.",
            )
        if selection.users:
            _refuse_unknown(selection, rows)
        found.update((row["Username"], selection.set) for row in rows if row["IsActive"])
    return sorted(found)


def _queries(selection: Selection) -> list[Query]:
    select = "SELECT Username, IsActive FROM User WHERE "
    if selection.users:
        return [Query(soql(select + "Username IN {}", list(part))) for part in chunks(selection.users)]
    if selection.profile:
        return [Query(soql(select + "IsActive = true AND Profile.Name = {}", selection.profile))]
    if selection.role:
        return [Query(soql(select + "IsActive = true AND UserRole.Name = {}", selection.role))]
    if selection.permission_set:
        # By API name and by label, as two queries: a semi-join's inner query takes no OR.
        holders = "SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.{} = {{}}"
        template = f"{select}IsActive = true AND Id IN ({holders})"
        return [Query(soql(template.format(column), selection.permission_set)) for column in ("Name", "Label")]
    return [Query(f"{select}IsActive = true AND ({selection.where})")]


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
    active = {str(row["Username"]).casefold() for row in rows if row["IsActive"]}
    unknown = [name for name in selection.users if name.casefold() not in active]
    if unknown:
        raise ParameterError(
            f"No active user is called {', '.join(unknown[:10])}",
            guide=("G7.1",),
            hint="Check the spelling in assignments, remove and users_csv (Setup, Users), or activate the users.",
        )


def read_csv(path: str) -> list[Selection]:
    """Selections from a CSV file with the columns Username and PermissionSet.

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
    selections = []
    for line, row in enumerate(rows, start=2):
        try:
            selections.append(Selection(set=row["PermissionSet"], users=(row["Username"].strip(),)))
        except (KeyError, ValueError, AttributeError) as error:
            said = f"the column {error} is missing" if isinstance(error, KeyError) else "no known set, or no user name"
            raise ParameterError(
                f"users_csv: {path}, line {line}: {said}",
                hint="The file needs the columns Username and PermissionSet; the sets are the guide's four.",
            ) from None
    return selections
