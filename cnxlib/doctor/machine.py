"""This machine: Python, packages, the secret store, the place of the records."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from cnxlib import __version__
from cnxlib.errors import SecretError
from cnxlib.model import Check
from cnxlib.secrets import SecretStore

OLDEST_PYTHON = (3, 11)
ROOM = 100 * 1024 * 1024
"""Bytes; a run's executed notebooks, with their pictures, take one or two MB."""

_SHOWN = ("simple-salesforce", "requests", "papermill", "ipykernel", "zeep")


def checks(records: Path) -> Sequence[Check]:
    """The checks that need neither inventory nor network; `records` is the folder of the run records."""
    return [_python(), _packages(), _store(), _records(records)]


def _python() -> Check:
    said = f"{platform.python_version()} at {sys.executable}, {platform.system()} {platform.release()}"
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Check("python", sys.version_info >= OLDEST_PYTHON, detail=said, hint=f"Install Python {wanted} or newer.")


def _packages() -> Check:
    missing = [name for name in _needed() if _version(name) is None]
    if missing:
        said, hint = f"missing: {', '.join(missing)}", "Install what requirements.lock names: py start.py check."
        return Check("packages", False, detail=said, hint=hint)
    said = ", ".join(f"{name} {_version(name)}" for name in _SHOWN)
    return Check("packages", True, detail=f"cnxlib {__version__}, {said}")


def _needed() -> list[str]:
    """The packages that this one needs in any case, by its own word."""
    try:
        requirements = importlib.metadata.requires("cnxlib") or []
    except importlib.metadata.PackageNotFoundError:  # run from a folder without being installed
        return list(_SHOWN)
    always = [one for one in requirements if "extra ==" not in one]
    return [found[0] for one in always if (found := re.match(r"[A-Za-z0-9._-]+", one))]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _store() -> Check:
    store = SecretStore()
    try:
        count = len(store.names())
    except SecretError as error:
        return Check("secret store", False, detail=error.message, hint=error.hint)
    kept = store.protection or "none yet, made when it is first used"
    return Check("secret store", True, detail=f"{count} secrets in {store.directory}, its key: {kept}")


def _records(root: Path) -> Check:
    """Without making anything: the folder, or the nearest above it that is there."""
    there = next((folder for folder in (root, *root.parents) if folder.exists()), root)
    hint = "Name a folder in CNX_RUNS that you may write to, with room."
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Check("records", False, detail=f"{root} cannot be written", hint=hint)
    free = shutil.disk_usage(there).free
    said = f"{root}, {free // 1024 // 1024:,} MB free"
    return Check("records", free >= ROOM, detail=said, hint=hint)
