"""Settings types with rules of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError
from ..org import Org
from .components import Settings, Value
from .profile import check_range


@dataclass(frozen=True)
class CaseSettings(Settings):
    """Case settings: Email-to-Case goes on and never off again."""

    def check(self, org: Org, name: str, after: Value, before: Value | None) -> None:
        """Refuse switching Email-to-Case off."""
        if _email_to_case(before or {}) and not _email_to_case(after):
            raise ApiError(
                "FIELD_INTEGRITY_EXCEPTION",
                "Email to case cannot be disabled once it has been enabled.",
                ["enableEmailToCase"],
            )


@dataclass(frozen=True)
class SecuritySettings(Settings):
    """Trusted addresses (networkAccess), password policies, sessions: what the identity doors go by."""

    def check(self, org: Org, name: str, after: Value, before: Value | None) -> None:
        """Refuse what is no range of addresses."""
        for part in after.get("networkAccess", {}).get("ipRanges", []):
            check_range(part.get("start", ""), part.get("end", ""))


def _email_to_case(value: Mapping[str, Any]) -> bool:
    return bool(value.get("emailToCase", {}).get("enableEmailToCase", False))
