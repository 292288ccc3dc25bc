"""What records there are, and what one holds: for people and programs who look; verifying is another matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from cnxlib.errors import RecordError, UsageError
from cnxlib.records.head import HEAD
from cnxlib.records.inspection import Opened, open_statement
from cnxlib.records.presence import is_present
from cnxlib.records.run_record import EVENTS, folder_of, read_events, runs_root
from cnxlib.records.subjects import STATEMENT, files_of
from cnxlib.records.summary import Summary, summary

Seal = Literal["sealed", "unsealed", "in progress", "unreadable"]


@dataclass(frozen=True)
class Run:
    """A run as its record describes it; nothing of it was verified.

    Attributes
    ----------
    path:
        The record.
    seal:
        "unreadable": there is a statement, and it cannot be read.
    opened:
        The statement, None where there is none.
    told:
        What the events say.
    """

    path: Path
    seal: Seal
    opened: Opened | None
    told: Summary

    @property
    def number(self) -> int | None:
        """Its place in the chain, as its statement says."""
        return self.opened.statement.predicate.number if self.opened and self.opened.statement else None

    def as_json(self) -> dict[str, Any]:
        """The published shape."""
        statement = self.opened.statement if self.opened else None
        return {
            "run_id": self.path.name,
            "org": unquote(self.path.parent.name),
            "number": self.number,
            "seal": self.seal,
            "ending": statement.predicate.ending if statement else None,
            "mode": self.told.mode,
            "status": "" if self.seal == "in progress" else self.told.status,
            "ticket": self.told.ticket,
            "started_at": self.told.started_at,
            "ended_at": "" if self.seal == "in progress" else self.told.ended_at,
            "head": f"sha256:{self.opened.sha256}" if self.opened and self.opened.sha256 else None,
            "record": str(self.path),
        }


def is_record(path: Path) -> bool:
    """Whether a folder is a run record, or what is left of one."""
    return (path / EVENTS).exists() or (path / STATEMENT).exists()


def holds_records(folder: Path) -> bool:
    """Whether a folder is that of an org's runs, or what is left of one.

    Raises
    ------
    RecordError
        It cannot be read.
    """
    try:
        return (folder / HEAD).exists() or any(is_record(path) for path in folder.iterdir())
    except OSError as error:
        raise RecordError(f"{folder} cannot be read: {error.strerror}") from None


def org_folders(org: str = "", root: Path | None = None) -> list[Path]:
    """The folders of the orgs that have runs: of one, or of all.

    Raises
    ------
    RecordError
        The root cannot be read.
    """
    root = root or runs_root()
    if org:
        found = [folder_of(org, root)]
    else:
        try:
            found = sorted(path for path in root.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RecordError(f"{root} cannot be read: {error.strerror}", hint="Check CNX_RUNS.") from None
    return [path for path in found if path.is_dir()]


def runs_in(folder: Path) -> list[Run]:
    """The runs in an org's folder, oldest first."""
    return [read_run(path) for path in sorted(folder.glob("[!.]*/")) if is_record(path)]


def read_run(path: Path) -> Run:
    """What a record says."""
    opened = open_statement(path)
    told = summary(_events(path))
    if opened is not None:
        return Run(path, "sealed" if opened.statement else "unreadable", opened, told)
    return Run(path, "in progress" if is_present(path) else "unsealed", None, told)


def find_run(name: str, org: str = "", root: Path | None = None) -> Path:
    """The record that `name` means: a run id, its beginning where that is unique, or a path.

    Raises
    ------
    UsageError
        There is none, or several; says which.
    """
    path = Path(name).expanduser()
    if path.is_dir() and is_record(path):
        return path.resolve()
    runs = [run for folder in org_folders(org, root) for run in folder.glob("[!.]*/") if is_record(run)] if name else []
    found = [run for run in runs if run.name == name] or [run for run in runs if run.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    where = f"{root or runs_root()}" + (f" of the org {org!r}" if org else "")
    if not found:
        raise UsageError(f"There is no run {name!r} in {where}", hint="`cnx records list` shows them all.")
    several = ", ".join(f"{unquote(run.parent.name)}: {run.name}" for run in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    raise UsageError(f"{name!r} means {len(found)} runs: {several}{more}", hint="Give more of it, or --org.")


def described(run: Run) -> dict[str, Any]:
    """A run with its statement, its phases with their changes, and where its files are."""
    statement = run.opened.statement if run.opened else None
    files = list(files_of(run.path))
    return {
        "run": run.as_json(),
        "statement": statement.as_json() if statement else None,
        "fault": run.opened.fault if run.opened else "",
        "phases": list(_phases(run)),
        "notebooks": [str(run.path / name) for name in files if name.endswith(".ipynb")],
        "files": [STATEMENT, *files] if run.opened else files,
    }


def _events(path: Path) -> list[dict[str, Any]]:
    try:
        return read_events(path) if (path / EVENTS).is_file() else []
    except RecordError:
        return []


def _phases(run: Run) -> Iterator[dict[str, Any]]:
    events = _events(run.path)
    for id_, phase in run.told.phases.items():
        mine = [event for event in events if event.get("phase") == id_ and isinstance(event.get("data"), dict)]
        steps = [event["data"] for event in mine if event.get("event") in ("step-done", "step-failed", "step-not-run")]
        planned = [event["data"].get("changes") for event in mine if event.get("event") == "plan"]
        facts = {str(event["data"].get("when")): event["data"].get("facts") for event in mine if _is_facts(event)}
        notebook = run.path / f"{id_}.ipynb"
        yield {
            "phase": id_,
            "status": phase["status"],
            "digest": phase["digest"],
            "changes": planned[-1] if planned and isinstance(planned[-1], list) else [],
            "steps": steps,
            "facts": {when: facts.get(when) for when in ("before", "after")},
            "notebook": str(notebook) if notebook.is_file() else "",
        }


def _is_facts(event: dict[str, Any]) -> bool:
    return event.get("event") == "facts"
