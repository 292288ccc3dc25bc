"""Requests to install a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import packages
from ..actor import Actor
from ..errors import RowError
from .base import Row, Rule, Trail

if TYPE_CHECKING:
    from ..org import Org


class InstallRule(Rule):
    """One at a time; the installation key is looked at and never kept."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """The id of a package version, and no other installation under way."""
        if not str(row["SubscriberPackageVersionKey"]).startswith("04t"):
            text = f"Invalid package version id: {row['SubscriberPackageVersionKey']}"  # [R: text]
            raise RowError("INVALID_ID_FIELD", text, ["SubscriberPackageVersionKey"])
        if org.store.documents("_install"):
            # What the Salesforce CLI's packaging library retries on
            raise RowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Start the clock, and forget the key."""
        packages.begin(org, row, row["Password"])
        org.store.update("PackageInstallRequest", row["Id"], {"Password": None})

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """Which version."""
        text = f"Requested installation of package version {new['SubscriberPackageVersionKey']}"
        return [("installPackage", "Manage Packages", text)]
