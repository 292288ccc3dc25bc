"""The cockpit of a phase notebook: what its cells call, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cnxlib.errors import NotYet, ParameterError, PhaseError, PreflightFailed
from cnxlib.model import Outcome, Status
from cnxlib.phases import PHASES
from cnxlib.phases.base import Phase
from cnxlib.salesforce.org import connect
from cnxlib.ui.attempt import Attempt, Connect
from cnxlib.ui.display import (
    checks_view,
    identity_view,
    notice,
    outcome_view,
    plan_view,
    steps_view,
    verified_view,
)
from cnxlib.ui.form import Form
from cnxlib.ui.handover import Handover
from cnxlib.ui.inputs import Inputs
from cnxlib.ui.kernel import guard
from cnxlib.ui.panel import Panel
from cnxlib.ui.pictures import Picture, pictures_of
from cnxlib.ui.ticks import Confirming, Ticks
from cnxlib.ui.view import View

T = TypeVar("T")


class Cockpit:
    """Runs one phase, cell by cell, and writes what happens to the run record.

    Where the runner begins a run it names its record, and the parameters are taken as given. Without one, a parameter
    that still has its default takes what the inventory holds for the org, and the phase begins a record of its own.

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
        There is no usable inventory, or it holds no such org (headless; else the form asks), or a malformed entry.
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
        self._phase, self._connect = phase, connect
        self._inputs = Inputs(phase, namespace, phases)
        self._attempt: Attempt | None = None
        self._panel: Panel | None = None
        for previous in namespace.values():
            if isinstance(previous, Cockpit):
                self._inputs.carry_over(previous._inputs)

    @property
    def form(self) -> Form:
        """The form of the parameters."""
        return self._inputs.form

    @property
    def outcome(self) -> Outcome:
        """How the phase ended.

        Raises
        ------
        PhaseError
            It has not come that far.
        """
        if self._attempt is None or self._attempt.outcome is None:
            raise PhaseError(f"{self._phase.title}: there is no outcome yet", hint="Run the cells above first.")
        return self._attempt.outcome

    def inputs(self) -> Form:
        """The form, with a message beside each value that is refused."""
        return self._inputs.form

    def connect(self) -> View:
        """Check the parameters, begin the phase on record, log in, and show where.

        Raises
        ------
        ParameterError, UnknownOrg, NotConfirmed, OrgUnreachable, LoginRefused
            Nothing was written to the org.
        """
        return self._cell(self._connected, fresh=True)

    def preflight(self) -> View:
        """Run the phase's checks; raises `PreflightFailed` naming the required ones that are not ok."""
        return self._cell(self._preflight, renew=True)

    def plan(self) -> View | Ticks:
        """Read the org and show the differences from the guide, with a box for each step left to a person.

        Writes nothing, but to the record of a run that confirms a step whose box is ticked.
        """
        return self._cell(self._plan, renew=True)

    def apply(self) -> View | Panel:
        """In mode "plan" the panel with the Apply button; in mode "apply" make the changes.

        Raises
        ------
        StalePlan
            The plan is not the one that was reviewed.
        """
        return self._cell(self._apply)

    def verify(self) -> View:
        """Read the org from scratch and compare, where something was to be applied or verified."""
        return self._cell(self._verify)

    def record(self) -> View:
        """End the phase on record, and show how it ended and where the record is."""
        return self._cell(self._record)

    def _cell(self, work: Callable[[Attempt], T], *, fresh: bool = False, renew: bool = False) -> T | View:
        """Do a cell's work: an error ends the phase on record, then stops the notebook here."""
        attempt = self._current(fresh=fresh, renew=renew)
        try:
            with attempt.timed():
                attempt.open()
                if attempt.settled is not None and work != self._record:
                    return attempt.settled
                return work(attempt)
        except NotYet as error:
            attempt.fail(error)
            if attempt.outcome is None or attempt.outcome.status is not Status.KNOWN_LATER:
                raise
            attempt.settled = notice("Known later", "plain", error.message, error.hint)
            return attempt.settled
        except PreflightFailed as error:
            attempt.fail(error)
            if attempt.outcome is not None:
                _show(checks_view(attempt.outcome.checks))
            raise
        except BaseException as error:
            if isinstance(error, ParameterError) and self._inputs.interactive:
                error.hint = "Mend the field in the form above, then run this cell again."
            attempt.fail(error)
            raise

    def _current(self, *, fresh: bool, renew: bool) -> Attempt:
        """The attempt that a cell belongs to; a new one where the one before is over or its parameters changed."""
        attempt = self._attempt
        if attempt is None and not (fresh or renew):
            raise PhaseError(f"{self._phase.title}: nothing is planned yet", hint="Run the cells above first.")
        stale = attempt is None or attempt.ended or attempt.values != self._inputs.values
        if attempt is None or fresh or (renew and stale):
            if attempt is not None:
                attempt.abandon()
            self._drop_panel()
            attempt = Attempt(self._phase, self._inputs.values, self._connect)
            self._attempt = attempt
        return attempt

    def _connected(self, attempt: Attempt) -> View:
        return identity_view(attempt.org.identity, alias=attempt.alias, simulated=attempt.org.simulated)

    def _preflight(self, attempt: Attempt) -> View:
        return checks_view(attempt.preflight())

    def _plan(self, attempt: Attempt) -> View | Ticks:
        if attempt.mode == "verify":
            return notice('Mode "verify" plans nothing: the Verify cell reads the org and compares.')
        attempt.preflight()
        self._drop_panel()
        outcome = attempt.make_plan()
        _show(*pictures_of(outcome.tables))
        if not self._inputs.interactive or all(step.done_at for step in outcome.manual):
            return plan_view(outcome)
        own = self._inputs.own(attempt.values)
        return Ticks(outcome, plan_view, Confirming(attempt.alias, self._phase.id, own, attempt.values["ticket"]))

    def _apply(self, attempt: Attempt) -> View | Panel:
        if attempt.mode == "verify":
            return notice('Mode "verify" applies nothing.')
        if attempt.mode == "apply":
            return steps_view(attempt.apply())
        if attempt.values != self._inputs.values:
            return notice("The form was changed after this plan.", "warn", "Run the cells from Connect again.")
        if not attempt.planned:
            return notice("There is nothing to apply.", "good")
        if self._panel is None:
            self._panel = self._make_panel(attempt)
        return self._panel

    def _verify(self, attempt: Attempt) -> View:
        if attempt.mode != "plan":
            outcome = attempt.verify()
            _show(*pictures_of(outcome.tables))
            return verified_view(outcome)
        if self._panel is not None and self._panel.ending is not None:
            return self._panel.view()
        return notice("Nothing was applied here, so there is nothing to verify.")

    def _record(self, attempt: Attempt) -> View:
        outcome = attempt.end()
        return outcome_view(outcome, attempt.record.path if attempt.record else None)

    def _drop_panel(self) -> None:
        """A new plan wants a new panel; one whose runner is still at work stays."""
        if self._panel is not None and self._panel.wait(0):
            self._panel = None

    def _make_panel(self, attempt: Attempt) -> Panel:
        own, ticket = self._inputs.own(attempt.values), attempt.values["ticket"]
        handover = Handover(attempt.alias, self._phase.id, attempt.digest, own, ticket=ticket)
        differing = self._inputs.differing(attempt.values)
        return Panel(
            handover, attempt.org.identity, attempt.planned, differing, interactive=self._inputs.interactive
        )


def _show(*shown: View | Picture) -> None:
    from IPython.display import display

    for one in shown:
        display(one)  # type: ignore[no-untyped-call]
