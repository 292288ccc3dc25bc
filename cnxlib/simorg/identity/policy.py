"""What an org's Security settings and its profiles say of logging in: addresses, attempts, how long a session lives.

They are set by metadata: SecuritySettings (networkAccess, passwordPolicies, sessionSettings), Profile (loginIpRanges).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..org import Org
from ..scenarios import flags

RANGES = "ProfileExtras"
"""Kind of the documents that hold a profile's loginIpRanges, by its id."""

FAILURES = "_LoginFailures"
"""Kind of the documents that count a user's wrong passwords, and say until when the user is locked out."""

_NEVER = "9999-12-31T00:00:00+00:00"

# Salesforce's defaults (Help, "Set Password Policies", "Modify Session Security Settings"): ten attempts, 15 minutes,
# sessions of two hours
_ATTEMPTS = {"ThreeAttempts": 3, "FiveAttempts": 5, "TenAttempts": 10, "NoLimit": None}
_INTERVALS = {"FifteenMinutes": 15, "ThirtyMinutes": 30, "SixtyMinutes": 60, "Forever": None}
_TIMEOUTS = {
    "FifteenMinutes": 15, "ThirtyMinutes": 30, "SixtyMinutes": 60, "NinetyMinutes": 90, "TwoHours": 120,
    "FourHours": 240, "EightHours": 480, "TwelveHours": 720, "TwentyFourHours": 1440,
}  # fmt: skip


def session_lifetime(org: Org) -> timedelta:
    """How long a session lives after it was last used."""
    chosen = _settings(org, "sessionSettings").get("sessionTimeout", "TwoHours")
    return timedelta(minutes=_TIMEOUTS.get(chosen, 120))


def address_allowed(org: Org, user: Mapping[str, Any], address: str) -> bool:
    """Whether the user's profile lets its users log in from there; where it names no range, from everywhere."""
    ranges = _profile_ranges(org, user)
    return not ranges or _within(address, ranges)


def address_trusted(org: Org, user: Mapping[str, Any], address: str) -> bool:
    """Whether no security token is asked for: the org trusts the address, or the profile names it."""
    trusted = _settings(org, "networkAccess").get("ipRanges", [])
    ranges = [(str(each.get("start")), str(each.get("end"))) for each in trusted]
    return flags.read(org).trusted_ip or _within(address, [*ranges, *_profile_ranges(org, user)])


def locked_out(org: Org, user_id: str) -> bool:
    """Whether too many wrong passwords have locked the user out, for now or for good."""
    found = org.document(FAILURES, user_id)
    return bool(found and found["until"] and datetime.now(UTC) < datetime.fromisoformat(found["until"]))


def count_failure(org: Org, user_id: str) -> None:
    """Count a wrong password; the last that is allowed locks the user out."""
    policies = _settings(org, "passwordPolicies")
    allowed = _ATTEMPTS.get(policies.get("maxLoginAttempts", "TenAttempts"))
    minutes = _INTERVALS.get(policies.get("lockoutInterval", "FifteenMinutes"))
    with org.lock:
        before = org.document(FAILURES, user_id) or {"count": 0, "until": None}
        count = 1 if before["until"] else before["count"] + 1  # an interval that is over begins anew
        until = None
        if allowed is not None and count >= allowed:
            until = _NEVER if minutes is None else (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
        org.put_document(FAILURES, user_id, {"count": count, "until": until})


def forget_failures(org: Org, user_id: str) -> None:
    """Begin anew: after a login, and when the password is set, which unlocks the user."""
    org.drop_document(FAILURES, user_id)


def _settings(org: Org, part: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (org.document("SecuritySettings", "Security") or {}).get(part, {})
    return found


def _profile_ranges(org: Org, user: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = (org.document(RANGES, str(user["ProfileId"])) or {}).get("loginIpRanges", [])
    return [(part["startAddress"], part["endAddress"]) for part in found]


def _within(address: str, ranges: Iterable[tuple[str, str]]) -> bool:
    try:
        one = ipaddress.ip_address(address)
        pairs = [(ipaddress.ip_address(start.strip()), ipaddress.ip_address(end.strip())) for start, end in ranges]
    except ValueError:
        return False
    return any(
        one.version == first.version == last.version and int(first) <= int(one) <= int(last) for first, last in pairs
    )
