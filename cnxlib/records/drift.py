"""What moved in an org since a phase last converged there, by the facts that its records hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnxlib.model import Drift, Status
from cnxlib.records.chain import verify_run
from cnxlib.records.run_record import read_events, runs_of
from cnxlib.records.subjects import STATEMENT
from cnxlib.records.trust import trust
from cnxlib.secrets.redaction import dumps

_GOOD = (Status.CONVERGED, Status.CHANGED, Status.WAITING)


@dataclass(frozen=True)
class LastFacts:
    """What a phase found when it last left nothing different: of all that it managed, by kind and key.

    Attributes
    ----------
    run_id, at:
        The run, and when the phase ended in it (ISO 8601, UTC).
    """

    run_id: str
    at: str
    facts: Mapping[tuple[str, str], Any]


def last_facts(alias: str, org_id: str, phase: str, root: Path | None = None) -> LastFacts | None:
    """Those of the newest run of the phase that converged, and whose record is as it was sealed; None without one.

    Raises
    ------
    RecordError
        A sealed record cannot be read.
    """
    for path in reversed(runs_of(alias, root)):
        if not (path / STATEMENT).exists():
            continue
        found = _in(path, org_id, phase)
        if found is not None and not verify_run(path, trust()).findings:
            return found
    return None


def _in(path: Path, org_id: str, phase: str) -> LastFacts | None:
    try:
        mine = [event for event in read_events(path) if event.get("phase") == phase and event.get("org_id") == org_id]
        facts = [e["data"]["facts"] for e in mine if e["event"] == "facts" and e["data"]["when"] == "after"]
        ends = [event for event in mine if event["event"] == "phase-ended"]
        if not facts or not ends or ends[-1]["data"]["status"] not in _GOOD:
            return None
        return LastFacts(path.name, str(ends[-1]["at"]), _by_name(facts[-1]))
    except (KeyError, TypeError):  # older records hold less
        return None


def moved(last: LastFacts, facts: Sequence[Mapping[str, Any]]) -> tuple[Drift, ...]:
    """What differs between then and now, of what was managed then and is now.

    Parameters
    ----------
    last:
        What was found then.
    facts:
        Those of now, in the shape of the record's event.
    """
    # Then was redacted when it was written; only the same can be compared with it.
    now = _by_name(json.loads(dumps({"facts": list(facts)}))["facts"])
    return tuple(
        _drift(*name, last.facts[name], value)
        for name, value in sorted(now.items())
        if name in last.facts and last.facts[name] != value
    )


def _drift(kind: str, key: str, was: Any, now: Any) -> Drift:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
        was, now = {name: was.get(name) for name in names}, {name: now.get(name) for name in names}
    return Drift(kind, key, was, now)


def _by_name(facts: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Any]:
    return {(str(one["kind"]), str(one["key"])): one["value"] for one in facts}
