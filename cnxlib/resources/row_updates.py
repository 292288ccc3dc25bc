"""Rows brought up to date one by one: there are never many, and each is refused for a reason of its own.

Source: REST API, sObject Rows, PATCH.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnxlib.changes import Change
from cnxlib.engine import Done
from cnxlib.errors import CnxError
from cnxlib.rounds import Asking
from cnxlib.salesforce import Update


def update_each(sobject: str, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[dict[str, Done]]:
    """Write what the updates among `changes` change; returns what became of each, by the change's id.

    One that is refused keeps no other from being tried.

    Parameters
    ----------
    sobject:
        API name of the rows' object.
    changes:
        Of any op; only updates are carried out.
    ids:
        Salesforce ids of the rows, by the change's id.
    """
    done: dict[str, Done] = {}
    for change in changes:
        if change.op != "update":
            continue
        try:
            yield [Update(sobject, ids[change.id], change.after or {})]
            done[change.id] = Done()
        except CnxError as error:
            done[change.id] = Done(error=error)
    return done
