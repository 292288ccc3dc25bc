"""Views of what the engine speaks of: identity, checks, plan, steps, manual steps, outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnxlib.changes import State
from cnxlib.errors import CnxError
from cnxlib.model import Check, Document, Outcome, Status, Step
from cnxlib.salesforce.requests import Identity
from cnxlib.ui.differences import changes_grid, kind_words, shown, step_words
from cnxlib.ui.guide import told_below
from cnxlib.ui.letter import Letter
from cnxlib.ui.manual import ManualSteps
from cnxlib.ui.sortable import sortable
from cnxlib.ui.view import Badge, Block, Cell, Code, Grid, Link, Note, Part, Small, Tone, View

_STATUS: dict[Status, tuple[Tone, str]] = {
    Status.CONVERGED: ("good", "The org is as the guide asks."),
    Status.CHANGED: ("good", "The changes are made, and reading the org again confirms them."),
    Status.PENDING: ("warn", "Changes wait to be applied."),
    Status.KNOWN_LATER: ("plain", "The differences can be told only when an earlier phase has been applied."),
    Status.WAITING: ("warn", "A person has something left to do."),
    Status.NOT_NEEDED: ("plain", "There is nothing to do here with these parameters."),
    Status.FAILED: ("bad", "The phase failed."),
    Status.BLOCKED: ("bad", "The phase cannot go on before an earlier one is done."),
}


def status_badge(status: Status) -> Badge:
    """The status as a word with a sign."""
    return Badge(str(status), _STATUS[status][0])


def identity_view(identity: Identity, *, alias: str, simulated: bool) -> View:
    """Which org is connected, and as whom."""
    production = identity.org_type == "production"
    warning = Note("This is a production org: to apply, its id has to be typed.", "warn") if production else None
    kind = f"{identity.org_type}, simulated" if simulated else identity.org_type
    rows: list[tuple[Cell, ...]] = [
        ("Org", f"{identity.org_name} (alias {alias})"),
        ("Org id", Code(identity.org_id)),
        ("Type", kind),
        ("User", identity.username),
        ("Address", Link(identity.url, identity.url)),
        ("API version", identity.api_version),
    ]
    return View(warning, Grid((), tuple(rows)))


def checks_view(checks: Sequence[Check]) -> View:
    """The checks before the plan, with what to do about those that are not ok."""
    if not checks:
        return View(Note("There is nothing to check before the plan.", "good"))
    rows = [(_check_badge(check), check.name, _found(check), " ".join(check.guide)) for check in checks]
    return View(Grid(("Result", "Check", "Found", "Guide"), tuple(rows), widths=(12, 26, 50, 12)))


def plan_view(outcome: Outcome, url: str = "") -> View:
    """The differences, what is left to people, and the facts worth seeing; `url` leads to the org's Setup."""
    count = len(outcome.changes)
    if count:
        plural = "change waits" if count == 1 else "changes wait"
        head: Block = Note(
            f"{count} {plural} to be applied.", "warn", (Small("Digest of this plan:"), Code(outcome.digest))
        )
    else:
        head = _status_note(outcome)
    changes = changes_grid(outcome.changes, "Planned changes", url=url, checks=outcome.checks)
    return View(head, sortable(changes) if changes else None, *_left_to_read(outcome))


def steps_view(steps: Sequence[Step]) -> View:
    """What became of each change."""
    if not steps:
        return View(Note("Nothing had to be changed.", "good"))
    return View(steps_grid([{**step.change.as_json(), **step.as_json()} for step in steps]))


def steps_grid(steps: Sequence[Mapping[str, Any]]) -> Grid:
    """Steps in their published shape (`Step.as_json`), as the record's events hold them, as a table."""
    tones: dict[str, Tone] = {"done": "good", "failed": "bad", "not-run": "warn"}
    rows = [
        (
            Badge(step["result"].replace("-", " "), tones.get(step["result"], "plain")),
            step_words(step),
            _texts(step["error"], step.get("remark", ""), f"id {step['id']}" if step["id"] else ""),
            f"{step['seconds']:.1f}",
        )
        for step in steps
    ]
    return Grid(("Result", "Step", "Remark", "Seconds"), tuple(rows))


