"""Permission set assignments: who is given which set, and from whom it is taken.

Source: Object Reference, PermissionSetAssignment. A duplicate counts as success, and so does taking away what is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import Duplicate, NotYet, ParameterError
from cnxlib.history import Made
from cnxlib.model import ManualStep, Observation
from cnxlib.resources.conexiom_sets import LABELS, ConexiomSet, conexiom_sets
from cnxlib.resources.in_words import named
from cnxlib.resources.permission_set import OWN_SET, api_name, set_id
from cnxlib.resources.row_batches import delete_rows, insert_rows
from cnxlib.resources.user import find_users, user_id
from cnxlib.rounds import Asking, together
from cnxlib.salesforce import Query, chunks, soql

_FOREIGN = "given_by_others"


@dataclass(frozen=True)
class Wanted:
    """One assignment that should be there, or, with `present` False, should not."""

    username: str
    label: str
    """Label of the set: one of the four, or of one of the org's own."""
    guide: tuple[str, ...]
    present: bool = True
    foreign: bool = False
    """Whether it may be taken away though others gave it."""
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
    url:
        Address of the org, for what is left to a person.
    """

    batch = 200

    def __init__(
        self,
        wanted: Callable[[], Asking[Sequence[Wanted]]],
        makes: Sequence[str] = (),
        parameter: str = "",
        url: str = "",
    ) -> None:
        self._wanted, self._makes, self._parameter, self._url = wanted, frozenset(makes), parameter, url
        self._sets: dict[str, str] = {}
        self._users: dict[str, str] = {}

    def observe(self) -> Asking[Observation]:
        """Find users, sets and the assignments between them. What others gave is left, and named to a person."""
        wanted = yield from self._wanted()
        if not wanted:
            return Observation()
        users, self._sets = yield from together(
            find_users(sorted({one.username for one in wanted})),
            _set_ids(sorted({one.label for one in wanted})),
        )
        self._users.update(users)
        self._refuse_missing(wanted, users)
        held = yield from _held(sorted(users.values()), sorted(self._sets.values()))
        (made,) = yield [Made("assignment")]
        items, foreign = {}, []
        for one in wanted:
            row = held.get((users.get(one.username, ""), self._sets.get(one.label, "")), "")
            others = bool(row) and made.get(f"{one.username}/{one.label}") != row
            if others and not one.present and not one.foreign:
                foreign.append(one)
            item = self._item(one, row, stays=one.present or one in foreign)
            items[item.id] = item
        taking = any(not one.present for one in wanted)
        return Observation(
            tuple(items.values()),
            (_left_to_others(foreign, self._url),) if foreign else (),
            done=(_FOREIGN,) if taking and not foreign else (),
        )

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

    def _item(self, one: Wanted, row: str, *, stays: bool) -> Item:
        state: dict[str, Any] = {"user": one.username, "permission_set": one.label}
        return Item(
            "assignment",
            f"{one.username}/{one.label}",
            state if row else None,
            state if stays else None,
            one.guide,
            requires=(user_id(one.username), set_id(api_name(one.label)), *one.after),
            found=row,
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Insert and delete in collections; a duplicate, made by another meanwhile, is as good as an insert."""
        done: dict[str, Done] = {}
        given = [change for change in changes if change.op == "create"]
        if given:
            results = yield from _insert([self._row(change.after or {}, ids) for change in given])
            for change, one in zip(given, results, strict=True):
                done[change.id] = Done(one.id) if isinstance(one.error, Duplicate) else one
        taken = [change for change in changes if change.op == "delete"]
        if taken:
            results = yield from delete_rows([ids[change.id] for change in taken])
            done |= {change.id: one for change, one in zip(taken, results, strict=True)}
        return [done[change.id] for change in changes]

    def _row(self, state: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, str]:
        username, label = state["user"], state["permission_set"]
        return {
            "AssigneeId": self._users.get(username) or ids[user_id(username)],
            "PermissionSetId": self._sets.get(label) or ids[set_id(api_name(label))],
        }


def _left_to_others(foreign: Sequence[Wanted], url: str) -> ManualStep:
    """What is asked to be taken away and was not given by this runbook."""
    pairs = named([f"{one.username} ({one.label})" for one in foreign])
    return ManualStep(
        _FOREIGN,
        tuple(dict.fromkeys(step for one in foreign for step in one.guide)),
        f"Take away by hand, where it is right, what this runbook did not give: {pairs}. "
        "Setup, Permission Sets, the set, Manage Assignments; or set remove_foreign and run again.",
        url=f"{url}/lightning/setup/PermSets/home",
        closed_by="decision",
        as_it_is=f"{pairs}, given by others",
    )


def _insert(rows: Sequence[Mapping[str, str]]) -> Asking[Sequence[Done]]:
    """Create assignments; where the answer was lost, those that are not there are sent again."""

    def arrived(places: Sequence[int]) -> Asking[Mapping[int, str]]:
        pairs = {place: (rows[place]["AssigneeId"], rows[place]["PermissionSetId"]) for place in places}
        held = yield from _held(sorted({user for user, _ in pairs.values()}), sorted({of for _, of in pairs.values()}))
        return {place: held[pair] for place, pair in pairs.items() if pair in held}

    return insert_rows("PermissionSetAssignment", rows, arrived)


def _set_ids(labels: Sequence[str]) -> Asking[dict[str, str]]:
    """Ids by label of the sets that exist; the package's by label, the org's own by the API name it gives them."""
    own = {api_name(label): label for label in labels if label not in LABELS}
    packaged, rows = yield from together(_packaged(labels), _own(sorted(own)))
    found = {label: packaged[label].id for label in labels if label in packaged}
    return {**found, **{own[row["Name"]]: row["Id"] for row in rows if row["Name"] in own}}


def _packaged(labels: Sequence[str]) -> Asking[dict[str, ConexiomSet]]:
    return (yield from conexiom_sets()) if any(label in LABELS for label in labels) else {}


def _own(names: Sequence[str]) -> Asking[list[dict[str, Any]]]:
    query = Query(soql(f"SELECT Id, Name FROM PermissionSet WHERE Name IN {{}} AND {OWN_SET}", list(names)))
    answers = (yield [query]) if names else [[]]
    rows: list[dict[str, Any]] = answers[0]
    return rows


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
