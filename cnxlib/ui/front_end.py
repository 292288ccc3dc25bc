"""What runs in the browser, put together: what anywidget is given as text can import nothing beside it."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def module_of(*names: str) -> str:
    """One module of these files beside this one; each may use what those before it define."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)
