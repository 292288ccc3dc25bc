"""A run's progress in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cnxlib.cli.output import console
from cnxlib.phases.base import Phase
from cnxlib.runs import Watch


@contextmanager
def watching(total: int) -> Iterator[Watch]:
    """Follow a run of `total` phases with a bar on standard error; silently where that is no terminal."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield Watch()
        return
    columns = (
        SpinnerColumn(),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        yield _Bar(bar, bar.add_task("starting", total=total))


class _Bar(Watch):
    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task, self._title = bar, task, ""

    def phase_begins(self, phase: Phase[Any]) -> None:
        self._title = f"{phase.id[:2]} {phase.title}"
        self._say("starting its notebook")

    def happened(self, event: Mapping[str, Any]) -> None:
        said = _said(event["event"], event["data"])
        if said:
            self._say(said)

    def phase_ended(self, outcome: Mapping[str, Any]) -> None:
        self._bar.advance(self._task)

    def _say(self, what: str) -> None:
        # Names from the org may hold brackets, which rich would take for markup.
        text = f"{self._title} · {what}".replace("[", "\\[")
        self._bar.update(self._task, description=text)


def _said(name: str, data: Mapping[str, Any]) -> str:
    """What a person reads of an event while the run goes on, "" where nothing."""
    match name:
        case "phase-started":
            return "reading the org"
        case "check":
            return str(data["name"])
        case "plan":
            return f"{len(data['changes'])} changes"
        case "step-started":
            return f"{data['op']} {data['kind']} {data['key']}"
        case "progress":
            fraction = data.get("fraction")
            return str(data["message"]) + ("" if fraction is None else f" ({fraction:.0%})")
    return ""
