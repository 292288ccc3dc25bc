"""SOQL: queries parsed by a grammar, compiled to SQLite's SQL, answered in REST's shape."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import values
from ..actor import Actor
from ..errors import ApiError
from ..schema import SObject
from . import restrictions
from .ast import Contained, Item, Query
from .conditions import Conditions
from .groups import Groups, is_aggregate, is_count
from .parser import malformed, parse
from .scope import Column, Scope, Session
from .select import Selection, plain

if TYPE_CHECKING:
    from ..org import Org

__all__ = ["Result", "parse", "run"]


@dataclass
class Result:
    """The answer to a query: all its rows, which the door may hand out in pages."""

    records: list[dict[str, Any]]
    total: int
    columns: list[dict[str, Any]] = field(default_factory=list)
    entity: str = ""
    user_id: str = ""


def run(
    org: Org, text: str, actor: Actor, *, tooling: bool = False, all_rows: bool = False, version: str = "68.0"
) -> Result:
    """Answer a query; see ``Org.run_query``."""
    query = parse(text)
    session = Session(org, actor, text, tooling, all_rows)
    url = f"/services/data/v{version}{'/tooling' if tooling else ''}"
    runner = _Runner(session, url)
    restrictions.check_children(session, query, version)
    try:
        result = runner.run(query)
    except (OverflowError, UnicodeEncodeError, sqlite3.IntegrityError):
        # A number beyond 64 bits, half of a surrogate pair: nothing that a column could hold.
        raise malformed(text, "a value in the query is out of range", query.source.at) from None
    result.user_id = actor.user_id
    result.entity = org.schema[".".join(query.source.parts)].name
    return result


class _Runner:
    """Runs one query and the child queries in it."""

    def __init__(self, session: Session, url: str) -> None:
        self.session, self.url = session, url

    def run(self, query: Query) -> Result:
        scope = Scope.of(self.session, query.source, query.alias, query.joined)
        restrictions.check(self.session, scope.each, query)
        if is_count(self.session, query):
            return self._count(scope, query)
        if is_aggregate(query):
            return self._aggregate(scope, query)
        selection = plain(self.session, scope, query)
        parameters: list[Any] = []
        tail = self._tail(scope, query, parameters)
        raw = self._fetch(f"SELECT {', '.join(selection.columns)} {scope.sql()} {tail}", parameters)
        records = [selection.shape(row, self.url) for row in raw]
        for child in selection.children:
            self._children(scope, child, [row[selection.parents[()]] for row in raw], records)
        restrictions.check_size(scope.each, query, len(records))
        return Result(records, len(records), _columns(selection, scope))

    def _fetch(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        return self.session.org.store.fetch(sql, parameters)

    def _conditions(self, scope: Scope, parameters: list[Any]) -> Conditions:
        return Conditions(self.session, scope, parameters, self._semi_join)

    def _where(self, scope: Scope, query: Query, parameters: list[Any], more: str = "") -> str:
        restrictions.check_where(self.session, query)
        guard = f"WHERE {scope.guard()}{more}"
        if query.scope == "mine" and scope.each.field("OwnerId"):
            parameters.append(self.session.actor.user_id)
            guard += f" AND {scope.root}.OwnerId = ?"
        if query.where is None:
            return guard
        return f"{guard} AND {self._conditions(scope, parameters).sql(query.where)}"

    def _tail(self, scope: Scope, query: Query, parameters: list[Any]) -> str:
        where = self._where(scope, query, parameters)
        return f"{where} ORDER BY {self._order(scope, query)} {_limit(query)}"

    def _order(self, scope: Scope, query: Query, columns: dict[str, Column] | None = None) -> str:
        parts = []
        for each in query.order:
            column = (columns or {}).get(str(each.what).lower()) or scope.column(each.what)
            if column.field is not None and not column.aggregate and not column.field.sortable:
                message = f"field '{column.name}' can not be sorted in a query call"
                raise self.session.invalid("INVALID_FIELD", message, each.what)
            way = "DESC" if each.descending else "ASC"
            parts.append(f"{column.sql} {way} NULLS {'LAST' if each.nulls_last else 'FIRST'}")
        if columns is None:
            parts.append(f"{scope.root}.Id")
        return ", ".join(parts)

    def _semi_join(self, condition: Contained, query: Query, left: Column, outer: Conditions) -> str:
        """The SELECT of ``Id IN (SELECT ...)``."""
        if len(query.items) != 1 or not isinstance(query.items[0], Item) or is_aggregate(query):
            message = "The inner query of a semi join must select exactly one field"
            raise malformed(self.session.text, message, query.source.at)
        scope = Scope.of(self.session, query.source, query.alias, query.joined)
        if scope.each.name == outer.scope.each.name:
            message = "The inner and outer selects should not be on the same object type"
            raise malformed(self.session.text, message, query.source.at)
        column = scope.column(query.items[0].what)
        restrictions.check_semi_join(self.session, condition, left, column, query)
        where = self._where(scope, query, outer.parameters)
        return f"SELECT {column.sql} {scope.sql()} {where} AND {column.sql} IS NOT NULL"

    def _count(self, scope: Scope, query: Query) -> Result:
        parameters: list[Any] = []
        where = self._where(scope, query, parameters)
        sql = f"SELECT count(*) FROM (SELECT 1 {scope.sql()} {where} {_limit(query)})"
        return Result([], int(self._fetch(sql, parameters)[0][0]))

    def _aggregate(self, scope: Scope, query: Query) -> Result:
        groups_of = Groups(self.session, scope, query)
        found = groups_of.found
        parameters: list[Any] = []
        where = self._where(scope, query, parameters)
        groups = ", ".join(scope.column(each).sql for each in query.group)
        having = f"HAVING {self._conditions(scope, parameters).sql(query.having)}" if query.having else ""
        order = self._order(scope, query, groups_of.names) if query.order else groups
        sql = f"SELECT {', '.join(column.sql for _, column in found)} {scope.sql()} {where}"
        sql += (
            (f" GROUP BY {groups} {having}" if groups else "")
            + (f" ORDER BY {order}" if order else "")
            + f" {_limit(query)}"
        )
        rows = self._fetch(sql, parameters)
        records = [
            {"attributes": {"type": "AggregateResult"}}
            | {
                name: values.shown(c.field, value) if c.field else value
                for (name, c), value in zip(found, row, strict=True)
            }
            for row in rows
        ]
        if len(records) > restrictions.BATCH and query.limit is None:
            raise restrictions.no_query_more("Aggregate query")
        columns = [
            {"columnName": name, "displayName": name, "aggregate": c.aggregate, "joinColumns": []} for name, c in found
        ]
        return Result(records, len(records), columns)

    def _knows(self, child: SObject, name: str) -> bool:
        """Whether this API serves the object, and the actor sees the field by which it refers to its parent."""
        return child.served(self.session.tooling) and self.session.actor.sees(child, child.fields[name.lower()])

    def _children(self, scope: Scope, query: Query, parent_ids: list[str], records: list[dict[str, Any]]) -> None:
        """Answer a child query for all rows at once."""
        name = query.source.parts[-1]
        schema = self.session.org.schema
        link = next((each for each in schema.children(scope.each.name) if each.name.lower() == name.lower()), None)
        child = schema[link.sobject] if link else None
        if link is None or child is None or not self._knows(child, link.field):
            message = (
                f"Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a"
                " custom relationship, be sure to append the '__r' after the custom relationship name. Please reference"
                " your WSDL or the describe call for the appropriate names."
            )
            raise self.session.invalid("INVALID_TYPE", message, query.source)
        if is_aggregate(query):
            raise malformed(self.session.text, "Child queries can hold no aggregates", query.source.at)
        source = type(query.source)((child.name,), query.source.at)
        inner = Scope.of(self.session, source, query.alias, query.joined)
        inner.also(name)
        selection = plain(self.session, inner, query)
        key, own = selection.add(f'{inner.root}."{link.field}"'), selection.parents[()]
        parameters: list[Any] = [json.dumps(parent_ids)]
        parents = f' AND {inner.root}."{link.field}" IN (SELECT value FROM json_each(?))'
        where = self._where(inner, query, parameters, parents)
        rank = f'row_number() OVER (PARTITION BY {inner.root}."{link.field}" ORDER BY {self._order(inner, query)})'
        columns = ", ".join(f"{sql} AS c{place}" for place, sql in enumerate(selection.columns))
        first = query.offset or 0
        last = first + query.limit if query.limit is not None else -1
        sql = f"SELECT * FROM (SELECT {columns}, {rank} AS place {inner.sql()} {where}) WHERE place > {first}"
        sql += f" AND place <= {last}" if last >= 0 else ""
        found: dict[str, list[dict[str, Any]]] = {}
        raw = self._fetch(f"{sql} ORDER BY place", parameters)
        children = [selection.shape(row, self.url) for row in raw]
        for further in selection.children:
            self._children(inner, further, [row[own] for row in raw], children)
        for row, child_record in zip(raw, children, strict=True):
            found.setdefault(row[key], []).append(child_record)
        for parent_id, record in zip(parent_ids, records, strict=True):
            rows = found.get(parent_id)
            record[link.name] = {"totalSize": len(rows), "done": True, "records": rows} if rows else None


def _limit(query: Query) -> str:
    if query.limit is None and query.offset is None:
        return ""
    if (query.offset or 0) > restrictions.MAX_OFFSET:
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {restrictions.MAX_OFFSET}")
    return f"LIMIT {query.limit if query.limit is not None else -1} OFFSET {query.offset or 0}"


def _columns(selection: Selection, scope: Scope) -> list[dict[str, Any]]:
    """The answer to ``columns=true``: joined fields below the relationship they come by."""
    top: list[dict[str, Any]] = []
    cells = [*(cell[:2] for cell in selection.cells), *(address[:2] for address in selection.addresses)]
    for relation, name in cells:
        level = top
        for part in (*relation, name):
            entry = next((each for each in level if each["columnName"] == part), None)
            if entry is None:
                entry = {"columnName": part, "displayName": part, "aggregate": False, "joinColumns": []}
                level.append(entry)
            level = entry["joinColumns"]
    links = {each.name.lower(): each.name for each in scope.session.org.schema.children(scope.each.name)}
    for query in selection.children:
        name = links[query.source.parts[-1].lower()]
        top.append({"columnName": name, "displayName": name, "aggregate": True, "joinColumns": []})
    return top
