"""What one run did to its org, read from its record: to be undone, a record must be as it was sealed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnxlib.errors import RecordError, UsageError
from cnxlib.history import PastRun, PastStep
from cnxlib.records.chain import verify_run
from cnxlib.records.presence import is_present
from cnxlib.records.run_record import read_events
from cnxlib.records.trust import trust


def steps_of(path: Path, alias: str, org_id: str, *, unverified: bool = False) -> PastRun:
    """The changes that a run made.

    Parameters
    ----------
    path:
        Its record.
    alias, org_id:
        The org that it must have gone to.
    unverified:
        Whether a record that is not as it was sealed will do.

    Raises
    ------
    RecordError
        The record is altered, unsealed, or cannot be read.
    UsageError
        The run goes on, or went to another org.
    """
    if is_present(path):
        raise UsageError(f"Run {path.name} is in progress", org=alias, hint="Undo it when it has ended.")
    if not unverified:
        require_sealed(path, alias)
    events = [event for event in read_events(path) if isinstance(event.get("data"), dict)]
    elsewhere = sorted({str(event["org_id"]) for event in events if event.get("org_id")} - {org_id})
    if elsewhere:
        raise UsageError(
            f"Run {path.name} was on the org {', '.join(elsewhere)}, not on {org_id}",
            org=alias,
            hint="It is undone in the org that it was carried out in.",
        )
    at = str(events[0].get("at", "")) if events else ""
    user = next((str(event["user"]) for event in events if event.get("user")), "")
    return PastRun(path.name, at, user, tuple(_steps(events)))


def require_sealed(path: Path, alias: str) -> None:
    """Refuse a record that is not as it was sealed.

    Raises
    ------
    RecordError
        It is not; says what is wrong with it.
    """
    verdict = verify_run(path, trust())
    if not verdict.findings:
        return
    said = "; ".join(f"{one.kind}: {one.file or 'the run'}, {one.detail}" for one in verdict.findings[:3])
    raise RecordError(
        f"The record of run {path.name} is not as it was sealed ({said})",
        org=alias,
        hint="What it says may not be what was done. Where you know better, say so: unverified.",
    )


def _steps(events: list[dict[str, Any]]) -> list[PastStep]:
    found: dict[tuple[str, str], str] = {}
    begun: dict[tuple[str, str, str], PastStep] = {}
    steps: list[PastStep] = []
    for event in events:
        data, phase = event["data"], str(event.get("phase", ""))
        match event.get("event"):
            case "facts":
                facts = [one for one in data.get("facts", ()) if one.get("id")]
                found.update({(str(one["kind"]), str(one["key"])): str(one["id"]) for one in facts})
            case "step-started":
                begun[_name(phase, data)] = _step(phase, data, found, known=False)
            case "step-done":
                begun.pop(_name(phase, data), None)
                steps.append(_step(phase, data, found, known=True))
            case "step-failed" if data.get("known") is False:
                begun[_name(phase, data)] = _step(phase, data, found, known=False)
            case "step-failed" | "step-not-run":
                begun.pop(_name(phase, data), None)
    return [*steps, *begun.values()]


def _name(phase: str, data: Mapping[str, Any]) -> tuple[str, str, str]:
    return phase, str(data["kind"]), str(data["key"])


def _step(phase: str, data: Mapping[str, Any], found: Mapping[tuple[str, str], str], *, known: bool) -> PastStep:
    kind, key = str(data["kind"]), str(data["key"])
    # What was there already, when a create said that it is, is somebody else's: only an id born in the step counts.
    born = str(data.get("id") or "")
    return PastStep(
        phase,
        data["op"],
        kind,
        key,
        data["before"],
        data["after"],
        tuple(data["guide"]),
        bool(data["reversible"]),
        born if data["op"] == "create" else found.get((kind, key), ""),
        known,
        "" if known else str(data.get("error", "")),
    )
