"""The cockpit of a phase notebook: what its cells call, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnxlib.errors import CnxError, PhaseError
from cnxlib.model import Outcome
from cnxlib.phases import PHASES
from cnxlib.phases.base import Phase
from cnxlib.salesforce.org import connect
from cnxlib.ui.attempt import Connect
from cnxlib.ui.cells import Cells
from cnxlib.ui.form import Form
from cnxlib.ui.inputs import Inputs, asks_a_person
from cnxlib.ui.kernel import guard
from cnxlib.ui.not_begun import NotBegun
from cnxlib.ui.sitting import Sitting


class Cockpit:
    """Runs one phase, cell by cell, and writes what happens to the run record.

    Where the runner begins a run it names its record, and the parameters are taken as given. Without one, a parameter
    that still has its default takes what the inventory holds for the org, and the phase begins a record of its own.

    In mode "plan" without a runner a person sits before the notebook. What a cell shows is then a pane: the form's
    button renews them all, and an error is told in its pane instead of being raised. Only `outcome` has it, so that
    the last cell fails for papermill.

    Parameters
    ----------
    phase:
        The notebook's phase.
    namespace:
        The notebook's `globals()`: the parameters are read from it.
    phases:
        All phases: the inventory's entries may name any of them.
    connect:
        Logs in to an org.

    Raises
    ------
    InventoryError, UnknownOrg, ParameterError
        There is no usable inventory, or it holds no such org, or a malformed entry. (Headless; else the cells tell it,
        and `outcome` raises it; or the form asks.)
    """

    def __init__(
        self,
        phase: Phase[Any],
        namespace: Mapping[str, Any],
        *,
        phases: tuple[Phase[Any], ...] = PHASES,
        connect: Connect = connect,
    ) -> None:
        guard()
        self._title = phase.title
        self._inputs: Inputs | None = None
        self._cells: Cells | NotBegun
        try:
            self._inputs = Inputs(phase, namespace, phases, connect)
        except CnxError as error:
            if not asks_a_person(namespace):
                raise
            self._cells = NotBegun(error)
        else:
            interactive = self._inputs.interactive
            self._cells = Sitting(self._inputs, connect, phases) if interactive else Cells(self._inputs, connect)
        for previous in [one for one in namespace.values() if isinstance(one, Cockpit)]:
            if self._inputs is not None and previous._inputs is not None:
                self._inputs.carry_over(previous._inputs)
            previous._cells.close()

    @property
    def form(self) -> Form:
        """The form of the parameters.

        Raises
        ------
        PhaseError
            There is no org to ask for.
        """
        if self._inputs is None:
            raise PhaseError(f"{self._title}: there is no form yet", hint="Run the first cells again.")
        return self._inputs.form

    @property
    def outcome(self) -> Outcome:
        """How the phase ended.

        Raises
        ------
        PhaseError
            It has not come that far.
        """
        outcome = self._cells.outcome
        if outcome is None:
            raise PhaseError(f"{self._title}: there is no outcome yet", hint="Run the cells above first.")
        return outcome

    def inputs(self) -> Any:
        """The form, with a message beside each value that is refused."""
        return self._cells.form()

    def connect(self) -> Any:
        """Check the parameters, begin the phase on record, log in, and show where.

        Raises
        ------
        ParameterError, UnknownOrg, NotConfirmed, OrgUnreachable, LoginRefused
            Nothing was written to the org. (Headless; like all that the cells below raise.)
        """
        return self._cells.cell("connect")

    def preflight(self) -> Any:
        """Run the phase's checks; raises `PreflightFailed` naming the required ones that are not ok."""
        return self._cells.cell("preflight")

    def plan(self) -> Any:
        """Read the org and show the differences from the guide, with a box for each step left to a person.

        Writes nothing, but to the record of a run that confirms a step whose box is ticked.
        """
        return self._cells.cell("plan")

    def apply(self) -> Any:
        """In mode "plan" the panel with the Apply button; in mode "apply" make the changes.

        Raises
        ------
        StalePlan
            The plan is not the one that was reviewed.
        """
        return self._cells.cell("apply")

    def verify(self) -> Any:
        """Read the org from scratch and compare, where something was to be applied or verified."""
        return self._cells.cell("verify")

    def record(self) -> Any:
        """End the phase on record, and show how it ended and where the record is."""
        return self._cells.cell("record")
