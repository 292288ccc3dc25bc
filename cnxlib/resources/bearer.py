"""What bears permissions: a permission set of the org's own, or a profile by the set that it owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cnxlib.salesforce import soql


@dataclass(frozen=True)
class Bearer:
    """A permission set or a profile, by name.

    Parameters
    ----------
    name:
        API name of the set, or the profile's name.
    kind:
        Which of the two; also the kind of its item.
    """

    name: str
    kind: Literal["permission_set", "profile"] = "permission_set"

    @property
    def id(self) -> str:
        """Id of the item, for `requires`."""
        return f"{self.kind}:{self.name}"

    @property
    def metadata_type(self) -> str:
        """Its type in the Metadata API."""
        return "Profile" if self.kind == "profile" else "PermissionSet"

    @property
    def of_rows(self) -> str:
        """SOQL condition for the rows below it. A profile's rows hang below the set it owns (PermissionSet)."""
        if self.kind == "profile":
            return soql("Parent.IsOwnedByProfile = true AND Parent.Profile.Name = {}", self.name)
        own = "Parent.IsOwnedByProfile = false AND Parent.NamespacePrefix = null"
        return soql(f"Parent.Name = {{}} AND {own}", self.name)
