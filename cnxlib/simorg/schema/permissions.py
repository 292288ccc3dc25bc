"""The system permissions a profile or permission set can grant: read from permissions.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Permission:
    """A system permission: its label, and the ones that must be granted with it."""

    name: str
    label: str
    requires: tuple[str, ...] = ()


def _load() -> dict[str, Permission]:
    """The permissions by metadata name (``ApiEnabled``; the column is ``PermissionsApiEnabled``)."""
    text = (files(__package__) / "permissions.yaml").read_text(encoding="utf-8")
    found = {}
    for name, description in yaml.load(text, Loader=_Loader).items():
        label, _, requires = str(description).partition("<-")
        found[name] = Permission(name, label.strip(), tuple(requires.split()))
    return found


PERMISSIONS = _load()
