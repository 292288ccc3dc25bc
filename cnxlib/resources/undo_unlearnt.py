"""What a run began and never learnt the end of: looked for, named where it may be there, and never taken away.

The run was cut off, or the answer to a write was lost; what is there now may be another's. Only a row that another run
says it made, by its id, is known to be that run's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cnxlib.changes import Item
from cnxlib.errors import LimitExceeded, SalesforceError, SessionExpired, Temporary
from cnxlib.history import Made, PastStep
from cnxlib.model import ManualStep
from cnxlib.resources.permission_set import OWN_SET, api_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql
from cnxlib.salesforce.soql import in_lists

Row = Mapping[str, Any]

_RIGHTS_PAGE = "Permission Sets, or Profiles → Object Settings"
_BY_HAND = {
    "assignment": ("take it away", "Permission Sets → the set → Manage Assignments"),
    "connected_app": ("delete it", "App Manager"),
    "external_client_app": ("delete it", "External Client App Manager"),
    "field_permissions": ("take it away", _RIGHTS_PAGE),
    "object_permissions": ("take it away", _RIGHTS_PAGE),
    "package": ("uninstall it", "Installed Packages"),
    "permission_set": ("delete it", "Permission Sets"),
    "permission_set_licence": ("take it away", "Users → the user → Permission Set License Assignments"),
    "profile": ("delete it", "Profiles"),
    "record_type": ("take it away", _RIGHTS_PAGE),
    "setting": ("switch it back", "its page"),
    "tab_setting": ("take it away", _RIGHTS_PAGE),
    "user": ("deactivate the user", "Users"),
}
"""What a person does about a thing that was made, and where in Setup, by kind."""


class Seen(Protocol):
    """What of a thing is there, as its kind finds it (`cnxlib.resources.undo.Found`)."""

    @property
    def items(self) -> tuple[Item, ...]:
        """What could be taken back."""
        ...

    @property
    def left(self) -> tuple[tuple[str, str], ...]:
        """What could not be: (what, why)."""
        ...

    @property
    def manual(self) -> tuple[ManualStep, ...]:
        """What a person would have to take back."""
        ...


@dataclass(frozen=True)
class _Rows:
    """How things that are rows are found by their keys.

    Parameters
    ----------
    select:
        SOQL; each {} stands for the list of what is asked for.
    asked:
        What of a key is asked for.
    spelt:
        The keys that a row stands for.
    """

    select: str
    asked: Callable[[str], str]
    spelt: Callable[[Row], Collection[str]]


def _whole(key: str) -> str:
    return key


def _first(key: str) -> str:
    return key.partition("/")[0]


def _rights(sobject: str, column: str) -> _Rows:
    """Rows below a permission set, or below the one that a profile owns."""

    def spelt(row: Row) -> Collection[str]:
        parent = row["Parent"]
        return {f"{name}/{row[column]}" for name in (parent["Name"], (parent["Profile"] or {}).get("Name")) if name}

    select = f"SELECT Id, {column}, Parent.Name, Parent.Profile.Name FROM {sobject} "
    return _Rows(select + "WHERE Parent.Name IN {} OR Parent.Profile.Name IN {}", _first, spelt)


_ROWS = {
    "assignment": _Rows(
        "SELECT Id, Assignee.Username, PermissionSet.Label, PermissionSet.Name FROM PermissionSetAssignment "
        "WHERE PermissionSet.IsOwnedByProfile = false AND Assignee.Username IN {}",
        _first,
        lambda row: {f"{row['Assignee']['Username']}/{row['PermissionSet'][name]}" for name in ("Label", "Name")},
    ),
    "field_permissions": _rights("FieldPermissions", "Field"),
    "object_permissions": _rights("ObjectPermissions", "SobjectType"),
    "permission_set": _Rows(
        f"SELECT Id, Name FROM PermissionSet WHERE {OWN_SET} AND Name IN {{}}", _whole, lambda row: {row["Name"]}
    ),
    "permission_set_licence": _Rows(
        "SELECT Id, Assignee.Username, PermissionSetLicense.DeveloperName FROM PermissionSetLicenseAssign "
        "WHERE Assignee.Username IN {}",
        _first,
        lambda row: {f"{row['Assignee']['Username']}/{row['PermissionSetLicense']['DeveloperName']}"},
    ),
    "profile": _Rows("SELECT Id, Name FROM Profile WHERE Name IN {}", _whole, lambda row: {row["Name"]}),
    "tab_setting": _rights("PermissionSetTabSetting", "Name"),
    "user": _Rows("SELECT Id, Username FROM User WHERE Username IN {}", _whole, lambda row: {row["Username"]}),
}
"""Kinds that are found by their keys; the others look for themselves."""


def how_it_ended(step: PastStep) -> str:
    """Why nobody knows whether the step was done."""
    if step.error:
        return f"its end was not learnt ({step.error.rstrip('. ')})"
    return "the run was cut off while it was at it"


def may_be_there(
    kind: str, steps: Sequence[PastStep], look: Callable[[Sequence[PastStep]], Asking[Seen]]
) -> Asking[list[tuple[PastStep, str]]]:
    """Those of the steps whose thing is there now, or may be: each with the reason, and what a person does about it.

    Parameters
    ----------
    kind:
        The steps' kind.
    steps:
        At most one of them a thing.
    look:
        How the kind itself looks at what a step did.
    """
    made = [step for step in steps if step.op == "create"] if kind in _ROWS else []
    named = (yield from _by_key(kind, made)) if made else []
    for step in (step for step in steps if not made or step.op != "create"):
        if step.op == "delete":
            named.append((step, f"{how_it_ended(step)}; what is gone is made again by applying its phase"))
            continue
        seen = yield from look([step])
        there = any(step.op == "create" or item.change() for item in seen.items) or bool(seen.manual)
        if there or (seen.left and step.op == "create" and kind in _BY_HAND):
            named.append((step, _is_there(step)))
        elif seen.left:
            named.append((step, f"{how_it_ended(step)}; {'; '.join(why for _, why in seen.left)}"))
    return named


def _is_there(step: PastStep) -> str:
    verb, page = _BY_HAND[step.kind]
    if step.op == "update":
        verb = "put back " + ", ".join(f"{name} {value}" for name, value in (step.before or {}).items())
    return (
        f"{how_it_ended(step)}; it is there now, by this run's doing or by another's, and so it stays. Look at it, and "
        f"where nobody needs it, {verb}: Setup → {page}"
    )


def _by_key(kind: str, steps: Sequence[PastStep]) -> Asking[list[tuple[PastStep, str]]]:
    rows = _ROWS[kind]
    asked = sorted({rows.asked(step.key) for step in steps})
    holes = rows.select.count("{}")
    queries = [Query(soql(rows.select, *[list(part)] * holes)) for part in in_lists(asked, 200 // holes**2)]
    try:
        made, *answers = yield [Made(kind), *queries]
    except (LimitExceeded, SessionExpired, Temporary):
        raise
    except SalesforceError as error:
        return [(step, f"{how_it_ended(step)}; Salesforce does not show it: {error.message}") for step in steps]
    there = {key.casefold(): str(row["Id"]) for found in answers for row in found for key in rows.spelt(row)}
    ids = [there.get(step.key.casefold()) or there.get(_by_api_name(step.key)) for step in steps]
    # One that another run says it made is that run's, and goes with it.
    return [(step, _is_there(step)) for step, id in zip(steps, ids, strict=True) if id and id != made.get(step.key)]


def _by_api_name(key: str) -> str:
    """An assignment's key with the set's API name in the place of its label."""
    owner, _, label = key.partition("/")
    return f"{owner}/{api_name(label)}".casefold()
