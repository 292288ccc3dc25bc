"""The start notebook: an org of the inventory or a new one, whether it can be worked with, and how far each phase is.

Its cells are panes, as those of the phases are: the button renews them in place. Nothing is written, neither to the
org nor on record; what a person adds goes to the inventory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, field_validator

from cnxlib.doctor import Diagnosis, diagnose
from cnxlib.errors import CnxError, InventoryError, PreflightFailed
from cnxlib.inventory import check_addable, inventory_path
from cnxlib.model import Outcome
from cnxlib.phases import PHASES
from cnxlib.phases.base import Phase
from cnxlib.records import runs_root
from cnxlib.salesforce.org import Org
from cnxlib.ui.adding import AddOrg
from cnxlib.ui.diagnosed import diagnosis_view
from cnxlib.ui.display import error_note, notice
from cnxlib.ui.form import Form
from cnxlib.ui.kernel import guard
from cnxlib.ui.last_cell import LastCell
from cnxlib.ui.logins import aliases, may_be_renewed
from cnxlib.ui.main_thread import MainThread
from cnxlib.ui.orgs import first_org, remember
from cnxlib.ui.panes import Pane, Shown
from cnxlib.ui.states import reading_view, states_view
from cnxlib.ui.survey import survey
from cnxlib.ui.view import Note, Small, View

Diagnose = Callable[[str, Path], Diagnosis]
"""Looks into an org, and leaves it logged in."""

BUTTON = "Look at the org"
_OUT_OF_DATE = Note("Out of date: this is another org.", "warn", (f"Press “{BUTTON}” above.",))


class _Choice(BaseModel):
    org: str = Field("demo", title="Org", description="the orgs of your list; the one you worked with last comes first")

    @field_validator("org")
    @classmethod
    def _is_known(cls, alias: str) -> str:
        if alias not in aliases():
            raise ValueError(f"there is no org of this name in {inventory_path()}")
        return alias


class Overview:
    """Looks at all phases of one org.

    What goes wrong is told in the pane where it happened; `raise_for_status` raises it, so that a notebook that is
    executed in batch fails.

    Parameters
    ----------
    namespace:
        The notebook's `globals()`: `org` is read from it.
    phases:
        All phases, in the guide's order.
    diagnose:
        Looks into an org, and leaves it logged in.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        *,
        phases: Sequence[Phase[Any]] = PHASES,
        diagnose: Diagnose = lambda alias, records: diagnose(alias, records, hold=True),
    ) -> None:
        guard()
        for previous in [one for one in namespace.values() if isinstance(one, Overview)]:
            previous.close()
        self._phases, self._diagnose = tuple(phases), diagnose
        self._main = MainThread()
        self._choose, self._connect, self._states = Pane(), Pane(), Pane()
        self._org: Org | None = None
        self._error: CnxError | None = None
        self._raised: LastCell | None = None
        self._closed = False
        self._looked = ""
        self.adding = AddOrg(self._added)
        """The forms by which an org is added."""
        self.form: Form | None = None
        """The list of orgs, with its button; None where there is no org yet."""
        self._section: _Adding | None = None
        self._offer(first_org(str(namespace.get("org", "demo")), list(aliases())))

    @property
    def alias(self) -> str:
        """The org that is chosen, "" where there is none."""
        return str(self.form.values["org"]) if self.form is not None else ""

    def choose(self) -> Pane:
        """The orgs there are, and the forms by which another one is added."""
        return self._choose

    def connect(self) -> None:
        """Show whether the org can be worked with: log in, and check what the set-up relies on."""
        _display(self._connect)
        self._look()

    def phases(self) -> None:
        """Show how far each phase is in the org, and what is next."""
        _display(self._states)
        self._survey()

    def raise_for_status(self) -> None:
        """Pass where the org could be looked at.

        Raises
        ------
        InventoryError, UnknownOrg, SecretError, OrgUnreachable, LoginRefused, PreflightFailed
            There is no such org, no answer, or a no. The notebook shows it where it happened.
        """
        self._raised = LastCell(fails=self._error is not None)
        if self._error is not None:
            raise self._error

    def renew(self) -> None:
        """Look at the chosen org, and renew all panes."""
        self._states.mark(Note("This is renewed in its turn …"))
        self._look()
        self._survey()
        if self._raised is not None and self._error is None:
            self._raised.clear()

    def text(self) -> str:
        """All panes as plain text."""
        return "\n\n".join(pane.text() for pane in (self._choose, self._connect, self._states))

    def close(self) -> None:
        """Another one takes its place."""
        self._closed = True
        self._forget_org()

    def _offer(self, alias: str) -> None:
        """Show the list of orgs with `alias` chosen; where there is none, how to add the first."""
        known = list(aliases())
        self.form = None
        if known:
            order = [alias, *(one for one in known if one != alias)]
            self.form = Form(_Choice, {"org": alias}, ["org"], choices={"org": order})
            self.form.on_submit(lambda: self._main.do(self.renew), BUTTON)
            self.form.on_change(lambda name: self._compare())
            added = (self.adding.said,) if self.adding.said.blocks else ()
            self._section = _Adding(self.adding, closed=True)
            self._choose.show(*added, self.form, self._section)
            return
        try:
            check_addable()
        except InventoryError as error:
            self._choose.show(View(error_note(error)))
        else:
            self._choose.show(_no_org_yet(), _Adding(self.adding, closed=False))

    def _added(self, alias: str) -> None:
        """An org was added, maybe in another thread: choose it, and look at it."""

        def work() -> None:
            if not self._closed:
                self._offer(alias)
                self.renew()

        self._main.do_soon(work)

    def _compare(self) -> None:
        if self._looked:
            for pane in (self._connect, self._states):
                pane.mark(_OUT_OF_DATE if self.alias != self._looked else None)

    def _look(self) -> None:
        """Log in and check."""
        self._forget_org()
        self._error = None
        self._looked = self.alias
        self._connect.mark(Note("Logging in, and checking what the set-up relies on …"))
        try:
            if not self.alias:
                raise _why_none()
            found = self._diagnose(self.alias, runs_root())
        except CnxError as error:
            self._error = error
            self._connect.show(View(error_note(error)))
            return
        self._org = found.org
        self._error = None if found.me is not None else found.error or _refused(found)
        self._connect.show(diagnosis_view(found, simulated=self._org is not None and self._org.simulated))
        if found.me is not None:
            remember(self.alias)
        elif may_be_renewed(self.alias) and self._section is not None:
            self.adding.renew(self.alias)
            self._section.open(f"Log in to {self.alias} again")

    def _survey(self) -> None:
        """Read phase by phase."""
        if self._org is None:
            what = "Nobody is logged in, so no phase was read." if self.alias else "There is no org to be read yet."
            self._states.show(notice(what, "plain", "What is in the way is told above."))
            return
        outcomes: list[Outcome] = []
        for phase in self._phases:
            self._states.show(reading_view(self._phases, outcomes))
            self._states.mark(
                Note(f"Reading {phase.id[:2]} · {phase.title}, {len(outcomes) + 1} of {len(self._phases)} …")
            )
            outcomes.append(survey(phase, self.alias, self._phases, self._org))
        self._states.show(states_view(outcomes))
        self._forget_org()

    def _forget_org(self) -> None:
        if self._org is not None:
            self._org.close()
            self._org = None


