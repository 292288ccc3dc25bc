"""What a run looks like while it is at work, and when it has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnxlib.changes import Change
from cnxlib.model import Status
from cnxlib.ui.display import changes_grid, shown, status_badge, step_words
from cnxlib.ui.following import Ending
from cnxlib.ui.view import Badge, Block, Cell, Code, Grid, Note, Part, Small, View
from cnxlib.ui.work import STATES, Line, Work

MOST_LINES = 100
"""Steps that are shown; the record holds them all."""


def work_view(work: Work, record: Path | None, *, own: bool = True) -> View:
    """A run at work.

    Parameters
    ----------
    work:
        How far it is.
    record:
        Its record, None while it has none.
    own:
        Whether the plan on this page is the one that was handed over.
    """
    head = "The runner is applying the plan." if own else "A run of this phase is at work, which was begun elsewhere."
    details: list[Part] = [part for part in (work.said(), work.stage, _message(work)) if part]
    details += [Small(f"Its record: {record}")] if record is not None else []
    return View(Note(head, "plain", tuple(details)), lines_grid(work))


def lines_grid(work: Work) -> Grid | None:
    """The steps, those first that want attention where there are many; None where there are none."""
    if not work.lines:
        return None
    now = datetime.now(UTC)
    lines = most_telling(list(work.lines.values()))
    rows = tuple((_state(line), step_words(line.step), remark(line.step), seconds(line, now)) for line in lines)
    left = len(work.lines) - len(lines)
    more = f", {len(lines)} of {len(work.lines)} shown" if left else ""
    return Grid(("State", "Step", "Remark", "Seconds"), rows, f"Steps{more}", widths=(12, 38, 40, 10))


def most_telling(lines: Sequence[Line], most: int = MOST_LINES) -> list[Line]:
    """At most `most` lines in their order: failed ones, those at work, and then the first of the others."""
    ranked = sorted(range(len(lines)), key=lambda index: (_RANK[lines[index].state], index))
    return [lines[index] for index in sorted(ranked[:most])]


def remark(step: Mapping[str, Any]) -> list[Part]:
    """What there is to say of a step that has ended: its error and what to do, the id that was born in it."""
    texts = (step.get("error"), f"What to do: {step['hint']}" if step.get("hint") else "")
    id_ = f"id {step['id']}" if step.get("id") else ""
    return [text for text in (*texts, id_) if text]


def seconds(line: Line, now: datetime) -> str:
    """How long a step took or has taken, "" before it was begun."""
    took = line.seconds(now)
    return "" if took is None else f"{took:.1f}"


def ended_view(ending: Ending, work: Work, phase_id: str) -> View:
    """How a run ended: its result, each step, what reading the org again found, and where its record is."""
    error, phase = ending.result.get("error"), ending.outcome(phase_id)
    if phase is None or isinstance(error, Mapping):
        return View(_without_result(ending), lines_grid(work), *_record(ending))
    badge = status_badge(Status(phase["status"]))
    details = [part for part in (phase.get("reason", ""), *_hint(phase.get("error"))) if part]
    for step in phase["steps"]:
        work.lines.setdefault(f"{step['kind']}:{step['key']}", Line(step))
    return View(
        Note(f"The runner has ended: {badge.word}.", badge.tone, tuple(details)),
        lines_grid(work),
        *_verified(phase),
        Grid((), tuple(_facts(phase))),
        *_record(ending),
    )


def _without_result(ending: Ending) -> Note:
    error = ending.result.get("error")
    if isinstance(error, Mapping):
        return Note(str(error.get("message", "The run failed.")), "bad", tuple(_hint(error)))
    said = tuple(Small(line) for line in ending.last_words.splitlines())
    code = "" if ending.code is None else f" (exit code {ending.code})"
    return Note(
        f"The run was cut off: its process ended before it did{code}.",
        "bad",
        (
            "What it had done by then is in the org, and on record. Press “Plan again”: it reads the org and shows "
            "what is left.",
            *said,
        ),
    )


def _verified(phase: Mapping[str, Any]) -> list[Block]:
    remaining = [_change(change) for change in phase.get("remaining", ())]
    if not remaining:
        return []
    grid = changes_grid(remaining, "Still different when the org was read again")
    return [grid] if grid is not None else []


def _facts(phase: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    by_hand = [shown(step["what"]) for step in phase["manual"] if not step["done_at"]]
    verified = len(phase.get("remaining", ()))
    return [
        ("Read again", Badge(f"{verified} still different", "bad") if verified else Badge("nothing differs", "good")),
        ("By hand", by_hand or ["nothing"]),
        ("Time", f"{phase['seconds']:.1f} s, {phase['api_calls']} requests to the org"),
    ]


def _record(ending: Ending) -> list[Block]:
    if ending.record is None:
        return []
    name, alias = ending.record.name, ending.record.parent.name
    check = Code(f"cnx records verify {name}")
    return [
        Grid(
            (),
            (
                ("Record", Code(str(ending.record))),
                ("To verify it", [check, Small(f"in a terminal: it checks what run {name} of {alias} left behind.")]),
            ),
        )
    ]


def _hint(error: Any) -> list[str]:
    return [f"What to do: {error['hint']}"] if isinstance(error, Mapping) and error.get("hint") else []


def _message(work: Work) -> str:
    return work.message + ("" if work.fraction is None else f" ({work.fraction:.0%})")


def _state(line: Line) -> Cell:
    tone, word = STATES[line.state]
    return Badge(word, tone)


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


_RANK = {"failed": 0, "not-run": 0, "doing": 1, "waiting": 2, "done": 3}
