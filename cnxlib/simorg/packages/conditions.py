"""How installing a package goes in an org: what its scenario says of it, and what faults change while they strike."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..org import Org

STRUCK: ContextVar[Mapping[str, Any]] = ContextVar("STRUCK", default={})  # noqa: B039 - nobody changes it
"""Options that faults set for the request being served; they win over the scenario's."""

NOT_THERE = "This package doesn't yet exist or has been deleted."
NOT_YET = "This package is not yet available"
EARLIER = "You can't install an earlier version of a package that is already installed."  # [R: text]
BAD_KEY = "Invalid InstallationKey"

# What a request ends with that ignores InstallValidationStatus (Tooling API, SubscriberPackageVersion). [R: the texts,
# but for the unavailable package's, on which the Salesforce CLI's packaging library waits]
REFUSED: dict[str, str] = {
    "BETA_INSTALL_INTO_PRODUCTION_ORG": "You can't install a beta package in a production org.",
    "CANNOT_INSTALL_EARLIER_VERSION": EARLIER,
    "CANNOT_UPGRADE_BETA": "You can't upgrade a beta package. Uninstall the beta version first.",
    "CANNOT_UPGRADE_UNMANAGED": "You can't upgrade an unmanaged package. Uninstall it first.",
    "DEPRECATED_INSTALL_PACKAGE": "The package version is deprecated and can't be installed.",
    "EXTENSIONS_ON_LOCAL_PACKAGES": "You can't install an extension of a package that was developed in this org.",
    "NAMESPACE_COLLISION": "The package's namespace is in use in this org.",
    "NO_ACCESS": "You don't have access to this package version.",
    "PACKAGE_HAS_IN_DEV_EXTENSIONS": "This org develops an extension of the package.",
    "PACKAGE_NAMESPACE_COLLISION": "Another package with this namespace is installed.",
    "PACKAGE_UNAVAILABLE": NOT_YET,
    "PACKAGE_UNAVAILABLE_CRC": NOT_YET,
    "PACKAGE_UNAVAILABLE_ZIP": NOT_YET,
    "UNINSTALL_IN_PROGRESS": "The package is being uninstalled. Try again later.",
    "UNKNOWN_ERROR": "An unknown error occurred.",
    "UNKNOWN_ISSUE": "An unknown issue occurred.",
}


def options(org: Org) -> dict[str, Any]:
    """The options of the moment, from the document PackageInstall/options (a scenario's section `package`) and faults.

    ``seconds`` that installing takes (1.5); ``running``, the status meanwhile; ``error`` that it ends with, or
    ``passing``, a list of errors that it ends with one after the other before it succeeds; ``validation``, the
    InstallValidationStatus of every version; ``installation_key`` that it asks for; ``seats`` of the package's licence.
    ``license`` that its sets are bound to, "" for none.
    A scenario's ``installed``, ``holders`` of seats and ``under_way`` are what the org begins with.
    """
    usual = {"seconds": 1.5, "running": "IN_PROGRESS"}
    return {**usual, **(org.store.document("PackageInstall", "options") or {}), **STRUCK.get()}


def struck(name: str) -> Any:
    """An option that a fault has set for this request, else ``None``: a function of the database."""
    return STRUCK.get().get(name)


def pass_one(org: Org) -> str | None:
    """The next of the errors that pass, which is then over; ``None`` where none is left."""
    kept = org.store.document("PackageInstall", "options") or {}
    passing: list[str] = kept.get("passing", [])
    if not passing:
        return None
    org.store.put_document("PackageInstall", "options", {**kept, "passing": passing[1:]})
    return passing[0]
