"""One deployment: what its zip holds, written component by component, and the message that each one leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from typing import Any

from ..identity.history import stamp
from ..org import Actor, Org
from . import writing, xml_files
from .components import Kind, Settings, Value
from .kinds import DEPLOY_ORDER, KINDS
from .objects import CustomObject
from .xml_files import BadFile, Manifest

Message = dict[str, Any]

PACKAGE = "package.xml"
_DESTRUCTIVE = ("destructiveChangesPre.xml", "destructiveChanges.xml")
_DESTRUCTIVE_POST = "destructiveChangesPost.xml"


@dataclass(frozen=True)
class Options:
    """DeployOptions, by the WSDL's names; what is not said is false (Metadata API, deploy)."""

    allowMissingFiles: bool = False
    autoUpdatePackage: bool = False
    checkOnly: bool = False
    ignoreWarnings: bool = False
    performRetrieve: bool = False
    purgeOnDelete: bool = False
    rollbackOnError: bool = False
    singlePackage: bool = False
    testLevel: str = ""
    runTests: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Options:
        """The options from their texts or JSON values; some clients write `True` for `true`."""
        found: dict[str, Any] = {
            each.name: str(given.get(each.name, "")).strip().lower() in ("true", "1")
            for each in fields(cls)
            if each.type == "bool"
        }
        tests = given.get("runTests") or ()
        found["runTests"] = tuple(str(each) for each in ([tests] if isinstance(tests, str) else tests))
        return cls(**found, testLevel=str(given.get("testLevel") or ""))

    def as_json(self) -> dict[str, Any]:
        """The options as the REST API tells them."""
        return {name: value for name, value in asdict(self).items() if value not in ("", ())} | {
            "runTests": list(self.runTests) or None,
            "testLevel": self.testLevel or None,
        }


