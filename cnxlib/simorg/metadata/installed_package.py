"""InstalledPackage as a metadata component: the package of a namespace that the org has, or installs by its number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from .. import packages
from ..errors import ApiError
from ..org import Actor, Org
from ..packages import removal
from .components import Kind, Value

# securityType, AllUsers where none is given (Metadata API, InstalledPackage); CumulusCI sends the Tooling API's words
_SECURITY = {"ADMINSONLY": "None", "NONE": "None", "CUSTOM": "Custom"}
_NUMBER = re.compile(r"\d+(?:\.\d+){1,3}")


@dataclass(frozen=True)
class InstalledPackage(Kind):
    """Installed packages by namespace. By metadata a package is installed before the call or deployment is over."""

    needs: ClassVar[tuple[str, ...]] = ("InstallPackaging",)

    def names(self, org: Org) -> dict[str, str]:
        """The namespaces of the installed packages."""
        spaces = {row["Id"]: row["NamespacePrefix"] for row in org.rows("SubscriberPackage")}
        return {spaces[row["SubscriberPackageId"]]: str(row["Id"]) for row in org.rows("InstalledSubscriberPackage")}

    def read(self, org: Org, name: str) -> Value | None:
        """The version that is installed."""
        id_ = self.names(org).get(name)
        if id_ is None:
            return None
        installed = org.get("InstalledSubscriberPackage", id_)
        version = org.get("SubscriberPackageVersion", installed["SubscriberPackageVersionId"])
        return {"activateRSS": False, "versionNumber": _text(version)}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Install the version of that number."""
        self.require(value)
        wanted = _version(org, name, str(value["versionNumber"]))
        if problem := packages.obstacle(org, wanted["Id"], value.get("password")):
            raise ApiError("UNKNOWN_EXCEPTION", problem)
        installed = packages.installed_version(org)
        if installed is None or packages.number(wanted) > packages.number(installed):
            security = _SECURITY.get(str(value.get("securityType", "")).upper(), "Full")
            packages.bring(org, wanted["Id"], security, actor.user_id)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Install the version of that number in place of the one that is there."""
        if name not in self.names(org):
            raise self.unknown(name)
        self.create(org, actor, name, value, version)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Uninstall the package, by destructiveChanges.xml too (Metadata API, InstalledPackage)."""
        if name not in self.names(org):
            raise self.unknown(name)
        if problem := removal.obstacle(org, name):
            raise ApiError("UNKNOWN_EXCEPTION", problem)
        removal.remove(org, name, actor)


def _version(org: Org, namespace: str, number: str) -> dict[str, Any]:
    """The version of that number ("1.9" is 1.9.0), the newest build where the number names none."""
    found = []
    if _NUMBER.fullmatch(number):
        wanted = tuple(map(int, number.split(".")))
        wanted += (0,) * (3 - len(wanted))
        for package in org.rows("SubscriberPackage", NamespacePrefix=namespace):
            versions = org.rows("SubscriberPackageVersion", SubscriberPackageId=package["Id"])
            found += [each for each in versions if packages.number(each)[: len(wanted)] == wanted]
    if not found:
        # The words that CumulusCI waits and tries again on
        raise ApiError("UNKNOWN_EXCEPTION", f"InstalledPackage version number : {number} does not exist!")
    return max(found, key=packages.number)


def _text(version: dict[str, Any]) -> str:
    """A version's number as metadata writes it: the patch only where there is one."""
    parts = [version["MajorVersion"], version["MinorVersion"], version["PatchVersion"]]
    return ".".join(map(str, parts if parts[2] else parts[:2]))
