"""What the events of a run say of it, read leniently: older records say less, and a forged one may say anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnxlib.model import Status, worst
from cnxlib.records.run_record import EVENTS, parse_events


@dataclass
class Summary:
    """A run in short. What nobody said is "" or None.

    Attributes
    ----------
    org:
        id, name and type, as the org called itself; `simulated`, `host`, `certificate` and `user` come from there too.
    phases:
        By id: status (None where it did not end) and digest of the plan.
    by_runner:
        Whether the runner began it, and not a notebook by itself.
    ended:
        Whether it came to its end: of the run, or of each phase of a notebook by itself.
    status:
        Of the whole run; "failed" where it did not come to its end.
    """

    org: dict[str, str] = field(default_factory=lambda: {"id": "", "name": "", "type": ""})
    simulated: bool | None = None
    host: str = ""
    certificate: str = ""
    user: str = ""
    mode: str = ""
    ticket: str = ""
    phases: dict[str, dict[str, str | None]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    by_runner: bool = False
    ended: bool = False
    status: str = ""
    started_at: str = ""
    ended_at: str = ""


def summary(events: Iterable[Mapping[str, Any]]) -> Summary:
    """What `events` say of their run."""
    told = Summary()
    for event in events:
        data = event.get("data")
        _take(told, event, data if isinstance(data, dict) else {})
    statuses = [str(phase["status"]) for phase in told.phases.values()]
    if not told.by_runner:
        told.ended = bool(statuses) and "None" not in statuses
    if not told.status:
        told.status = _worst(statuses) if told.ended else str(Status.FAILED)
    return told


def _take(told: Summary, event: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    told.started_at = told.started_at or _text(event, "at")
    told.ended_at = _text(event, "at") or told.ended_at
    told.mode = told.mode or _text(event, "mode")
    told.ticket = told.ticket or _text(event, "ticket") or _text(data, "ticket")
    match event.get("event"):
        case "run-started":
            told.by_runner = True
            told.phases.update({str(id_): _phase() for id_ in _list(data, "phases")})
            told.parameters = _dict(data, "parameters")
            told.versions = {str(name): str(version) for name, version in _dict(data, "versions").items()}
        case "phase-started":
            told.phases.setdefault(_text(event, "phase"), _phase())
            _take_org(told, data)
        case "plan":
            told.phases.setdefault(_text(event, "phase"), _phase())["digest"] = _text(data, "digest")
        case "phase-ended":
            phase = told.phases.setdefault(_text(event, "phase"), _phase())
            phase["status"] = _text(data, "status") or None
            phase["digest"] = _text(data, "digest") or phase["digest"]
        case "run-ended":
            told.ended = True
            told.status = _text(data, "status")


def _take_org(told: Summary, data: Mapping[str, Any]) -> None:
    org, params = _dict(data, "org"), _dict(data, "params")
    told.org = {name: told.org[name] or _text(org, name) for name in told.org}
    told.host = told.host or _text(data, "host")
    told.certificate = told.certificate or _text(data, "certificate")
    told.user = told.user or _text(data, "user")
    told.ticket = told.ticket or _text(params, "ticket")
    told.versions = told.versions or {str(name): str(value) for name, value in _dict(data, "versions").items()}
    if told.simulated is None and isinstance(data.get("simulated"), bool):
        told.simulated = data["simulated"]


def _phase() -> dict[str, str | None]:
    return {"status": None, "digest": ""}


def _worst(statuses: Iterable[str]) -> str:
    known = [Status(status) for status in statuses if status in set(Status)]
    return str(worst(known))


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _dict(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else []


def misfits(folder: Path, run_id: str, alias: str, org_id: str = "") -> Iterator[str]:
    """What in a record's events belongs to another run or org, one sentence a kind; nothing where all fits.

    Parameters
    ----------
    folder:
        The record.
    run_id, alias:
        What each event has to name.
    org_id:
        The org's id, "" where it is not known.

    Raises
    ------
    OSError
        The events cannot be read.
    """
    wanted = {"run_id": run_id, "org": alias, "org_id": org_id}
    told: set[tuple[str, str]] = set()
    with (folder / EVENTS).open("rb") as file:
        for number, line in enumerate(file, 1):
            for event in parse_events([line]):
                for name, expected in wanted.items():
                    said = event.get(name)
                    optional = name == "org_id" and (not said or not expected)
                    if said != expected and not optional and (name, repr(said)) not in told:
                        told.add((name, repr(said)))
                        yield f"line {number} says {name} {said!r}, not {expected!r}"
