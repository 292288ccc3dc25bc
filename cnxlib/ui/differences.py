"""Differences between an org and the guide as people read them: what, before → after, why, for good or not, by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.changes import Change, State
from cnxlib.model import Check
from cnxlib.ui.guide import reasons
from cnxlib.ui.setup_pages import install_page, page_of
from cnxlib.ui.view import Badge, Cell, Grid, Link, Part, Small

MOST_VALUES = 4
"""Values of a list that are shown; the others are counted."""

MOST_LINES = 12
"""Properties of one thing that are shown; the others are counted."""

_OPS = {"create": "+ create", "update": "~ change", "delete": "− remove"}

_KINDS = {
    "field_permissions": "field access",
    "object_permissions": "object access",
    "permission_set_licence": "permission set licence",
    "tab_setting": "tab",
}
"""Kinds whose names are not words that people use."""

_HELD = ("assignment", "permission_set_licence")
"""Kinds whose key is "who/what": they are held, or not, and have nothing else to tell."""

_WITHIN = ("field_permissions", "object_permissions", "record_type", "tab_setting")
"""Kinds whose key is "permission set/what"."""

_NAMES = {
    "PermissionsApexRestServices": "Apex REST Services",
    "PermissionsApiEnabled": "API Enabled",
    "PermissionsApiUserOnly": "API Only User",
    "callbackUrl": "Callback URL",
    "contactEmail": "Contact e-mail",
    "IsActive": "Active",
    "LicenseId": "Licence",
    "UserLicense": "User licence",
}
"""Properties as Setup words them, where their own names do not say it."""

_VALUES = {
    ("setting", "value", True): "on",
    ("setting", "value", False): "off",
    ("record_type", "visible", True): "assigned",
    ("record_type", "visible", False): "not assigned",
    ("tab_setting", "Visibility", "DefaultOn"): "Available and Visible",
    ("tab_setting", "Visibility", "DefaultOff"): "Available",
}
"""Values as Setup words them (salesforce: PermissionSetTabSetting)."""

_BARE = {("setting", "value"), ("record_type", "visible"), ("tab_setting", "Visibility"), ("password", "password")}
"""Properties that go without saying: the thing has no other."""


def changes_grid(
    changes: Sequence[Change], title: str = "", *, url: str = "", checks: Sequence[Check] = ()
) -> Grid | None:
    """The changes as a table, None where there are none.

    Parameters
    ----------
    changes:
        In the plan's order.
    title:
        Above the table.
    url:
        The org's address, for the links to its Setup; "" where it is not known.
    checks:
        The phase's: they may tell the link to install by hand.
    """
    if not changes:
        return None
    rows = [
        (
            [_OPS[change.op], thing_words(change.kind, change.key)],
            before_after(change),
            reasons(change.guide),
            _reversible(change),
            by_hand(change.kind, change.key, url, checks),
        )
        for change in changes
    ]
    columns = ("Change", "Before → after", "Why", "Reversible", "By hand")
    return Grid(columns, tuple(rows), title, widths=(26, 25, 23, 12, 14))


def step_words(step: Mapping[str, Any]) -> str:
    """What a change or a step (in its published shape) does, such as "+ create user ann@acme.example"."""
    return f"{_OPS[step['op']]} {thing_words(step['kind'], step['key'])}"


def by_hand(kind: str, key: str, url: str, checks: Sequence[Check] = ()) -> list[Part]:
    """The page of Setup where a person makes a change, empty where none is known; parameters as for `changes_grid`."""
    page = (install_page(checks) if kind == "package" else None) or page_of(kind, key)
    if page is None:
        return []
    address = page.address(url)
    link: Part = Link(page.name, address) if address else page.name
    return [Small("Setup →"), link] if "/setup/" in page.path else [link]


def thing_words(kind: str, key: str) -> str:
    """A thing as people call it, such as "object access Case in Conexiom_Integration_User"."""
    owner, slash, what = key.partition("/")
    if slash and kind in _HELD:
        return f"{kind_words(kind)} {what} to {owner}"
    if slash and kind in _WITHIN:
        return f"{kind_words(kind)} {what} in {owner}"
    return f"{kind_words(kind)} {key}"


def kind_words(kind: str) -> str:
    """A kind as people call it: "object_permissions" is "object access"."""
    return _KINDS.get(kind, kind.replace("_", " "))


def before_after(change: Change) -> list[str]:
    """What becomes of each property, one a line."""
    before: State = change.before or {}
    after: State = change.after or {}

    def lines(state: State) -> list[str]:
        said = [_said(change.kind, name, _value(change.kind, name, value)) for name, value in state.items()]
        return _folded(said)

    match change.op:
        case "create" | "delete" if change.kind in _HELD:
            return ["not held → held" if change.op == "create" else "held → not held"]
        case "create":
            return ["not there →", *lines(after)]
        case "delete":
            return [*lines(before), "→ not there"]
    moved = (
        (name, f"{_value(change.kind, name, before.get(name))} → {_value(change.kind, name, value)}")
        for name, value in after.items()
    )
    return _folded([_said(change.kind, name, text) for name, text in moved])


def shown(value: Any) -> str:
    """A JSON value as people write it; of a long list the first values and how many more there are."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(item)}" for name, item in value.items()) or "(empty)"
    if isinstance(value, list | tuple):
        first = ", ".join(shown(item) for item in value[:MOST_VALUES])
        more = len(value) - MOST_VALUES
        return (f"{first} and {more} more" if more > 0 else first) or "(empty)"
    return str(value) or "(empty)"


def property_words(name: str) -> str:
    """A property's name as Setup words it, roughly: "PermissionsRead" is "Read"."""
    if name in _NAMES:
        return _NAMES[name]
    bare = re.sub(r"^Permissions(?=[A-Z])", "", name)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare).replace("_", " ")
    return words[:1].upper() + words[1:]


def _reversible(change: Change) -> Cell:
    if change.kind == "package" and change.op == "create":
        return ["by uninstalling", Small("undo with --include-package; its data goes with it")]
    return "yes" if change.reversible else Badge("no: for good", "warn")


def _value(kind: str, name: str, value: Any) -> str:
    known = _VALUES.get((kind, name, value)) if isinstance(value, bool | str) else None
    return known or shown(value)


def _said(kind: str, name: str, text: str) -> str:
    return text if (kind, name) in _BARE else f"{property_words(name)}: {text}"


def _folded(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"… and {more} more properties"] if more > 0 else lines
