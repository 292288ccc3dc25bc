"""What is left to people, as a table: open steps and confirmed ones."""

from __future__ import annotations

from dataclasses import dataclass

from cnxlib.model import ManualStep
from cnxlib.ui.guide import reasons
from cnxlib.ui.view import Badge, Block, Cell, Grid, Link, Part, Small

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
                _state(step),
                _what(step),
                step.who,
                [step.confirmation] if step.done_at else [],
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


def _state(step: ManualStep) -> Badge:
    if not step.done_at:
        return Badge("open", "warn")
    return Badge("left as it is") if step.closed_by == "decision" else Badge("done", "good")


def _what(step: ManualStep) -> list[Part]:
    link = link_of(step)
    meaning = [Small(step.meaning)] if step.meaning and not step.done_at else []
    return [step.what, *([link] if link else []), *meaning]
