"""What is in an org: rows and documents, in a database that is opened when something is first asked of it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import ids
from .schema import Schema, standard
from .store import Store


class Contents(ABC):
    """The database of one org and its schema, used by one thread at a time.

    Attributes:
        org_id: the org's id, of 18 characters.
        lock: held by whoever reads or writes.
        opened: the database is there, filled from its scenario or from the state file.

    Args:
        org_id: the org's id.
        path: a state file; without one the org lives in memory.
    """

    def __init__(self, org_id: str, path: str | None = None) -> None:
        self.org_id = org_id
        self.lock = threading.RLock()
        self.opened = False
        self._schema = standard()
        self._store: Store | None = None
        self._path = path

    @abstractmethod
    def _begin(self, store: Store) -> None:
        """Fill the database, or find what the state file has of it."""

    def open(self) -> None:
        """Make the org's database, or open that of the state file; whatever is asked of the org first does it too."""
        with self.lock:  # others wait until the org is filled; what fills it comes here again and passes
            if self._store is None:
                self._store = Store(self.org_id, self._path)
                try:
                    self._begin(self._store)
                except BaseException:
                    self._store = None
                    raise
                self.opened = True

    @property
    def store(self) -> Store:
        """The org's database."""
        if not self.opened:
            self.open()
        assert self._store is not None
        return self._store

    @property
    def schema(self) -> Schema:
        """The objects, with the custom fields of this org."""
        if not self.opened:
            self.open()
        return self._schema

    @schema.setter
    def schema(self, schema: Schema) -> None:
        self._schema = schema

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the org's lock; an exception undoes everything since. Nestable."""
        with self.lock:
            schema = self.schema
            try:
                with self.store.transaction():
                    yield
            except BaseException:
                self.schema = schema
                raise

    def new_id(self, sobject: str) -> str:
        """An id that no row of this org had before."""
        return self.new_ids(sobject, 1)[0]

    def new_ids(self, sobject: str, count: int) -> list[str]:
        """As many ids that no row of this org had before."""
        prefix = self.schema[sobject].prefix
        first = self.store.next_number(prefix, count) if count else 0
        return [ids.record_id(prefix, self.org_id, number) for number in range(first, first + count)]

    def document(self, kind: str, name: str) -> dict[str, Any] | None:
        """The document of that kind and name, or ``None``."""
        with self.lock:
            return self.store.document(kind, name)

    def documents(self, kind: str) -> dict[str, dict[str, Any]]:
        """All documents of a kind, by name."""
        with self.lock:
            return self.store.documents(kind)

    def put_document(self, kind: str, name: str, value: Mapping[str, Any]) -> None:
        """Write a document. Kinds that start with ``_`` (sessions, tokens, hashes) never appear in a snapshot."""
        with self.lock:
            self.store.put_document(kind, name, value)

    def drop_document(self, kind: str, name: str) -> None:
        """Take a document away, if it is there."""
        with self.lock:
            self.store.drop_document(kind, name)
