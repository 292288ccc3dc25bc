"""What a cell shows: blocks of text and tables, each as HTML for the notebook and as plain text for all else.

A saved notebook, nbconvert, VS Code and a terminal show the same content, so nothing here needs a script or a style
sheet. Colours come from JupyterLab's own variables, with a value for where they are not known; a word or a sign always
says the same as the colour.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape
from io import StringIO
from textwrap import fill
from typing import Any

from cnxlib.ui.parts import (
    COLOURS,
    SMALL,
    Badge,
    Cell,
    Code,
    Link,
    Part,
    Small,
    Tone,
    cell_html,
    leads_to_a_page,
    part_text,
    parts,
    sign,
)

__all__ = [
    "MOST_ROWS",
    "TEXT_WIDTH",
    "Badge",
    "Block",
    "Cell",
    "Code",
    "Folded",
    "Grid",
    "Link",
    "Note",
    "Part",
    "Passage",
    "Small",
    "Tone",
    "View",
    "leads_to_a_page",
    "parts",
    "sign",
]

MOST_ROWS = 200
"""Rows of a table that are shown; the record holds them all."""

TEXT_WIDTH = 116
"""Columns of the plain-text form."""

_NARROW = 24
"""Columns that a column of it has at least, where others must not be wrapped."""

_RULE = "1px solid var(--jp-border-color2, #c4c4c4)"
_CELL = f"text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-bottom:{_RULE};overflow-wrap:break-word;"
_TABLE = "border-collapse:collapse;table-layout:auto;width:100%;margin:4px 0 12px 0;"


class Block(ABC):
    """A piece of what a cell shows."""

    @abstractmethod
    def html(self) -> str:
        """The block as HTML, every text in it escaped."""

    @abstractmethod
    def text(self) -> str:
        """The block as plain text, without a line break at its end."""

    def widget(self) -> Any:
        """A live form of the block for a notebook at work; None where it is not more than its HTML."""
        return None


@dataclass(frozen=True)
class Note(Block):
    """A sentence or two that stand out."""

    message: str
    tone: Tone = "plain"
    details: tuple[Part, ...] = ()

    def html(self) -> str:
        """A box with a coloured edge."""
        lines = cell_html(self.details)
        style = (
            f"border-left:4px solid {COLOURS[self.tone]};padding:4px 12px;margin:4px 0 12px 0;overflow-wrap:anywhere;"
        )
        return f'<div style="{style}"><strong>{_sign(self.tone)}{escape(self.message)}</strong>{lines}</div>'

    def text(self) -> str:
        """The message, its details indented below."""
        return "\n".join([_sign(self.tone) + self.message, *(f"  {part_text(part)}" for part in self.details)])


@dataclass(frozen=True)
class Grid(Block):
    """A table. Without `columns` it has no head, and the first cell of each row is the row's own heading."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    widths: tuple[int, ...] = ()
    """Of the columns in HTML, in percent; none leaves it to the browser."""

    def html(self) -> str:
        """A plain table; its title is the caption."""
        caption = "caption-side:top;text-align:left;font-weight:600;padding:4px 0;color:inherit;"
        parts = [f'<table style="{_TABLE}">']
        if self.title:
            parts.append(f'<caption style="{caption}">{escape(self.title)}</caption>')
        parts.extend(f'<col style="width:{width}%;">' for width in self.widths)
        if self.columns:
            heads = "".join(
                f'<th scope="col" style="{_CELL}font-weight:600;">{escape(name)}</th>' for name in self.columns
            )
            parts.append(f"<thead><tr>{heads}</tr></thead>")
        rows = "".join(f"<tr>{self._row_html(row)}</tr>" for row in self.rows[:MOST_ROWS])
        parts.append(f"<tbody>{rows}</tbody></table>")
        if self._more:
            parts.append(f'<div style="{SMALL}">{escape(self._more)}</div>')
        return "".join(parts)

    def text(self) -> str:
        """Columns under each other, long cells wrapped; what is to be copied stands whole."""
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        count = len(self.columns) or max((len(row) for row in self.rows), default=0)
        whole = [self._longest_code(index) for index in range(count)]
        table = Table(box=SIMPLE_HEAD if self.columns else None, show_header=bool(self.columns), pad_edge=False)
        for name, longest in zip(self.columns or ("",) * count, whole, strict=True):
            table.add_column(Text(name), overflow="fold", no_wrap=bool(longest))
        for row in self.rows[:MOST_ROWS]:
            table.add_row(*(Text(_lines(cell, longest)) for cell, longest in zip(row, whole, strict=False)))
        width = max(TEXT_WIDTH, sum(longest or _NARROW for longest in whole) + 3 * count)
        out = StringIO()
        # In a notebook rich would show the table by itself instead of writing it.
        console = Console(file=out, width=width, color_system=None, legacy_windows=False, force_jupyter=False)
        console.print(table)
        body = "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")
        return "\n".join(part for part in (self.title, body, self._more) if part)

    def _longest_code(self, index: int) -> int:
        """Characters of the longest text to be copied in a column, 0 where there is none."""
        cells = [row[index] for row in self.rows[:MOST_ROWS] if index < len(row)]
        codes = [len(part.text) for cell in cells for part in parts(cell) if isinstance(part, Code)]
        return max(codes, default=0) and max(_NARROW, *codes)

    @property
    def _more(self) -> str:
        left = len(self.rows) - MOST_ROWS
        return f"… and {left} more rows, which the run record holds" if left > 0 else ""

    def _row_html(self, row: tuple[Cell, ...]) -> str:
        cells = []
        for index, cell in enumerate(row):
            content = cell_html(cell)
            if index == 0 and not self.columns:
                cells.append(f'<th scope="row" style="{_CELL}font-weight:600;width:14em;">{content}</th>')
            else:
                cells.append(f'<td style="{_CELL}">{content}</td>')
        return "".join(cells)


