"""A managed package: which version is offered, is it installed, which version, and what is to be known before.

`cnxlib.resources.package_install` installs it. Source: Tooling API, SubscriberPackage, SubscriberPackageVersion,
InstalledSubscriberPackage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnxlib.errors import NotYet, SalesforceError, serving
from cnxlib.model import Check
from cnxlib.rounds import Asking
from cnxlib.salesforce import ToolingQuery, soql

GUIDE_VERSION_ID = "04t5x000000YKbXAAW"
"""The package version that the guide names; every version of the package has the same SubscriberPackageId."""

NAME = "Conexiom for Salesforce"

_PARTS = ("MajorVersion", "MinorVersion", "PatchVersion", "BuildNumber")


_PARENTS = ", ".join(
    ("SubscriberPackage.NamespacePrefix", "SubscriberPackage.Name", *(f"SubscriberPackageVersion.{p}" for p in _PARTS))
)
"""Package and version in the query for what is installed. Salesforce can answer UNKNOWN_EXCEPTION to it, or null."""


@dataclass(frozen=True)
class InstalledPackage:
    """The package as the org has it."""

    namespace: str
    name: str
    version: tuple[int, ...]


@dataclass(frozen=True)
class PackageVersion:
    """A version as its publisher offers it."""

    package_id: str
    version: tuple[int, ...]
    protected: bool
    status: str
    remote_sites: tuple[str, ...]
    """Addresses that it calls from Salesforce's servers (RemoteSiteSettings)."""
    trusted_sites: tuple[str, ...]
    """Addresses that its pages call from a user's browser (CspTrustedSites)."""


def package_state(version_id: str) -> Asking[tuple[PackageVersion | None, InstalledPackage | None]]:
    """What is offered under a 04t id (None where Salesforce knows no such version), and what is installed of it."""
    # Only WHERE Id = '…' is allowed on SubscriberPackageVersion.
    offered_query = soql(
        "SELECT Id, SubscriberPackageId, MajorVersion, MinorVersion, PatchVersion, BuildNumber, IsPasswordProtected, "
        "InstallValidationStatus, RemoteSiteSettings, CspTrustedSites FROM SubscriberPackageVersion WHERE Id = {}",
        version_id,
    )
    select = "SELECT SubscriberPackageId, SubscriberPackageVersionId{} FROM InstalledSubscriberPackage"
    try:
        offered_rows, installed_rows = yield [
            ToolingQuery(offered_query),
            ToolingQuery(select.format(f", {_PARENTS}")),
        ]
    except SalesforceError as error:
        if error.code != "UNKNOWN_EXCEPTION":
            raise
        offered_rows, installed_rows = yield [ToolingQuery(offered_query), ToolingQuery(select.format(""))]
    if not offered_rows:
        return None, None
    row = offered_rows[0]
    offered = PackageVersion(
        row["SubscriberPackageId"],
        _version(row),
        bool(row["IsPasswordProtected"]),
        row["InstallValidationStatus"],
        _addresses(row.get("RemoteSiteSettings"), "url"),
        _addresses(row.get("CspTrustedSites"), "endpointUrl"),
    )
    for row in installed_rows:
        if row["SubscriberPackageId"] == offered.package_id:
            package, version = row.get("SubscriberPackage"), row.get("SubscriberPackageVersion")
            if not package or not version:
                package, version = yield from _parents(row)
            return offered, InstalledPackage(package["NamespacePrefix"], package["Name"], _version(version))
    return offered, None


