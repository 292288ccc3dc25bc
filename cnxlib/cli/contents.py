"""How JupyterLab's server reads and writes the copies that `cnx lab` opens. Imported by that server alone."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class Copies(AsyncLargeFileManager):
    """Files as they are, but that no notebook is told to have changed on disk.

    JupyterLab compares a notebook's hash before it saves, and takes two saves of its own that overlap, as they do on a
    busy machine, for a change by somebody else: it would ask a person which of the two to keep. Each is the same page.
    """

    async def get(self, path: str, *positional: Any, **named: Any) -> dict[str, Any]:
        """The model of a file or folder (Jupyter's contents API)."""
        model: dict[str, Any] = await super().get(path, *positional, **named)  # type: ignore[no-untyped-call]
        if model.get("hash") and model["type"] == "notebook":
            model["hash"] = "of a copy"
        return model
