"""The form in the browser: one widget that draws all fields, with labels, help and messages tied to them.

What is typed comes as messages, not as the widget's state: state is echoed, and saved in notebooks, and a password
must be neither.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from cnxlib.ui.front_end import module_of

_HERE = Path(__file__).parent


class FormWidget(anywidget.AnyWidget):
    """Draws fields and tells what is typed; what that means is the `Form`'s business."""

    _esm = module_of("connection.js", "combobox.js", "form_controls.js", "form_lists.js", "first_sight.js", "form.js")
    _css = _HERE / "form.css"
    groups: traitlets.List[Any] = traitlets.List().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    button = traitlets.Unicode().tag(sync=True)
    offers = traitlets.Dict().tag(sync=True)
    reading = traitlets.Unicode().tag(sync=True)
    found = traitlets.Dict().tag(sync=True)
