"""Queries that aggregate: which ones do, and what they may select, group, sort and filter by."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ApiError
from .ast import Call, Compare, Condition, Contained, Expression, Item, Logic, Path, Query
from .parser import malformed
from .scope import AGGREGATES, DATE_FUNCTIONS, Column, Scope, Session


def _has(what: Expression, names: frozenset[str]) -> bool:
    """Whether one of the functions is called, in an argument too: ``FORMAT(MAX(CreatedDate))``."""
    if not isinstance(what, Call):
        return False
    return what.name.upper() in names or any(_has(each, names) for each in what.arguments)


def aggregates(what: Expression) -> bool:
    """Whether the expression holds an aggregate function."""
    return _has(what, AGGREGATES)


def is_aggregate(query: Query) -> bool:
    """Whether a query answers groups of rows. A date function is selected only where it groups."""
    functions = AGGREGATES | DATE_FUNCTIONS.keys()
    return (
        bool(query.group)
        or any(isinstance(item, Item) and _has(item.what, functions) for item in query.items)
        or any(aggregates(each.what) for each in query.order)
    )


def _counts_rows(item: Item | Query) -> bool:
    what = item.what if isinstance(item, Item) else None
    return isinstance(what, Call) and what.name.upper() == "COUNT" and not what.arguments


def is_count(session: Session, query: Query) -> bool:
    """Whether the query is ``SELECT COUNT() FROM ...``, which answers a number and no rows.

    Raises:
        ApiError: MALFORMED_QUERY for COUNT() beside other fields, with an alias, ORDER BY or GROUP BY (SOQL Reference,
            "COUNT() and COUNT(fieldName)").
    """
    count = next((item for item in query.items if _counts_rows(item)), None)
    if not isinstance(count, Item):
        return False
    if count.alias:
        raise malformed(session.text, f"unexpected token: '{count.alias}'", count.what.at)
    if len(query.items) > 1:
        raise malformed(session.text, "COUNT() must be the only element in the SELECT list", count.what.at)  # [R: text]
    if query.group:
        raise malformed(session.text, "COUNT() cannot be used with GROUP BY", count.what.at)  # [R: text]
    for each in query.order:
        raise _ordered(session, each.what)
    return True


def _ordered(session: Session, what: Expression) -> ApiError:
    return malformed(session.text, f"Ordered field must be grouped or aggregated: {what}", what.at)


def _ungrouped(session: Session, what: Expression) -> ApiError:
    return malformed(session.text, f"Field must be grouped or aggregated: {what}", what.at)


def expressions(condition: Condition | None) -> Iterator[Expression]:
    """What stands on the left of the comparisons of a condition."""
    if isinstance(condition, Logic):
        for part in condition.parts:
            yield from expressions(part)
    elif isinstance(condition, Compare | Contained):
        yield condition.left


class Groups:
    """The groups of one aggregate query.

    Attributes:
        found: the columns selected by their names in the answer: alias, field, or expr0, expr1 ...

    Raises:
        ApiError: MALFORMED_QUERY for a field neither grouped nor aggregated, or both; INVALID_FIELD for one that cannot
            be grouped.
    """

    def __init__(self, session: Session, scope: Scope, query: Query) -> None:
        self.session, self.scope, self.query = session, scope, query
        self._grouped = {self._group(each).sql for each in query.group}
        self.found = self._selected()
        for what in expressions(query.having):
            if not self._fits(what):
                raise _ungrouped(session, what)  # [R: text]
        self.names = {name.lower(): column for name, column in self.found}
        for each in query.order:
            if str(each.what).lower() not in self.names and not self._fits(each.what):
                raise _ordered(session, each.what)
        if not query.group and (query.limit is not None or query.offset is not None):
            clause = "LIMIT" if query.limit is not None else "OFFSET"
            message = f"Non-grouped query that uses overall aggregate functions cannot also use {clause}"
            raise malformed(session.text, message, query.source.at)

    def _group(self, what: Expression) -> Column:
        if aggregates(what):
            raise malformed(self.session.text, f"Grouped field should not be aggregated: {what}", what.at)
        column = self.scope.column(what)
        if column.field is not None and not column.field.groupable:
            message = f"field '{column.name}' can not be grouped in a query call"
            raise self.session.invalid("INVALID_FIELD", message, what)
        return column

    def _fits(self, what: Expression) -> bool:
        """Whether an expression has one value for each group."""
        if aggregates(what):
            return self._aggregated(what)
        if self.scope.column(what).sql in self._grouped:
            return True
        # A date that is grouped carries what is computed of it; a moment (datetime) does not (SOQL Reference)
        if not isinstance(what, Call) or what.name.upper() not in DATE_FUNCTIONS or len(what.arguments) != 1:
            return False
        inner = self.scope.column(what.arguments[0])
        return inner.type == "date" and inner.sql in self._grouped

    def _aggregated(self, what: Expression) -> bool:
        """True; refuses an aggregate of what is grouped already."""
        for each in what.arguments if isinstance(what, Call) else ():
            if isinstance(each, Call):
                self._aggregated(each)
            elif self.scope.column(each).sql in self._grouped:
                raise malformed(self.session.text, f"Grouped field should not be aggregated: {each}", each.at)
        return True

    def _selected(self) -> list[tuple[str, Column]]:
        found: list[tuple[str, Column]] = []
        unnamed = 0
        for item in self.query.items:
            if isinstance(item, Query):
                message = "Nesting of child queries is not supported in an aggregate query"
                raise malformed(self.session.text, message, item.source.at)
            if not self._fits(item.what):
                raise _ungrouped(self.session, item.what)
            column = self.scope.column(item.what)
            name = item.alias or (column.name if isinstance(item.what, Path) else None)
            if name is None:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            if name.lower() in (each.lower() for each, _ in found):
                raise malformed(self.session.text, f"duplicate alias: {name}", item.what.at)
            found.append((name, column))
        return found
