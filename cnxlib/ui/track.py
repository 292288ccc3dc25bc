"""The phases as a picture: a track of stations, each with its number, its sign and the word for how it stands.

It is a list in HTML, so that it shows wherever a saved notebook is read, can be read aloud, and leads to the notebooks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cnxlib.ui.parts import link_html
from cnxlib.ui.survey import Standing
from cnxlib.ui.view import Block, Link, Tone

_EDGES: dict[Tone, str] = {
    "good": "3px solid var(--jp-success-color1, #2e7d32)",
    "bad": "3px double var(--jp-error-color1, #c62828)",
    "warn": "3px solid var(--jp-warn-color1, #c25e00)",
    "plain": "3px dotted var(--jp-border-color1, #757575)",
}
"""The stations' edges: by line as well as by colour."""

_BOX = (
    "box-sizing:border-box;flex:0 1 calc(20% - 8px);min-width:9.5em;padding:6px 8px;border-radius:6px;"
    "overflow-wrap:anywhere;list-style:none;margin:0;"
)


@dataclass(frozen=True)
class Station:
    """A phase on the track.

    Parameters
    ----------
    link:
        Its name, and the way to its notebook.
    standing:
        How it stands, None where it was not read yet.
    now:
        Whether it is the one to go on with, or that is being read.
    """

    link: Link
    standing: Standing | None = None
    now: str = ""


@dataclass(frozen=True)
class Track(Block):
    """All phases in the guide's order."""

    stations: tuple[Station, ...]

    def html(self) -> str:
        """A list that wraps where it is narrow."""
        items = "".join(_station(station) for station in self.stations)
        style = "display:flex;flex-wrap:wrap;gap:8px;margin:4px 0 12px 0;padding:5px;list-style:none;"
        return f'<ol style="{style}" aria-label="The phases and how each stands">{items}</ol>'

    def text(self) -> str:
        """A line for each."""
        lines = []
        for station in self.stations:
            how = station.standing
            said = f"{how.sign} {how.word}" if how else "  not read yet"
            lines.append(f"  {station.link.text}: {said}{f'  ← {station.now}' if station.now else ''}")
        return "\n".join(lines)


def track(standings: Sequence[tuple[Link, Standing | None]], now: int = -1, word: str = "") -> Track:
    """The track; `word` is said at the station number `now`."""
    return Track(tuple(Station(link, how, word if place == now else "") for place, (link, how) in enumerate(standings)))


def _station(station: Station) -> str:
    how = station.standing
    edge = _EDGES[how.tone] if how else "3px dotted var(--jp-border-color2, #bdbdbd)"
    sign, word = (how.sign, how.word) if how else ("", "not read yet")
    outline = "outline:2px solid currentcolor;outline-offset:2px;" if station.now else ""
    head = f'<div style="font-size:150%;line-height:1.2;" aria-hidden="true">{escape(sign) or "&nbsp;"}</div>'
    now = f'<div style="font-weight:600;">→ {escape(station.now)}</div>' if station.now else ""
    return (
        f'<li style="{_BOX}border:{edge};{outline}">{head}<div>{link_html(station.link)}</div>'
        f'<div style="font-weight:600;">{escape(word)}</div>{now}</li>'
    )
