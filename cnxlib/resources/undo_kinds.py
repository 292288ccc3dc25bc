"""How each kind of thing that a run makes or changes is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import CnxError, NotFound, NotYet, ParameterError
from cnxlib.history import PastStep
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.row_batches import delete_rows
from cnxlib.resources.row_updates import update_each
from cnxlib.resources.undo import Found, Going, said
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, Update, chunks, soql

GONE_FOR_GOOD = "it stays as it is: Salesforce does not let it be taken back"
CHANGED = "it was changed since: it is now {}"
MADE_AGAIN = "what a run removed is made again by applying its phase"


def deletion(step: PastStep, found: str = "", requires: tuple[str, ...] = ()) -> Item:
    """The item of a thing that the run created, is still there, and goes."""
    return Item(step.kind, step.key, step.after or {}, None, step.guide, requires=requires, found=found)


def put_back(step: PastStep, now: Mapping[str, Any]) -> Found:
    """A thing that the run changed, property by property: what still holds the run's value gets the one from before."""
    before, after = step.before or {}, step.after or {}
    ours = {name: now.get(name) for name in after if now.get(name) in (after[name], before.get(name))}
    moved = [f"{name} {now.get(name)}" for name in after if name not in ours]
    items = (Item(step.kind, step.key, ours, {name: before.get(name) for name in ours}, step.guide, found=step.id),)
    left = ((said(step), CHANGED.format(", ".join(moved))),) if moved else ()
    return Found(items if ours else (), left)


def removed(steps: Sequence[PastStep]) -> Found:
    """Things that the run removed: no undoing makes them again, and what is there in their place is not the run's."""
    return Found(left=tuple((said(step), MADE_AGAIN) for step in steps if step.op == "delete"))


def together(found: Sequence[Found]) -> Found:
    """One after the other."""
    return Found(
        tuple(item for one in found for item in one.items),
        tuple(line for one in found for line in one.left),
        tuple(step for one in found for step in one.manual),
    )


def read_rows(sobject: str, ids: Sequence[str], columns: Sequence[str] = ()) -> Asking[dict[str, Mapping[str, Any]]]:
    """Rows by id, of those that are there still; two hundred a query."""
    if not ids:
        return {}
    select = f"SELECT {', '.join(('Id', *columns))} FROM {sobject} WHERE Id IN {{}}"
    answers = yield [Query(soql(select, list(part))) for part in chunks(sorted(set(ids)))]
    return {str(row["Id"]): row for rows in answers for row in rows}


class Rows:
    """Things that are rows of one object, known by their ids. What the run deleted is not made again.

    Parameters
    ----------
    sobject:
        API name of the object.
    below_a_set:
        Whether they hang below a permission set, with which they come and go.
    """

    def __init__(self, sobject: str, *, below_a_set: bool = False) -> None:
        self._sobject, self._below_a_set = sobject, below_a_set

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read the rows by their ids."""
        if self._below_a_set:
            steps = [step for step in steps if step.key.partition("/")[0] not in going.sets]
        made = [step.id for step in steps if step.op == "create" and step.id]
        changed = [step for step in steps if step.op == "update" and step.id and step.reversible]
        columns = sorted({name for step in changed for name in step.after or {}})
        there = yield from read_rows(self._sobject, made)
        rows = yield from read_rows(self._sobject, [step.id for step in changed], columns)
        return together([self._found(step, there, rows) for step in steps])

    def _found(self, step: PastStep, there: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Found:
        if step.op == "delete":
            return removed([step])
        if step.op == "update" and not step.reversible:
            return Found(left=((said(step), GONE_FOR_GOOD),))
        if step.op == "update":
            return put_back(step, rows[step.id]) if step.id in rows else Found()
        return Found((deletion(step, step.id),)) if step.id in there else Found()

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Delete in collections, put values back one by one."""
        done: dict[str, Done] = {}
        taken = [change for change in changes if change.op == "delete"]
        for part in chunks(taken):
            results = yield from delete_rows([ids[change.id] for change in part])
            done |= {change.id: one for change, one in zip(part, results, strict=True)}
        done |= yield from update_each(self._sobject, changes, ids)
        return [done[change.id] for change in changes]


