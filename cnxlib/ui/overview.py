"""The start notebook: an org of the inventory or a new one, whether it can be worked with, and how far each phase is.

Its cells are panes, as those of the phases are: the button renews them in place. Nothing is written, neither to the
org nor on record; what a person adds goes to the inventory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
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
from cnxlib.ui.changes import OrgChanges
from cnxlib.ui.diagnosed import diagnosis_view
from cnxlib.ui.display import error_note, notice
from cnxlib.ui.form import Form
from cnxlib.ui.freshness import Watch
from cnxlib.ui.kernel import guard
from cnxlib.ui.last_cell import LastCell
from cnxlib.ui.logins import aliases, may_be_renewed
from cnxlib.ui.main_thread import MainThread
from cnxlib.ui.orgs import first_org, remember
from cnxlib.ui.panes import Pane, Shown
from cnxlib.ui.sections import Section
from cnxlib.ui.states import reading_view, states_view
from cnxlib.ui.survey import survey
from cnxlib.ui.view import Note, Small, View

Diagnose = Callable[[str, Path], Diagnosis]
"""Looks into an org, and leaves it logged in."""

BUTTON = "Look at the org"
_ADD = "Add an org"
_CHANGE = "Change this org, or take it out of the list"
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
        self._watch: Watch | None = None
        self._read_at: datetime | None = None
        self._overtaken: Note | None = None
        self.adding = AddOrg(self._added)
        """The forms by which an org is added."""
        self.form: Form | None = None
        """The list of orgs, with its button; None where there is no org yet."""
        self._section = Section(_ADD, lambda: self.adding, self.adding.view, icon="plus")
        self._mending = Section(_CHANGE, self._changes, View, icon="pencil")
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
        self._end_watch()

    def _offer(self, alias: str, said: View | None = None) -> None:
        """Show the list of orgs with `alias` chosen; where there is none, how to add the first.

        `said` is what became of the list just now.
        """
        told = (said,) if said is not None and said.blocks else ()
        known = list(aliases())
        self.form = None
        if known:
            order = [alias, *(one for one in known if one != alias)]
            self.form = Form(_Choice, {"org": alias}, ["org"], choices={"org": order})
            self.form.on_submit(lambda: self._main.do(self.renew), BUTTON)
            self.form.on_change(lambda name: self._choose_another())
            self._section.close()
            self._mending.close()
            self._choose.show(*told, self.form, self._mending, self._section)
            return
        try:
            check_addable()
        except InventoryError as error:
            self._choose.show(View(error_note(error)))
        else:
            first = Section(_ADD, lambda: self.adding, self.adding.view, icon="plus", always=True)
            self._choose.show(*told, _no_org_yet(), first)

    def _added(self, alias: str) -> None:
        """An org was added, maybe in another thread: choose it, and look at it."""
        self._list_changed(alias, lambda: self.adding.said)

    def _list_changed(self, alias: str, said: Callable[[], View]) -> None:
        """The list of orgs is another one: show it with `alias` chosen, and look at that org."""

        def work() -> None:
            if not self._closed:
                self._offer(alias, said())
                self.renew()

        self._main.do_soon(work)

    def _changes(self) -> OrgChanges:
        """What can be done about the chosen org's entry."""
        alias = self.alias

        def removed() -> None:
            self._list_changed(first_org("demo", list(aliases())), lambda: made.removing.said)

        made = OrgChanges(alias, lambda changed: self._list_changed(changed, lambda: made.changing.said), removed)
        return made

    def _choose_another(self) -> None:
        self._mending.close()
        self._compare()

    def _compare(self) -> None:
        if self._looked:
            another = self.alias != self._looked
            self._connect.mark(_OUT_OF_DATE if another else None)
            self._states.mark(_OUT_OF_DATE if another else self._overtaken)

    def _look(self) -> None:
        """Log in and check."""
        self._forget_org()
        self._end_watch()
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
        elif may_be_renewed(self.alias):
            self.adding.renew(self.alias)
            self._section.open(f"Log in to {self.alias} again")
        else:
            self._mending.open(f"Change how {self.alias} is reached, or take it out of the list")

    def _survey(self) -> None:
        """Read phase by phase."""
        if self._org is None:
            what = "Nobody is logged in, so no phase was read." if self.alias else "There is no org to be read yet."
            self._states.show(notice(what, "plain", "What is in the way is told above."))
            return
        at, outcomes = datetime.now(UTC), list[Outcome]()
        for phase in self._phases:
            self._states.show(reading_view(self._phases, outcomes))
            self._states.mark(
                Note(f"Reading {phase.id[:2]} · {phase.title}, {len(outcomes) + 1} of {len(self._phases)} …")
            )
            outcomes.append(survey(phase, self.alias, self._phases, self._org))
        self._states.show(states_view(outcomes, at))
        self._read_at = at
        self._watch = Watch(
            self.alias,
            self._org.identity.org_id,
            at.timestamp(),
            lambda run: self._main.do_soon(lambda: self._overtake(run, at)),
        )
        self._forget_org()

    def _overtake(self, run: Path, at: datetime) -> None:
        """A run has been at work on the org since it was read."""
        if at == self._read_at:
            said = f"Out of date: run {run.name} has been at work on this org since it was read."
            self._overtaken = Note(said, "warn", (f"Press “{BUTTON}” above to read it again.",))
            self._compare()

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.end()
        self._watch = self._overtaken = self._read_at = None

    def _forget_org(self) -> None:
        if self._org is not None:
            self._org.close()
            self._org = None


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
