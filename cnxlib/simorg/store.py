"""Rows and documents of one org in SQLite.

Each object is a table with a typed column for each stored field. Every table has the org's id in its key, so one state
file can hold
many orgs, each over its own connection; an org without a file has a database in memory. Text is compared without regard
to ASCII
case, as SOQL does.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from .schema import Field, Schema, SObject, standard

_APPLICATION = 0x434E5853  # "CNXS", in the header of a state file (SQLite, application_id)
_AFFINITY = {"boolean": "INTEGER", "int": "INTEGER", "double": "REAL", "currency": "REAL", "percent": "REAL"}


def quote(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _casefold(text: str | None) -> str | None:
    return None if text is None else str(text).casefold()


class StateFileError(Exception):
    """A file that cannot be a state file, or not this version's."""


def orgs_in(path: str) -> list[dict[str, str]]:
    """The orgs of a state file: `org_id`, and what they said of themselves when filled, `alias` and `scenario`.

    A file that is not there yet is made.

    Raises:
        StateFileError: the file is no state file, or its tables are those of another version of the simulated org.
    """
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {_tables_version()}")
                return []
            if connection.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
                raise StateFileError(f"{path} is no state file of the simulated org")
            if connection.execute("PRAGMA user_version").fetchone() != (_tables_version(),):
                raise StateFileError(f"{path} was written by another version of the simulated org: take another file")
            seeded = "SELECT org, value FROM _document WHERE kind = '_org' AND name = 'seeded'"
            return [{"org_id": org, **json.loads(value)} for org, value in connection.execute(seeded)]
    except (sqlite3.Error, ValueError) as error:
        raise StateFileError(f"{path} is no state file of the simulated org: {error}") from error


def _tables_version() -> int:
    """A number that changes with the tables that every org begins with."""
    tables = [
        (each.name, each.view, [(one.name, one.type, one.sql) for one in each.fields.values()])
        for each in standard().objects.values()
    ]
    return zlib.crc32(repr(tables).encode()) >> 1


