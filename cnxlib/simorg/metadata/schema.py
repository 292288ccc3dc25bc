"""Descriptions of metadata components (types*.yaml), and by them the passage between XML and plain dictionaries."""

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
    """All structs (name -> element name -> Field, in the order of the WSDL) and enumerations.

    `named` are the structs that are metadata themselves: where one is part of another, it has a fullName first.
    """

    structs: Mapping[str, Mapping[str, Field]]
    enums: Mapping[str, tuple[str, ...]]
    named: frozenset[str]


class Misfit(SoapFault):
    """An element that is at odds with the WSDL; `line` is where it stands, 0 where that is not known."""

    def __init__(self, message: str, element: Element) -> None:
        super().__init__("Client", message)
        self.line: int = getattr(element, "sourceline", None) or 0


@cache
def schema() -> Schema:
    """The descriptions of types.yaml and its companions, read once."""
    structs: dict[str, Mapping[str, Field]] = {}
    enums: dict[str, tuple[str, ...]] = {}
    named: set[str] = set()
    for name in ("types.yaml", "types_access.yaml", "types_objects.yaml"):
        raw = yaml.load(files(__package__).joinpath(name).read_text("utf-8"), Loader)
        for struct, fields in raw["types"].items():
            structs[struct] = {
                name: Field(spec.rstrip("![]"), spec.endswith("!"), spec.endswith("[]"))
                for name, spec in fields.items()
            }
        enums |= {name: tuple(values) for name, values in raw["enums"].items()}
        named |= set(raw["named"])
    return Schema(structs, enums, frozenset(named))


def from_xml(element: Element, struct: str, *, part: bool = False) -> dict[str, Any]:
    """An element as a dictionary: repeated elements as lists, booleans and numbers typed, absent ones left out.

    The fullName of the component itself is left out too; that of a `part` of one is kept.

    Raises:
        Misfit: an element that the type does not have, or a value outside its type.
    """
    fields = schema().structs[struct]
    found: dict[str, Any] = {}
    for child in element:
        name = soap.local(child)
        if name == "fullName" and struct in schema().named:
            if part:
                found[name] = (child.text or "").strip()
            continue
        field = fields.get(name)
        if field is None:
            raise Misfit(f"Element {{{soap.namespace(child)}}}{name} invalid at this location in type {struct}", child)
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
    ordered: dict[str, soap.Value] = {"fullName": value["fullName"]} if "fullName" in value else {}
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
        return from_xml(element, type_, part=True)
    text = (element.text or "").strip()
    if type_ in schema().enums:
        if text not in schema().enums[type_]:
            raise Misfit(f"'{text}' is not a valid value for the enum '{type_}'", element)
    elif type_ == "boolean":
        if text not in ("true", "false", "1", "0"):
            raise Misfit(f"'{text}' is not valid for the type xsd:boolean", element)
        return text in ("true", "1")
    elif type_ == "int":
        if not _DIGITS.fullmatch(text):
            raise Misfit(f"'{text}' is not valid for the type xsd:int", element)
        return int(text)
    return element.text or ""
