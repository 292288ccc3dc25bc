"""Who changed what in Setup, as the org itself tells it.

Source: Object Reference, SetupAuditTrail (180 days).
"""

from __future__ import annotations

from datetime import UTC, datetime

from cnxlib.errors import NotPermitted
from cnxlib.model import Table
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query

MOST = 50
"""Changes that are shown."""


def setup_changes(since: str) -> Asking[tuple[Table, ...]]:
    """The newest changes since a time (ISO 8601), as a table; none where there are none, or they may not be read."""
    after = datetime.fromisoformat(since).astimezone(UTC)
    select = "SELECT CreatedDate, CreatedBy.Username, Section, Display FROM SetupAuditTrail"
    try:
        (rows,) = yield [
            Query(f"{select} WHERE CreatedDate > {after:%Y-%m-%dT%H:%M:%SZ} ORDER BY CreatedDate DESC LIMIT {MOST}")
        ]
    except NotPermitted:
        return ()
    told = tuple(
        (
            str(row["CreatedDate"]),
            str((row["CreatedBy"] or {}).get("Username", "Salesforce")),
            str(row["Section"] or ""),
            str(row["Display"] or ""),
        )
        for row in rows
    )
    title = f"Changed in Setup since {after:%Y-%m-%d %H:%M} UTC"
    return (Table(title, ("when", "who", "where", "what"), told),) if told else ()
