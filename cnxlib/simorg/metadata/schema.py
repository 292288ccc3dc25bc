"""Descriptions of metadata components (types.yaml), and by them the passage between XML and plain dictionaries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element

import yaml

from .. import soap
from ..schema import Loader
from ..soap import SoapFault

_DIGITS = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Field:
    """One element of a struct: its type's name, whether it must be there, whether it repeats."""

    type: str
    required: bool
    many: bool


@dataclass(frozen=True)
class Schema:
    """All structs (name -> element name -> Field, in the order of the WSDL) and enumerations."""

    structs: Mapping[str, Mapping[str, Field]]
    enums: Mapping[str, tuple[str, ...]]


@cache
def schema() -> Schema:
    """The descriptions of types.yaml, read once."""
    raw = yaml.load(files(__package__).joinpath("types.yaml").read_text("utf-8"), Loader)
    structs = {
        struct: {
            name: Field(spec.rstrip("![]"), spec.endswith("!"), spec.endswith("[]")) for name, spec in fields.items()
        }
        for struct, fields in raw["types"].items()
    }
    return Schema(structs, {name: tuple(values) for name, values in raw["enums"].items()})


def from_xml(element: Element, struct: str) -> dict[str, Any]:
    """An element as a dictionary: repeated elements as lists, booleans and numbers typed, absent ones left out.

    Raises:
        SoapFault: an element that the type does not have, or a value outside its type: the envelope is at odds with
            the WSDL.
    """
    fields = schema().structs[struct]
    found: dict[str, Any] = {}
    for child in element:
        name = soap.local(child)
        if name == "fullName":
            continue
        field = fields.get(name)
        if field is None:
            raise SoapFault(
                "Client", f"Element {{{soap.namespace(child)}}}{name} invalid at this location in type {struct}"
            )
        if child.get(f"{{{soap.XSI}}}nil") in ("true", "1"):
            continue
        value = _value(child, field.type)
        if field.many:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def missing(value: Mapping[str, Any], struct: str) -> list[str]:
    """The required elements that `value`, of type `struct`, or a struct within it lacks, as dotted paths."""
    absent: list[str] = []
    for name, field in schema().structs[struct].items():
        if name not in value:
            absent += [name] if field.required else []
        elif field.type in schema().structs:
            parts = value[name] if field.many else [value[name]]
            absent += [f"{name}.{inner}" for part in parts for inner in missing(part, field.type)]
    return absent


def to_xml(value: Mapping[str, Any], struct: str) -> dict[str, soap.Value]:
    """`value` with its elements in the order of the WSDL, ready for `soap.xml`."""
    ordered: dict[str, soap.Value] = {}
    for name, field in schema().structs[struct].items():
        if name in value:
            nested = field.type in schema().structs
            item = value[name]
            if field.many:
                ordered[name] = [to_xml(part, field.type) if nested else part for part in item]
            else:
                ordered[name] = to_xml(item, field.type) if nested else item
    return ordered


def _value(element: Element, type_: str) -> Any:
    if type_ in schema().structs:
        return from_xml(element, type_)
    text = (element.text or "").strip()
    if type_ in schema().enums:
        if text not in schema().enums[type_]:
            raise SoapFault("Client", f"'{text}' is not a valid value for the enum '{type_}'")
    elif type_ == "boolean":
        if text not in ("true", "false", "1", "0"):
            raise SoapFault("Client", f"'{text}' is not valid for the type xsd:boolean")
        return text in ("true", "1")
    elif type_ == "int":
        if not _DIGITS.fullmatch(text):
            raise SoapFault("Client", f"'{text}' is not valid for the type xsd:int")
        return int(text)
    return element.text or ""
