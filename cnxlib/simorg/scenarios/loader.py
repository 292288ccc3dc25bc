"""Scenario files: found by name, laid over the one they extend, with the org's alias filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ..schema import Loader
from .flags import Flags


@dataclass(frozen=True)
class Scenario:
    """One scenario for one org; the attributes are the sections of its file (fresh.yaml shows them all)."""

    name: str
    about: str = ""
    flags: Flags = field(default_factory=Flags)
    package: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    organization: Mapping[str, Any] = field(default_factory=dict)
    licenses: Mapping[str, Any] = field(default_factory=dict)
    permission_set_licenses: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, Any] = field(default_factory=dict)
    users: tuple[Mapping[str, Any], ...] = ()
    accounts: tuple[Mapping[str, Any], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


def names() -> list[str]:
    """The scenarios there are."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in files(__package__).iterdir() if entry.name.endswith(".yaml")
    )


def load(name: str, alias: str) -> Scenario:
    """The scenario `name` for the org `alias`: `{alias}` in its texts is filled in.

    Raises:
        ValueError: there is no such scenario.
    """
    raw = _raw(name)
    flags = Flags(**raw.pop("flags", {}))
    filled = _fill(raw, alias)
    return Scenario(
        name=name,
        flags=flags,
        users=tuple(filled.pop("users", ())),
        accounts=tuple(filled.pop("accounts", ())),
        **filled,
    )


def admin_username(name: str, alias: str) -> str:
    """The username of the scenario's administrator, its first user.

    Raises:
        ValueError: there is no such scenario.
    """
    return username(load(name, alias).users[0], alias)


def username(user: Mapping[str, Any], alias: str) -> str:
    """The username of a scenario's user in the org `alias`: no two orgs of a process have the same."""
    return f"{user['name']}@{alias}.example"


def _raw(name: str) -> dict[str, Any]:
    if name not in names():
        raise ValueError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    raw = dict(_file(name))
    return _laid_over(_raw(raw.pop("extends")), raw) if "extends" in raw else raw


@cache
def _file(name: str) -> Mapping[str, Any]:
    raw: Mapping[str, Any] = yaml.load(files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"), Loader)
    return raw


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with what `above` says in its place: mappings are merged, null takes a key away, the rest replaces."""
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _laid_over(merged[key], value)
        else:
            merged[key] = value
    return merged


def _fill(value: Any, alias: str) -> Any:
    if isinstance(value, str):
        return value.replace("{alias}", alias)
    if isinstance(value, Mapping):
        return {key: _fill(item, alias) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, alias) for item in value]
    return value
