"""What every kind of metadata component can do, and the kinds that are plain documents."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from ..errors import ApiError
from ..org import Actor, Org
from . import schema

Value = dict[str, Any]

_PLAIN = " !'()*,-._~&+=@$;#{}[]^`"  # what stands as it is in a file's name


@dataclass(frozen=True)
class Kind(ABC):
    """A metadata type.

    Attributes:
        name: the type's name (`ConnectedApp`), a struct of types.yaml.
        directory: where a deployment keeps its files (describeMetadata's directoryName).
        suffix: its files' extension, without the dot.
        since: the first API version that has it.
    """

    name: str
    directory: str
    suffix: str
    since: int

    as_rows: ClassVar[bool] = False
    """Its components are written as rows, which leave their traces in the setup audit trail by themselves."""

    needs: ClassVar[tuple[str, ...]] = ("CustomizeApplication",)
    """One of these permissions is needed to write a component, beside access to the Metadata API; () where rows ask."""

    element: ClassVar[str] = ""
    """The element of an object's file in which components of this type stand; empty where they have their own files."""

    @property
    def listed(self) -> str:
        """The name by which package.xml and listMetadata know the type: all settings are `Settings`."""
        return self.name

    def file(self, name: str) -> str:
        """The file of a component in a deployment, below the package's folder."""
        stem = name.partition(".")[0] if self.element else name
        return f"{self.directory}/{quote(stem, safe=_PLAIN)}.{self.suffix}"

    def of_file(self, stem: str) -> str:
        """The component's full name from its file's name without the extension."""
        return unquote(stem)

    @abstractmethod
    def names(self, org: Org) -> dict[str, str]:
        """Full name -> record id of every component of this type in the org; an empty id where it has none."""

    @abstractmethod
    def read(self, org: Org, name: str) -> Value | None:
        """The component as readMetadata shows it, or None."""

    @abstractmethod
    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make the component; a name in use is refused.

        Raises:
            ApiError: refused.
        """

    @abstractmethod
    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change the component.

        Raises:
            ApiError: refused; INVALID_CROSS_REFERENCE_KEY where there is none of that name.
        """

    @abstractmethod
    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Take the component away.

        Raises:
            ApiError: refused; INVALID_CROSS_REFERENCE_KEY where there is none of that name.
        """

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Give the component another full name.

        Raises:
            ApiError: refused; INVALID_CROSS_REFERENCE_KEY where there is none of the old name.
        """
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"Cannot rename {self.name}: {old}")

    def authorise(self, actor: Actor) -> None:
        """Refuse who may not write components of this type (INSUFFICIENT_ACCESS_OR_READONLY)."""
        actor.require(*self.needs)

    def require(self, value: Mapping[str, Any]) -> None:
        """Refuse a component that lacks a required element (REQUIRED_FIELD_MISSING)."""
        if absent := schema.missing(value, self.name):
            raise ApiError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(absent)}]", absent)

    def id_of(self, org: Org, name: str) -> str:
        """The record id of a component that is there.

        Raises:
            ApiError: INVALID_CROSS_REFERENCE_KEY.
        """
        names = self.names(org)
        if name not in names:
            raise self.unknown(name)
        return names[name]

    def unknown(self, name: str) -> ApiError:
        """The error for a component that is not there."""
        return ApiError(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: fullName - no {self.name} named {name} found", ["fullName"]
        )

    def duplicate(self, name: str) -> ApiError:
        """The error for a name in use."""
        return ApiError(
            "DUPLICATE_DEVELOPER_NAME", f"The name {name} is already used by another {self.name}", ["fullName"]
        )


@dataclass(frozen=True)
class Document(Kind):
    """A type whose components are documents of the org, kept as they were sent and merged by element on update."""

    def names(self, org: Org) -> dict[str, str]:
        """Every document of this kind."""
        return dict.fromkeys(org.documents(self.name), "")

    def read(self, org: Org, name: str) -> Value | None:
        """The document."""
        return org.document(self.name, name)

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Keep the document."""
        if org.document(self.name, name) is not None:
            raise self.duplicate(name)
        self.require(value)
        self.check(org, name, value, None)
        org.put_document(self.name, name, value)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Merge the elements that were sent into the document."""
        before = org.document(self.name, name)
        if before is None:
            raise self.unknown(name)
        after = merge(before, value)
        self.require(after)
        self.check(org, name, after, before)
        org.put_document(self.name, name, after)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Drop the document."""
        if org.document(self.name, name) is None:
            raise self.unknown(name)
        org.drop_document(self.name, name)

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Keep the document under the new name."""
        value = org.document(self.name, old)
        if value is None:
            raise self.unknown(old)
        if org.document(self.name, new) is not None:
            raise self.duplicate(new)
        self.check(org, new, value, value)
        org.drop_document(self.name, old)
        org.put_document(self.name, new, value)

    def check(self, org: Org, name: str, after: Value, before: Value | None) -> None:
        """Refuse what the type does not allow; `before` is None at creation.

        Raises:
            ApiError: refused.
        """


@dataclass(frozen=True)
class Settings(Document):
    """A settings type: one component, always there, never created or deleted; an update changes only what it names.

    Attributes:
        full_name: the component's full name (`Case` for CaseSettings).
    """

    full_name: str = ""

    @property
    def listed(self) -> str:
        """Settings of all types go by one name."""
        return "Settings"

    def names(self, org: Org) -> dict[str, str]:
        """The one component."""
        return {self.full_name: ""}

    def read(self, org: Org, name: str) -> Value | None:
        """The settings, empty where the scenario has set none."""
        return (org.document(self.name, name) or {}) if name == self.full_name else None

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Refused: settings are there already."""
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"Cannot create {self.name}: {name}")

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Merge the elements that were sent into the settings."""
        before = self.read(org, name)
        if before is None:
            raise self.unknown(name)
        after = merge(before, value)
        self.check(org, name, after, before)
        org.put_document(self.name, name, after)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Refused."""
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"Cannot delete {self.name}: {name}")

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Refused: the name of settings is their type's."""
        Kind.rename(self, org, actor, old, new)


def merge(before: Mapping[str, Any], change: Mapping[str, Any]) -> Value:
    """`before` with the elements of `change` in place of its own; structs are merged, lists replaced."""
    merged = dict(before)
    for name, value in change.items():
        old = merged.get(name)
        merged[name] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
