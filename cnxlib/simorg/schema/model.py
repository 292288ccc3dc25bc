"""Objects and fields, in the terms of describe, and the schema that they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

TEXT_TYPES = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox", "encryptedstring"}
)
# The ids of rows that Salesforce infers begin so; no prefix of an object
INFERRED = "000"


@dataclass(frozen=True)
class Field:
    """One field of an object, in the terms of describe."""

    name: str
    type: str
    label: str
    length: int = 0
    nillable: bool = False
    createable: bool = False
    updateable: bool = False
    unique: bool = False
    external_id: bool = False
    permissionable: bool = False
    defaulted: bool = False
    restricted: bool = False
    autonumber: bool = False
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    default: Any = None
    values: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    sql: str | None = None
    compound: str | None = None
    namespace: str | None = None
    tooling: bool = False
    named: bool = False

    @property
    def custom(self) -> bool:
        """Whether the field was made by a customer or a package."""
        return self.name.endswith("__c")

    @property
    def is_text(self) -> bool:
        """Whether it holds text that is compared without regard to case."""
        return self.type in TEXT_TYPES

    @property
    def is_id(self) -> bool:
        """Whether it holds the id of a row."""
        return self.type in ("id", "reference")

    @property
    def stored(self) -> bool:
        """Whether it has a column of its own."""
        return self.sql is None and self.type != "address"

    @property
    def required(self) -> bool:
        """Whether a row cannot be made without it."""
        return self.createable and not self.nillable and not self.defaulted and self.type != "boolean"


@dataclass(frozen=True)
class SObject:
    """One object: its fields and what may be done with its rows."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field]
    createable: bool = False
    updateable: bool = False
    deletable: bool = False
    api: str = "data"
    setup: bool = False
    permissionable: bool = False
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uniques: tuple[tuple[str, ...], ...] = ()
    view: str | None = None
    queryable: bool = True
    name_field: str | None = None
    key: str = "Id"

    def field(self, name: str) -> Field | None:
        """The field of that name, in whatever case."""
        return self.fields.get(name.lower())

    def guard(self, one: Field) -> str | None:
        """The name of the field whose field-level security decides on a field, its compound's; ``None`` for none."""
        guarded = self.field(one.compound) if one.compound else one
        return guarded.name if guarded and guarded.permissionable and self.permissionable else None

    @property
    def soft_delete(self) -> bool:
        """Whether deleted rows stay in the recycle bin, seen by queryAll."""
        return self.view is None and not self.setup and "isdeleted" in self.fields

    def served(self, tooling: bool) -> bool:
        """Whether the Tooling API (or, else, the REST API) knows the object."""
        return self.api == "both" or (self.api == "tooling") == tooling


@dataclass(frozen=True)
class Child:
    """A child relationship: the parent's rows have those rows of ``sobject`` whose ``field`` refers to them."""

    name: str
    sobject: str
    field: str


class Schema:
    """The objects of one org: those every org has, and the custom fields that were added to it."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self.objects = {each.name.lower(): each for each in objects}
        self.by_prefix = {each.prefix: each.name for each in self.objects.values() if each.prefix != INFERRED}
        self._children: dict[str, list[Child]] = {}
        for each in self.objects.values():
            for one in each.fields.values():
                for parent in one.refers:
                    if one.children:
                        self._children.setdefault(parent.lower(), []).append(Child(one.children, each.name, one.name))

    def get(self, name: str) -> SObject | None:
        """The object of that name, in whatever case."""
        return self.objects.get(name.lower())

    def __getitem__(self, name: str) -> SObject:
        return self.objects[name.lower()]

    def children(self, name: str) -> list[Child]:
        """The child relationships of an object."""
        return self._children.get(name.lower(), [])

    def with_field(self, sobject: str, added: Field) -> Schema:
        """The schema with a further field (or another description of the same field)."""
        old = self[sobject]
        new = replace(old, fields={**old.fields, added.name.lower(): added})
        return Schema(new if each is old else each for each in self.objects.values())

    def without_field(self, sobject: str, name: str) -> Schema:
        """The schema without a custom field."""
        old = self[sobject]
        new = replace(old, fields={key: each for key, each in old.fields.items() if key != name.lower()})
        return Schema(new if each is old else each for each in self.objects.values())
