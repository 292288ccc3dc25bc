"""Permission set assignments: who is given which set, and from whom it is taken.

Source: Object Reference, PermissionSetAssignment. A duplicate counts as success.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.engine import Done
from cnxlib.errors import Duplicate, NotYet, ParameterError
from cnxlib.model import Change, Item, Observation
from cnxlib.resources.conexiom_sets import LABELS, conexiom_sets
from cnxlib.resources.permission_set import OWN_SET, api_name, set_id
from cnxlib.resources.user import find_users, user_id
from cnxlib.rounds import Asking
from cnxlib.salesforce import DeleteRows, InsertRows, Query, chunks, soql
from cnxlib.salesforce.rows import row_error


@dataclass(frozen=True)
class Wanted:
    """One assignment that should be there, or, with `present` False, should not."""

    username: str
    label: str
    """Label of the set: one of the four, or of one of the org's own."""
    guide: tuple[str, ...]
    present: bool = True
    after: tuple[str, ...] = ()
    """Ids of items that must come first."""


def assignment_id(username: str, label: str) -> str:
    """Id of an assignment's item, for `requires`."""
    return f"assignment:{username}/{label}"


class Assignments:
    """Assignments, two hundred a request, each reported for itself.

    Parameters
    ----------
    wanted:
        Reads what it must, and returns the assignments that this phase is about.
    makes:
        Labels of the sets and names of the users that the same phase creates: they may be missing still.
    parameter:
        Name of the phase's parameter to blame for a user who does not exist.
    """

    batch = 200

    def __init__(
        self, wanted: Callable[[], Asking[Sequence[Wanted]]], makes: Sequence[str] = (), parameter: str = ""
    ) -> None:
        self._wanted, self._makes, self._parameter = wanted, frozenset(makes), parameter
        self._sets: dict[str, str] = {}

    def observe(self) -> Asking[Observation]:
        """Find users, sets and the assignments between them."""
        wanted = yield from self._wanted()
        if not wanted:
            return Observation()
        users = yield from find_users(sorted({one.username for one in wanted}))
        self._sets = yield from _set_ids(sorted({one.label for one in wanted}))
        self._refuse_missing(wanted, users)
        held = yield from _held(sorted(users.values()), sorted(self._sets.values()))
        items = {}
        for one in wanted:
            item = self._item(one, users.get(one.username, ""), held)
            items[item.id] = item
        return Observation(tuple(items.values()))

    def _refuse_missing(self, wanted: Sequence[Wanted], users: Mapping[str, str]) -> None:
        labels = sorted({one.label for one in wanted} - self._sets.keys() - self._makes)
        if labels:
            raise NotYet(f"There is no permission set {', '.join(labels)} yet", phase="06_visibility", guide=("G6.2",))
        names = sorted({one.username for one in wanted} - users.keys() - self._makes)
        if names:
            raise ParameterError(
                f"{self._parameter}: there is no user {', '.join(names[:5])}",
                guide=sorted({step for one in wanted if one.username in names for step in one.guide}),
                hint="Check the spelling of the user name (Setup, Users).",
            )

    def _item(self, one: Wanted, user: str, held: Mapping[tuple[str, str], str]) -> Item:
        row = held.get((user, self._sets.get(one.label, "")), "")
        state: dict[str, Any] = {"user": one.username, "permission_set": one.label}
        return Item(
            "assignment",
            f"{one.username}/{one.label}",
            state if row else None,
            state if one.present else None,
            one.guide,
            requires=(user_id(one.username), set_id(api_name(one.label)), *one.after),
            found=row,
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Insert and delete in collections; a duplicate, made by another meanwhile, is as good as an insert."""
        done: dict[str, Done] = {}
        given = [change for change in changes if change.op == "create"]
        if given:
            users = yield from find_users(sorted({change.key.partition("/")[0] for change in given}))
            rows = []
            for change in given:
                username, _, label = change.key.partition("/")
                set_row = self._sets.get(label) or ids[set_id(api_name(label))]
                rows.append({"AssigneeId": users.get(username) or ids[user_id(username)], "PermissionSetId": set_row})
            (results,) = yield [InsertRows("PermissionSetAssignment", rows)]
            for change, result in zip(given, results, strict=True):
                error = row_error(result)
                done[change.id] = Done(result.id, None if isinstance(error, Duplicate) else error)
        taken = [change for change in changes if change.op == "delete"]
        if taken:
            (results,) = yield [DeleteRows([ids[change.id] for change in taken])]
            done.update({c.id: Done(error=row_error(result)) for c, result in zip(taken, results, strict=True)})
        return [done[change.id] for change in changes]


def _set_ids(labels: Sequence[str]) -> Asking[dict[str, str]]:
    """Ids by label of the sets that exist; the package's by label, the org's own by the API name it gives them."""
    found: dict[str, str] = {}
    if any(label in LABELS for label in labels):
        packaged = yield from conexiom_sets()
        found.update({label: packaged[label].id for label in labels if label in packaged})
    own = {api_name(label): label for label in labels if label not in LABELS}
    if own:
        (rows,) = yield [
            Query(soql(f"SELECT Id, Name FROM PermissionSet WHERE Name IN {{}} AND {OWN_SET}", sorted(own)))
        ]
        found.update({own[row["Name"]]: row["Id"] for row in rows if row["Name"] in own})
    return found


def _held(users: Sequence[str], sets: Sequence[str]) -> Asking[dict[tuple[str, str], str]]:
    """Ids of the assignments by (user, set)."""
    if not users or not sets:
        return {}
    select = (
        "SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment "
        "WHERE PermissionSetId IN {} AND AssigneeId IN {}"
    )
    answers = yield [Query(soql(select, list(sets), list(part))) for part in chunks(users)]
    return {(row["AssigneeId"], row["PermissionSetId"]): row["Id"] for rows in answers for row in rows}
