"""RecordType and InstalledPackage as metadata components, over the rows that REST and Tooling show."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ApiError
from ..org import Actor, Org
from .components import Kind, Value


@dataclass(frozen=True)
class RecordType(Kind):
    """Record types, `Case.Support`."""

    def names(self, org: Org) -> dict[str, str]:
        """The record types by object and developer name."""
        return {f"{row['SobjectType']}.{row['DeveloperName']}": str(row["Id"]) for row in org.rows("RecordType")}

    def read(self, org: Org, name: str) -> Value | None:
        """One record type."""
        id_ = self.names(org).get(name)
        if id_ is None:
            return None
        row = org.get("RecordType", id_)
        value = {"active": row["IsActive"], "description": row["Description"], "label": row["Name"]}
        return {element: found for element, found in value.items() if found is not None}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make a record type of an object that the org has."""
        self.require(value)
        sobject, _, developer_name = name.partition(".")
        if not developer_name or org.sobject(sobject) is None:
            raise ApiError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"In field: fullName - no CustomObject named {sobject} found",
                ["fullName"],
            )
        if name in self.names(org):
            raise self.duplicate(name)
        org.put("RecordType", {"SobjectType": sobject, "DeveloperName": developer_name, **_columns(value)})

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change label, description or whether it is active."""
        self.require(value)
        id_ = self.names(org).get(name)
        if id_ is None:
            raise self.unknown(name)
        org.put("RecordType", org.get("RecordType", id_) | _columns(value))

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Refused: Salesforce deletes record types in Setup alone."""
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"RecordType {name} cannot be deleted by the Metadata API")


@dataclass(frozen=True)
class InstalledPackage(Kind):
    """Installed packages by namespace; read here, installed by PackageInstallRequest."""

    def names(self, org: Org) -> dict[str, str]:
        """The namespaces of the installed packages."""
        packages = {row["Id"]: row["NamespacePrefix"] for row in org.rows("SubscriberPackage")}
        return {packages[row["SubscriberPackageId"]]: str(row["Id"]) for row in org.rows("InstalledSubscriberPackage")}

    def read(self, org: Org, name: str) -> Value | None:
        """The version that is installed."""
        id_ = self.names(org).get(name)
        if id_ is None:
            return None
        version = org.get(
            "SubscriberPackageVersion", org.get("InstalledSubscriberPackage", id_)["SubscriberPackageVersionId"]
        )
        number = ".".join(str(version[part]) for part in ("MajorVersion", "MinorVersion", "PatchVersion"))
        return {"activateRSS": False, "versionNumber": number}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Refused: a namespace alone names no version that the simulated org knows."""
        raise ApiError(
            "UNKNOWN_EXCEPTION",
            f"Package installation by metadata is not simulated; use PackageInstallRequest ({name})",
        )

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Refused, as create."""
        self.create(org, actor, name, value, version)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Refused, as create."""
        raise ApiError("UNKNOWN_EXCEPTION", f"Package removal by metadata is not simulated ({name})")


def _columns(value: Value) -> dict[str, object]:
    return {"Name": value["label"], "IsActive": value["active"], "Description": value.get("description")}