def verified_view(outcome: Outcome, url: str = "") -> View:
    """What reading the org again found; `url` leads to the org's Setup."""
    left = changes_grid(outcome.remaining, "Still different", url=url, checks=outcome.checks)
    return View(_status_note(outcome), left, drift_grid(outcome), *_left_to_read(outcome))


def drift_grid(outcome: Outcome) -> Grid | None:
    """What moved since the phase last converged, None where nothing did."""
    if not outcome.drift:
        return None
    rows = [(f"{kind_words(one.kind)} {one.key}", _state(one.was), _state(one.now)) for one in outcome.drift]
    return Grid(("What", "Was", "Is"), tuple(rows), f"Moved since run {outcome.drift_since}")


def _state(state: State | None) -> str:
    return "not there" if state is None else shown(state)


def outcome_view(outcome: Outcome, record: Path | None) -> View:
    """How the phase ended, in numbers, and where its record is."""
    left = sum(not step.done_at for step in outcome.manual)
    rows: list[tuple[Cell, ...]] = [
        ("Status", status_badge(outcome.status)),
        ("Changes", _counted(outcome)),
        ("Left to a person", str(left)),
        ("Time", f"{outcome.seconds:.1f} s, {outcome.api_calls} requests to the org"),
        ("Record", Code(str(record)) if record else "none"),
    ]
    return View(_status_note(outcome), Grid((), tuple(rows)))


def notice(message: str, tone: Tone = "plain", *details: Part) -> View:
    """A remark in place of a result."""
    return View(Note(message, tone, details))


def error_note(error: CnxError) -> Note:
    """An error with what to do about it."""
    return Note(error.message, "bad", tuple(told_below(error.guide, error.hint)))


def _status_note(outcome: Outcome) -> Note:
    tone, meaning = _STATUS[outcome.status]
    reason = outcome.reason
    error = outcome.error
    below = told_below(error.guide, error.hint) if isinstance(error, CnxError) else []
    return Note(meaning, tone, tuple(part for part in (reason, *below) if part))


def _check_badge(check: Check) -> Badge:
    if check.ok:
        return Badge("ok", "good")
    return {"required": Badge("not ok", "bad"), "warning": Badge("look", "warn")}.get(check.severity, Badge("note"))


def _found(check: Check) -> list[Part]:
    is_link = check.detail.startswith("https://") and " " not in check.detail
    detail = Link(check.detail, check.detail) if is_link else check.detail
    hint = "" if check.ok or not check.hint else f"What to do: {check.hint}"
    return [part for part in (detail, hint) if part]


def _left_to_read(outcome: Outcome) -> list[Block]:
    tables = [sortable(Grid(table.columns, table.rows, table.title)) for table in outcome.tables]
    documents = [_document(document) for document in outcome.documents]
    manual = [ManualSteps(outcome.manual)] if outcome.manual else []
    return [*manual, *tables, *documents]


def _document(document: Document) -> Block:
    """A text to be read; of a CSV file, whose rows the table above shows, only where it is."""
    if document.name.endswith(".csv"):
        return Note(f"{document.name} is kept in the run record.")
    return Letter(document)


def _counted(outcome: Outcome) -> str:
    if outcome.mode == "apply":
        done = sum(step.result == "done" for step in outcome.steps)
        return f"{done} of {len(outcome.changes)} made, {len(outcome.remaining)} left"
    if outcome.mode == "verify":
        return f"{len(outcome.remaining)} differences from the guide"
    return f"{len(outcome.changes)} planned, none made (mode plan)"


def _texts(*texts: str) -> list[Part]:
    return [text for text in texts if text]
