"""The Apply panel in the browser: one widget that draws the button, the guard, the bars and the live table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from cnxlib.ui.front_end import module_of

_HERE = Path(__file__).parent


class PanelWidget(anywidget.AnyWidget):
    """Draws what the `Panel` says, and sends ``{"press": typed org id}`` where its button is pressed."""

    _esm = module_of("connection.js", "panel.js")
    _css = _HERE / "panel.css"
    guard = traitlets.Unicode().tag(sync=True)
    """What the field for a production org's id is called, "" where none is asked for."""
    refused = traitlets.Unicode().tag(sync=True)
    """Why what was typed there is no good."""
    button = traitlets.Unicode().tag(sync=True)
    """What the button says, "" where there is none."""
    enabled = traitlets.Bool(True).tag(sync=True)
    head = traitlets.Unicode().tag(sync=True)
    """HTML above the bars and the table."""
    foot = traitlets.Unicode().tag(sync=True)
    """HTML below them."""
    overall: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """text and fraction (0-1, None where unknown) of the run; empty where there is no bar."""
    detail: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """The same of the step at hand."""
    caption = traitlets.Unicode().tag(sync=True)
    columns: traitlets.List[str] = traitlets.List().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """key, state, sign, word, step, remark (lines), by_hand (HTML), elapsed (None where it does not run), seconds."""
    said = traitlets.Unicode().tag(sync=True)
    """What a screen reader tells."""