class _Adding:
    """The forms by which an org is added, behind a button where there are orgs already."""

    def __init__(self, adding: AddOrg, *, closed: bool) -> None:
        import ipywidgets as widgets

        self._adding = adding
        self._button = widgets.ToggleButton(
            value=not closed,
            description="Add an org",
            icon="plus",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
        )
        self._button.observe(lambda change: self._show(change["new"]), names="value")
        self._body = widgets.VBox([adding.widget])
        self._show(not closed)
        self.widget = widgets.VBox([self._button, self._body] if closed else [self._body])

    def open(self, said: str) -> None:
        """Show the forms, under another heading."""
        self._button.description, self._button.value = said, True

    def view(self) -> View:
        return self._adding.view()

    def _show(self, opened: bool) -> None:
        self._body.layout.display = None if opened else "none"


def _no_org_yet() -> View:
    return notice(
        "You have no org in your list yet: add one.",
        "plain",
        "Choose below how you log in to it. Nothing is changed in the org by this.",
        Small(f"The list is a file: {inventory_path()}"),
    )


def _why_none() -> InventoryError:
    """Why there is no org to choose: the list cannot be read, or there is none on it yet."""
    try:
        check_addable()
    except InventoryError as error:
        return error
    return InventoryError("There is no org to look at yet", hint="Add one under “1 · Choose an org”.")


def _refused(found: Diagnosis) -> PreflightFailed:
    bad = [check for check in found.checks if not check.ok and check.severity == "required"]
    said = "; ".join(f"{check.name}: {check.detail}" for check in bad)
    return PreflightFailed(said, org=found.alias, hint=" ".join(check.hint for check in bad if check.hint))


def _display(shown: Shown | Pane) -> None:
    from IPython.display import display

    display(shown)  # type: ignore[no-untyped-call]