@dataclass(frozen=True)
class Passage(Block):
    """A longer text under a title, as it stands, such as a mail."""

    title: str
    body: str

    def html(self) -> str:
        """The title, and the text in a frame, its lines kept."""
        wrapped = "white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal;"
        style = f"{wrapped}border:{_RULE};padding:8px 12px;margin:0 0 12px 0;"
        heading = f'<div style="font-weight:600;padding:4px 0;">{escape(self.title)}</div>'
        return f'{heading}<pre style="{style}">{escape(self.body)}</pre>'

    def text(self) -> str:
        """The title, and the text indented."""
        return "\n".join([self.title, *(f"  {line}".rstrip() for line in self.body.splitlines())])


@dataclass(frozen=True)
class Folded(Block):
    """A block that is closed until somebody opens it; as plain text it is open."""

    title: str
    block: Block

    def html(self) -> str:
        """The browser's own element for it, which the keyboard opens too."""
        summary = f'<summary style="cursor:pointer;padding:4px 0;">{escape(self.title)}</summary>'
        return f'<details style="margin:0 0 12px 0;">{summary}{self.block.html()}</details>'

    def text(self) -> str:
        """The title, then the block."""
        return f"{self.title}\n{self.block.text()}"


def _lines(cell: Cell, longest: int) -> str:
    """A cell as plain text; beside something to be copied, which is as long as `longest`, all else is wrapped here."""
    texts = [
        part_text(part) if isinstance(part, Code) or not longest else _wrapped(part, longest) for part in parts(cell)
    ]
    return "\n".join(texts)


def _wrapped(part: Part, width: int) -> str:
    return "\n".join(fill(line, width) for line in part_text(part).splitlines())


class View:
    """What one cell shows.

    Parameters
    ----------
    blocks:
        From top to bottom; None is left out.
    """

    def __init__(self, *blocks: Block | None) -> None:
        self.blocks = tuple(block for block in blocks if block is not None)

    def html(self) -> str:
        """All blocks as one piece of HTML."""
        # Inside a widget, JupyterLab would set lines as far apart as form fields.
        return f'<div class="cnx-view" style="line-height:1.45;">{"".join(block.html() for block in self.blocks)}</div>'

    def text(self) -> str:
        """All blocks as plain text."""
        return "\n\n".join(block.text() for block in self.blocks)

    def __repr__(self) -> str:
        return self.text()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and self.blocks == other.blocks

    def __hash__(self) -> int:
        return hash(self.blocks)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Both forms at once, so that each reader takes the one it can show (IPython's rich display)."""
        return {"text/html": self.html(), "text/plain": self.text()}


def _sign(tone: Tone) -> str:
    return "" if tone == "plain" else f"{sign(tone)} "
