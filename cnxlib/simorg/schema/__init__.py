"""The objects and fields that a simulated org knows, read from one YAML file per object.

A field is one line: its type, with a length or the object it refers to in brackets, then what Salesforce's object
reference prints as
its properties::

    Alias:      string(8) create update
    ManagerId:  reference(User) create update nillable children=ManagedUsers
    UsedLicenses: {is: int no-filter, sql: "(SELECT count(*) ...)"}

Words: ``create update nillable unique externalId permissionable defaulted restricted autonumber``, ``no-filter no-sort
no-group``, ``tooling`` (the Tooling API alone knows it), ``named`` (its parents, of several objects, are queried as
``Name``), ``default=V``, ``children=Name`` (the child relationship on the parent), ``relationship=Name``. ``sql`` makes
a field that is computed when it is read: SQLite SQL in which ``{t}`` is the row's own table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from .permissions import PERMISSIONS

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

TEXT_TYPES = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox", "encryptedstring"}
)
# Picklists that several objects share, by field name
PICKLISTS: Mapping[str, list[str]] = yaml.load(
    (files(__package__) / "picklists.yaml").read_text(encoding="utf-8"), Loader=Loader
)
# The ids of rows that Salesforce infers begin so; no prefix of an object
INFERRED = "000"
_FIELD = re.compile(r"(\w+)(?:\(([^)]*)\))?((?:\s+\S+)*)")


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


def label_of(name: str) -> str:
    """The label Salesforce gives by habit: ``ProfileId`` is "Profile ID"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.removesuffix("__c").replace("_", " "))
    return re.sub(r"\bId\b", "ID", words)


def parse_field(name: str, description: str | Mapping[str, Any]) -> Field:
    """The field that a line of a schema file describes.

    Raises:
        ValueError: the line is not understood.
    """
    more = dict(description) if isinstance(description, Mapping) else {}
    text = more.pop("is", None) if more else description
    match = _FIELD.fullmatch(str(text).strip())
    if not match:
        raise ValueError(f"{name}: not a field: {text}")
    kind, argument, words = match[1], match[2] or "", match[3].split()
    marks = {word for word in words if "=" not in word}
    options = dict(word.split("=", 1) for word in words if "=" in word)
    refers = tuple(part.strip() for part in argument.split(",")) if kind == "reference" else ()
    relationship = (
        options.get("relationship", name.removesuffix("Id") if name.endswith("Id") else None) if refers else None
    )
    if refers and name.endswith("__c"):
        relationship = name.removesuffix("__c") + "__r"
    default = more.pop("default", options.get("default"))
    if kind == "boolean":
        default = str(default).lower() == "true"
    elif kind in ("int", "double") and default is not None:
        default = float(default) if kind == "double" else int(default)
    lengths = {
        "id": 18,
        "reference": 18,
        "email": 80,
        "phone": 40,
        "url": 255,
        "picklist": 255,
        "multipicklist": 4099,
        "combobox": 255,
    }
    heavy = kind in ("textarea", "address", "multipicklist", "complexvalue", "encryptedstring")
    return Field(
        name=name,
        type=kind,
        label=more.pop("label", label_of(name)),
        length=int(argument) if argument.isdigit() else lengths.get(kind, 255 if kind in TEXT_TYPES else 0),
        nillable="nillable" in marks,
        createable="create" in marks,
        updateable="update" in marks,
        unique="unique" in marks,
        external_id="externalId" in marks,
        permissionable="permissionable" in marks,
        defaulted="defaulted" in marks or (default is not None and kind != "boolean"),
        restricted="restricted" in marks,
        autonumber="autonumber" in marks,
        filterable="no-filter" not in marks and kind not in ("address", "complexvalue"),
        sortable="no-sort" not in marks and kind not in ("address", "complexvalue", "multipicklist"),
        groupable="no-group" not in marks and not heavy and kind not in ("datetime", "double"),
        default=default,
        values=tuple(str(value) for value in more.pop("values", PICKLISTS.get(name, ()) if kind == "picklist" else ())),
        refers=refers,
        relationship=relationship,
        children=options.get("children"),
        sql=more.pop("sql", None),
        compound=options.get("compound"),
        namespace=more.pop("namespace", None),
        tooling="tooling" in marks,
        named="named" in marks,
    )


_SYSTEM_FIELDS = {
    "CreatedDate": "datetime defaulted",
    "CreatedById": "reference(User) defaulted relationship=CreatedBy",
    "LastModifiedDate": "datetime defaulted",
    "LastModifiedById": "reference(User) defaulted relationship=LastModifiedBy",
    "SystemModstamp": "datetime defaulted",
}


def parse_object(description: Mapping[str, Any]) -> SObject:
    """The object that a schema file describes.

    Raises:
        ValueError: a field is not understood.
    """
    fields: dict[str, Any] = {"Id": "id defaulted", **description["fields"]}
    if description.get("system_permissions"):
        dependent = "create update" if description["name"] == "PermissionSet" else "update"
        for name, permission in PERMISSIONS.items():
            fields[f"Permissions{name}"] = {"is": f"boolean {dependent}", "label": permission.label}
    if description.get("audited", True):
        fields |= {name: text for name, text in _SYSTEM_FIELDS.items() if name not in fields}
    calls = description.get("calls", "").split()
    label = description.get("label", label_of(description["name"]))
    return SObject(
        name=description["name"],
        label=label,
        plural=description.get("plural", label + "s"),
        prefix=str(description.get("prefix", "")),
        fields={name.lower(): parse_field(name, each) for name, each in fields.items()},
        createable="create" in calls,
        updateable="update" in calls,
        deletable="delete" in calls,
        api=description.get("api", "data"),
        setup=bool(description.get("setup")),
        permissionable=bool(description.get("permissionable")),
        needs={call: tuple(names.split()) for call, names in description.get("needs", {}).items()},
        uniques=tuple(tuple(names.split()) for names in description.get("uniques", ())),
        view=description.get("view"),
        queryable=description.get("queryable", True),
        name_field=description.get("name_field", "Name" if "Name" in fields else None),
        key=description.get("key", "Id"),
    )


@lru_cache(maxsize=1)
def standard() -> Schema:
    """The schema that every org starts from."""
    folder = files(__package__) / "objects"
    paths = sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name)
    return Schema(
        parse_object(description)
        for path in paths
        for description in yaml.load_all(path.read_text(encoding="utf-8"), Loader=Loader)
    )