class Store:
    """The database of one org.

    Args:
        org: the org's id, the first column of every key.
        path: a state file, or ``None`` for memory.
    """

    def __init__(self, org: str, path: str | None = None) -> None:
        self.org = org
        # Statements are serialised by the org's lock, so threads may share the connection
        self.connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, timeout=30)
        self.connection.create_function("casefold", 1, _casefold, deterministic=True)
        self._depth = 0
        if path:
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS _document"
            " (org TEXT, kind TEXT, name TEXT, value TEXT, PRIMARY KEY (org, kind, name))"
        )
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS _counter (org TEXT, name TEXT, value INTEGER, PRIMARY KEY (org, name))"
        )

    def create(self, schema: Schema) -> None:
        """Make the tables, indexes and views that are not there yet."""
        with self.transaction():
            for each in schema.objects.values():
                if each.view is None:
                    self._create_table(each)
            for each in schema.objects.values():
                if each.view is not None:
                    self.connection.execute(f"CREATE VIEW IF NOT EXISTS {quote(each.name)} AS {each.view}")

    def _create_table(self, each: SObject) -> None:
        columns = ", ".join(self._column(one) for one in each.fields.values() if one.stored)
        table = quote(each.name)
        self.connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (org TEXT NOT NULL, {columns}, PRIMARY KEY (org, Id))"
        )
        indexed = [
            (one.name,)
            for one in each.fields.values()
            if one.unique or one.external_id or (one.refers and one.children)
        ]
        for names in [*indexed, *each.uniques]:
            index = quote(f"{each.name}:{','.join(names)}")
            self.connection.execute(
                f"CREATE INDEX IF NOT EXISTS {index} ON {table} (org, {', '.join(map(quote, names))})"
            )

    def _column(self, one: Field) -> str:
        collation = " COLLATE NOCASE" if one.is_text else ""
        return f"{quote(one.name)} {_AFFINITY.get(one.type, 'TEXT')}{collation}"

    def add_column(self, sobject: str, one: Field) -> None:
        """Make the column of a custom field, unless another org of the same state file has made it.

        It has no type: a field of that name may be of another type in another org, or later in this one.
        """
        present = {row[1].lower() for row in self.connection.execute(f"PRAGMA table_info({quote(sobject)})")}
        if one.name.lower() not in present:
            self.connection.execute(f"ALTER TABLE {quote(sobject)} ADD COLUMN {quote(one.name)} COLLATE NOCASE")

    def clear_column(self, sobject: str, name: str) -> None:
        """Forget the values of a custom field that this org has no more; the column stays, for the other orgs."""
        self.connection.execute(f"UPDATE {quote(sobject)} SET {quote(name)} = NULL WHERE org = ?", [self.org])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything or nothing; inside another, a savepoint."""
        name = f"s{self._depth}"
        self.connection.execute(f"SAVEPOINT {name}" if self._depth else "BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            self.connection.execute(f"ROLLBACK TO {name}" if self._depth else "ROLLBACK")
            if self._depth:
                self.connection.execute(f"RELEASE {name}")
            raise
        self._depth -= 1
        self.connection.execute(f"RELEASE {name}" if self._depth else "COMMIT")

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of an SQL query."""
        return self.connection.execute(sql, parameters).fetchall()

    def peek(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """``fetch`` without the org's lock, from another org's thread; what is not committed yet is seen too.

        A rollback in the meantime aborts the reading, which is then done anew.
        """
        for _ in range(5):
            try:
                return self.fetch(sql, parameters)
            except sqlite3.OperationalError:
                time.sleep(0.001)
        return self.fetch(sql, parameters)

    def select(
        self, each: SObject, equals: Mapping[str, Any], names: Iterable[str] | None = None
    ) -> list[dict[str, Any]]:
        """Rows of an object whose columns have the values given, by Id, with the computed fields."""
        wanted = [one for one in each.fields.values() if one.type != "address" and (names is None or one.name in names)]
        table = quote(each.name)
        columns = ", ".join(f"t.{quote(one.name)}" if one.sql is None else one.sql.format(t="t") for one in wanted)
        tests = "".join(f" AND t.{quote(name)} IS ?" for name in equals)
        # The sign keeps SQLite from walking through all rows of the org in the order of their key
        order = "+t.Id" if equals else "t.Id"
        sql = f"SELECT {columns} FROM {table} t WHERE t.org = ?{tests} ORDER BY {order}"
        found = self.fetch(sql, [self.org, *equals.values()])
        return [dict(zip((one.name for one in wanted), row, strict=True)) for row in found]

    def insert_many(self, sobject: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows that have the same columns; a row with the same Id is replaced."""
        if not rows:
            return
        names = list(rows[0])
        columns = ", ".join(map(quote, names))
        marks = ", ".join("?" * (len(names) + 1))
        self.connection.executemany(
            f"INSERT OR REPLACE INTO {quote(sobject)} (org, {columns}) VALUES ({marks})",
            ([self.org, *(row[name] for name in names)] for row in rows),
        )

    def update(self, sobject: str, row_id: str, values: Mapping[str, Any]) -> None:
        """Set columns of one row."""
        if values:
            assignments = ", ".join(f"{quote(name)} = ?" for name in values)
            sql = f"UPDATE {quote(sobject)} SET {assignments} WHERE org = ? AND Id = ?"
            self.connection.execute(sql, [*values.values(), self.org, row_id])

    def delete(self, sobject: str, row_id: str) -> None:
        """Take a row away."""
        self.connection.execute(f"DELETE FROM {quote(sobject)} WHERE org = ? AND Id = ?", [self.org, row_id])

    def next_number(self, name: str, count: int = 1) -> int:
        """The first of ``count`` numbers never given before under that name, from 1."""
        sql = (
            "INSERT INTO _counter (org, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (org, name) DO UPDATE SET value = value + ? RETURNING value"
        )
        return int(self.connection.execute(sql, [self.org, name, count, count]).fetchall()[0][0]) - count + 1

    def documents(self, kind: str) -> dict[str, dict[str, Any]]:
        """All documents of a kind, by name."""
        found = self.fetch(
            "SELECT name, value FROM _document WHERE org = ? AND kind = ? ORDER BY name", [self.org, kind]
        )
        return {name: json.loads(value) for name, value in found}

    def document(self, kind: str, name: str) -> dict[str, Any] | None:
        """One document, or ``None``."""
        found = self.fetch(
            "SELECT value FROM _document WHERE org = ? AND kind = ? AND name = ?", [self.org, kind, name]
        )
        value: dict[str, Any] | None = json.loads(found[0][0]) if found else None
        return value

    def put_document(self, kind: str, name: str, value: Mapping[str, Any]) -> None:
        """Write a document in place of the one of that name."""
        text = json.dumps(value, sort_keys=True)
        self.connection.execute("INSERT OR REPLACE INTO _document VALUES (?, ?, ?, ?)", [self.org, kind, name, text])

    def drop_document(self, kind: str, name: str) -> None:
        """Take a document away, if it is there."""
        self.connection.execute("DELETE FROM _document WHERE org = ? AND kind = ? AND name = ?", [self.org, kind, name])

    def kinds(self) -> list[str]:
        """The kinds of which there are documents."""
        found = self.fetch("SELECT DISTINCT kind FROM _document WHERE org = ? ORDER BY kind", [self.org])
        return [kind for (kind,) in found]

    def clear(self, schema: Schema) -> None:
        """Forget everything of this org."""
        with self.transaction():
            for each in schema.objects.values():
                if each.view is None:
                    self.connection.execute(f"DELETE FROM {quote(each.name)} WHERE org = ?", [self.org])
            for table in ("_document", "_counter"):
                self.connection.execute(f"DELETE FROM {table} WHERE org = ?", [self.org])

    def close(self) -> None:
        """Close the connection; a database in memory is gone with it."""
        self.connection.close()
