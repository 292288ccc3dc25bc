"""A table of many rows to be sorted, filtered, turned page by page, and saved as CSV.

In a notebook at work it is a widget of plain DOM (`sortable.js`): a real table with buttons as its heads. Everywhere
else it is the `Grid` that it is made from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cnxlib.ui.view import Badge, Block, Cell, Code, Grid, Link, Part, Small, leads_to_a_page, parts, sign

HANDFUL = 10
"""Rows that are looked through at a glance: a table of no more stays as it is."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula, as in `cnxlib.resources.holders.as_csv`: such a cell gets an apostrophe."""

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sortable(Block):
    """A grid that its reader can sort and filter.

    Parameters
    ----------
    grid:
        The table, with columns.
    """

    grid: Grid

    def html(self) -> str:
        """The grid as it is."""
        return self.grid.html()

    def text(self) -> str:
        """The grid as it is."""
        return self.grid.text()

    def widget(self) -> Any:
        """The table with its controls."""
        return _widget_class()(
            caption=self.grid.title,
            columns=list(self.grid.columns),
            widths=list(self.grid.widths),
            formula_starts=list(FORMULA_STARTS),
            data=_pooled(self.grid.rows),
        )


def sortable(grid: Grid) -> Block:
    """The grid, to be sorted and filtered where it has more than a handful of rows."""
    return Sortable(grid) if grid.columns and len(grid.rows) > HANDFUL else grid


@cache
def _widget_class() -> Any:
    import anywidget  # on demand: a run without a person makes no widgets
    import traitlets

    class Table(anywidget.AnyWidget):
        """The front end is `sortable.js`; the traits are what it shows."""

        _esm = _HERE / "sortable.js"
        _css = _HERE / "widgets.css"
        caption = traitlets.Unicode().tag(sync=True)
        columns = traitlets.List[str]().tag(sync=True)
        widths = traitlets.List[int]().tag(sync=True)
        formula_starts = traitlets.List[str]().tag(sync=True)
        data = traitlets.Dict().tag(sync=True)

    return Table


def _pooled(rows: Sequence[Sequence[Cell]]) -> dict[str, Any]:
    """Every cell that differs once (`cells`), and the rows as places in them: most cells of a long table are alike."""
    cells: list[Any] = []
    places: dict[str, int] = {}

    def place(cell: Cell) -> int:
        sent = _sent(cell)
        key = sent if isinstance(sent, str) else json.dumps(sent)
        if key not in places:
            places[key] = len(cells)
            cells.append(sent)
        return places[key]

    return {"rows": [[place(cell) for cell in row] for row in rows], "cells": cells}


def _sent(cell: Cell) -> Any:
    if isinstance(cell, str):
        return cell
    return [_part(part) for part in parts(cell)]


def _part(part: Part) -> Any:
    match part:
        case Badge(word, tone, own):
            return {"text": f"{own or sign(tone)} {word}", "kind": tone}
        case Link(text, url) if leads_to_a_page(url):
            return {"text": text, "kind": "link", "url": url}
        case Small(text) | Link(text):
            return {"text": text, "kind": "small"}
        case Code(text):
            return {"text": text, "kind": "code"}
        case _:
            return {"text": part, "kind": "plain"}
