"""Queries at the REST and Tooling doors, and their further pages."""

from __future__ import annotations

import re
from typing import Any

from . import ids
from .calls import Answer, Call
from .errors import ApiError
from .soql import Result

MAX_BATCH, MIN_BATCH = 2000, 200
"""Rows a page: `Sforce-Query-Options: batchSize` may ask for less, down to 200."""

_CURSORS = 50
_LOCATOR = re.compile(r"(01g\w{15})-(\d+)")


def query(call: Call) -> Answer:
    """The rows of `q`, those in the recycle bin left out."""
    return _answer(call, all_rows=False)


def query_all(call: Call) -> Answer:
    """The rows of `q`, deleted ones too."""
    return _answer(call, all_rows=True)


def _answer(call: Call, all_rows: bool) -> Answer:
    text = call.params.get("q")
    if text is None:
        raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
    result = call.org.run_query(text, call.actor, tooling=call.tooling, all_rows=all_rows, version=call.version)
    if call.params.get("columns", "").lower() == "true":
        return Answer(body={"columnMetadata": result.columns, "entityName": result.entity, "totalSize": result.total})
    return Answer(body=_page(call, result, "", 0))


def more(call: Call, locator: str) -> Answer:
    """A further page.

    Raises:
        ApiError: INVALID_QUERY_LOCATOR: another user's, or one too old.
    """
    match = _LOCATOR.fullmatch(locator)
    result = call.org.cursors.get(match[1]) if match else None
    if match is None or result is None or result.user_id != call.actor.user_id or int(match[2]) >= len(result.records):
        raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(body=_page(call, result, match[1], int(match[2])))


def _page(call: Call, result: Result, cursor: str, start: int) -> dict[str, Any]:
    end = start + _batch_size(call)
    body: dict[str, Any] = {"totalSize": result.total, "done": end >= len(result.records)}
    if call.tooling:
        body |= {"size": result.total, "queryLocator": None, "entityTypeName": result.entity}
    if not body["done"]:
        body["nextRecordsUrl"] = f"{call.base}/query/{cursor or _keep(call, result)}-{end}"
    return {**body, "records": result.records[start:end]}


def _keep(call: Call, result: Result) -> str:
    """Keep a result for its further pages; the oldest is forgotten for it."""
    with call.org.lock:
        cursor = ids.record_id("01g", call.org.org_id, call.org.store.next_number("01g"))
        call.org.cursors[cursor] = result
        while len(call.org.cursors) > _CURSORS:
            del call.org.cursors[next(iter(call.org.cursors))]
    return cursor


def _batch_size(call: Call) -> int:
    match = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    return min(MAX_BATCH, max(MIN_BATCH, int(match[1]))) if match else MAX_BATCH
