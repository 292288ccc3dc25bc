"""What runs wrote in an org, value by value, as their events tell it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

Values = dict[str, dict[str, dict[str, Any]]]
"""By kind, key and name."""


def given(events: Iterable[Mapping[str, Any]], kinds: Collection[str]) -> Values:
    """What `cnxlib.history.Given` asks for, from events in the order of their time."""
    written: Values = {kind: {} for kind in kinds}
    begun: dict[tuple[str, str], dict[str, Any] | None] = {}  # with what was written before it
    for event in events:
        step, name = event["data"], event["event"]
        kind, key = str(step.get("kind")), str(step.get("key"))
        if kind not in written:
            continue
        match name, step.get("op") == "delete":
            case "step-started", False:
                begun[kind, key] = written[kind].get(key)
                _write(written, step, kind, key)
            case "step-started", True:
                begun.pop((kind, key), None)
            case "step-done", False:
                begun.pop((kind, key), None)
                _write(written, step, kind, key)
            case "step-done", True:
                written[kind].pop(key, None)
                _forget_below(written, kind, key)
            case (("step-failed" | "step-not-run"), _) if (kind, key) in begun:
                was = begun.pop((kind, key))
                if step.get("known") is not False:
                    written[kind].pop(key)
                    written[kind].update({key: was} if was is not None else {})
    return written


def _write(written: Values, step: Mapping[str, Any], kind: str, key: str) -> None:
    now = {} if step.get("op") == "create" else written[kind].get(key, {})
    written[kind][key] = {**now, **(step.get("after") or {})}
    if step.get("op") == "create":
        _forget_below(written, kind, key)


def _forget_below(written: Values, kind: str, key: str) -> None:
    """What hung below a permission set went with it."""
    if kind == "permission_set":
        for name, of_kind in written.items():
            if name != kind:
                for below in [other for other in of_kind if other.startswith(f"{key}/")]:
                    del of_kind[below]
