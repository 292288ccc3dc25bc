"""What a run looks like while it is at work, and when it has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnxlib.changes import Change
from cnxlib.model import Check, Status
from cnxlib.ui.commands import verify_command
from cnxlib.ui.differences import by_hand, changes_grid, step_words
from cnxlib.ui.display import status_badge
from cnxlib.ui.following import Ending
from cnxlib.ui.guide import told_below
from cnxlib.ui.last_run import left_to_people, steps_left
from cnxlib.ui.parts import cell_html
from cnxlib.ui.view import Badge, Block, Cell, Code, Grid, Note, Part, Small, View
from cnxlib.ui.work import STATES, Line, Work

MOST_LINES = 100
"""Steps that are shown; the record holds them all."""

COLUMNS = ("State", "Step", "Remark", "By hand", "Seconds")


def work_note(work: Work, record: Path | None, *, own: bool = True) -> Note:
    """That a run is at work, and what it is about.

    Parameters
    ----------
    work:
        How far it is.
    record:
        Its record, None while it has none.
    own:
        Whether the plan on this page is the one that was handed over.
    """
    head = "The runner is applying the plan." if own else "This phase is being applied already."
    details: list[Part] = [work.stage]
    if own:
        details.append(Small("You may close this page: the runner goes on, and the page shows it when you come back."))
    else:
        begun = "It was begun before this page was opened or run anew, or in another window."
        details.append(Small(f"{begun} It is shown here as it goes on, and nothing more is begun meanwhile."))
    if record is not None:
        details.append(Small(f"Record: {record}"))
    return Note(head, "plain", tuple(details))


def work_view(work: Work, record: Path | None, *, own: bool = True, url: str = "") -> View:
    """A run at work, with its steps; parameters as for `work_note`, and `url` leads to the org's Setup."""
    note = work_note(work, record, own=own)
    said = tuple(part for part in (work.said(), work.doing()) if part)
    return View(Note(note.message, note.tone, (*said, *note.details)), lines_grid(work, url))


def lines_grid(work: Work, url: str = "") -> Grid | None:
    """The steps, those first that want attention where there are many; None where there are none.

    Parameters
    ----------
    work:
        The run.
    url:
        The org's address, for the links to its Setup; "" where it is not known.
    """
    if not work.lines:
        return None
    now = datetime.now(UTC)
    lines = most_telling(list(work.lines.values()))
    rows = tuple(
        (_state(line), step_words(line.step), remark(line.step), _page(line, url), seconds(line, now)) for line in lines
    )
    return Grid(COLUMNS, rows, caption(work), widths=(12, 32, 32, 15, 9))


def caption(work: Work) -> str:
    """What the table of the steps is called, with how many of them it shows."""
    count, most = len(work.lines), MOST_LINES
    return f"Steps, {most} of {count} shown: the record holds them all" if count > most else "Steps"


def most_telling(lines: Sequence[Line], most: int = MOST_LINES) -> list[Line]:
    """At most `most` lines in their order: failed ones, those at work, and then the first of the others."""
    ranked = sorted(range(len(lines)), key=lambda index: (_RANK[lines[index].state], index))
    return [lines[index] for index in sorted(ranked[:most])]


def remark(step: Mapping[str, Any]) -> list[str]:
    """What there is to say of a step that has ended: its error and what to do, the id that was born in it."""
    texts = (step.get("error"), step.get("remark"), f"What to do: {step['hint']}" if step.get("hint") else "")
    id_ = f"id {step['id']}" if step.get("id") else ""
    return [text for text in (*texts, id_) if text]


def seconds(line: Line, now: datetime) -> str:
    """How long a step took or has taken, "" before it was begun."""
    took = line.seconds(now)
    return "" if took is None else f"{took:.1f}"


def ended_note(ending: Ending, phase_id: str) -> Note:
    """How a run ended, and what to do where it did not end well."""
    phase = ending.outcome(phase_id)
    if phase is None or isinstance(ending.result.get("error"), Mapping):
        return _without_result(ending)
    badge = status_badge(Status(phase["status"]))
    details = (phase.get("reason", ""), *_below(phase.get("error")))
    return Note(f"The runner has ended: {badge.word}.", badge.tone, tuple(part for part in details if part))


def ended_blocks(ending: Ending, work: Work, phase_id: str, url: str = "") -> list[Block]:
    """What reading the org again found, and where the record of a run is; `url` leads to the org's Setup."""
    phase = ending.outcome(phase_id)
    if phase is None:
        return _record(ending)
    return [*_verified(phase, url), Grid((), (*_facts(phase, work.verified), *_kept(ending)))]


