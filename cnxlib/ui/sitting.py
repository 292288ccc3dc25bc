"""A phase notebook with a person before it: its cells are panes, which the form's button renews in place.

Reading is all that happens here. What is to be changed goes to the runner, and what a person confirms to `cnx confirm`:
processes of their own, whose records tell what they did.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from cnxlib.errors import CnxError, NotYet, ParameterError, PreflightFailed
from cnxlib.inventory import keep_parameters
from cnxlib.model import MEND, Outcome, Status
from cnxlib.phases.base import Phase
from cnxlib.ui.attempt import Attempt, Connect
from cnxlib.ui.cells import PLANNING, STAGES, Cells, Stage
from cnxlib.ui.display import checks_view, notice, outcome_view, plan_view
from cnxlib.ui.guide import told_below
from cnxlib.ui.handover import Ending, at_work, last_ending
from cnxlib.ui.inputs import Inputs
from cnxlib.ui.last_cell import LastCell
from cnxlib.ui.last_run import records_view, verified_view
from cnxlib.ui.main_thread import MainThread
from cnxlib.ui.orgs import remember
from cnxlib.ui.panel import Panel
from cnxlib.ui.panes import Pane, Shown
from cnxlib.ui.ticks import Confirming, Ticks
from cnxlib.ui.view import Note, Part, Small, View

_BUTTON = "“Check and plan”"
_BUSY: dict[Stage, str] = {
    "connect": "Logging in …",
    "preflight": "Checking the org …",
    "plan": "Reading the org …",
    "apply": "Looking for runs at work …",
    "verify": "Looking for what was applied …",
    "record": "Writing the record …",
}
_FILL_IN = f"Fill in the form, then press {_BUTTON}."
_IN_TURN = Note("This is renewed in its turn …")
_OUT_OF_DATE = Note("Out of date: the form was changed after this.", "warn", (f"Press {_BUTTON} below the form.",))


class Sitting(Cells):
    """The cells of a phase as panes. What goes wrong is told in the pane where it happened.

    Parameters
    ----------
    inputs:
        The parameters, with their form.
    connect:
        Logs in to an org.
    phases:
        All phases: what is entered is kept for all of them.
    """

    def __init__(self, inputs: Inputs, connect: Connect, phases: tuple[Phase[Any], ...]) -> None:
        super().__init__(inputs, connect)
        self._phases = phases
        self._main = MainThread()
        self._form, self._panes = Pane(), {stage: Pane() for stage in STAGES}
        self._form.show(inputs.form)
        self._seen: set[Stage] = set()
        self._next = 0
        self._busy = self._stopped = self._closed = False
        self._panel: Panel | None = None
        self._applied: Panel | None = None
        self._held_back: tuple[Shown, ...] = ()
        self._asked: LastCell | None = None
        inputs.form.on_submit(lambda: self._main.do(self.renew))
        inputs.form.on_change(lambda name: self._compare())

    @property
    def outcome(self) -> Outcome | None:
        """How the phase stands. The cell that asks may end by an error: it is taken away when the panes are renewed."""
        outcome = super().outcome
        self._asked = LastCell(fails=outcome is not None and outcome.status in (Status.FAILED, Status.BLOCKED))
        return outcome

    @property
    def _at_work(self) -> bool:
        return self._panel is not None and not self._panel.wait(0)

    def form(self) -> Pane:
        """The form."""
        return self._form

    def cell(self, stage: Stage) -> Pane:
        """The pane of a cell. A cell that is run again renews them all, like the form's button."""
        if stage in PLANNING and stage in self._seen:
            self.renew()
        else:
            self._go_on(stage)
        self._seen.add(stage)
        return self._panes[stage]

    def renew(self) -> None:
        """Connect, check and plan again, and renew all panes; what was applied before is over."""
        self._applied = None
        if not self._at_work:
            self._panel = None
            self._panes["apply"].show(notice("The plan is being renewed."))
        self._renew()

    def close(self) -> None:
        """Another one takes its place: end what is begun, and renew nothing any more."""
        self._closed = True
        if self._attempt is not None:
            self._attempt.abandon()

    def _renew(self) -> None:
        self._next = 0
        for pane in self._panes.values():
            if self._stopped and self._applied is None and not self._at_work:
                pane.show()  # what went wrong the last time is no longer to be read
            pane.mark(_IN_TURN)
        self._go_on("record")
        self._form.save()
        if self._asked is not None:
            self._asked.clear()
        self._compare()

    def _go_on(self, last: Stage) -> None:
        """Do what is left to do up to the stage `last`."""
        self._busy = True
        try:
            if self._next == 0:
                self._begin()
                self._stopped, self._held_back = False, ()
            while self._next <= STAGES.index(last) and not self._stopped and self._attempt is not None:
                stage = STAGES[self._next]
                self._next += 1
                self._perform(stage, self._attempt)
        finally:
            self._busy = False

    def _perform(self, stage: Stage, attempt: Attempt) -> None:
        pane = self._panes[stage]
        pane.mark(Note(_BUSY[stage]))
        try:
            with attempt.timed():
                pane.show(*self._done(stage, attempt))
        except (Exception, KeyboardInterrupt) as error:
            if isinstance(error, ParameterError):
                error.hint = _FILL_IN
            attempt.fail(error)
            if isinstance(error, NotYet) and self._known_later(attempt, error) and attempt.settled is not None:
                pane.show(attempt.settled)
            else:
                self._stop(stage, attempt, error)

    def _stop(self, stage: Stage, attempt: Attempt, error: BaseException) -> None:
        """Tell what went wrong, and give up what would come after."""
        self._stopped = True
        missing = self._inputs.form.messages if isinstance(error, ParameterError) else {}
        self._panes[stage].show(*([_missing(self._inputs, missing)] if missing else _told(stage, attempt, error)))
        name = stage.capitalize()
        after = notice(_FILL_IN if missing else f"Not reached: “{name}” stopped above.")
        for later in STAGES[STAGES.index(stage) + 1 :]:
            self._panes[later].show(*(self._kept_standing(later) or (after,)))
        if attempt.record is not None and attempt.outcome is not None:
            told = outcome_view(attempt.outcome, attempt.record.path)
            self._panes["record"].show(*self._kept_standing("record"), told)

    def _kept_standing(self, stage: Stage) -> tuple[Shown, ...]:
        """What is shown of a run whatever becomes of the plan."""
        if stage == "apply":
            return tuple(panel for panel in (self._applied, self._panel) if panel is not None)
        ending = self._applied.ending if self._applied is not None else None
        if ending is None:
            return ()
        kept = {"verify": verified_view(ending, self._phase.id), "record": records_view(ending)}.get(stage)
        return (kept,) if kept is not None else ()

    def _done(self, stage: Stage, attempt: Attempt) -> tuple[Shown, ...]:
        if stage == "apply" and attempt.settled is not None:
            return self._kept_standing(stage) or (attempt.settled,)
        shown = super()._done(stage, attempt)
        return (*shown, *self._kept(attempt)) if stage == "connect" else shown

    def _kept(self, attempt: Attempt) -> tuple[Shown, ...]:
        """Keep what was typed for the next time."""
        typed = self._inputs.keepable
        if not typed:
            return ()
        try:
            kept = keep_parameters(attempt.alias, self._phase.id, typed, self._phases)
        except CnxError as error:
            return (notice("What you entered could not be kept for the next time.", "warn", error.message, error.hint),)
        labels = ", ".join(self._inputs.form.fields[name].label for name in typed)
        return (notice(f"Kept for the next time, and for batch runs: {labels}.", "good", Small(str(kept.path))),)

    def _connected(self, attempt: Attempt) -> tuple[Shown, ...]:
        org_id = attempt.org.identity.org_id
        running = at_work(attempt.alias, self._phase.id, org_id) if self._panel is None else None
        if running is not None:  # begun by another window, or before the kernel was restarted
            self._panel = self._new_panel(attempt, running=running)
            self._panes["apply"].show(self._panel)
        shown = super()._connected(attempt)
        remember(attempt.alias)  # the other notebooks begin with it
        return shown

    def _plan(self, attempt: Attempt) -> tuple[Shown, ...]:
        shown = super()._plan(attempt)
        if self._at_work:
            meanwhile = "What it changes may be read half done here. The org is read again when it has ended."
            return (notice("This phase is being applied right now.", "warn", meanwhile), *shown)
        return shown

    def _planned(self, attempt: Attempt, outcome: Outcome) -> Shown:
        if all(step.done_at for step in outcome.manual):
            return plan_view(outcome, attempt.org.identity.url)
        own = self._inputs.own(attempt.values)
        confirming = Confirming(attempt.alias, self._phase.id, own, attempt.values["ticket"])
        shown = partial(plan_view, url=attempt.org.identity.url)
        return Ticks(
            outcome, shown, confirming, on_change=lambda now: self._main.do_soon(partial(self._confirmed, now))
        )

    def _confirmed(self, outcome: Outcome) -> None:
        """A step was put down: what the plan's record says of it is older."""
        self._panes["plan"].save()
        names = [step.step.replace("_", " ") for step in outcome.manual if step.done_at]
        if names and not self._closed:
            since = f"Confirmed by now: {', '.join(names)}. The record below is of the plan, before that."
            self._panes["record"].mark(Note(since, "good", (f"Press {_BUTTON} to have a newer one.",)))
            self._panes["record"].save()
            ending = self._last_ending(self._attempt) if self._attempt is not None and not self._at_work else None
            if ending is not None:
                self._panes["verify"].show(verified_view(ending, self._phase.id, outcome))

    def _apply(self, attempt: Attempt) -> tuple[Shown, ...]:
        if self._panel is None and attempt.planned:
            self._panel = self._new_panel(attempt)
        return self._kept_standing("apply") or super()._apply(attempt)

    def _verify(self, attempt: Attempt) -> tuple[Shown, ...]:
        if self._at_work:
            return (notice("This phase is being applied right now; what it leaves is told when it has ended."),)
        ending = self._last_ending(attempt)
        if ending is None:
            return super()._verify(attempt)
        return (verified_view(ending, self._phase.id, attempt.outcome),)

    def _record(self, attempt: Attempt) -> tuple[Shown, ...]:
        ending = self._last_ending(attempt)
        applied = records_view(ending) if ending is not None else None
        return (*((applied,) if applied is not None else ()), *super()._record(attempt))

    def _last_ending(self, attempt: Attempt) -> Ending | None:
        return last_ending(attempt.alias, self._phase.id, attempt.org_id)

    def _new_panel(self, attempt: Attempt, **more: Any) -> Panel:
        return self._panel_for(attempt, again=lambda: self._main.do(self.renew), on_end=self._ended, **more)

    def _ended(self, ending: Ending) -> None:
        """A run has ended, in another thread: show what it left, and plan anew in place."""

        def work() -> None:
            if not self._closed:
                self._applied, self._panel = self._panel or self._applied, None
                self._renew()

        self._main.do_soon(work)

    def _compare(self) -> None:
        """Say of what is shown that the form is another by now, and hold the Apply button back until it is not."""
        attempt, apply = self._attempt, self._panes["apply"]
        if attempt is None or self._busy or self._stopped:
            return
        changed = attempt.values != self._inputs.values
        for stage in PLANNING:
            self._panes[stage].mark(_OUT_OF_DATE if changed else None)
        if changed and self._panel is not None and not self._at_work and not self._held_back:
            self._held_back = apply.shown
            apply.show(notice("There is no plan for what the form says now.", "warn", f"Press {_BUTTON} below it."))
        elif not changed and self._held_back:
            apply.show(*self._held_back)
            self._held_back = ()


