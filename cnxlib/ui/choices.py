"""Choices from the live org for a form: read in the background, and never in anybody's way."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from cnxlib.errors import CnxError
from cnxlib.records import runs_of
from cnxlib.resources.offers import MOST_USERS, SOURCES, Offer, users
from cnxlib.rounds import Rounds
from cnxlib.salesforce.org import Org
from cnxlib.secrets.passphrase import nobody_asked
from cnxlib.ui.form import Form

Connect = Callable[[str], Org]
"""Logs in to the org of an alias."""

_RUNS = "runs"
"""The source that is no org's: what was done to it from here, newest first."""

_Job = tuple[str, str]
"""("read", alias) or ("search", text)."""


class Choices:
    """Fills a form's lists from the org that is chosen in it, as soon as a browser shows the form.

    Without a browser nothing is read. It logs in once for each org that is chosen, reads only, asks nobody for a
    passphrase, and says quietly where it cannot: then names are typed.

    Parameters
    ----------
    form:
        The form; its fields say what they offer.
    alias:
        The org that is chosen, at the time it is asked.
    connect:
        Logs in.
    """

    def __init__(self, form: Form, alias: Callable[[], str], connect: Connect) -> None:
        self._form, self._alias, self._connect = form, alias, connect
        self._sources = sorted(set().union(*(field.sources() for field in form.fields.values())))
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wanted = ""
        self._org: Org | None = None
        self._trouble = ""
        form.on("shown", lambda _: self.read())
        form.on("search", self._search)

    def read(self) -> None:
        """Read what the org that is chosen offers, where that is not done or begun yet; returns at once."""
        if self._sources and self._alias() != self._wanted:
            self._wanted = self._alias()
            self._put(("read", self._wanted))

    def renew(self) -> None:
        """Another org may have been chosen: read it, where a browser has shown the form before."""
        if self._wanted:
            self.read()

    def close(self) -> None:
        """End the thread, once it has nothing left to do."""
        if self._thread is not None:
            self._jobs.put(("end", ""))

    def wait(self, timeout_s: float) -> None:
        """Wait for the end of the thread."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _search(self, told: Mapping[str, Any]) -> None:
        self._put(("search", str(told.get("text", ""))))

    def _put(self, job: _Job) -> None:
        self._jobs.put(job)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="cnx-choices", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        with nobody_asked():
            while True:
                waiting = [self._jobs.get()]
                while not self._jobs.empty():
                    waiting.append(self._jobs.get())
                # Only the newest of each kind is of any interest by now.
                newest = dict(waiting)
                if "read" in newest:
                    self._read(newest["read"])
                if "search" in newest:
                    self._find(newest["search"])
                if "end" in newest:
                    self._leave()
                    return

    def _read(self, alias: str) -> None:
        self._leave()
        self._trouble = ""
        found: dict[str, list[Offer]] = {}
        if _RUNS in self._sources:
            found[_RUNS] = [(path.name, path.name) for path in reversed(runs_of(alias))]
        if self._sources != [_RUNS]:
            self._form.offer(found, f"Choices are being read from the org {alias} …")
            found |= self._read_from(alias)
        if alias == self._wanted:
            said = f"Choices could not be read from the org: {self._trouble}; type the name." if self._trouble else ""
            self._form.offer(found, said)

    def _read_from(self, alias: str) -> dict[str, list[Offer]]:
        names = [name for name in self._sources if name in SOURCES]
        try:
            self._org = self._connect(alias)
            results = self._rounds(self._org).drive([SOURCES[name]() for name in names])
        except CnxError as error:
            self._trouble = error.message
        except Exception as error:  # it is a help, no more: whatever it is, the form goes on without
            self._trouble = f"an unforeseen {type(error).__name__}"
        else:
            self._trouble = next((some.message for some in results if isinstance(some, CnxError)), "")
            return {name: some for name, some in zip(names, results, strict=True) if not isinstance(some, CnxError)}
        return {}

    def _find(self, text: str) -> None:
        if self._org is None:
            self._form.found(text, [], f"The org cannot be searched: {self._trouble}; type the whole user name")
            return
        try:
            found = self._rounds(self._org).perform(users(text))
        except CnxError as error:
            self._form.found(text, [], f"The org could not be searched: {error.message}; type the whole user name")
            return
        said = "" if found else "No active user is called so"
        if len(found) > MOST_USERS:
            said = f"The first {MOST_USERS}: type more to narrow them down"
        self._form.found(text, found[:MOST_USERS], said)

    def _rounds(self, org: Org) -> Rounds:
        return Rounds(org.send, lambda name, data: None)

    def _leave(self) -> None:
        if self._org is not None:
            self._org.close()
            self._org = None
