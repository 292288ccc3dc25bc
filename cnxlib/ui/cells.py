"""What the cells of a phase notebook do, and how that looks; where nobody sits before them, an error stops here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from cnxlib.errors import NotYet, PhaseError, PreflightFailed
from cnxlib.model import Outcome, Status
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
from cnxlib.ui.guide import told_below
from cnxlib.ui.handover import Handover
from cnxlib.ui.inputs import Inputs
from cnxlib.ui.letter import receipts
from cnxlib.ui.panel import Panel
from cnxlib.ui.panes import Shown
from cnxlib.ui.pictures import pictures_of
from cnxlib.ui.view import View

Stage = Literal["connect", "preflight", "plan", "apply", "verify", "record"]

STAGES: tuple[Stage, ...] = ("connect", "preflight", "plan", "apply", "verify", "record")
"""The cells, in their order."""

PLANNING: tuple[Stage, ...] = ("connect", "preflight", "plan")
"""Those that may begin anew."""


class Cells:
    """Takes one phase from cell to cell, and writes what happens to the run record.

    Parameters
    ----------
    inputs:
        The parameters.
    connect:
        Logs in to an org.
    """

    def __init__(self, inputs: Inputs, connect: Connect) -> None:
        self._inputs, self._phase, self._connect = inputs, inputs.phase, connect
        self._attempt: Attempt | None = None
        self._work: dict[Stage, Callable[[Attempt], tuple[Shown, ...]]] = {
            "connect": self._connected,
            "preflight": self._preflight,
            "plan": self._plan,
            "apply": self._apply,
            "verify": self._verify,
            "record": self._record,
        }

    @property
    def outcome(self) -> Outcome | None:
        """How the phase stands, None while there is nothing to say."""
        return self._attempt.outcome if self._attempt else None

    def form(self) -> Any:
        """What the Inputs cell shows."""
        return self._inputs.form

    def cell(self, stage: Stage) -> Any:
        """Do the work of a cell, and return the last thing to show.

        Raises
        ------
        CnxError
            The phase cannot go on; its end is on record.
        """
        attempt = self._current(stage)
        try:
            with attempt.timed():
                *before, shown = self._done(stage, attempt)
        except NotYet as error:
            attempt.fail(error)
            if not self._known_later(attempt, error):
                raise
            return attempt.settled
        except PreflightFailed as error:
            attempt.fail(error)
            if attempt.outcome is not None:
                _show(checks_view(attempt.outcome.checks))
            raise
        except BaseException as error:
            attempt.fail(error)
            raise
        _show(*before)
        return shown

    def close(self) -> None:
        """Take the notebook's next beginning for the end of this one."""

    def _done(self, stage: Stage, attempt: Attempt) -> tuple[Shown, ...]:
        """Do a cell's work; returns what there is to show."""
        attempt.open()
        if attempt.settled is not None and stage != "record":
            return (attempt.settled,)
        return self._work[stage](attempt)

    @staticmethod
    def _known_later(attempt: Attempt, error: NotYet) -> bool:
        """Whether it ends well here: in mode "plan", what an earlier phase has to bring is no failure."""
        if attempt.outcome is None or attempt.outcome.status is not Status.KNOWN_LATER:
            return False
        attempt.settled = notice("Known later", "plain", error.message, *told_below(error.guide, error.hint))
        return True

    def _current(self, stage: Stage) -> Attempt:
        """The attempt that a cell belongs to."""
        if self._attempt is None and stage not in PLANNING:
            raise PhaseError(f"{self._phase.title}: nothing is planned yet", hint="Run the cells above first.")
        if self._attempt is None or stage == "connect" or (self._attempt.ended and stage in PLANNING):
            return self._begin()
        return self._attempt

    def _begin(self) -> Attempt:
        if self._attempt is not None:
            self._attempt.abandon()
        self._attempt = Attempt(self._phase, self._inputs.values, self._connect)
        return self._attempt

    def _connected(self, attempt: Attempt) -> tuple[Shown, ...]:
        return (identity_view(attempt.org.identity, alias=attempt.alias, simulated=attempt.org.simulated),)

    def _preflight(self, attempt: Attempt) -> tuple[Shown, ...]:
        return (checks_view(attempt.preflight()),)

    def _plan(self, attempt: Attempt) -> tuple[Shown, ...]:
        if attempt.mode == "verify":
            return (notice('Mode "verify" plans nothing: the Verify cell reads the org and compares.'),)
        attempt.preflight()
        outcome = attempt.make_plan()
        return (*pictures_of(outcome.tables), self._planned(attempt, outcome), *_handed_over(attempt, outcome))

    def _planned(self, attempt: Attempt, outcome: Outcome) -> Shown:
        return plan_view(outcome, attempt.org.identity.url)

    def _apply(self, attempt: Attempt) -> tuple[Shown, ...]:
        if attempt.mode == "verify":
            return (notice('Mode "verify" applies nothing.'),)
        if attempt.mode == "apply":
            return (steps_view(attempt.apply()),)
        if not attempt.planned:
            return (notice("There is nothing to apply.", "good"),)
        return (self._panel_for(attempt, interactive=False).view(),)

    def _verify(self, attempt: Attempt) -> tuple[Shown, ...]:
        if attempt.mode == "plan":
            return (notice("Nothing was applied here, so there is nothing to verify."),)
        outcome = attempt.verify()
        return (
            *pictures_of(outcome.tables),
            verified_view(outcome, attempt.org.identity.url),
            *_handed_over(attempt, outcome),
        )

    def _record(self, attempt: Attempt) -> tuple[Shown, ...]:
        outcome = attempt.end()
        return (outcome_view(outcome, attempt.record.path if attempt.record else None),)

    def _panel_for(self, attempt: Attempt, **more: Any) -> Panel:
        own, ticket = self._inputs.own(attempt.values), attempt.values["ticket"]
        handover = Handover(attempt.alias, self._phase.id, attempt.digest, own, ticket=ticket)
        differing = self._inputs.differing(attempt.values)
        return Panel(handover, attempt.org.identity, attempt.planned, differing, **more)


def _show(*shown: Shown) -> None:
    from IPython.display import display

    for one in shown:
        display(one)  # type: ignore[no-untyped-call]


def _handed_over(attempt: Attempt, outcome: Outcome) -> tuple[View, ...]:
    """What earlier runs gave to Conexiom, where the phase writes to them."""
    blocks = receipts(outcome, attempt.alias, attempt.org_id)
    return (View(*blocks),) if blocks else ()
