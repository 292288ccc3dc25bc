"""Objects and fields read from the YAML files of `objects`.

A field is one line: its type, with a length or the object it refers to in brackets, then what Salesforce's object
reference prints as its properties::

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
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from .model import TEXT_TYPES, Field, Schema, SObject
from .permissions import PERMISSIONS

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Picklists that several objects share, by field name
PICKLISTS: Mapping[str, list[str]] = yaml.load(
    (files(__package__) / "picklists.yaml").read_text(encoding="utf-8"), Loader=Loader
)
_FIELD = re.compile(r"(\w+)(?:\(([^)]*)\))?((?:\s+\S+)*)")


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
