"""What the commands print: one JSON object for programs, tables and sentences for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cnxlib.cli.guard import unguarded
from cnxlib.secrets.redaction import dumps

STYLES = {
    "converged": "green",
    "changed": "green",
    "not-needed": "dim",
    "pending": "yellow",
    "known-later": "yellow",
    "waiting": "yellow",
    "failed": "bold red",
    "blocked": "red",
}
_SIGNS = {"create": "+", "update": "~", "delete": "-"}


def console(*, stderr: bool = False) -> Console:
    """A console that leaves what it is given as it is; a pipe gets lines of up to 160 characters."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, markup=False, highlight=False, width=None if stream.isatty() else 160)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object on standard output, its strings redacted."""
    out = unguarded(sys.stdout)
    out.write(dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    out.flush()


def warn(text: str) -> None:
    """Tell people, on standard error, what went wrong."""
    console(stderr=True).print(Text(text), soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, numbers: Sequence[str] = ()) -> Table:
    """A plain table; the columns named in `numbers` are flush right."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left")
    for row in rows:
        made.add_row(*row)
    return made


def show_run(result: Mapping[str, Any], out: Console) -> None:
    """A run (`RunResult.as_json`): its phases, what they would change or could not, and what is left to people."""
    numbers = ("Changes", "Seconds", "API calls")
    rows = [
        (
            phase["phase"],
            Text(phase["status"], STYLES[phase["status"]]),
            str(len(phase["changes"])),
            f"{phase['seconds']:.1f}",
            str(phase["api_calls"]),
        )
        for phase in result["phases"]
    ]
    out.print(table(("Phase", "Status", *numbers), rows, numbers=numbers))
    total = f"{result['seconds']:.1f} s in all, {result['api_calls']} API calls"
    out.print(f"\n{result['org']['alias']}: {result['mode']} {result['status']}, {total}", soft_wrap=True)
    if result["mode"] == "plan":
        _show_changes(result["phases"], out)
    _show_reasons(result["phases"], out)
    _show_drift(result["phases"], out)
    show_error(result, out)
    show_left(result["phases"], out)
    _show_not_undone(result["phases"], out)


def _show_not_undone(phases: Iterable[Mapping[str, Any]], out: Console) -> None:
    tables = [table for phase in phases if phase["phase"] == "99_undo" for table in phase["tables"]]
    for each in tables:
        out.print(f"\n{each['title']}:")
        for what, why in each["rows"]:
            out.print(Padding(Text.assemble((f"{what}: ", "bold"), why), (0, 0, 0, 2)))


def _show_drift(phases: Iterable[Mapping[str, Any]], out: Console) -> None:
    for phase in phases:
        if phase.get("drift"):
            out.print(f"\n{phase['phase']}, moved since run {phase['drift_since']}:", soft_wrap=True)
        for moved in phase.get("drift", ()):
            was, now = (dumps(moved[when], ensure_ascii=False) for when in ("was", "now"))
            out.print(f"  {moved['kind']} {moved['key']}: {was} → {now}", soft_wrap=True)


def _show_changes(phases: Iterable[Mapping[str, Any]], out: Console) -> None:
    for phase in phases:
        if not phase["changes"]:
            continue
        out.print(f"\n{phase['phase']} would change (digest {phase['digest']}):", soft_wrap=True)
        for change in phase["changes"]:
            once = "" if change["reversible"] else ", for good"
            guide = " ".join(change["guide"])
            sign = _SIGNS[change["op"]]
            out.print(f"  {sign} {change['op']} {change['kind']} {change['key']} ({guide}{once})", soft_wrap=True)


def _show_reasons(phases: Iterable[Mapping[str, Any]], out: Console) -> None:
    # Of a phase that ended well, the reason is what people decided to leave as it is
    statuses = ("failed", "blocked", "known-later", "converged", "changed")
    told = [phase for phase in phases if phase["status"] in statuses and phase["reason"]]
    for phase in told:
        out.print(Text(f"\n{phase['phase']} {phase['status']}: {phase['reason']}"), soft_wrap=True)
        _show_below(phase["error"], out)
        if phase["notebook"] and phase["status"] == "failed":
            out.print(f"Look at: {phase['notebook']}", soft_wrap=True)


def show_error(result: Mapping[str, Any], out: Console) -> None:
    """What ended the run, or kept its record from being whole, where no phase has told it."""
    error = result.get("error")
    if error and error["message"] not in [phase["reason"] for phase in result["phases"]]:
        out.print(Text(f"\n{error['message']}", STYLES["failed"]), soft_wrap=True)
        _show_below(error, out)


def _show_below(error: Mapping[str, Any] | None, out: Console) -> None:
    from cnxlib.ui.guide import told_below

    for line in told_below(error["guide"], error["hint"]) if error else ():
        out.print(line, soft_wrap=True)


def show_record(result: Mapping[str, Any], out: Console) -> None:
    """Where a run's record is, and the head to keep elsewhere: only with it a missing end of the chain shows."""
    out.print(f"\nRecord: {result['record']}", soft_wrap=True)
    out.print(f"Sealed: {result['head']}" if "head" in result else "The record is not sealed.", soft_wrap=True)


def show_left(phases: Iterable[Mapping[str, Any]], out: Console) -> None:
    """What only a person can do."""
    left = [(phase, step) for phase in phases for step in phase["manual"] if not step["done_at"]]
    if left:
        out.print("\nLeft for a person:")
    for phase, step in left:
        where = in_brackets(step["url"])
        text = Text.assemble((f"{phase['phase'][:2]} · {step['who']}: ", "bold"), f"{step['what']}{where}")
        out.print(Padding(text, (0, 0, 0, 2)))


def in_brackets(url: str) -> str:
    """A page's address behind a step; a mail's would be the whole mail, which lies in the record as a draft."""
    return f" ({url})" if url and not url.startswith("mailto:") else ""
