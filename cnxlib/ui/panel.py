"""The Apply panel: a reviewed plan, a button, and what the runner makes of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnxlib.changes import Change
from cnxlib.salesforce.requests import Identity
from cnxlib.ui.form import WIDGET_VIEW
from cnxlib.ui.handover import Ending, Handover, Running, Started, at_work, last_ending
from cnxlib.ui.production import is_confirmed
from cnxlib.ui.progress import ended_view, work_view
from cnxlib.ui.view import Code, Note, Small, View
from cnxlib.ui.work import Work


class Panel:
    """What the Apply cell shows in mode "plan". Nothing happens before a button is pressed.

    Parameters
    ----------
    handover:
        What the button asks of the runner.
    identity:
        The org; a production org's id has to be typed.
    changes:
        The reviewed plan.
    differing:
        The parameters that are neither defaults nor saved: the command line has to name them.
    running:
        A run of this phase that is at work already (`handover.at_work`); it is followed from the beginning, and there
        is no button before it has ended.
    again:
        Plans anew in place and shows what is left to apply; called when a person asks for it after the end.
    on_end:
        Receives how the run ended, once; called from the thread that followed it.
    interactive:
        Whether to make widgets.
    """

    def __init__(
        self,
        handover: Handover,
        identity: Identity,
        changes: Sequence[Change],
        differing: Mapping[str, Any] | None = None,
        *,
        running: Running | None = None,
        again: Callable[[], None] = lambda: None,
        on_end: Callable[[Ending], None] = lambda ending: None,
        interactive: bool = True,
    ) -> None:
        self._handover, self._identity, self._count = handover, identity, len(changes)
        self._differing, self._again, self._tell_end = dict(differing or {}), again, on_end
        self._work = Work([change.as_json() for change in changes])
        self._own = True
        self._said: Note | None = None
        self._running: Running | None = None
        self._ending: Ending | None = None
        self._before = last_ending(handover.alias, handover.phase_id)
        self._box: Any = None
        self._button: Any = None
        self._typed: Any = None
        self._shown: Any = None
        if interactive:
            self._build()
        if running is not None:
            self._own = False
            self._follow(running)

    @property
    def widget(self) -> Any:
        """What a person works with, None headless."""
        return self._box

    @property
    def ending(self) -> Ending | None:
        """How the runner ended, None while it has not."""
        return self._ending

    def view(self) -> View:
        """What stands there now; before the button is pressed, how to apply without it."""
        phase_id = self._handover.phase_id
        if self._ending is not None:
            return ended_view(self._ending, self._work, phase_id)
        if self._running is not None:
            return work_view(self._work, self._running.record, own=self._own)
        confirmed = self._confirmed(self._identity.org_id)
        command = ["cnx", *confirmed.arguments(), *self._named()]
        how = (Small("Press Apply, or type on the command line:"), Code(shlex.join(command)))
        return View(
            self._cut_off(), Note(f"Nothing is applied yet: {_counted(self._count)} reviewed.", "warn", how), self._said
        )

    def press(self, typed_org_id: str = "") -> None:
        """What the button does: hand the plan to the runner, once; a run that is at work already is followed."""
        if self._running is not None:
            return
        if not is_confirmed(self._identity, typed_org_id):
            self._refuse(typed_org_id.strip())
            return
        other = at_work(self._handover.alias, self._handover.phase_id)
        if other is not None:
            self._own = False
            self._follow(other)
            return
        started = Started(self._confirmed(typed_org_id.strip()))
        try:
            started.start()
        except OSError as error:
            self._said = Note(f"The runner cannot be started: {error.strerror}", "bad")
            self._show()
            return
        self._follow(started)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the runner has ended, where one was started; whether none is at work."""
        return self._running is None or self._running.wait(timeout_s)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self.view()._repr_mimebundle_()
        if self._box is not None:
            bundle[WIDGET_VIEW] = self._box._repr_mimebundle_()[WIDGET_VIEW]
        return bundle

    def _build(self) -> None:
        import ipywidgets as widgets

        self._button = widgets.Button(
            description=f"Apply {_counted(self._count)}", button_style="primary", layout=widgets.Layout(width="auto")
        )
        self._button.on_click(lambda button: self.press(self._typed.value))
        self._typed = widgets.Text(
            description="Type the org's id to apply to production",
            style={"description_width": "initial"},
            layout=widgets.Layout(width="36rem", max_width="100%"),
        )
        self._shown = widgets.HTML(self.view().html())
        guard = [self._typed] if self._identity.org_type == "production" else []
        self._box = widgets.VBox([*guard, widgets.HBox([self._button]), self._shown])

    def _show(self) -> None:
        if self._box is not None:
            self._shown.value = self.view().html()

    def _refuse(self, typed: str) -> None:
        what = "is not this org's id" if typed else "wants its id typed"
        self._said = Note(f"This is a production org: {typed} {what}, {self._identity.org_id}.", "bad")
        self._show()

    def _follow(self, running: Running) -> None:
        self._running, self._said = running, None
        if self._box is not None:
            self._button.disabled = self._typed.disabled = True
        self._show()
        running.follow(self._on_events, self._on_end)

    def _on_events(self, events: Sequence[Mapping[str, Any]]) -> None:
        self._work.take(events)
        if events:
            self._show()

    def _on_end(self, ending: Ending) -> None:
        self._ending = ending
        self._show()
        self._tell_end(ending)

    def _cut_off(self) -> Note | None:
        """The run before, where its process ended before its end."""
        if self._before is None or not self._before.cut_off or self._before.record is None:
            return None
        return Note(
            f"The run {self._before.record.name} applied this phase before, and was cut off at {self._before.at}.",
            "warn",
            ("Its process is gone. What it had done by then is in the org; the plan above shows what is left.",),
        )

    def _confirmed(self, org_id: str) -> Handover:
        production = self._identity.org_type == "production"
        return replace(self._handover, confirm_org_id=org_id) if production else self._handover

    def _named(self) -> list[str]:
        return [
            part
            for name, value in self._differing.items()
            for part in ("-p", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
        ]


def _counted(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes} changes"
