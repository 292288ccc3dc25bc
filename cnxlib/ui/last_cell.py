"""The last cell of a notebook, which ends by an error where those above could not do their work: papermill sees it.

A person has read above what is in the way. While the page is at work they read a sentence in the place of the error.
"""

from __future__ import annotations

from IPython.core.getipython import get_ipython

from cnxlib.ui.display import notice
from cnxlib.ui.kernel import CellOutput
from cnxlib.ui.panes import Pane
from cnxlib.ui.view import View

_NOT_FINISHED = notice("This page is not finished: what is in the way is told above.", "warn")


class LastCell:
    """What the cell shows that is run now.

    Parameters
    ----------
    fails:
        Whether it is about to end by an error.
    told:
        What a person reads instead.
    """

    def __init__(self, *, fails: bool, told: View = _NOT_FINISHED) -> None:
        self._output = CellOutput()
        if fails and get_ipython() is not None:
            from IPython.display import display

            pane = Pane(for_error=True)
            pane.show(told)
            display(pane)  # type: ignore[no-untyped-call]

    def clear(self) -> None:
        """Take it away, and the error with it: the cells above were renewed."""
        self._output.clear()
