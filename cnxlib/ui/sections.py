"""A part of a page behind a button, which opens and closes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnxlib.ui.panes import Interactive
from cnxlib.ui.view import View


class Section:
    """Something to work with that is folded away until it is wanted.

    Parameters
    ----------
    title:
        What the button says.
    make:
        Makes what is behind it, when it is opened for the first time.
    saved:
        What stands for it in the saved file, in which nothing can be opened.
    icon:
        Of the button.
    always:
        Whether it is open for good, without a button.
    """

    def __init__(
        self,
        title: str,
        make: Callable[[], Interactive],
        saved: Callable[[], View],
        *,
        icon: str,
        always: bool = False,
    ) -> None:
        import ipywidgets as widgets

        self._title, self._make, self._saved = title, make, saved
        self._inside: Interactive | None = None
        self._button = widgets.ToggleButton(
            value=always, description=title, icon=icon, layout=widgets.Layout(width="auto", align_self="flex-start")
        )
        self._button.observe(lambda change: self._show(change["new"]), names="value")
        self._body = widgets.VBox()
        self._show(always)
        self.widget: Any = widgets.VBox([self._body] if always else [self._button, self._body])

    def open(self, said: str = "") -> None:
        """Open it, under another heading if one is given."""
        self._button.description, self._button.value = said or self._title, True

    def close(self) -> None:
        """Close it, and have what is behind it made anew when it is opened again."""
        self._button.description, self._button.value = self._title, False
        self._inside = None

    def view(self) -> View:
        """For the saved file."""
        return self._saved()

    def _show(self, opened: bool) -> None:
        if opened and self._inside is None:
            self._inside = self._make()
        self._body.children = [self._inside.widget] if opened and self._inside is not None else []