def _missing(inputs: Inputs, messages: dict[str, str]) -> View:
    """What is asked of the person before anything can begin."""
    fields = inputs.form.fields
    labels = {name: fields[name].label for name in messages if name in fields}
    said = [f"{labels[name]}: {text}" if name in labels else text for name, text in messages.items()]
    said = [line.replace(": is ", " is ", 1).replace(": must ", " must ", 1) for line in said]
    return notice(f"Fill in the form above, then press {_BUTTON}.", "warn", *said)


def _told(stage: Stage, attempt: Attempt, error: BaseException) -> list[Shown]:
    """What happened, where, and what to do."""
    shown: list[Shown] = []
    outcome = attempt.outcome
    if isinstance(error, PreflightFailed) and outcome is not None:
        shown.append(checks_view(outcome.checks))
    told = outcome.error if outcome is not None and isinstance(outcome.error, CnxError) else None
    where = [Small(f"Org {attempt.alias}, at “{stage.capitalize()}”")]
    if told is None:
        return [*shown, notice(f"{type(error).__name__}", "bad", *where)]
    hint = told.hint if told.hint not in ("", MEND) else f"Press {_BUTTON} to try again."
    details: list[Part] = [*where, *told_below(told.guide, hint)]
    return [*shown, notice(told.message, "bad", *details)]
