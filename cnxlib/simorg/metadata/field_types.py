"""Custom fields between the Metadata API's terms (type Text, length 80) and the schema's (`string(80) nillable`)."""

from __future__ import annotations

from typing import Any

from ..errors import ApiError
from ..names import is_api_name
from ..org import Org
from ..schema import Field
from .components import Value

# FieldType -> the schema's type and words; {length} and {to} are filled in. Types that are not here are not simulated.
_TYPES = {
    "Text": "string({length})",
    "TextArea": "textarea(255) no-sort",
    "LongTextArea": "textarea({length}) no-filter no-sort",
    "Html": "textarea({length}) no-filter no-sort",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Email": "email",
    "Phone": "phone",
    "Url": "url(255)",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Lookup": "reference({to})",
}
_LENGTHS = {"Text": (1, 255), "LongTextArea": (256, 131_072), "Html": (256, 131_072)}
# Elements that a type cannot do without, beside type and label (Metadata API, CustomField)
_NEEDS = {
    "Number": ("precision", "scale"),
    "Currency": ("precision", "scale"),
    "Percent": ("precision", "scale"),
    "Checkbox": ("defaultValue",),
    "LongTextArea": ("visibleLines",),
    "Html": ("visibleLines",),
    "MultiselectPicklist": ("visibleLines",),
    "Lookup": ("referenceTo", "relationshipName"),
}


def check_name(name: str) -> None:
    """Refuse a developer name that is none (FIELD_INTEGRITY_EXCEPTION). [R: text]"""
    if not is_api_name(name):
        raise ApiError(
            "FIELD_INTEGRITY_EXCEPTION",
            f'The name "{name}" can contain only alphanumeric characters, must begin with a letter, cannot end with an '
            "underscore or contain two consecutive underscores, and must be unique",
            ["fullName"],
        )


def description(org: Org, name: str, value: Value) -> dict[str, Any]:
    """A custom field as the schema's files describe one.

    Raises:
        ApiError: FIELD_INTEGRITY_EXCEPTION, for what the type does not allow or lacks; INVALID_CROSS_REFERENCE_KEY, for
            a lookup to no object.
    """
    if not name.endswith("__c"):
        raise _wrong(f"Custom field names must end with __c: {name}", "fullName")
    check_name(name.removesuffix("__c"))
    kind = value.get("type")
    if kind is None or kind not in _TYPES:
        raise _wrong(
            f"Cannot add a field of type {kind}" if kind else "Must specify a type for the CustomField", "type"
        )
    if not value.get("label", "").strip():
        raise _wrong("Must specify a non-empty label for the CustomField", "label")
    for need in _NEEDS.get(kind, ()):
        if need not in value:
            raise _wrong(f"Must specify '{need}' for a CustomField of type {kind}", need)
    text = _TYPES[kind].format(length=_length(kind, value), to=_target(org, kind, value))
    marks = ["create", "update"]
    if kind == "Lookup":
        marks.append(f"children={value['relationshipName']}__r")
    required = bool(value.get("required"))
    # A field that every row must have takes no field-level security
    marks += [] if kind == "Checkbox" or required else ["nillable"]
    marks += [] if required else ["permissionable"]
    marks += ["unique"] if value.get("unique") else []
    marks += ["externalId"] if value.get("externalId") else []
    found: dict[str, Any] = {"label": value["label"]}
    if kind in ("Picklist", "MultiselectPicklist"):
        found["values"] = _values(kind, value)
        marks += ["restricted"] if value["valueSet"].get("restricted") else []
    if kind == "Checkbox":
        found["default"] = value["defaultValue"].strip().lower() == "true"
    return {"is": " ".join([text, *marks]), **found}


def described(one: Field) -> Value:
    """A field that came otherwise than by metadata, in the Metadata API's terms."""
    kinds = {
        "string": "Text", "textarea": "LongTextArea" if one.length > 255 else "TextArea", "double": "Number",
        "currency": "Currency", "percent": "Percent", "boolean": "Checkbox", "date": "Date", "datetime": "DateTime",
        "email": "Email", "phone": "Phone", "url": "Url", "picklist": "Picklist",
        "multipicklist": "MultiselectPicklist", "reference": "Lookup",
    }  # fmt: skip
    kind = kinds.get(one.type, "Text")
    value: Value = {"externalId": one.external_id, "label": one.label, "type": kind, "unique": one.unique}
    if kind != "Checkbox":
        value["required"] = one.required
    if kind in _LENGTHS:
        value["length"] = one.length
    if kind in ("Number", "Currency", "Percent"):
        value |= {"precision": 18, "scale": 2}
    if kind == "Lookup":
        value["referenceTo"] = one.refers[0]
    return value


def _length(kind: str, value: Value) -> int:
    if kind not in _LENGTHS:
        if "length" in value:
            raise _wrong(f"Can not specify 'length' for a CustomField of type {kind}", "length")
        return 0
    least, most = _LENGTHS[kind]
    if "length" not in value:
        raise _wrong(f"Must specify 'length' for a CustomField of type {kind}", "length")
    if not least <= value["length"] <= most:
        raise _wrong(f"Length must be between {least} and {most}", "length")
    return int(value["length"])


def _target(org: Org, kind: str, value: Value) -> str:
    if kind != "Lookup":
        return ""
    target = org.sobject(value["referenceTo"])
    if target is None or not is_api_name(value["relationshipName"]):
        text = f"In field: referenceTo - no CustomObject named {value['referenceTo']} found"
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", text, ["referenceTo"])
    return target.name


def _values(kind: str, value: Value) -> list[str]:
    definition = value.get("valueSet", {}).get("valueSetDefinition")
    if not definition or not definition.get("value"):
        raise _wrong(f"Must specify a valueSet with values for a CustomField of type {kind}", "valueSet")
    names = [str(each.get("fullName", "")) for each in definition["value"] if each.get("isActive", True)]
    if not all(names) or len({each.lower() for each in names}) < len(names):
        raise _wrong("duplicate or empty picklist value", "valueSet")  # [R: text]
    return names


def _wrong(text: str, element: str) -> ApiError:
    return ApiError("FIELD_INTEGRITY_EXCEPTION", text, [element])
