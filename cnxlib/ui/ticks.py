"""What is left to a person, with a box to tick: each tick is put down by `cnx confirm`, a process of its own.

Who confirms is the org's login, so there is nothing to type but a note and the file that shows it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from cnxlib.model import ManualStep, Outcome
from cnxlib.ui.form import WIDGET_VIEW
from cnxlib.ui.view import Note, View

_ENVIRONMENT = ("FORCE_COLOR", "CLICOLOR_FORCE")
"""What ipykernel adds to have colours drawn for a notebook."""


@dataclass(frozen=True)
class Confirming:
    """What `cnx confirm` is asked.

    Parameters
    ----------
    alias, phase_id:
        The org and the phase.
    values:
        The phase's own parameters; they hold no secret, only references.
    ticket:
        As the parameter of the same name.
    command:
        How `cnx` is started.
    """

    alias: str
    phase_id: str
    values: Mapping[str, Any]
    ticket: str = ""
    command: tuple[str, ...] = (sys.executable, "-m", "cnxlib")

    def confirm(self, step: ManualStep, note: str = "", evidence: str = "") -> ManualStep:
        """Confirm `step` as it was read; returns it with who did and when.

        Raises
        ------
        ValueError
            It was not put down; says why.
        """
        options = {"--note": note, "--evidence": evidence, "--ticket": self.ticket, "--step-digest": step.digest}
        given = [f"{option}={value}" for option, value in options.items() if value]
        with tempfile.TemporaryDirectory(prefix="cnx-confirm-") as folder:
            parameters = Path(folder) / "parameters.json"
            parameters.write_text(json.dumps(dict(self.values)), encoding="utf-8")
            name = f"{self.phase_id[:2]}.{step.step}"
            ended = subprocess.run(
                [*self.command, "confirm", name, "--org", self.alias, *given, "--parameters", parameters, "--json"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={name: value for name, value in os.environ.items() if name not in _ENVIRONMENT},
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        try:
            told = json.loads(ended.stdout)
            if "error" not in told:
                done = told["confirmed"]
                return replace(step, done_by=str(done["done_by"]), done_at=str(done["done_at"]))
            said = " ".join(part for part in (told["error"]["message"], told["error"]["hint"]) if part)
        except (ValueError, KeyError, TypeError):
            said = ended.stderr.strip() or f"cnx confirm ended with exit code {ended.returncode}."
        raise ValueError(said)


class Ticks:
    """A plan with its open manual steps to tick.

    Parameters
    ----------
    outcome:
        The plan, with the steps.
    shown:
        How an outcome looks.
    confirming:
        Puts a step down.
    """

    def __init__(self, outcome: Outcome, shown: Any, confirming: Confirming) -> None:
        self._outcome, self._shown, self._confirming = outcome, shown, confirming
        self._said = ""
        self._threads: list[threading.Thread] = []
        self._build()

    @property
    def widget(self) -> Any:
        """What a person works with."""
        return self._box

    def view(self) -> View:
        """The plan as it stands, with who confirmed what; and what went wrong last."""
        shown: View = self._shown(self._outcome)
        return View(*shown.blocks, Note(self._said, "bad") if self._said else None)

    def press(self, name: str, note: str = "", evidence: str = "") -> None:
        """What a box does when it is ticked: confirm the step `name` in a thread."""
        thread = threading.Thread(target=self._confirm, args=(name, note, evidence), name="cnx-confirm", daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self) -> None:
        """Wait until nothing is being confirmed."""
        for thread in self._threads:
            thread.join()

    def _confirm(self, name: str, note: str, evidence: str) -> None:
        step = next(one for one in self._outcome.manual if one.step == name)
        row = self._rows[name]
        row.say("It is being put down …")
        try:
            done = self._confirming.confirm(step, note, evidence)
        except (ValueError, OSError) as error:
            self._said = f"{name}: {error}"
            row.say(str(error))
            row.renew()
        else:
            self._said = ""
            self._outcome = self._outcome.confirmed(done)
            row.say(f"Confirmed by {done.done_by}, {done.done_at}.")
        self._html.value = self.view().html()

    def _build(self) -> None:
        import ipywidgets as widgets

        self._html = widgets.HTML(self.view().html())
        self._rows = {step.step: _Row(step, self.press) for step in self._outcome.manual if not step.done_at}
        self._box = widgets.VBox([self._html, *(row.box for row in self._rows.values())])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = self.view()._repr_mimebundle_()
        bundle[WIDGET_VIEW] = self._box._repr_mimebundle_()[WIDGET_VIEW]
        return bundle


class _Row:
    """The fields of one step: a box to tick, a note, a file.

    Parameters
    ----------
    step:
        The step, open.
    press:
        Receives the step's name, the note and the file when the box is ticked.
    """

    def __init__(self, step: ManualStep, press: Any) -> None:
        import ipywidgets as widgets

        wide = widgets.Layout(width="20rem", max_width="100%")
        self.tick = widgets.Checkbox(description=f"Done: {step.step.replace('_', ' ')}", indent=False)
        self.note = widgets.Text(placeholder="note, if there is one", layout=wide)
        self.evidence = widgets.Text(placeholder="file that shows it (its hash is kept)", layout=wide)
        self._message = widgets.HTML()
        self._step, self._press, self._quiet = step.step, press, False
        self.tick.observe(self._ticked, names="value")
        self.box = widgets.VBox([widgets.HBox([self.tick, self.note, self.evidence]), self._message])

    def say(self, text: str) -> None:
        """Show what became of it."""
        self._message.value = escape(text)

    def renew(self) -> None:
        """Let the box be ticked again."""
        self._quiet = True
        self.tick.value = False
        self._quiet = False
        self._enable(True)

    def _ticked(self, change: Mapping[str, Any]) -> None:
        if self._quiet or not change["new"]:
            return
        self._enable(False)
        self._press(self._step, self.note.value.strip(), self.evidence.value.strip())

    def _enable(self, on: bool) -> None:
        fields: Sequence[Any] = (self.tick, self.note, self.evidence)
        for field in fields:
            field.disabled = not on
