"""What is left to people, as a table: open steps and confirmed ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cnxlib.model import ManualStep
from cnxlib.ui.guide import reasons
from cnxlib.ui.view import Badge, Block, Cell, Grid, Link, Part

TITLE = "Left to a person"


@dataclass(frozen=True)
class ManualSteps(Block):
    """The manual steps of a phase.

    Parameters
    ----------
    steps:
        At least one.
    """

    steps: tuple[ManualStep, ...]

    def html(self) -> str:
        """A table with who confirmed what."""
        return self._grid().html()

    def text(self) -> str:
        """A table with who confirmed what."""
        return self._grid().text()

    def _grid(self) -> Grid:
        rows: list[tuple[Cell, ...]] = [
            (
                Badge("done", "good") if step.done_at else Badge("open", "warn"),
                _what(step),
                step.who,
                [confirmed(step)] if step.done_at else [],
                reasons(step.guide),
            )
            for step in self.steps
        ]
        return Grid(("State", "By hand", "Who", "Confirmed", "Why"), tuple(rows), TITLE, widths=(10, 42, 14, 14, 20))


def link_of(step: ManualStep) -> Link | None:
    """Where the step is done, None where it has no page. A mail's link is too long to be read."""
    if not step.url:
        return None
    return Link("Open the mail in your mail program" if step.url.startswith("mailto:") else step.url, step.url)


def confirmed(step: ManualStep) -> str:
    """Who confirmed a step, and when, such as "ann@acme.example, 2026-11-24 04:24 UTC"."""
    try:
        when = datetime.fromisoformat(step.done_at).astimezone(UTC)
    except ValueError:
        return f"{step.done_by}, {step.done_at}"
    return f"{step.done_by}, {when:%Y-%m-%d %H:%M} UTC"


def _what(step: ManualStep) -> list[Part]:
    link = link_of(step)
    return [step.what, link] if link else [step.what]
