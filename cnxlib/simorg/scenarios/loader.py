"""Scenario files: found by name, laid over the one they extend, with the org's alias filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from .. import packages
from ..orgs import domain
from ..schema import Loader
from . import crowd
from .flags import Flags


@dataclass(frozen=True)
class Scenario:
    """One scenario for one org; the attributes are the sections of its file (fresh.yaml and converged.yaml show them).

    Attributes:
        login: the user whose login the inventory holds; the first one where it says nothing.
    """

    name: str
    about: str = ""
    login: str = ""
    flags: Flags = field(default_factory=Flags)
    package: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    organization: Mapping[str, Any] = field(default_factory=dict)
    licenses: Mapping[str, Any] = field(default_factory=dict)
    permission_set_licenses: Mapping[str, Any] = field(default_factory=dict)
    business_processes: Mapping[str, Any] = field(default_factory=dict)
    record_types: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, Any] = field(default_factory=dict)
    permission_sets: Mapping[str, Any] = field(default_factory=dict)
    permission_set_groups: Mapping[str, Any] = field(default_factory=dict)
    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    crowd: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    connected_apps: Mapping[str, Any] = field(default_factory=dict)
    accounts: tuple[Mapping[str, Any], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def everybody(self) -> dict[str, Mapping[str, Any]]:
        """The users one by one, those of the crowd too."""
        return {**self.users, **crowd.users(self.crowd)}


def names() -> list[str]:
    """The scenarios there are."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in files(__package__).iterdir() if entry.name.endswith(".yaml")
    )


def load(name: str, alias: str) -> Scenario:
    """The scenario `name` for the org `alias`: `{alias}` and the package's `{namespace}` in its texts are filled in.

    Raises:
        ValueError: there is no such scenario.
    """
    raw = _raw(name)
    flags = Flags(**raw.pop("flags", {}))
    filled = _fill(raw, {"{alias}": alias, "{namespace}": packages.catalogue()["package"]["NamespacePrefix"]})
    return Scenario(name=name, flags=flags, accounts=tuple(filled.pop("accounts", ())), **filled)


def login_username(name: str, alias: str) -> str:
    """The username of who logs in to an org of the scenario.

    Raises:
        ValueError: there is no such scenario.
    """
    scenario = load(name, alias)
    return username(scenario.login or next(iter(scenario.users)), alias)


def username(user: str, alias: str) -> str:
    """The username of a scenario's user in the org `alias`: no two orgs of a process have the same."""
    return f"{user}@{domain(alias)}"


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


def _fill(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for mark, word in words.items():
            value = value.replace(mark, word)
        return value
    if isinstance(value, Mapping):
        return {_fill(key, words): _fill(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, words) for item in value]
    return value
