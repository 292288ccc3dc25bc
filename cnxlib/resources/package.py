"""A managed package: which version is offered, is it installed, which version, and what is to be known before.

`cnxlib.resources.package_install` installs it. Source: Tooling API, SubscriberPackage, SubscriberPackageVersion,
InstalledSubscriberPackage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    offered, rows = yield from _read(version_id)
    if offered is None:
        return None, None
    return offered, (yield from _installed([row for row in rows if row["SubscriberPackageId"] == offered.package_id]))


def _read(version_id: str) -> Asking[tuple[PackageVersion | None, list[Mapping[str, Any]]]]:
    """What is offered under a 04t id, and the rows of all that is installed."""
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
        return None, installed_rows
    row = offered_rows[0]
    offered = PackageVersion(
        row["SubscriberPackageId"],
        _version(row),
        bool(row["IsPasswordProtected"]),
        row["InstallValidationStatus"],
        _addresses(row.get("RemoteSiteSettings"), "url"),
        _addresses(row.get("CspTrustedSites"), "endpointUrl"),
    )
    return offered, installed_rows


def _installed(rows: Sequence[Mapping[str, Any]]) -> Asking[InstalledPackage | None]:
    """The package that the first row is about, None where there is none."""
    if not rows:
        return None
    package, version = rows[0].get("SubscriberPackage"), rows[0].get("SubscriberPackageVersion")
    if not package or not version:
        package, version = yield from _parents(rows[0])
    return InstalledPackage(package["NamespacePrefix"], package["Name"], _version(version))


def _named_so(rows: Sequence[Mapping[str, Any]]) -> Asking[list[Mapping[str, Any]]]:
    """The row of what is installed whose package is called as Conexiom's is.

    That every version keeps the guide's name, or one that begins with Conexiom, is [R]: one that does not counts as
    not installed.

    Raises
    ------
    SalesforceError
        Several packages may be it.
    """
    unnamed = [row for row in rows if not row.get("SubscriberPackage")]
    answers = (yield [_package_query(row) for row in unnamed]) if unnamed else []
    told = {row["SubscriberPackageId"]: found[0] for row, found in zip(unnamed, answers, strict=True) if found}
    named = [(row, row.get("SubscriberPackage") or told.get(row["SubscriberPackageId"])) for row in rows]
    begun = [(row, package) for row, package in named if package and package["Name"].startswith("Conexiom")]
    found = [(row, package) for row, package in begun if package["Name"] == NAME] or begun
    if len(found) > 1:
        said = ", ".join(f"{package['Name']} ({package['NamespacePrefix']})" for _, package in found)
        raise SalesforceError(
            f"Salesforce knows no package version {GUIDE_VERSION_ID}, and several installed packages may be "
            f"Conexiom's: {said}",
            guide=("G1.1",),
            hint="Ask Conexiom which of them it is, and have the others uninstalled (Setup, Installed Packages).",
        )
    return [row for row, _ in found]


def _parents(row: Mapping[str, Any]) -> Asking[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Package and version of what is installed, each by its id.

    Raises
    ------
    SalesforceError
        Salesforce shows them in no way.
    """
    packages, versions = yield [
        _package_query(row),
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


def _package_query(row: Mapping[str, Any]) -> ToolingQuery:
    """Namespace and name of what is installed."""
    return ToolingQuery(
        soql("SELECT NamespacePrefix, Name FROM SubscriberPackage WHERE Id = {}", row["SubscriberPackageId"])
    )


def _addresses(listed: Any, name: str) -> tuple[str, ...]:
    return tuple(str(site.get(name, "")) for site in (listed or {}).get("settings") or ())


def conexiom_package() -> Asking[InstalledPackage]:
    """The installed Conexiom package, whose namespace is known from the org alone.

    It is the one of the guide's version; where Salesforce tells of that no more, the one of Conexiom's name.

    Raises
    ------
    NotYet
        It is not installed.
    """
    offered, rows = yield from _read(GUIDE_VERSION_ID)
    if offered is None:
        its = yield from _named_so(rows)
    else:
        its = [row for row in rows if row["SubscriberPackageId"] == offered.package_id]
    installed = yield from _installed(its)
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
