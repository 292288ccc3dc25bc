"""Whether what was read of an org is older than the runs on it: their records tell, and the org is not asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cnxlib.records.run_record import EVENTS, org_of, parse_events, runs_of

POLL_S = 2.0
"""How often the records are looked at, in seconds."""

_CHANGING = ("apply", "confirm")
"""Modes of runs after which an org, or what is known of it, may be another."""


def newer_run(alias: str, org_id: str, since: float) -> Path | None:
    """The newest run that has been at work on the org since then, to change or to confirm; None where there is none.

    One that has reached no org yet has not been at work there.

    Parameters
    ----------
    alias, org_id:
        The org, as for `cnxlib.ui.following.last_ending`.
    since:
        In seconds since the epoch.
    """
    for path in reversed(runs_of(alias)):
        with suppress(OSError):
            if (path / EVENTS).stat().st_mtime > since and _changes(path) and org_of(path) == org_id:
                return path
    return None


class Watch:
    """Waits for such a run, in a thread.

    Parameters
    ----------
    alias, org_id, since:
        As for `newer_run`.
    on_run:
        Receives the run's record, once; called from that thread.
    """

    def __init__(self, alias: str, org_id: str, since: float, on_run: Callable[[Path], None]) -> None:
        self._ended = threading.Event()

        def work() -> None:
            while not self._ended.wait(POLL_S):
                run = newer_run(alias, org_id, since)
                if run is not None and not self._ended.is_set():
                    on_run(run)
                    return

        threading.Thread(target=work, name="cnx-watch", daemon=True).start()

    def end(self) -> None:
        """Wait no longer."""
        self._ended.set()


def _changes(path: Path) -> bool:
    with (path / EVENTS).open("rb") as file:
        first = next(parse_events([file.readline()]), {})
    return first.get("mode") in _CHANGING
