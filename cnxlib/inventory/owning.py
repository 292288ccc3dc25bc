"""Which secrets of the store an org's entry refers to, and which of them no other entry does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnxlib.inventory.reading import OrgEntry, read_inventory

_STORE = "age:"


def stored_secrets(entry: OrgEntry) -> set[str]:
    """Names of the secrets of the store that an entry refers to, in its login or its parameters."""
    return {text.removeprefix(_STORE) for text in _texts(entry.model_dump(mode="json")) if text.startswith(_STORE)}


def own_secrets(alias: str, path: Path | None = None) -> tuple[str, ...]:
    """Names of the secrets of the store to which the entry of `alias` refers and no other one; raises as it is read."""
    orgs = read_inventory(path)
    others = {name for other, entry in orgs.items() if other != alias for name in stored_secrets(entry)}
    return tuple(sorted(stored_secrets(orgs[alias]) - others)) if alias in orgs else ()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
