"""Which org a notebook begins with: the one that was named, else the one that was worked with last."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnxlib.inventory import inventory_path
from cnxlib.phases.base import PhaseParams
from cnxlib.records import runs_root

_DEFAULT = str(PhaseParams.model_fields["org"].default)

_SERVER = "JPY_PARENT_PID"
"""The environment variable by which a kernel knows the Jupyter server that started it (jupyter_client)."""


@dataclass(frozen=True)
class _Last:
    alias: str
    server: str


def first_org(given: str, known: Sequence[str] = ()) -> str:
    """The org of the `parameters` cell; where that was left alone, the one that a person is about to work with.

    That is the org that was looked at last, in a notebook of this JupyterLab; else what `cnx lab --org` named
    ($CNX_ORG); else the last one of any; else the parameters' default; else the first there is.

    Parameters
    ----------
    given:
        As the `parameters` cell has it.
    known:
        Aliases of the inventory: with a person before the notebook one of them is taken, where there are any. Without
        them, in batch, nothing is guessed.
    """
    named = os.environ.get("CNX_ORG", "")
    if given != _DEFAULT:
        return given
    if not known:
        return named or given
    last = _last()
    if last is not None and last.alias in known and (not named or last.server == os.environ.get(_SERVER, "")):
        return last.alias
    return next((alias for alias in (named, given) if alias in known), known[0])


def remember(alias: str) -> None:
    """Have the other notebooks begin with this org too. What cannot be written is not remembered."""
    content = {"inventory": str(inventory_path()), "org": alias, "server": os.environ.get(_SERVER, "")}
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps(content), encoding="utf-8")


def _last() -> _Last | None:
    """The org of this inventory that was looked at last; None where that is not known."""
    try:
        content: Any = json.loads(_file().read_text(encoding="utf-8"))
        if content["inventory"] == str(inventory_path()):
            return _Last(str(content["org"]), str(content["server"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _file() -> Path:
    return runs_root() / ".last-org.json"
