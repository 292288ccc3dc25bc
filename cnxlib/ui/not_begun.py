"""The cells of a phase notebook that cannot begin: there is no org yet, or the list of orgs cannot be read."""

from __future__ import annotations

from typing import NoReturn

from cnxlib.errors import CnxError
from cnxlib.ui.cells import Stage
from cnxlib.ui.display import notice
from cnxlib.ui.last_cell import LastCell
from cnxlib.ui.panes import Pane
from cnxlib.ui.view import Link, Small

_START = Link("Open 00 · Start here →", "00_start_here.ipynb")


class NotBegun:
    """Tells a person in each cell why it cannot begin, and where to go; the last cell raises it.

    Parameters
    ----------
    error:
        What is in the way.
    """

    def __init__(self, error: CnxError) -> None:
        self._error = error
        self._told = notice(error.message, "warn", *((Small(error.hint),) if error.hint else ()), _START)

    @property
    def outcome(self) -> NoReturn:
        """Nothing came of it.

        Raises
        ------
        CnxError
            What is in the way.
        """
        LastCell(fails=True, told=self._told)
        raise self._error

    def form(self) -> Pane:
        """What is in the way, with what to do."""
        pane = Pane()
        pane.show(self._told)
        return pane

    def cell(self, stage: Stage) -> Pane:
        """That it waits for the first cell."""
        return Pane("Not reached: see “Inputs” above.")

    def close(self) -> None:
        """There is nothing to end."""
