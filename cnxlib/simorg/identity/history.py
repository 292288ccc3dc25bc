"""LoginHistory: what each attempt to log in leaves, the only place where refused logins are told apart."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ..org import Org

# What people met in LoginHistory.Status (it is documented nowhere); [R] marks what nobody has told of
SUCCESS: Final = "Success"
INVALID_PASSWORD: Final = "Invalid Password"
TOKEN_REQUIRED: Final = "Failed: API security token required"
INACTIVE: Final = "User is Inactive"
LOCKED_OUT: Final = "Password Lockout"
RESTRICTED_IP: Final = "Restricted IP"
API_ONLY: Final = "Failed: API Only User"  # [R]
APP_NOT_INSTALLED: Final = "Failed: App Not Installed"  # [R]
FLOW_DISABLED: Final = "Username-Password Flow Disabled"  # [R: words]

SOAP_PARTNER: Final = "Partner Product"
SOAP_OTHER: Final = "Other Apex API"
OAUTH: Final = "Remote Access 2.0"


def stamp(moment: datetime) -> str:
    """A moment as the APIs write it: `2026-11-23T20:00:00.000+0000`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"


def record(
    org: Org,
    user_id: str,
    *,
    status: str,
    login_type: str,
    application: str,
    url: str,
    version: str = "",
    source: str = "127.0.0.1",
) -> None:
    """Write one LoginHistory row; a success also sets the user's LastLoginDate."""
    moment = stamp(org.now())
    row = {
        "UserId": user_id,
        "LoginTime": moment,
        "LoginType": login_type,
        "SourceIp": source,
        "LoginUrl": url,
        "Status": status,
        "Application": application or "N/A",
        "ApiType": "SOAP Partner" if login_type == SOAP_PARTNER else "N/A",
        "ApiVersion": version or "N/A",
        "ClientVersion": "N/A",
        "Browser": "Unknown",
        "Platform": "Unknown",
    }
    with org.transaction():
        org.put("LoginHistory", row)
        if status == SUCCESS:
            org.store.update("User", user_id, {"LastLoginDate": moment})
