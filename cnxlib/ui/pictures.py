"""Pictures of what a phase found: static images, which every reader of a saved notebook can show.

The table of the same facts, in HTML and plain text, stands below each; its words are the picture's alternative text.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cnxlib.model import Table
from cnxlib.resources.holders import TITLE

MOST_USERS = 40
"""Users who are shown one by one; more are shown as numbers by profile."""

MOST_PROFILES = 30
"""Profiles that are shown, those with the most holders first."""

_LABELS_FROM = 3
"""The first column of the table that is a set: user, name, profile come before."""


class Picture:
    """An image with its alternative text.

    Parameters
    ----------
    png:
        The image.
    words:
        What it shows, for who cannot see it.
    """

    def __init__(self, png: bytes, words: str) -> None:
        self.png, self.words = png, words

    def __repr__(self) -> str:
        return self.words

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The image and its words (IPython's rich display), as `alt` too for readers that look for it."""
        return {"image/png": self.png, "text/plain": self.words}, {"image/png": {"alt": self.words}}


def pictures_of(tables: Sequence[Table]) -> list[Picture]:
    """The pictures of those tables that have one: who holds what, where anybody holds anything."""
    return [_who_holds_what(table) for table in tables if table.title == TITLE and table.rows]


def _who_holds_what(table: Table) -> Picture:
    """Users or, where they are many, profiles against sets: the darker the cell, the more users hold the set."""
    labels = table.columns[_LABELS_FROM:]
    one_by_one = len(table.rows) <= MOST_USERS
    names, counts = _by_user(table) if one_by_one else _by_profile(table)
    totals = [sum(bool(row[_LABELS_FROM + index]) for row in table.rows) for index in range(len(labels))]
    held = ", ".join(f"{label} by {total}" for label, total in zip(labels, totals, strict=True))
    words = f"Who holds what, {'by user' if one_by_one else 'by profile'}: {len(table.rows)} users; {held}."
    return Picture(_drawn(names, labels, counts, numbers=not one_by_one), words)


def _by_user(table: Table) -> tuple[list[str], list[list[int]]]:
    return [row[0] for row in table.rows], [[int(bool(cell)) for cell in row[_LABELS_FROM:]] for row in table.rows]


def _by_profile(table: Table) -> tuple[list[str], list[list[int]]]:
    sizes = Counter(row[2] for row in table.rows)
    names = [name for name, _ in sizes.most_common(MOST_PROFILES)]
    columns = range(_LABELS_FROM, len(table.columns))
    held = Counter((row[2], column) for row in table.rows for column in columns if row[column])
    return names, [[held[name, column] for column in columns] for name in names]


def _drawn(names: Sequence[str], labels: Sequence[str], counts: Sequence[Sequence[int]], *, numbers: bool) -> bytes:
    from matplotlib.figure import Figure  # on demand: it takes half a second to load

    figure = Figure(figsize=(8, 1.4 + 0.28 * len(names)), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts, cmap="Blues", vmin=0, aspect="auto")
    axes.set_xticks(range(len(labels)), [label.removeprefix("Conexiom ") for label in labels])
    axes.xaxis.tick_top()
    # Names come from the org: a dollar sign in one must not begin a formula.
    axes.set_yticks(range(len(names)), [name.replace("$", r"\$") for name in names])
    axes.tick_params(length=0)
    most = max(max(row) for row in counts)
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            if count:
                colour = "white" if count > most / 2 else "black"
                axes.text(x, y, f"{count:,}" if numbers else "●", ha="center", va="center", color=colour)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
