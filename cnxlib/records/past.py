"""The past of an org, as the records of its runs hold it: what was confirmed, and what was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from cnxlib.history import Confirmation, Confirmed, Made
from cnxlib.records.run_record import read_events, runs_of


class Past:
    """Answers what the engine asks of the past (`cnxlib.history`).

    Parameters
    ----------
    alias, org_id:
        The org. Runs under its alias that went to another org, such as a sandbox before its refresh, do not count.
    root:
        The records' root, the usual one by default.
    """

    def __init__(self, alias: str, org_id: str, root: Path | None = None) -> None:
        self._alias, self._org_id, self._root = alias, org_id, root

    def recall(self, request: Confirmation | Made) -> Confirmed | Mapping[str, str] | None:
        """Answer one request.

        Raises
        ------
        RecordError
            An earlier record cannot be read.
        """
        if isinstance(request, Confirmation):
            return self._confirmed.get((request.phase, request.step, request.digest))
        return self._made.get(request.kind, {})

    @cached_property
    def _events(self) -> list[dict[str, Any]]:
        # By the clock: ids of runs that began within a second sort by chance
        return sorted(self._read(), key=lambda event: str(event.get("at")))

    def _read(self) -> Iterator[dict[str, Any]]:
        for path in runs_of(self._alias, self._root):
            for event in read_events(path):
                if event.get("org_id") == self._org_id and isinstance(event.get("data"), dict):
                    yield event

    @cached_property
    def _confirmed(self) -> dict[tuple[str, str, str], Confirmed]:
        return {
            (str(event["phase"]), str(event["data"].get("step")), str(event["data"].get("digest"))): Confirmed(
                str(event["user"]), str(event["at"])
            )
            for event in self._events
            if event["event"] == "confirmed"
        }

    @cached_property
    def _made(self) -> dict[str, dict[str, str]]:
        made: dict[str, dict[str, str]] = {}
        for event in self._events:
            if event["event"] != "step-done":
                continue
            step = event["data"]
            of_kind = made.setdefault(str(step.get("kind")), {})
            if step.get("op") == "create":
                of_kind[str(step.get("key"))] = str(step.get("id", ""))
            elif step.get("op") == "delete":
                of_kind.pop(str(step.get("key")), None)
        return made
