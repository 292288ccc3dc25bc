"""The Apply panel: a reviewed plan, a button, and what the runner makes of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnxlib.changes import Change
from cnxlib.model import Status
from cnxlib.salesforce.requests import Identity
from cnxlib.ui.handover import Ending, Handover, Running, Started, at_work, last_ending
from cnxlib.ui.live import WIDGET_VIEW
from cnxlib.ui.production import is_confirmed
from cnxlib.ui.progress import (
    COLUMNS,
    caption,
    ended_blocks,
    ended_note,
    ended_view,
    live_lines,
    work_note,
    work_view,
)
from cnxlib.ui.view import Code, Note, Small, View
from cnxlib.ui.work import Work

_ITS_ID = "ORG_ID"
"""Stands in the command line for a production org's id: that is typed, not copied."""


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
        self._phase_id = handover.phase_id
        self._handover, self._identity, self._count = handover, identity, len(changes)
        self._differing, self._again, self._tell_end = dict(differing or {}), again, on_end
        self._work = Work([change.as_json() for change in changes])
        self._own = True
        self._refused = ""
        self._said: Note | None = None
        self._running: Running | None = None
        self._ending: Ending | None = None
        self._before = last_ending(handover.alias, handover.phase_id, identity.org_id)
        self._box: Any = None
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
        if self._ending is not None:
            return ended_view(self._ending, self._work, self._phase_id, self._identity.url)
        if self._running is not None:
            return work_view(self._work, self._running.record, own=self._own, url=self._identity.url)
        confirmed = self._confirmed(_ITS_ID)
        command = ["cnx", *confirmed.arguments(), *self._named()]
        typed = f" (with the org's id for {_ITS_ID})" if confirmed.confirm_org_id else ""
        how = (Small(f"Press Apply, or type on the command line{typed}:"), Code(shlex.join(command)))
        refused = Note(self._refused, "bad") if self._refused and self._box is None else None
        return View(
            self._cut_off(),
            Note(f"Nothing is applied yet: {_counted(self._count)} reviewed.", "warn", how),
            refused,
            self._said,
        )

    def press(self, typed_org_id: str = "") -> None:
        """What the button does: hand the plan to the runner, once; a run that is at work already is followed."""
        if self._running is not None:
            return
        if not is_confirmed(self._identity, typed_org_id):
            self._refuse(typed_org_id.strip())
            return
        other = at_work(self._handover.alias, self._handover.phase_id, self._identity.org_id)
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

    def again(self) -> None:
        """What the button does after the end: plan anew in place."""
        if self._box is not None:
            self._box.enabled = False
        try:
            self._again()
        finally:
            if self._box is not None:
                self._box.enabled = True

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the runner has ended, where one was started; whether none is at work."""
        return self._running is None or self._running.wait(timeout_s)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self.view()._repr_mimebundle_()
        if self._box is not None:
            bundle[WIDGET_VIEW] = self._box._repr_mimebundle_()[0][WIDGET_VIEW]
        return bundle

    def _build(self) -> None:
        from cnxlib.ui.panel_widget import PanelWidget  # on demand: a run without a person makes no widgets

        self._box = PanelWidget(columns=list(COLUMNS))
        self._box.on_msg(self._received)
        self._show()

    def _received(self, widget: Any, message: Any, buffers: Any) -> None:
        """What the browser sends: it cannot be trusted to be more than a press of the button."""
        if isinstance(message, dict) and "press" in message:
            if self._ending is None:
                self.press(str(message["press"]))
            else:
                self.again()

    def _show(self) -> None:
        if self._box is None:
            return
        with self._box.hold_sync():
            for name, value in self._shown().items():
                setattr(self._box, name, value)

    def _shown(self) -> dict[str, Any]:
        """What the widget draws."""
        work, ending = self._work, self._ending
        if ending is not None:
            note = ended_note(ending, self._phase_id)
            foot = View(*ended_blocks(ending, work, self._phase_id, self._identity.url)).html()
            head = {"said": note.message, "head": View(note).html(), "foot": foot, "button": self._retry(ending)}
            return {**_NOTHING, **head, "rows": live_lines(work, self._identity.url), "caption": caption(work)}
        if self._running is not None:
            stage = " ".join(part for part in (f"{work.said()}." if work.said() else "", work.stage) if part)
            return {
                **_NOTHING,
                "said": stage,
                "head": View(work_note(work, self._running.record, own=self._own)).html(),
                "overall": {"text": work.said() or work.stage, "fraction": work.fraction_done()},
                "detail": {"text": work.message, "fraction": work.fraction} if work.message else {},
                "rows": live_lines(work, self._identity.url),
                "caption": caption(work),
            }
        production = self._identity.org_type == "production"
        return {
            **_NOTHING,
            "guard": "This is a production org. To apply to it, type its id:" if production else "",
            "refused": self._refused,
            "button": f"Apply {_counted(self._count)}",
            "head": self.view().html(),
        }

    def _retry(self, ending: Ending) -> str:
        """What the button says after the end, "" where there is nothing to try again."""
        phase = ending.outcome(self._phase_id)
        ended_well = phase is not None and Status(phase["status"]) not in (Status.FAILED, Status.BLOCKED)
        return "" if ended_well and not ending.result.get("error") else "Try again"

    def _refuse(self, typed: str) -> None:
        where = "It stands under “Connect” above."
        self._refused = f"{typed} is not this org's id. {where}" if typed else f"First type this org's id. {where}"
        self._show()

    def _follow(self, running: Running) -> None:
        self._running, self._said, self._refused = running, None, ""
        self._show()
        running.follow(self._on_events, self._on_end)

    def _on_events(self, events: Sequence[Mapping[str, Any]]) -> None:
        self._work.take(events)
        if events:
            self._show()

    def _on_end(self, ending: Ending) -> None:
        self._ending = ending
        self._work.close(ending.outcome(self._phase_id))
        self._show()
        self._tell_end(ending)

    def _cut_off(self) -> Note | None:
        """The run before, where its process ended before its end."""
        if self._before is None or not self._before.cut_off or self._before.record is None:
            return None
        return Note(
            f"The last apply was cut off: {self._before.when}.",
            "warn",
            ("What it had done by then is in the org; the plan above shows what is left.",),
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


_NOTHING: dict[str, Any] = {
    "guard": "",
    "refused": "",
    "button": "",
    "head": "",
    "foot": "",
    "overall": {},
    "detail": {},
    "rows": [],
    "caption": "",
    "said": "",
}


def _counted(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes} changes"
