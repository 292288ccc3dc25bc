"""The folder in which `cnx lab` opens the notebooks: copies, so that working with them leaves the sources alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from cnxlib.errors import CnxError

_MADE_FROM = ".made-from.json"
"""Which cells each copy was made from: a digest by file name."""

FOR_NEWCOMERS: Mapping[str, Mapping[str, Any]] = {
    # Nothing is fetched from the network, and nothing asks before the notebook can be seen.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # A tab that is opened again shows what was there.
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 20},
    # Who runs the cells too early is told so, and every display is on the page, also for the browser's own search.
    "@jupyterlab/notebook-extension:tracker": {
        "autoStartDefaultKernel": True,
        "enableKernelInitNotification": True,
        "windowingMode": "none",
    },
}
"""JupyterLab's settings as somebody finds them who never changed any; the settings that a person made win over them."""


def copies_folder(alias: str) -> Path:
    """Where this user's copies for the org `alias` ("" is no org in particular) lie."""
    return Path(platformdirs.user_data_dir("conexiom-runbook")) / "notebooks" / (alias or "any-org")


def renew(folder: Path, sources: Path) -> None:
    """Make `folder` hold a copy of every notebook of `sources`, without outputs; other files in it stay.

    What a person changed in a copy's cells stays too, until the notebook itself is another one: then the changed copy
    is put beside the new one, under a name with the time.

    Raises
    ------
    CnxError
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made_from = _read(folder / _MADE_FROM)
        found = {}
        for source in sorted(sources.glob("*.ipynb")):
            found[source.name] = _cells(source)
            _renew_one(folder / source.name, source, made_from.get(source.name), found[source.name])
        (folder / _MADE_FROM).write_text(json.dumps(found, indent=1), encoding="utf-8")
    except OSError as error:
        raise CnxError(
            f"The notebooks cannot be copied to {folder}: {error.strerror}",
            hint="Name a folder that you can write to: cnx lab --notebooks FOLDER.",
        ) from error


def _renew_one(copy: Path, source: Path, made_from: str | None, wanted: str) -> None:
    held = _cells(copy) if copy.exists() else None
    if held is not None and held != wanted:
        if held and made_from == wanted:  # a person's work on the notebook as it is now
            _strip(copy)
            return
        if held != made_from:
            copy.rename(copy.with_name(f"{copy.stem}-changed-{datetime.now(UTC):%Y%m%dT%H%M%S}.ipynb"))
    shutil.copyfile(source, copy)


def _strip(notebook: Path) -> None:
    """Take the outputs away: the widgets in them went with the kernel that made them."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    content["metadata"].pop("widgets", None)
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _cells(notebook: Path) -> str:
    """A digest of what is in the cells, outputs apart; "" for what is no notebook."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        content = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (ValueError, KeyError, TypeError):
        return ""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _read(path: Path) -> Mapping[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