@dataclass
class Deployment:
    """A deployment being worked off.

    Attributes:
        version: the API version of the call; the package's own goes before it.
        successes, failures: the DeployMessages so far.
    """

    org: Org
    actor: Actor
    options: Options
    version: int
    successes: list[Message] = field(default_factory=list)
    failures: list[Message] = field(default_factory=list)

    def run(self, files: Mapping[str, bytes]) -> None:
        """Write everything; what fails leaves its message, and does not stop the rest."""
        if self.options.singlePackage:
            self._package("", files)
            return
        folders = sorted({path.split("/")[0] for path in files if "/" in path})
        for folder in folders or [""]:
            inside = {path.partition("/")[2]: data for path, data in files.items() if path.startswith(f"{folder}/")}
            self._package(f"{folder}/" if folder else "", inside)

    def _package(self, folder: str, files: Mapping[str, bytes]) -> None:
        if PACKAGE not in files:
            self._fail(folder + PACKAGE, PACKAGE, "", "No package.xml found")
            return
        manifest = self._manifest(folder, PACKAGE, files)
        if manifest is None:
            return
        self._succeed(folder + PACKAGE, PACKAGE, "", changed=True)
        version = int(float(manifest.version)) if _is_version(manifest.version) else self.version
        for name in _DESTRUCTIVE:
            self._destroy(folder, name, files, version)
        found: set[tuple[str, str]] = set()
        for path, kind in self._ordered(folder, files, version):
            for listed, full_name in self._file(folder, path, kind, files[path], manifest, version):
                found.add((listed, full_name))
        self._missing(folder, manifest, found)
        self._destroy(folder, _DESTRUCTIVE_POST, files, version)

    def _manifest(self, folder: str, name: str, files: Mapping[str, bytes]) -> Manifest | None:
        try:
            found = xml_files.manifest(files[name])
        except BadFile as error:
            self._fail(folder + name, name, "", error.message, error.line, error.column)
            return None
        known = {kind.listed for kind in KINDS.values()}
        for unknown in sorted(found.members.keys() - known):
            self._fail(folder + name, name, "", f"Unknown type name '{unknown}' specified in {name}")
        return found

    def _ordered(self, folder: str, files: Mapping[str, bytes], version: int) -> Iterator[tuple[str, Kind]]:
        """The components' files, those first on which others rest; what is no component's file fails."""
        kinds: list[tuple[int, str, Kind]] = []
        for path in files:
            if path in (PACKAGE, *_DESTRUCTIVE, _DESTRUCTIVE_POST):
                continue
            kind = _kind(path)
            if kind is None or kind.since > version:
                what = "organization" if kind is None else "API version"
                self._fail(folder + path, _stem(path), "", f"Not available for deploy for this {what}")
            else:
                kinds.append((DEPLOY_ORDER.index(kind.name), path, kind))
        yield from ((path, kind) for _, path, kind in sorted(kinds, key=lambda each: each[:2]))

    def _file(
        self, folder: str, path: str, kind: Kind, data: bytes, manifest: Manifest, version: int
    ) -> Iterator[tuple[str, str]]:
        """Write the components of one file; yields what it held, by listed type and full name."""
        name = kind.of_file(_stem(path))
        try:
            value = xml_files.component(data, kind.name)
        except BadFile as error:
            yield kind.listed, name
            self._fail(folder + path, name, kind.name, error.message, error.line, error.column)
            return
        listed = manifest.lists(kind.listed, name) or self.options.autoUpdatePackage
        parts = kind.parts if isinstance(kind, CustomObject) else ()
        for part in parts:
            for each in value.pop(part.element, []):
                full_name = f"{name}.{each.pop('fullName', '')}"
                yield part.listed, full_name
                if listed or manifest.lists(part.listed, full_name):
                    self._write(folder + path, part, full_name, each, version)
                else:
                    self._fail(folder + path, full_name, part.name, "Not in package.xml")
        if listed:
            yield kind.listed, name
            self._write(folder + path, kind, name, value, version)
        elif value or not parts:
            yield kind.listed, name
            self._fail(folder + path, name, kind.name, "Not in package.xml")

    def _write(self, path: str, kind: Kind, name: str, value: Value, version: int) -> None:
        before = kind.read(self.org, name)
        work = partial(writing.upsert, self.org, self.actor, kind, name, value, version)
        created, errors = writing.attempt(self.org, work)
        if errors:
            self._refused(path, name, kind, errors)
            return
        changed = before is None or kind.read(self.org, name) != before
        self._succeed(path, name, kind.name, created=bool(created), changed=changed, id=kind.names(self.org).get(name))

    def _destroy(self, folder: str, name: str, files: Mapping[str, bytes], version: int) -> None:
        """Delete what a destructiveChanges file lists; what is not there is a warning."""
        manifest = self._manifest(folder, name, files) if name in files else None
        for type_name, members in (manifest.members if manifest else {}).items():
            for full_name in members:
                kind = next(
                    (each for each in KINDS.values() if each.listed == type_name and full_name in each.names(self.org)),
                    None,
                )
                if kind is None or kind.since > version:
                    text = f"No {type_name} named: {full_name} found"
                    self._warn(folder + name, name, type_name, text)
                    continue
                id_ = kind.names(self.org)[full_name]
                _, errors = writing.attempt(self.org, partial(writing.delete, self.org, self.actor, kind, full_name))
                if errors:
                    self._refused(folder + name, full_name, kind, errors)
                else:
                    self._succeed(folder + name, full_name, kind.name, deleted=True, changed=True, id=id_)

    def _missing(self, folder: str, manifest: Manifest, found: set[tuple[str, str]]) -> None:
        """What package.xml names and the zip does not hold."""
        for type_name, members in manifest.members.items():
            for name in members:
                if name == "*" or (type_name, name) in found:
                    continue
                what = f"An object '{name}' of type {type_name}"
                text = f"{what} was named in package.xml, but was not found in zipped directory"
                if self.options.allowMissingFiles:
                    self._succeed(folder + PACKAGE, name, "", problem=text, problemType="Warning")
                else:
                    self._fail(folder + PACKAGE, name, "", text)

    def _refused(self, path: str, name: str, kind: Kind, errors: list[Any]) -> None:
        for error in errors:
            self._fail(path, name, kind.name, str(error["message"]))

    def _warn(self, path: str, name: str, type_name: str, text: str) -> None:
        """A warning, which fails the deployment unless it ignores warnings."""
        if self.options.ignoreWarnings:
            self._succeed(path, name, type_name, problem=text, problemType="Warning")
        else:
            self.failures.append(self._message(path, name, type_name) | {"problem": text, "problemType": "Warning"})

    def _fail(self, path: str, name: str, type_name: str, problem: str, line: int = 0, column: int = 0) -> None:
        told = {"problem": problem, "problemType": "Error"}
        where = {"lineNumber": line or None, "columnNumber": column or None}
        self.failures.append(self._message(path, name, type_name) | told | where)

    def _succeed(self, path: str, name: str, type_name: str, **told: Any) -> None:
        self.successes.append(self._message(path, name, type_name) | {"success": True, **told})

    def _message(self, path: str, name: str, type_name: str) -> Message:
        """A DeployMessage, its elements in the order of the WSDL."""
        return {
            "changed": False,
            "columnNumber": None,
            "componentType": type_name,
            "created": False,
            "createdDate": stamp(self.org.now()).replace("+0000", "Z"),
            "deleted": False,
            "fileName": path,
            "fullName": name,
            "id": None,
            "lineNumber": None,
            "problem": None,
            "problemType": None,
            "success": False,
        }


def _is_version(text: str) -> bool:
    return text.replace(".0", "", 1).isdecimal() and len(text) <= 5


def _stem(path: str) -> str:
    """The file's name without folder and extension."""
    return path.rpartition("/")[2].rpartition(".")[0] or path


def _kind(path: str) -> Kind | None:
    """The type of the component in a file, by the file's folder and extension; settings by their names."""
    folder, _, name = path.rpartition("/")
    for kind in KINDS.values():
        if kind.element or folder != kind.directory or name.rpartition(".")[2] != kind.suffix:
            continue
        if not isinstance(kind, Settings) or kind.full_name == _stem(path):
            return kind
    return None
