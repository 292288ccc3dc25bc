"""What blocks are made of: words with a sign, links, remarks, as HTML and as plain text."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

Tone = Literal["good", "bad", "warn", "busy", "plain"]

LAB_ROOT = "CNX_LAB_ROOT"
"""The environment variable by which `cnx lab` tells kernels the server's folder; they work in their notebook's."""

SMALL = "font-size:90%;opacity:0.85;"
"""Style of a side remark."""

COLOURS: dict[Tone, str] = {
    "good": "var(--jp-success-color1, #2e7d32)",
    "bad": "var(--jp-error-color1, #c62828)",
    "warn": "var(--jp-warn-color1, #c25e00)",
    "busy": "var(--jp-brand-color1, #1976d2)",
    "plain": "var(--jp-border-color1, #9e9e9e)",
}
"""JupyterLab's, with a value for where they are not known."""

_SIGNS: dict[Tone, str] = {"good": "✓", "bad": "✗", "warn": "!", "busy": "…", "plain": "·"}


@dataclass(frozen=True)
class Badge:
    """A word with a sign, such as "✓ ok"; the tone's own sign where none is given."""

    word: str
    tone: Tone = "plain"
    sign: str = ""


@dataclass(frozen=True)
class Link:
    """A way to another page; without an address it is its text alone."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Small:
    """A side remark."""

    text: str


@dataclass(frozen=True)
class Code:
    """Something to be typed or copied as it stands."""

    text: str


Part = str | Badge | Link | Small | Code
Cell = Part | Sequence[Part]
"""What a table's cell holds: one part, or one a line."""


def parts(cell: Cell) -> Sequence[Part]:
    """The parts of a cell, one a line."""
    return (cell,) if isinstance(cell, str | Badge | Link | Small | Code) else cell


def sign(tone: Tone) -> str:
    """What says the same as the colour."""
    return _SIGNS[tone]


def leads_to_a_page(url: str) -> bool:
    """Whether an address may be linked: one from the org's data must not run a script."""
    return bool(url) and (":" not in url.split("/")[0] or url.lower().startswith(("https:", "http:", "mailto:")))


def link_html(link: Link) -> str:
    """The link as HTML. In `cnx lab` a notebook opens in the same window, by JupyterLab's command linker."""
    if not leads_to_a_page(link.url):
        return escape(link.text)
    beside = ""
    if LAB_ROOT in os.environ and re.fullmatch(r"[\w.-]+\.ipynb", link.url):
        place = escape(json.dumps({"path": os.path.relpath(link.url, os.environ[LAB_ROOT])}))
        beside = f' data-commandlinker-command="docmanager:open" data-commandlinker-args="{place}"'
    # Inside a widget, JupyterLab would show it like any other text.
    style = "color:var(--jp-content-link-color, #0b57d0);text-decoration:underline;"
    return (
        f'<a href="{escape(link.url)}" target="_blank" rel="noopener" style="{style}"{beside}>{escape(link.text)}</a>'
    )


_HTML: dict[type, Callable[[Any], str]] = {
    str: lambda part: _breakable(part),
    Badge: lambda part: (
        f'<span style="white-space:nowrap;border-left:4px solid {COLOURS[part.tone]};padding-left:6px;">'
        f"{escape(part.sign or _SIGNS[part.tone])} {escape(part.word)}</span>"
    ),
    Link: link_html,
    Small: lambda part: f'<span style="{SMALL}">{escape(part.text)}</span>',
    Code: lambda part: f'<code style="white-space:pre-wrap;overflow-wrap:anywhere;">{escape(part.text)}</code>',
}
_TEXT: dict[type, Callable[[Any], str]] = {
    str: str,
    Badge: lambda part: f"{part.sign or _SIGNS[part.tone]} {part.word}",
    Link: lambda part: part.text if _is_told(part) else f"{part.text} ({part.url})",
    Small: lambda part: part.text,
    Code: lambda part: part.text,
}


def _is_told(link: Link) -> bool:
    """Whether a link's text says enough in plain text: a mail's address holds the whole mail."""
    return link.url in ("", link.text) or link.url.startswith("mailto:")


def _breakable(text: str) -> str:
    """The text, escaped; names too long for a narrow column may break where their parts meet."""
    return re.sub(r"\S{20,}", lambda word: re.sub(r"([/@._])(?=\w)", r"\1<wbr>", word[0]), escape(text))


def part_html(part: Part) -> str:
    """The part as HTML, its text escaped."""
    return _HTML[type(part)](part)


def part_text(part: Part) -> str:
    """The part as plain text."""
    return _TEXT[type(part)](part)


def cell_html(cell: Cell) -> str:
    """The parts of a cell as HTML, one a line."""
    return "".join(f"<div>{part_html(part)}</div>" for part in parts(cell))
