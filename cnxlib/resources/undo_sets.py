"""How permission sets are taken back: one that others hold, or that was given more since, stays with all that is in it.

Source: Object Reference, PermissionSetAssignment; Metadata API, PermissionSet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnxlib.changes import Item
from cnxlib.errors import SalesforceError
from cnxlib.history import Given, PastStep
from cnxlib.resources.in_words import named
from cnxlib.resources.profile import ELEMENTS
from cnxlib.resources.undo import PASSING, Found, Going
from cnxlib.resources.undo_kinds import Rows
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, ReadMetadata, chunks, soql

_MOST_NAMED = 5

_TABS, _TYPES, _SYSTEM = "tabSettings", "recordTypeVisibilities", "userPermissions"
_KINDS = ("permission_set", *ELEMENTS, "tab_setting", "record_type")
_COMPARED = {_SYSTEM, _TABS, _TYPES, *(element for element, _, _ in ELEMENTS.values())}

Values = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What was given: by kind, key and name."""


class Sets(Rows):
    """Permission sets of the org's own, made or changed by the run."""

    def __init__(self) -> None:
        super().__init__("PermissionSet")

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read the sets, who holds those that the run made, and what is in them."""
        found = yield from super().observe(steps, going)
        made = {item.found: item for item in found.items if item.desired is None}
        going.sets |= {item.key for item in made.values()}
        ours = {item.found: item.id for item in going.items if item.kind == "assignment" and item.desired is None}
        first: dict[str, list[str]] = {}
        holders: dict[str, list[str]] = {}
        for row in (yield from _assignments(sorted(made))):
            if row["Id"] in ours:
                first.setdefault(row["PermissionSetId"], []).append(ours[row["Id"]])
            else:
                holders.setdefault(row["PermissionSetId"], []).append(row["Assignee"]["Username"])
        stays = {
            set_id: f"it was given to others since: {named(sorted(names), _MOST_NAMED)}"
            for set_id, names in holders.items()
        }
        stays |= yield from _given_more([item for id, item in made.items() if id not in stays], going.steps)
        items = [
            replace(item, requires=tuple(sorted(first.get(item.found, ())))) if item.desired is None else item
            for item in found.items
            if item.found not in stays
        ]
        left = [(_thing(made[id]), f"{why}; with it all stays that is in it") for id, why in sorted(stays.items())]
        return Found(tuple(items), (*found.left, *left))


def _assignments(sets: Sequence[str]) -> Asking[list[dict[str, Any]]]:
    select = "SELECT Id, PermissionSetId, Assignee.Username FROM PermissionSetAssignment WHERE PermissionSetId IN {}"
    answers = yield [Query(soql(select, list(part))) for part in chunks(sets)]
    return [row for rows in answers for row in rows]


def _given_more(sets: Sequence[Item], steps: Sequence[PastStep]) -> Asking[dict[str, str]]:
    """Why sets stay that hold more than runs gave them, by id.

    That readMetadata answers a set with all that it grants, and with nothing that comes of itself, is [R]: were it
    less, an addition would go with its set; were it more, the set stays and the reason says what is in the way.
    """
    if not sets:
        return {}
    try:
        by_runs, *components = yield [Given(_KINDS), *(ReadMetadata("PermissionSet", item.key) for item in sets)]
    except PASSING:
        raise
    except SalesforceError as error:
        return {item.found: f"what is in it cannot be compared: {error.message}" for item in sets}
    given = _with_steps(by_runs, steps)
    why = {}
    for item, component in zip(sets, components, strict=True):
        if component is None:
            why[item.found] = "it has another API name since, so that what is in it cannot be compared"
        elif more := list(_more_than(component, item.key, given)):
            why[item.found] = f"it was given more since: {named(more, _MOST_NAMED)}"
    return why


def _with_steps(by_runs: Values, steps: Sequence[PastStep]) -> Values:
    """What runs gave, and what the run did that is undone: its record may lie elsewhere."""
    given = {kind: dict(by_runs.get(kind, {})) for kind in _KINDS}
    for step in steps:
        if step.kind in given and step.op != "delete":
            granted = {name: value for name, value in (step.after or {}).items() if value}
            given[step.kind][step.key] = {**given[step.kind].get(step.key, {}), **granted}
    return given


def _more_than(component: Mapping[str, Any], name: str, given: Values) -> Iterator[str]:
    """What the set `name` grants that nobody of this runbook gave it, in words."""
    system = given["permission_set"].get(name, {})
    for part in component.get(_SYSTEM, ()):
        if part.get("enabled") and not system.get(f"Permissions{part['name']}"):
            yield f"the system permission {part['name']}"
    for kind, (element, called, columns) in ELEMENTS.items():
        of = {inside: column for column, inside in columns.items()}
        for part in component.get(element, ()):
            granted = [of.get(inside, inside) for inside, value in part.items() if value is True]
            ours = given[kind].get(f"{name}/{part[called]}", {})
            if more := sorted(column.removeprefix("Permissions") for column in granted if not ours.get(column)):
                yield f"{part[called]} ({', '.join(more)})"
    for part in component.get(_TABS, ()):
        if part.get("visibility") != "None" and f"{name}/{part['tab']}" not in given["tab_setting"]:
            yield f"the tab {part['tab']}"
    for part in component.get(_TYPES, ()):
        if part.get("visible") and f"{name}/{part['recordType']}" not in given["record_type"]:
            yield f"the record type {part['recordType']}"
    for element in sorted(component.keys() - _COMPARED):
        parts = component[element] if isinstance(component[element], list) else ()
        for part in (part for part in parts if isinstance(part, Mapping) and True in part.values()):
            yield f"{element} {next((value for value in part.values() if isinstance(value, str)), '')}".rstrip()


def _thing(item: Item) -> str:
    return f"{item.kind.replace('_', ' ')} {item.key} (created)"
