"""Facts about installing packages: what the Tooling API lets one ask."""

from __future__ import annotations

from cnxlib.errors import SalesforceError
from cnxlib.probe.fact import fact, refused
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, ToolingQuery, soql

GUIDE_VERSION_ID = "04t5x000000YKbXAAW"
"""The package version that the guide names: no secret, and the same for everybody."""


def _asked(query: str) -> Asking[str]:
    try:
        yield [ToolingQuery(query)]
    except SalesforceError as error:
        return refused(error)
    return "answered"


@fact(expected="answered", source="inferred")
def install_requests_are_found_by_version(me: Identity) -> Asking[str | None]:
    """PackageInstallRequest can be filtered on SubscriberPackageVersionKey."""
    select = "SELECT Id, Status FROM PackageInstallRequest WHERE SubscriberPackageVersionKey = {} LIMIT 1"
    return (yield from _asked(soql(select, GUIDE_VERSION_ID)))


@fact(expected="refused: INVALID_FIELD", source="Tooling API, PackageInstallRequest")
def install_requests_are_not_found_by_status(me: Identity) -> Asking[str | None]:
    """PackageInstallRequest cannot be filtered on Status."""
    return (yield from _asked("SELECT Id FROM PackageInstallRequest WHERE Status = 'IN_PROGRESS' LIMIT 1"))


@fact(expected="one row", source="the guide's link; its checksum is right")
def guides_version_is_known(me: Identity) -> Asking[str | None]:
    """The package version that the guide names is known to the org."""
    select = "SELECT Id, InstallValidationStatus FROM SubscriberPackageVersion WHERE Id = {}"
    (rows,) = yield [ToolingQuery(soql(select, GUIDE_VERSION_ID))]
    return "one row" if len(rows) == 1 else "no row"


@fact(expected="told", source="Tooling API, SubscriberPackageVersion; the Salesforce CLI's packaging library")
def versions_tell_their_remote_sites(me: Identity) -> Asking[str | None]:
    """SubscriberPackageVersion tells RemoteSiteSettings and CspTrustedSites, as null or as a list of settings."""
    select = "SELECT RemoteSiteSettings, CspTrustedSites FROM SubscriberPackageVersion WHERE Id = {}"
    (rows,) = yield [ToolingQuery(soql(select, GUIDE_VERSION_ID))]
    if not rows:
        return None
    told = (rows[0]["RemoteSiteSettings"], rows[0]["CspTrustedSites"])
    return "told" if all(one is None or isinstance(one.get("settings"), list) for one in told) else "of another shape"


@fact(expected="refused: MALFORMED_QUERY", source="Tooling API, SubscriberPackageVersion; the code is inferred")
def versions_are_found_by_id_alone(me: Identity) -> Asking[str | None]:
    """SubscriberPackageVersion is asked for by Id, and by nothing else."""
    return (yield from _asked("SELECT Id FROM SubscriberPackageVersion WHERE MajorVersion = 1 LIMIT 1"))


@fact(expected="told", source="inferred: it can fail or come back null")
def installed_packages_tell_their_parents(me: Identity) -> Asking[str | None]:
    """InstalledSubscriberPackage tells the package and the version that it refers to."""
    (rows,) = yield [
        ToolingQuery(
            "SELECT SubscriberPackage.NamespacePrefix, SubscriberPackageVersion.MajorVersion "
            "FROM InstalledSubscriberPackage LIMIT 5"
        )
    ]
    if not rows:
        return None
    return "told" if all(row["SubscriberPackage"] and row["SubscriberPackageVersion"] for row in rows) else "null"
