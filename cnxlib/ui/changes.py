"""What can be done about the entry of an org that is in the list: changing it, or taking it out."""

from __future__ import annotations

from collections.abc import Callable

from cnxlib.ui.changing import ChangeOrg
from cnxlib.ui.removing import RemoveOrg
from cnxlib.ui.view import View


class OrgChanges:
    """The form and the buttons for one org.

    Parameters
    ----------
    alias:
        An org of the inventory.
    changed, removed:
        Called when that was done.

    Attributes
    ----------
    widget:
        What a person works with.
    """

    def __init__(self, alias: str, changed: Callable[[str], None], removed: Callable[[], None]) -> None:
        import ipywidgets as widgets

        self.changing = ChangeOrg(alias, changed)
        self.removing = RemoveOrg(alias, removed)
        self.widget = widgets.VBox([self.changing.widget, self.removing.widget])

    def view(self) -> View:
        """For the saved file, in which nothing can be typed."""
        return View()
