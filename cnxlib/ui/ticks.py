"""What is left to a person, with a box to tick: each tick is put down by `cnx confirm`, a process of its own.

Who confirms is the org's login, so there is nothing to type but a note and the file that shows it. Of that file its
name and its SHA-256 go on record, not its content: a setup file may hold what no record may.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PureWindowsPath
from typing import Any

from cnxlib.model import ManualStep, Outcome
from cnxlib.records.said import Said, said_with
from cnxlib.ui.front_end import module_of
from cnxlib.ui.guide import reasons
from cnxlib.ui.live import Live
from cnxlib.ui.manual import TITLE, ManualSteps, link_of
from cnxlib.ui.view import Block, Note, View, leads_to_a_page

LARGEST_UPLOAD = 8_000_000
"""Bytes of a file that is sent through the browser: Jupyter's server takes 10 MiB in one message."""

_ENVIRONMENT = ("FORCE_COLOR", "CLICOLOR_FORCE")
"""What ipykernel adds to have colours drawn for a notebook."""

_BOXES = {
    "confirmation": "Done: put “{}” on record as confirmed by me",
    "decision": "Leave it as it is: put “{}” on record as decided by me",
    "reading": "",
}
"""What a box says, by what closes the step; "" where there is no box."""

_HERE = Path(__file__).parent


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
            said = " ".join(_ended(part) for part in (told["error"]["message"], told["error"]["hint"]) if part)
        except (ValueError, KeyError, TypeError):
            said = ended.stderr.strip() or f"cnx confirm ended with exit code {ended.returncode}."
        raise ValueError(said)


@dataclass(frozen=True)
class Upload:
    """A file that came through the browser."""

    name: str
    content: bytes