def _parents(row: Mapping[str, Any]) -> Asking[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Package and version of what is installed, each by its id.

    Raises
    ------
    SalesforceError
        Salesforce shows them in no way.
    """
    packages, versions = yield [
        ToolingQuery(
            soql("SELECT NamespacePrefix, Name FROM SubscriberPackage WHERE Id = {}", row["SubscriberPackageId"])
        ),
        ToolingQuery(
            soql(
                f"SELECT {', '.join(_PARTS)} FROM SubscriberPackageVersion WHERE Id = {{}}",
                row["SubscriberPackageVersionId"],
            )
        ),
    ]
    if not packages or not versions:
        raise SalesforceError(
            "The Conexiom package is installed, and Salesforce does not show which version",
            guide=("G1.1",),
            hint="Look at Setup, Installed Packages. By the API, Download AppExchange Packages is needed to see it.",
        )
    return packages[0], versions[0]


def _addresses(listed: Any, name: str) -> tuple[str, ...]:
    return tuple(str(site.get(name, "")) for site in (listed or {}).get("settings") or ())


def conexiom_package() -> Asking[InstalledPackage]:
    """The installed Conexiom package, whose namespace is known from the org alone.

    Raises
    ------
    NotYet
        It is not installed.
    """
    _, installed = yield from package_state(GUIDE_VERSION_ID)
    if installed is None:
        raise NotYet("The Conexiom package is not installed yet", phase="01_install_package", guide=("G1.1",))
    return installed


def _version(row: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(row[part]) for part in _PARTS)


def version_text(version: tuple[int, ...]) -> str:
    """Dotted, as people write it: (1, 12, 0, 3) gives 1.12.0.3."""
    return ".".join(map(str, version))


_REMEDIES = {
    "CANNOT_INSTALL_EARLIER_VERSION": "A newer version is there or was: take that one's id, or a newer one's.",
    "CANNOT_UPGRADE_UNMANAGED": "An unmanaged copy of the package is installed: have it uninstalled first.",
    "NAMESPACE_COLLISION": "Another package or the org itself has the same namespace: ask Conexiom.",
    "NO_ACCESS": "The user may not install packages: Download AppExchange Packages is needed.",
    "UNINSTALL_IN_PROGRESS": "The package is being uninstalled: wait until Setup no longer lists it.",
}
"""What to do about SubscriberPackageVersion.InstallValidationStatus."""


def check_version(version_id: str, key_reference: str) -> Asking[Check]:
    """Whether the version can be installed in this org (InstallValidationStatus), and its key is given."""
    with serving("G1.1"):
        offered, installed = yield from package_state(version_id)
    name = "package version can be installed"
    if offered is None:
        return Check(
            name,
            False,
            detail=f"Salesforce knows no package version {version_id}",
            hint="Copy the id that begins with 04t from the install link which Conexiom gave you.",
            guide=("G1.1",),
        )
    if offered.protected and not key_reference:
        return Check(
            name,
            False,
            detail="this version asks for an installation key",
            hint="Ask Conexiom for the key and give a reference to it in installation_key_ref.",
            guide=("G1.1",),
        )
    satisfied = installed is not None and installed.version >= offered.version
    # PACKAGE_UNAVAILABLE, _CRC and _ZIP: Salesforce is still spreading the version, which the installation waits for.
    ok = satisfied or offered.status == "NO_ERRORS_DETECTED" or offered.status.startswith("PACKAGE_UNAVAILABLE")
    have = f"{version_text(installed.version)} is installed" if installed else "not installed"
    return Check(
        name,
        ok,
        detail=f"version {version_text(offered.version)}; {have}" + ("" if ok else f"; {offered.status}"),
        hint=""
        if ok
        else _REMEDIES.get(
            offered.status, f"Salesforce refuses this version here ({offered.status}). Ask Conexiom for one that fits."
        ),
        guide=("G1.1",),
    )


def check_remote_sites(version_id: str, allowed: bool) -> Asking[Check]:
    """Which addresses outside Salesforce the package wants to call: by remote sites, and by CSP trusted sites.

    One switch of the installation (EnableRss) allows both.
    """
    with serving("G1.1"):
        offered, _ = yield from package_state(version_id)
    sites = dict.fromkeys(offered.remote_sites + offered.trusted_sites) if offered else {}
    both = {"remote site": offered.remote_sites, "CSP trusted site": offered.trusted_sites} if offered else {}
    told = [f"{site} ({' and '.join(name for name, found in both.items() if site in found)})" for site in sites]
    said = "allowed" if allowed else "not allowed: set allow_remote_sites to allow them"
    return Check(
        "remote sites of the package",
        True,
        "info",
        detail=f"{', '.join(told)}: {said}" if told else "none",
        guide=("G1.1",),
    )
