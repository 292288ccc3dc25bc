"""The Apply panel: a reviewed plan, a button, and what the runner makes of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnxlib.model import Status
from cnxlib.salesforce.requests import Identity
from cnxlib.ui.display import shown, status_badge, steps_grid
from cnxlib.ui.form import WIDGET_VIEW
from cnxlib.ui.handover import Ending, Handover, Running
from cnxlib.ui.production import is_confirmed
from cnxlib.ui.view import Block, Cell, Code, Grid, Note, Small, View

_STEP_EVENTS = ("step-done", "step-failed", "step-not-run")


class Panel:
    """What the Apply cell shows in mode "plan". Nothing happens before the button is pressed.

    Parameters
    ----------
    handover:
        What the button asks of the runner.
    identity:
        The org; a production org's id has to be typed.
    changes:
        How many changes wait.
    differing:
        The parameters that are neither defaults nor saved: the command line has to name them.
    interactive:
        Whether to make widgets.
    """

    def __init__(
        self,
        handover: Handover,
        identity: Identity,
        changes: int,
        differing: Mapping[str, Any] | None = None,
        *,
        interactive: bool = True,
    ) -> None:
        self._handover, self._identity, self._changes = handover, identity, changes
        self._differing = dict(differing or {})
        self._steps: dict[str, Mapping[str, Any]] = {}
        self._progress = ""
        self._running: Running | None = None
        self._ending: Ending | None = None
        self._box: Any = None
        self._button: Any = None
        self._typed: Any = None
        self._shown: Any = None
        if interactive:
            self._build()

    @property
    def ending(self) -> Ending | None:
        """How the runner ended, None while it has not."""
        return self._ending

    def view(self) -> View:
        """What stands there now; before the button is pressed, how to apply without it."""
        if self._ending is not None:
            return self._ended_view(self._ending)
        if self._running is not None:
            return View(Note("The runner is applying the plan …", "plain", self._last_progress()), self._steps_block())
        confirmed = self._confirmed(self._identity.org_id)
        command = ["cnx", *confirmed.arguments(), *self._named()]
        how = (Small("Press Apply, or type on the command line:"), Code(shlex.join(command)))
        return View(Note(f"Nothing is applied yet: {_counted(self._changes)} reviewed.", "warn", how))

    def press(self, typed_org_id: str = "") -> None:
        """What the button does: hand the plan to the runner, once."""
        if self._running is not None:
            return
        if not is_confirmed(self._identity, typed_org_id):
            self._show(View(Note(f"This is a production org: type its id, {self._identity.org_id}, to apply.", "bad")))
            return
        running = Running(self._confirmed(typed_org_id.strip()), self._on_events, self._on_end)
        try:
            running.start()
        except OSError as error:
            self._show(View(Note(f"The runner cannot be started: {error.strerror}", "bad")))
            return
        self._running = running
        if self._box is not None:
            self._button.disabled = self._typed.disabled = True
        self._show(self.view())

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
            description=f"Apply {_counted(self._changes)}", button_style="primary", layout=widgets.Layout(width="auto")
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

    def _show(self, view: View) -> None:
        if self._box is not None:
            self._shown.value = view.html()

    def _on_events(self, events: Sequence[Mapping[str, Any]]) -> None:
        for event in events:
            data = event["data"]
            if event["event"] in _STEP_EVENTS:
                self._steps[f"{data['kind']}:{data['key']}"] = data
                self._progress = ""
            elif event["event"] == "step-started":
                self._progress = f"{data['op']} {data['kind'].replace('_', ' ')} {data['key']} …"
            elif event["event"] == "progress":
                self._progress = _progress_text(data)
        self._show(self.view())

    def _on_end(self, ending: Ending) -> None:
        self._ending = ending
        self._show(self.view())

    def _ended_view(self, ending: Ending) -> View:
        error = ending.result.get("error")
        if isinstance(error, Mapping):
            hint = (f"What to do: {error['hint']}",) if error.get("hint") else ()
            return View(Note(str(error.get("message", "The run failed.")), "bad", hint), self._steps_block())
        phases = ending.result.get("phases") or []
        if not phases:
            said = tuple(Small(line) for line in ending.last_words.splitlines())
            return View(
                Note(f"The runner ended with exit code {ending.code} and no result.", "bad", said), self._steps_block()
            )
        return View(*_ended_blocks(ending.result, phases[-1]))

    def _steps_block(self) -> Block | None:
        return steps_grid(list(self._steps.values())) if self._steps else None

    def _last_progress(self) -> tuple[Small, ...]:
        return (Small(self._progress),) if self._progress else ()

    def _confirmed(self, org_id: str) -> Handover:
        production = self._identity.org_type == "production"
        return replace(self._handover, confirm_org_id=org_id) if production else self._handover

    def _named(self) -> list[str]:
        return [
            part
            for name, value in self._differing.items()
            for part in ("-p", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
        ]


def _ended_blocks(run: Mapping[str, Any], phase: Mapping[str, Any]) -> list[Block]:
    status = Status(phase["status"])
    badge = status_badge(status)
    details = [part for part in (phase.get("reason", ""),) if part]
    rows: list[tuple[Cell, ...]] = [
        ("Status", badge),
        ("Left different", str(len(phase.get("remaining", ())))),
        ("By hand", [shown(step["what"]) for step in phase["manual"] if not step["done_at"]] or ["nothing"]),
        ("Time", f"{phase['seconds']:.1f} s, {phase['api_calls']} requests to the org"),
        ("Record", Code(str(run.get("record", "")))),
    ]
    blocks: list[Block] = [Note(f"The runner has ended: {status}.", badge.tone, tuple(details))]
    if phase["steps"]:
        blocks.append(steps_grid(phase["steps"]))
    return [*blocks, Grid((), tuple(rows)), Note("To see what the org holds now, run the Plan cell again.")]


def _counted(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes} changes"


def _progress_text(data: Mapping[str, Any]) -> str:
    fraction = data.get("fraction")
    return str(data.get("message", "")) + (f" ({fraction:.0%})" if isinstance(fraction, int | float) else "")