def ended_view(ending: Ending, work: Work, phase_id: str, url: str = "") -> View:
    """How a run ended: its result, each step, what reading the org again found, and where its record is."""
    return View(ended_note(ending, phase_id), lines_grid(work, url), *ended_blocks(ending, work, phase_id, url))


def live_lines(work: Work, url: str = "") -> list[dict[str, Any]]:
    """The steps as `PanelWidget.rows` has them; `url` leads to the org's Setup."""
    now = datetime.now(UTC)
    return [
        {
            "key": f"{line.step['kind']}:{line.step['key']}",
            "state": line.state,
            "sign": STATES[line.state].sign,
            "word": STATES[line.state].word,
            "step": step_words(line.step),
            "remark": remark(line.step),
            "by_hand": cell_html(_page(line, url)),
            "elapsed": line.seconds(now) if line.state == "doing" else None,
            "seconds": seconds(line, now),
        }
        for line in most_telling(list(work.lines.values()))
    ]


def _without_result(ending: Ending) -> Note:
    error = ending.result.get("error")
    if isinstance(error, Mapping):
        return Note(str(error.get("message", "The run failed.")), "bad", tuple(_below(error)))
    details: list[Part] = ["What it had done by then is in the org, and on record. Try again: the org is read anew."]
    code = ending.code
    if code is not None and code > 0:  # it ended by itself, and may have said why
        details += [
            Small(f"It ended with exit code {code}, and said last:"),
            *map(Small, ending.last_words.splitlines()),
        ]
    elif code is not None and code < 0:
        details += [Small(f"It was ended from outside, by signal {-code}.")]
    return Note("The run was cut off: its process ended before it did.", "bad", tuple(details))


def _verified(phase: Mapping[str, Any], url: str) -> list[Block]:
    remaining = [_change(change) for change in phase.get("remaining", ())]
    checks = [Check(**{**check, "guide": tuple(check["guide"])}) for check in phase.get("checks", ())]
    grid = changes_grid(remaining, "Still different when the org was read again", url=url, checks=checks)
    return [grid] if grid is not None else []


def _facts(phase: Mapping[str, Any], verified: bool) -> list[tuple[Cell, ...]]:
    open_steps = left_to_people(phase)
    planned = bool(phase.get("digest"))  # else nobody knows what is left to whom
    return [
        ("Verified", _found(phase, len(open_steps)) if verified else Badge("no: the org was not read again", "warn")),
        (
            "Left to a person",
            open_steps or ["nothing" if planned else "not known: the run ended before it had read the org"],
        ),
        ("Time", f"{phase['seconds']:.1f} s, {phase['api_calls']} requests to the org"),
    ]


def _found(phase: Mapping[str, Any], open_steps: int) -> Badge:
    left = len(phase.get("remaining", ()))
    if left:
        return Badge(f"{left} still different", "bad")
    if open_steps:
        return Badge(f"{steps_left(open_steps)}; nothing else differs", "warn")
    return Badge("nothing differs from the guide", "good")


def _record(ending: Ending) -> list[Block]:
    rows = _kept(ending)
    return [Grid((), tuple(rows))] if rows else []


def _kept(ending: Ending) -> list[tuple[Cell, ...]]:
    if ending.record is None:
        return []
    verify = Code(verify_command(ending.record))
    return [
        ("Record", Code(str(ending.record))),
        ("To verify it", [verify, Small("typed in a terminal, tells whether anybody altered what the run left.")]),
    ]


def _below(error: Any) -> list[str]:
    return told_below(error.get("guide", ()), error.get("hint", "")) if isinstance(error, Mapping) else []


def _state(line: Line) -> Cell:
    look = STATES[line.state]
    return f"{look.sign} {look.word}" if look.tone == "plain" else Badge(look.word, look.tone)


def _page(line: Line, url: str) -> list[Part]:
    """Where in Setup a person would make the change."""
    return by_hand(str(line.step["kind"]), str(line.step["key"]), url)


def _change(data: Mapping[str, Any]) -> Change:
    return Change(
        data["op"],
        data["kind"],
        data["key"],
        data["before"],
        data["after"],
        tuple(data["guide"]),
        bool(data["reversible"]),
    )


_RANK = {"failed": 0, "cut-off": 0, "not-run": 1, "doing": 1, "waiting": 2, "not-begun": 2, "done": 3}
