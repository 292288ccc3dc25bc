"""Rows written many at a time, each reported for itself. What Salesforce could not lock is sent again, and no more.

A lock is told in the row's own result, while the rest of its batch is written (REST API, sObject Collections; status
code UNABLE_TO_LOCK_ROW).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnxlib.engine import Done
from cnxlib.errors import CnxError, NotFound, OrgUnreachable, Temporary
from cnxlib.rounds import Asking, Pause
from cnxlib.salesforce import DeleteRows, InsertRows
from cnxlib.salesforce.rows import row_error

_TRIES = 4
"""How often a row is sent that Salesforce could not lock, or whose answer was lost."""

Arrived = Callable[[Sequence[int]], Asking[Mapping[int, str]]]
"""Looks for the rows of these places in the org; returns the ids of those that are there."""


def insert_rows(
    sobject: str, rows: Sequence[Mapping[str, Any]], arrived: Arrived | None = None
) -> Asking[Sequence[Done]]:
    """Create up to 200 rows; returns what became of each, in their order.

    Parameters
    ----------
    sobject:
        API name of the rows' object.
    rows:
        Their columns and values.
    arrived:
        Finds rows that arrived though the answer was lost, so that the others are sent again; without it none is.
    """
    return _sent(len(rows), lambda places: InsertRows(sobject, [rows[place] for place in places]), arrived)


def delete_rows(ids: Sequence[str]) -> Asking[Sequence[Done]]:
    """Delete up to 200 rows by id; returns what became of each, in their order. One that is gone counts as deleted."""

    def none(places: Sequence[int]) -> Asking[Mapping[int, str]]:
        yield from ()
        return {}

    done = yield from _sent(len(ids), lambda places: DeleteRows([ids[place] for place in places]), none)
    return [Done() if isinstance(one.error, NotFound) else one for one in done]


def _sent(count: int, request: Callable[[Sequence[int]], Any], arrived: Arrived | None) -> Asking[Sequence[Done]]:
    done: dict[int, Done] = {}
    left: Sequence[int] = range(count)
    for attempt in range(1, _TRIES + 1):
        last = attempt == _TRIES
        try:
            (results,) = yield [request(left)]
        except CnxError as error:
            if last or arrived is None or not isinstance(error, OrgUnreachable | Temporary):
                done |= {place: Done(error=error) for place in left}
                break
            yield [Pause(attempt)]
            found = yield from arrived(left)
            done |= {place: Done(id) for place, id in found.items()}
            left = [place for place in left if place not in found]
        else:
            done |= {place: Done(one.id, row_error(one)) for place, one in zip(left, results, strict=True)}
            left = [place for place, one in zip(left, results, strict=True) if one.code == "UNABLE_TO_LOCK_ROW"]
            if left and not last:
                yield [Pause(attempt)]
        if not left:
            break
    return [done[place] for place in range(count)]
