"""One retrieval: the components that a request names, as the files of a zip, and what it could not find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..org import Org
from . import properties, xml_files
from .archive import write
from .components import Kind, Settings
from .kinds import KINDS
from .objects import CustomObject

_FOLDER = "unpackaged/"


@dataclass(frozen=True)
class Request:
    """RetrieveRequest, by the WSDL's names; `unpackaged` holds full names by listed type."""

    apiVersion: float
    singlePackage: bool = False
    packageNames: tuple[str, ...] = ()
    specificFiles: tuple[str, ...] = ()
    unpackaged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Retrieval:
    """What was found.

    Attributes:
        files: contents by path in the zip.
        found: FileProperties of each component.
        messages: what was named and is not there: `fileName` and `problem`.
    """

    org: Org
    request: Request
    files: dict[str, bytes] = field(default_factory=dict)
    found: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)

    def run(self) -> bytes:
        """Collect everything; returns the zip."""
        folder = "" if self.request.singlePackage else _FOLDER
        for name in self.request.packageNames:
            self.messages.append({"fileName": folder + "package.xml", "problem": f"No package named '{name}' found"})
        listed: dict[str, list[str]] = {}
        for type_name, members in self.request.unpackaged.items():
            kinds = [kind for kind in KINDS.values() if kind.listed == type_name and self._has(kind)]
            if not kinds:
                self._tell(folder, f"Entity type '{type_name}' is unknown")
                continue
            names = {name: kind for kind in kinds for name in kind.names(self.org)}
            wanted = [name for name in members if name != "*"]
            wanted += self._every(type_name, names) if "*" in members else []
            for name in dict.fromkeys(wanted):
                if name in names:
                    listed.setdefault(type_name, []).append(name)
                else:
                    self._tell(folder, f"Entity of type '{type_name}' named '{name}' cannot be found")
        self._components(folder, listed)
        version = f"{self.request.apiVersion:.1f}"
        content = {folder + "package.xml": xml_files.write_manifest(listed, version), **self.files}
        if self.request.specificFiles:
            content = {path: data for path, data in content.items() if path in self.request.specificFiles}
        self.found.append(properties.of_manifest(self.org, folder + "package.xml"))
        return write(content)

    def _components(self, folder: str, listed: Mapping[str, list[str]]) -> None:
        """The files of the components; the parts of an object stand in the object's file."""
        objects: dict[str, dict[str, Any]] = {}
        for type_name, names in listed.items():
            for name in names:
                kind = _kind(type_name, name)
                value = kind.read(self.org, name) or {}
                path = folder + kind.file(name)
                if kind.element:
                    head, _, part = name.partition(".")
                    objects.setdefault(head, {}).setdefault(kind.element, []).append({"fullName": part, **value})
                elif isinstance(kind, CustomObject):
                    objects[name] = value
                else:
                    self.files[path] = xml_files.write_component(value, kind.name)
                about = properties.of_component(self.org, kind, name, kind.names(self.org).get(name, ""))
                self.found.append(about | {"fileName": path})
        for name, value in objects.items():
            self.files[folder + KINDS["CustomObject"].file(name)] = xml_files.write_component(value, "CustomObject")

    def _every(self, type_name: str, names: Mapping[str, Kind]) -> list[str]:
        """What `*` means: of objects the custom ones, of which there are none; of other types all.

        Of business processes only where record types are asked for too (Metadata API, BusinessProcess).
        """
        if type_name == "BusinessProcess" and "RecordType" not in self.request.unpackaged:
            return []
        return sorted(name for name, kind in names.items() if not isinstance(kind, CustomObject))

    def _has(self, kind: Kind) -> bool:
        return kind.since <= self.request.apiVersion

    def _tell(self, folder: str, problem: str) -> None:
        self.messages.append({"fileName": folder + "package.xml", "problem": problem})


def _kind(type_name: str, name: str) -> Kind:
    """The type of a component that is there: of settings, the one with that name."""
    return next(
        kind
        for kind in KINDS.values()
        if kind.listed == type_name and (not isinstance(kind, Settings) or kind.full_name == name)
    )