class Ticks:
    """A plan with its manual steps to tick.

    Parameters
    ----------
    outcome:
        The plan, with the steps.
    shown:
        How an outcome looks.
    confirming:
        Puts a step down.
    on_change:
        Called with the plan as it then stands, after a step was put down or refused, from a thread.
    """

    def __init__(
        self,
        outcome: Outcome,
        shown: Callable[[Outcome], View],
        confirming: Confirming,
        on_change: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self._outcome, self._shown, self._confirming, self._on_change = outcome, shown, confirming, on_change
        self._said: dict[str, str] = {}
        self._on_record: dict[tuple[str, str], Said] = {}
        self._busy: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._boxes = _widget_class()(title=TITLE, largest=LARGEST_UPLOAD, steps=self._steps())
        self._boxes.on_msg(self._ticked)
        self._live = Live(self._live_view())

    @property
    def widget(self) -> Any:
        """What a person works with."""
        return self._live.widget

    def view(self) -> View:
        """The plan as it stands, with who confirmed what; and what went wrong."""
        notes = [Note(f"{name.replace('_', ' ')}: {said}", "bad") for name, said in self._said.items()]
        return View(*self._shown(self._outcome).blocks, *notes)

    def press(self, name: str, note: str = "", evidence: str | Upload = "") -> None:
        """What a box does when it is ticked: confirm the step `name` in a thread; once at a time.

        Parameters
        ----------
        name:
            `ManualStep.step`.
        note:
            What there is to say.
        evidence:
            The file that shows it: a path on this computer, or what came through the browser.
        """
        step = next((one for one in self._outcome.manual if one.step == name and not one.done_at), None)
        if step is None or name in self._busy or step.closed_by == "reading":
            return
        self._busy.add(name)
        self._said.pop(name, None)
        self._renew()
        thread = threading.Thread(target=self._confirm, args=(step, note, evidence), name="cnx-confirm", daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self) -> None:
        """Wait until nothing is being confirmed."""
        for thread in self._threads:
            thread.join()

    def _confirm(self, step: ManualStep, note: str, evidence: str | Upload) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="cnx-evidence-") as folder:
                done = self._confirming.confirm(step, note, _path(evidence, Path(folder)))
        except (ValueError, OSError) as error:
            self._said[step.step] = str(error)
        else:
            self._outcome = self._outcome.confirmed(done)
        self._busy.discard(step.step)
        self._renew()
        self._on_change(self._outcome)

    def _ticked(self, widget: Any, content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        """A message of `ticks.js`: the step, the note, the path, and the name of the file that came with it."""
        name = str(content.get("file", ""))
        evidence = Upload(name, bytes(buffers[0])) if name and buffers else str(content.get("path", "")).strip()
        self.press(str(content.get("step", "")), str(content.get("note", "")).strip(), evidence)

    def _renew(self) -> None:
        self._boxes.steps = self._steps()
        self._live.show(self._live_view())

    def _live_view(self) -> View:
        """The plan with the boxes in the place of the table of manual steps."""
        boxes = _Boxes(self._boxes)
        return View(
            *(boxes if isinstance(block, ManualSteps) else block for block in self._shown(self._outcome).blocks)
        )

    def _steps(self) -> list[dict[str, Any]]:
        return [self._described(step) for step in self._outcome.manual]

    def _described(self, step: ManualStep) -> dict[str, Any]:
        link = link_of(step)
        said = self._said.get(step.step, "")
        state = "done" if step.done_at else "busy" if step.step in self._busy else "refused" if said else "open"
        return {
            "step": step.step,
            "name": step.step.replace("_", " "),
            "what": step.what,
            "who": step.who,
            "why": reasons(step.guide),
            "meaning": step.meaning,
            "box": _BOXES[step.closed_by].format(step.step.replace("_", " ")),
            "evidence": "Evidence: the file, whose hash is to be on record"
            if step.wants_evidence
            else "Evidence (optional): a file",
            "link": [link.text, link.url] if link and leads_to_a_page(link.url) else [],
            "state": state,
            "said": self._told(step) if step.done_at else said,
        }

    def _told(self, step: ManualStep) -> str:
        """Who confirmed a step, and what they put on record with it."""
        if (step.step, step.done_at) not in self._on_record:
            alias, phase = self._confirming.alias, self._confirming.phase_id
            self._on_record[step.step, step.done_at] = said_with(alias, phase, step.step, step.done_at)
        said = self._on_record[step.step, step.done_at]
        note = f"Note: {_ended(said.note)}" if said.note else ""
        evidence = f"Evidence: {said.evidence}, SHA-256 {said.sha256}." if said.evidence else ""
        return " ".join(part for part in (_done(step), note, evidence) if part)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {**self._live._repr_mimebundle_(), **self.view()._repr_mimebundle_()}


@dataclass(frozen=True)
class _Boxes(Block):
    """Where the boxes stand among the other blocks."""

    boxes: Any

    def html(self) -> str:
        """Nothing: this block is shown as its widget alone."""
        return ""

    def text(self) -> str:
        """Nothing: this block is shown as its widget alone."""
        return ""

    def widget(self) -> Any:
        """The boxes."""
        return self.boxes


@cache
def _widget_class() -> Any:
    import anywidget  # on demand: a run without a person makes no widgets
    import traitlets

    class Boxes(anywidget.AnyWidget):
        """The front end is `ticks.js`; the traits are what it shows."""

        _esm = module_of("connection.js", "ticks.js")
        _css = _HERE / "widgets.css"
        title = traitlets.Unicode().tag(sync=True)
        largest = traitlets.Int().tag(sync=True)
        steps = traitlets.List[dict[str, Any]]().tag(sync=True)

    return Boxes


def _path(evidence: str | Upload, folder: Path) -> str:
    """Where the evidence lies; what came through the browser is laid into `folder` under its own name.

    Raises
    ------
    ValueError
        There is no such file.
    """
    if isinstance(evidence, str):
        given = Path(evidence).expanduser()
        if evidence and not given.is_file():
            raise ValueError(f"There is no file {evidence} on the computer that runs this: check the path.")
        return str(given) if evidence else ""
    path = folder / (PureWindowsPath(evidence.name).name or "evidence")
    path.write_bytes(evidence.content)
    return str(path)


def _done(step: ManualStep) -> str:
    what = "Left as it is, by" if step.closed_by == "decision" else "Confirmed by"
    return f"{what} {step.confirmation}."


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
