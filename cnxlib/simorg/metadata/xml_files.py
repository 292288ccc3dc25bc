"""XML files of a deployment or a retrieval: package.xml, and components in the source format of the Metadata API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from lxml import etree

from .. import soap
from ..soap import METADATA
from . import schema


class BadFile(Exception):
    """A file that cannot be taken; `line` and `column` say where, 0 where that is not known."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(frozen=True)
class Manifest:
    """package.xml or destructiveChanges.xml: full names by type, as they are listed, and the API version."""

    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    version: str = ""

    def lists(self, type_name: str, full_name: str) -> bool:
        """Whether it names the component, by its name or by `*`."""
        names = self.members.get(type_name, ())
        return full_name in names or "*" in names


def parse(content: bytes) -> Element:
    """The root of an XML file; its elements know their lines.

    Raises:
        BadFile: not well-formed, or with a document type, which no such file has.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise BadFile(f"Error parsing file: {error.msg or 'unexpected end of file'}", line, column) from None
    except ValueError as error:
        raise BadFile(f"Error parsing file: {error}") from None
    if root is None:
        raise BadFile("Error parsing file: Premature end of file.", 1, 1)
    if root.getroottree().docinfo.doctype:
        raise BadFile("Error parsing file: DOCTYPE is not allowed", 1, 1)
    element: Any = root  # lxml's elements have what is used here of the standard library's
    checked: Element = element
    return checked


def manifest(content: bytes) -> Manifest:
    """What package.xml or destructiveChanges.xml lists.

    Raises:
        BadFile: no such file.
    """
    root = parse(content)
    if soap.local(root) != "Package":
        raise BadFile(f"Error parsing file: Package expected, found {soap.local(root)}", 1, 1)
    return of_package(root)


def of_package(element: Element) -> Manifest:
    """The manifest in a Package element, of a file or of a retrieve call."""
    members: dict[str, tuple[str, ...]] = {}
    for types in element:
        if soap.local(types) == "types":
            name = soap.text(types, "name") or ""
            members[name] = (*members.get(name, ()), *(each for each in soap.texts(types, "members") if each))
    return Manifest(members, soap.text(element, "version") or "")


def component(content: bytes, struct: str) -> dict[str, Any]:
    """The component in a file, as `schema.from_xml` gives it.

    Raises:
        BadFile: not well-formed, of another type, or at odds with the type.
    """
    root = parse(content)
    if soap.local(root) != struct:
        raise BadFile(f"Error parsing file: {struct} expected, found {soap.local(root)}", 1, 1)
    try:
        return schema.from_xml(root, struct)
    except schema.Misfit as error:
        raise BadFile(f"Error parsing file: {error.message}", error.line) from None


def write_component(value: Mapping[str, Any], struct: str) -> bytes:
    """A component as a file."""
    return _file(struct, schema.to_xml(value, struct))


def write_manifest(members: Mapping[str, Iterable[str]], version: str) -> bytes:
    """package.xml for components by type."""
    types: list[soap.Value] = [
        {"members": list[soap.Value](sorted(names)), "name": name} for name, names in sorted(members.items())
    ]
    return _file("Package", {"types": types, "version": version})


def _file(name: str, content: soap.Value) -> bytes:
    text = soap.xml(name, content, f' xmlns="{METADATA}"')
    root = etree.fromstring(text.encode())
    etree.indent(root, "    ")
    # lxml's own declaration has single quotation marks; in a repository each file would differ from what an org gave
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="UTF-8") + b"\n"
