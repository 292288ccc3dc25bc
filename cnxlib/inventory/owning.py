"""Which secrets of the store an org's entry refers to, and which of them no other entry does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cnxlib.inventory.reading import OrgEntry, inventory_path, read_inventory

_STORE = "age:"
_MADE = re.compile(r"00D\w{12}(?:\w{3})?/")
"""How the name of a secret begins that the runbook made in an org: it is found by that name, without a reference."""


def stored_secrets(entry: OrgEntry) -> set[str]:
    """Names of the secrets of the store that an entry refers to, in its login or its parameters."""
    return {text.removeprefix(_STORE) for text in _texts(entry.model_dump(mode="json")) if text.startswith(_STORE)}


def own_secrets(alias: str, path: Path | None = None) -> tuple[str, ...]:
    """Names of the secrets of the store to which the entry of `alias` refers and no other one; raises as it is read.

    What the runbook made in an org is never among them.
    """
    orgs = read_inventory(path)
    referred = {name for name in stored_secrets(orgs[alias]) if not _MADE.match(name)} if alias in orgs else set[str]()
    return tuple(sorted(referred - _of_others(orgs, alias)))


def used_by_others(alias: str, names: Iterable[str], path: Path | None = None) -> tuple[str, ...]:
    """Those of the names to which another org's entry refers: who stores such a one anew changes that org's login."""
    path = path or inventory_path()
    return tuple(sorted(_of_others(read_inventory(path), alias).intersection(names))) if path.exists() else ()


def _of_others(orgs: Mapping[str, OrgEntry], alias: str) -> set[str]:
    return {name for other, entry in orgs.items() if other != alias for name in stored_secrets(entry)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