class GivenAndTaken(Rows):
    """Permission set assignments: those that were given are taken, those that were taken are given again."""

    def __init__(self) -> None:
        super().__init__("PermissionSetAssignment")
        self._giving: Assignments | None = None

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read the rows that were made, and whether what was removed is there again."""
        made = yield from super().observe([step for step in steps if step.op != "delete"], going)
        removed = [step for step in steps if step.op == "delete"]
        if not removed:
            return made
        wanted = [Wanted(*_who_and_what(step), step.guide) for step in removed]
        self._giving = Assignments(lambda: _known(wanted), parameter="run_id")
        try:
            again = yield from self._giving.observe()
        except (ParameterError, NotYet) as error:
            why = f"it cannot be given again: {error.message}"
            return together([made, Found(left=tuple((said(step), why) for step in removed))])
        return together([made, Found(again.items)])

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Give and take in collections."""
        given = [change for change in changes if change.op == "create"]
        taken = [change for change in changes if change.op != "create"]
        results = yield from super().apply(taken, ids)
        done = dict(zip([change.id for change in taken], results, strict=True))
        if given and self._giving is not None:
            results = yield from self._giving.apply(given, ids)
            done |= dict(zip([change.id for change in given], results, strict=True))
        return [done[change.id] for change in changes]


def _who_and_what(step: PastStep) -> tuple[str, str]:
    username, _, label = step.key.partition("/")
    return username, label


def _known(wanted: Sequence[Wanted]) -> Asking[Sequence[Wanted]]:
    yield from ()
    return wanted


class Users(Rows):
    """Users: one that the run created is deactivated, for Salesforce deletes none."""

    def __init__(self) -> None:
        super().__init__("User")

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read which of them are active, and which profile they have."""
        rows = yield from read_rows("User", [step.id for step in steps if step.id], ("IsActive", "Profile.Name"))
        found = []
        for step in (step for step in steps if step.id in rows):
            row = rows[step.id]
            now = {"IsActive": bool(row["IsActive"]), "Profile": (row["Profile"] or {}).get("Name", "")}
            if step.op == "create":
                now.pop("Profile")
                item = Item(step.kind, step.key, now, {"IsActive": False}, step.guide, found=step.id)
                found.append(Found((item,), ((said(step), "Salesforce deletes no user: it is deactivated instead"),)))
            else:
                found.append(put_back(step, now))
        return together(found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Deactivate them, or put back what they were: a profile by its name."""
        done = []
        for change in changes:
            values = dict(change.after or {})
            try:
                if "Profile" in values:
                    values["ProfileId"] = yield from _profile_id(values.pop("Profile"))
                yield [Update("User", ids[change.id], values)]
                done.append(Done())
            except CnxError as error:
                done.append(Done(error=error))
        return done


def _profile_id(name: str) -> Asking[str]:
    (rows,) = yield [Query(soql("SELECT Id FROM Profile WHERE Name = {}", name))]
    if not rows:
        raise NotFound(f"There is no profile {name} any more", hint="Give the user another one: Setup, Users, Edit.")
    return str(rows[0]["Id"])


class Seats(Rows):
    """Permission set licences: taken after the sets that need them."""

    def __init__(self) -> None:
        super().__init__("PermissionSetLicenseAssign")

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read the rows that were made."""
        found = yield from super().observe(steps, going)
        first = [item for item in going.items if item.kind == "assignment"]
        return Found(tuple(replace(item, requires=_of_same_user(item, first)) for item in found.items), found.left)


def _of_same_user(item: Item, assignments: Sequence[Item]) -> tuple[str, ...]:
    user = item.key.partition("/")[0]
    return tuple(other.id for other in assignments if other.key.partition("/")[0] == user)


class Stays:
    """What no run can take back.

    Parameters
    ----------
    why:
        Why not.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Name it."""
        yield from ()
        return Found(left=tuple((said(step), self._why) for step in steps))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """There is never anything to apply."""
        yield from ()
        return [Done() for _ in changes]
