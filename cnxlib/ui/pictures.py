"""Pictures of what a phase found: static images, which every reader of a saved notebook can show.

The table of the same facts, in HTML and plain text, stands below each; its words are the picture's alternative text.
Every mark is a sign or a number, so that nothing is told by colour alone; the ground is white under a dark theme too.
"""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cnxlib.model import Table
from cnxlib.resources.conexiom_users import LACKING_TITLE
from cnxlib.resources.holders import TITLE
from cnxlib.ui.view import Block

MOST_USERS = 40
"""Users who are shown one by one; more are shown as numbers by profile."""

MOST_PROFILES = 30
"""Profiles that are shown, those with the most users first."""

_NAMES = {TITLE: 3, LACKING_TITLE: 2}
"""How many columns of each table name the user, before those that are drawn."""

_LONGEST = 48
"""Characters of a name that are drawn; the table has them all."""

_SHORT = 13
"""Characters of a line of a column's head."""


@dataclass(frozen=True)
class Picture(Block):
    """An image with its alternative text.

    Parameters
    ----------
    png:
        The image.
    words:
        What it shows, for who cannot see it.
    """

    png: bytes
    words: str

    def html(self) -> str:
        """The image, no wider than there is room."""
        data = base64.b64encode(self.png).decode("ascii")
        style = "display:block;max-width:100%;height:auto;margin:4px 0 12px 0;background:#fff;"
        return f'<img src="data:image/png;base64,{data}" alt="{escape(self.words)}" style="{style}">'

    def text(self) -> str:
        """Its words."""
        return self.words

    def __repr__(self) -> str:
        return self.words

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The image and its words (IPython's rich display); as HTML too, which carries them where an image does not."""
        data = {"text/html": self.html(), "image/png": self.png, "text/plain": self.words}
        return data, {"image/png": {"alt": self.words}}


def pictures_of(tables: Sequence[Table]) -> list[Picture]:
    """The pictures of those tables that have one: who holds what and who lacks access, where anybody does."""
    return [picture for table in tables if (picture := picture_of(table)) is not None]


def picture_of(table: Table) -> Picture | None:
    """The table as a picture, None where it has none or shows nobody."""
    if table.title not in _NAMES or not table.rows:
        return None
    return (_who_holds_what if table.title == TITLE else _who_lacks_access)(table)


@dataclass(frozen=True)
class _Marks:
    """Users by what is marked for them.

    Parameters
    ----------
    users:
        The name and the profile of each, and the places in `labels` of what is marked.
    labels:
        What can be marked.
    """

    users: tuple[tuple[str, str, frozenset[int]], ...]
    labels: tuple[str, ...]

    @property
    def one_by_one(self) -> bool:
        """Whether there are few enough to show each."""
        return len(self.users) <= MOST_USERS

    def told(self) -> str:
        """Each label with how many users it is marked for."""
        totals = Counter(place for _, _, marked in self.users for place in marked)
        return ", ".join(f"{label} by {totals[place]:,}" for place, label in enumerate(self.labels))

    def counted(self) -> str:
        """How many users, and how they are shown."""
        users = "1 user" if len(self.users) == 1 else f"{len(self.users):,} users"
        return f"{'by user' if self.one_by_one else 'by profile'}: {users}"

    def rows(self) -> tuple[list[str], list[list[int]]]:
        """The names at the side, and for each the number of users of each label."""
        places = range(len(self.labels))
        if self.one_by_one:
            return [name for name, _, _ in self.users], [
                [int(p in marked) for p in places] for _, _, marked in self.users
            ]
        sizes = Counter(profile for _, profile, _ in self.users)
        counts = Counter((profile, place) for _, profile, marked in self.users for place in marked)
        profiles = [profile for profile, _ in sizes.most_common(MOST_PROFILES)]
        names = [f"{profile or '(no profile)'} · {sizes[profile]:,}" for profile in profiles]
        return names, [[counts[profile, place] for place in places] for profile in profiles]


def _who_holds_what(table: Table) -> Picture:
    """Users or, where they are many, profiles against sets."""
    first = _NAMES[TITLE]
    users = tuple(
        (row[0], row[2], frozenset(place for place, cell in enumerate(row[first:]) if cell)) for row in table.rows
    )
    marks = _Marks(users, table.columns[first:])
    words = f"Who holds what, {marks.counted()}; {marks.told()}."
    heads = [label.removeprefix("Conexiom ") for label in marks.labels]
    return Picture(_drawn(marks, "Who holds what", ("●", "holds the set"), heads), words)


def _who_lacks_access(table: Table) -> Picture:
    """Users or, where they are many, profiles against the rights that somebody lacks."""
    first = _NAMES[LACKING_TITLE]
    lacked = [
        (
            row[0],
            row[1],
            {
                f"{thing} {right}"
                for thing, cell in zip(table.columns[first:], row[first:], strict=True)
                for right in cell.split()
            },
        )
        for row in table.rows
    ]
    labels = tuple(sorted({label for _, _, rights in lacked for label in rights}))
    users = tuple((user, profile, frozenset(map(labels.index, rights))) for user, profile, rights in lacked)
    marks = _Marks(users, labels)
    words = f"Who lacks access, {marks.counted()}; lacked: {marks.told()}."
    return Picture(_drawn(marks, "Who lacks access", ("✗", "lacks it"), labels), words)


def _drawn(marks: _Marks, title: str, meaning: tuple[str, str], heads: Sequence[str]) -> bytes:
    """A table of cells: the darker, the more users; with a sign for one user, and the number for several."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure  # on demand: it takes half a second to load
    from PIL import Image

    names, counts = marks.rows()
    labels = [_plain(name) for name in names]
    tops = [_wrapped(_plain(head)) for head in heads]
    lines = 1 + max(top.count("\n") for top in tops)
    width = max(0.7, 0.1 * max(len(line) for top in tops for line in top.split("\n")))
    size = (max(4.5, 0.085 * max(map(len, labels)) + width * len(tops) + 0.2), 0.28 * len(labels) + 0.18 * lines + 0.5)
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    key = f"{meaning[0]} {meaning[1]}" if marks.one_by_one else f"number of users: who {meaning[1]}"
    figure.suptitle(f"{title} ({key})", x=0.01, ha="left", fontsize=10)
    axes = figure.subplots()
    most = max(1, *(max(row) for row in counts))
    shades = colormaps["Blues"]
    axes.imshow(counts, cmap=shades, vmin=0, vmax=most * 1.25, aspect="auto")
    axes.set_xticks(range(len(tops)), tops)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xticks([place - 0.5 for place in range(1, len(tops))], minor=True)
    axes.set_yticks([place - 0.5 for place in range(1, len(labels))], minor=True)
    axes.grid(which="minor", color="#9e9e9e", linewidth=0.5)
    axes.tick_params(which="both", length=0)
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            if count:
                colour = _upon(shades(count / (1.25 * most)))
                axes.text(
                    x, y, meaning[0] if marks.one_by_one else f"{count:,}", ha="center", va="center", color=colour
                )
    drawn, out = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    # A few blues and greys: a palette takes a fifth of the room in every saved notebook.
    Image.open(drawn).convert("RGB").quantize(32).save(out, "PNG", optimize=True)
    return out.getvalue()


def _upon(ground: Any) -> str:
    """The colour of a text that can be read upon `ground` (red, green, blue from 0 to 1): by its luminance (WCAG 2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in ground[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if luminance < 0.18 else "black"


def _plain(name: str) -> str:
    """A name as it is drawn. Names come from the org: a dollar sign in one must not begin a formula."""
    cut = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return cut.replace("$", r"\$")


def _wrapped(head: str) -> str:
    """A column's head in short lines, broken where the parts of a name meet."""
    lines = [""]
    for part in re.split(r"(?<=[._ ])", head):
        if lines[-1] and len(lines[-1] + part) > _SHORT:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)
