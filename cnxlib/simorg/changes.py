"""What changed and how much there is: rows updated or deleted in a span of time, and the count of an object's rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from . import dml, values
from .calls import Answer, Call
from .errors import ApiError
from .schema import SObject

_LONGEST = timedelta(days=30)  # "no more than 30 days" (REST API, sObject Get Updated)


def updated(call: Call, name: str) -> Answer:
    """GET `sobjects/T/updated?start=&end=`: ids of the rows made or changed in that span, deleted ones left out."""
    each, start, end = _span(call, name)
    found = [row for row in _rows(call, each, start, end) if not (each.soft_delete and row["IsDeleted"])]
    return Answer(body={"ids": [row["Id"] for row in found], "latestDateCovered": end})


def deleted(call: Call, name: str) -> Answer:
    """GET `sobjects/T/deleted?start=&end=`: the rows that went to the recycle bin in that span."""
    each, start, end = _span(call, name)
    found = [row for row in _rows(call, each, start, end) if each.soft_delete and row["IsDeleted"]]
    rows = [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in found]
    first = min((row["deletedDate"] for row in rows), default=start)
    return Answer(body={"deletedRecords": rows, "earliestDateAvailable": first, "latestDateCovered": end})


def counts(call: Call) -> Answer:
    """GET `limits/recordCount?sObjects=A,B`: how many rows each has, of all objects where none is named.

    Objects that are not there are left out, and so are those whose rows cannot be counted (`UserEntityAccess`).
    """
    names = [name.strip() for name in call.params.get("sObjects", "").split(",") if name.strip()]
    wanted = [call.org.sobject(name) for name in names] if names else list(call.org.schema.objects.values())
    served = [each for each in wanted if each and each.served(call.tooling) and dml.readable(each, call.actor)]
    counted = [(each.name, _count(call, each)) for each in served]
    return Answer(body={"sObjects": [{"count": count, "name": name} for name, count in counted if count is not None]})


def _count(call: Call, each: SObject) -> int | None:
    try:
        return call.org.run_query(f"SELECT COUNT() FROM {each.name}", call.actor, tooling=call.tooling).total
    except ApiError:
        return None


def _span(call: Call, name: str) -> tuple[SObject, str, str]:
    """The object, and the span as the APIs write moments.

    Raises:
        ApiError: NOT_FOUND; INVALID_REPLICATION_DATE: no span of at most 30 days that begins before it ends.
    """
    each = dml.entity(call.org, name, call.actor, call.tooling)
    if each.view is not None or each.field("SystemModstamp") is None:
        raise ApiError("INVALID_REPLICATION_OBJECT", f"{each.name} is not replicable")  # [R: words]
    start, end = (_moment(call.params.get(part, ""), part) for part in ("start", "end"))
    if start >= end:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate before endDate is required")  # [R: words]
    if end - start > _LONGEST:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")  # [R: words]
    return each, values.datetime_text(start), values.datetime_text(end)


def _moment(text: str, part: str) -> datetime:
    try:
        # A plus sign that a client did not quote arrives as a space
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ApiError("MALFORMED_QUERY", f"{part}: no date and time: {text}") from None  # [R: words]
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rows(call: Call, each: SObject, start: str, end: str) -> list[dict[str, Any]]:
    fields = "Id, SystemModstamp" + (", IsDeleted" if each.soft_delete else "")
    text = f"SELECT {fields} FROM {each.name} WHERE SystemModstamp >= {start} AND SystemModstamp <= {end}"
    return call.org.run_query(text, call.actor, tooling=call.tooling, all_rows=True).records
