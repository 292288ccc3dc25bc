"""How far an org is, for people: a sentence about what is next, the phases as a picture and as a table, what moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cnxlib.model import Outcome
from cnxlib.phases.base import Phase
from cnxlib.ui.display import drift_grid
from cnxlib.ui.survey import (
    DRIFTED,
    FAILED,
    INPUT,
    LATER,
    LEGEND,
    PENDING,
    WAITING,
    Standing,
    badge,
    link,
    remarks,
    standing,
)
from cnxlib.ui.track import track
from cnxlib.ui.view import Badge, Block, Cell, Folded, Grid, Link, Note, Small, Tone, View


def reading_view(phases: Sequence[Phase[Any]], outcomes: Sequence[Outcome]) -> View:
    """The picture while the org is read: `outcomes` are those of the first phases."""
    known: list[Standing | None] = [standing(outcome) for outcome in outcomes]
    known += [None] * (len(phases) - len(outcomes))
    links = [Link(f"{phase.id[:2]} · {phase.title}", f"{phase.id}.ipynb") for phase in phases]
    return View(track(list(zip(links, known, strict=True)), len(outcomes), "being read"))


def states_view(outcomes: Sequence[Outcome], at: datetime) -> View:
    """What is next, the picture, the table, what moved since a phase was done, and what the words mean.

    Parameters
    ----------
    outcomes:
        Of all phases.
    at:
        When the org was read.
    """
    todo = next_one(outcomes)
    place = outcomes.index(todo) if todo is not None else -1
    stations = [(link(outcome), standing(outcome)) for outcome in outcomes]
    rows: list[tuple[Cell, ...]] = [(link(outcome), badge(outcome), remarks(outcome)) for outcome in outcomes]
    drifts = [drift_grid(outcome) for outcome in outcomes if standing(outcome) is DRIFTED]
    return View(
        _sentence(todo, at),
        track(stations, place, "next"),
        Grid(("Phase", "State", "Remark"), tuple(rows), widths=(30, 20, 50)),
        *drifts,
        Folded("What the signs mean", _legend()),
    )


def next_one(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The phase to go on with: the first that somebody can do something about; None where all is done."""
    todo = [outcome for outcome in outcomes if standing(outcome).to_do]
    return next((outcome for outcome in todo if standing(outcome) is not LATER), todo[0] if todo else None)


def _sentence(todo: Outcome | None, at: datetime) -> Note:
    read = Small(f"Read on {at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC.")
    if todo is None:
        return Note("Everything is as the guide asks.", "good", (read,))
    how, name = standing(todo), f"{todo.phase[:2]} · {todo.title}"
    tone: Tone = "bad" if how is FAILED else "warn"
    way = Link(f"Open {name} →", f"{todo.phase}.ipynb")
    return Note(f"Next: {name}. {_ASKS.get(how, 'Open it.')}", tone, (way, read))


_ASKS = {
    PENDING: "Read its plan, and apply it.",
    DRIFTED: "See what moved since it was done, and apply it again.",
    INPUT: "Fill in its form.",
    WAITING: "Do what is left to a person, and confirm it there.",
    FAILED: "Mend what stands in the way; its remark below says what.",
}


def _legend() -> Block:
    rows = tuple((Badge(one.word, one.tone, one.sign), one.means) for one in LEGEND)
    return Grid(("Sign", "Means"), rows, widths=(30, 70))
