"""describeValueType: the elements of a type, as the API's own description of itself tells them."""

from __future__ import annotations

from .. import soap
from .components import Kind, Settings
from .schema import Field, schema


def describe(kind: Kind) -> dict[str, soap.Value]:
    """DescribeValueTypeResult of a metadata type."""
    name: dict[str, soap.Value] = _field("fullName", Field("string", True, False)) | {"isNameField": True}
    own: list[soap.Value] = [name, *_fields(kind.name)]
    settings = isinstance(kind, Settings)
    return {
        "apiCreatable": not settings,
        "apiDeletable": not settings and kind.name != "RecordType",
        "apiReadable": True,
        "apiUpdatable": True,
        "valueTypeFields": own,
    }


def _fields(struct: str) -> list[soap.Value]:
    return [_field(name, field) for name, field in schema().structs[struct].items()]


def _field(name: str, field: Field) -> dict[str, soap.Value]:
    """ValueTypeField, its elements in the order of the WSDL."""
    known = schema()
    entries: list[soap.Value] = [
        {"active": True, "defaultValue": False, "label": value, "value": value}
        for value in known.enums.get(field.type, ())
    ]
    parts: list[soap.Value] = _fields(field.type) if field.type in known.structs else []
    if field.type in known.named:
        parts.insert(0, _field("fullName", Field("string", False, False)))
    return {
        "fields": parts,
        "isForeignKey": False,
        "isNameField": False,
        "minOccurs": int(field.required),
        "name": name,
        "picklistValues": entries,
        "soapType": field.type,
        "valueRequired": field.required,
    }
