"""WHERE and HAVING in SQL.

SOQL's logic has two values where SQL's has three: ``Phone != '1'`` and ``NOT Phone = '1'`` hold for a row without a
phone. So every
condition compiled here is 0 or 1, never NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from .. import ids, values
from ..errors import ApiError
from .ast import Call, Compare, Condition, Contained, Expression, Logic, Path, Query, Value
from .dates import resolve
from .parser import malformed, unescape
from .scope import Column, Scope, Session

_NUMERIC = frozenset({"int", "double", "currency", "percent"})
_TYPE_NAMES = {
    "datetime": "dateTime",
    "picklist": "string",
    "email": "string",
    "phone": "string",
    "url": "string",
    "textarea": "string",
}
SemiJoin = Callable[[Contained, Query, Column, "Conditions"], str]


def _balanced(operator: str, parts: list[str]) -> str:
    """`a AND b AND c AND d` as `((a AND b) AND (c AND d))`: SQLite takes a thousand levels at most."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({_balanced(operator, parts[:half])} {operator} {_balanced(operator, parts[half:])})"


class Conditions:
    """Compiles conditions within one scope; ``parameters`` grow in the order of the SQL's question marks."""

    def __init__(self, session: Session, scope: Scope, parameters: list[Any], semi_join: SemiJoin) -> None:
        self.session, self.scope, self.parameters, self._semi_join = session, scope, parameters, semi_join

    def sql(self, condition: Condition) -> str:
        """The SQL of a condition.

        Raises:
            ApiError: INVALID_FIELD, INVALID_QUERY_FILTER_OPERATOR, MALFORMED_QUERY.
        """
        if isinstance(condition, Logic):
            if condition.operator == "NOT":
                return f"NOT {self.sql(condition.parts[0])}"
            return _balanced(condition.operator, [self.sql(part) for part in condition.parts])
        column = self._filterable(condition.left)
        if isinstance(condition, Contained):
            return self._contained(condition, column)
        return self._compare(condition, column)

    def _filterable(self, expression: Expression) -> Column:
        column = self.scope.column(expression)
        if column.field is not None and not column.aggregate and not column.field.filterable:
            message = f"field '{column.name}' can not be filtered in a query call"
            raise self.session.invalid("INVALID_FIELD", message, expression)
        return column

    def _mark(self, value: Any) -> str:
        self.parameters.append(value)
        return "?"

    def _compare(self, condition: Compare, column: Column) -> str:
        operator, value = condition.operator, condition.right[0]
        if operator in ("INCLUDES", "EXCLUDES"):
            return self._includes(condition, column)
        if operator == "LIKE":
            return self._like(condition, column)
        if value.kind == "null" or (value.kind == "string" and value.text == "" and not column.field_is_id):
            return self._null(condition, column)
        if value.kind == "literal":
            return self._range(condition, column, value)
        found = self._value(condition.left, column, value)
        if operator not in ("=", "!=") and column.type in ("boolean",):
            raise self._operator(condition.left, column)
        return self._test(column, operator, found)

    def _test(self, column: Column, operator: str, found: Any) -> str:
        sql = column.sql
        if column.is_text and isinstance(found, str) and not found.isascii():
            sql, found = f"casefold({column.sql})", found.casefold()
        if operator in ("=", "!="):
            return f"({sql} {'IS' if operator == '=' else 'IS NOT'} {self._mark(found)})"
        return f"({column.sql} IS NOT NULL AND {sql} {operator} {self._mark(found)})"

    def _null(self, condition: Compare, column: Column) -> str:
        if condition.operator not in ("=", "!="):
            return "0"
        return f"({column.sql} IS {'NOT ' if condition.operator == '!=' else ''}NULL)"

    def _like(self, condition: Compare, column: Column) -> str:
        value = condition.right[0]
        if value.kind != "string":
            raise self._criterion(condition.left, column)
        if not (column.is_text or column.type == "string"):
            raise self._operator(condition.left, column)
        pattern = self._string(condition.left, value, like=True)
        sql = column.sql
        if not pattern.isascii():
            sql, pattern = f"casefold({sql})", pattern.casefold()
        return f"({column.sql} IS NOT NULL AND {sql} LIKE {self._mark(pattern)} ESCAPE '\\')"

    def _includes(self, condition: Compare, column: Column) -> str:
        if column.type != "multipicklist":
            raise self._operator(condition.left, column)
        tests = []
        for value in condition.right:
            parts = str(self._value(condition.left, column, value)).split(";")
            has = (f"instr(lower(';' || {column.sql} || ';'), {self._mark(f';{part.lower()};')}) > 0" for part in parts)
            tests.append("(" + " AND ".join(has) + ")")
        return f"({'NOT ' if condition.operator == 'EXCLUDES' else ''}coalesce({' OR '.join(tests)}, 0))"

    def _contained(self, condition: Contained, column: Column) -> str:
        negation = "NOT " if condition.negated else ""
        if isinstance(condition.right, Query):
            if not column.field_is_id:
                message = f"The left operand '{column.name}' of a semi join must be an ID or reference field"
                raise malformed(self.session.text, message, condition.left.at)
            inner = self._semi_join(condition, condition.right, column, self)
            return f"({negation}({column.sql} IS NOT NULL AND {column.sql} IN ({inner})))"
        tests = []
        plain: list[str] = []
        for value in condition.right:
            if value.kind in ("null", "literal") or (value.kind == "string" and not value.text.isascii()):
                tests.append(self._compare(Compare(condition.left, "=", (value,)), column))
            elif value.kind == "string" and value.text == "" and not column.field_is_id:
                tests.append(f"{column.sql} IS NULL")
        for value in condition.right:
            special = value.kind in ("null", "literal") or (value.kind == "string" and not value.text.isascii())
            if not special and (value.text or column.field_is_id):
                plain.append(self._mark(self._value(condition.left, column, value)))
        if plain:
            tests.append(f"({column.sql} IS NOT NULL AND {column.sql} IN ({', '.join(plain)}))")
        return f"({negation}({' OR '.join(tests)}))"

    def _range(self, condition: Compare, column: Column, value: Value) -> str:
        """A comparison with a date literal, which is a range of days in the user's time zone."""
        if column.type not in ("date", "datetime"):
            raise malformed(self.session.text, f"unexpected token: '{value.text}'", value.at)
        zone = self._zone()
        try:
            days = resolve(value.text.upper(), self.session.org.now().astimezone(zone).date())
            bounds = [self._bound(day, column.type, zone) for day in days or ()]
        except (OverflowError, ValueError):
            raise malformed(self.session.text, f"Invalid date range: {value.text}", value.at) from None
        if not bounds:
            raise malformed(self.session.text, f"unexpected token: '{value.text}'", value.at)
        start, end = bounds
        sql = column.sql
        tests = {
            "<": lambda: f"{sql} < {self._mark(start)}",
            "<=": lambda: f"{sql} < {self._mark(end)}",
            ">": lambda: f"{sql} >= {self._mark(end)}",
            ">=": lambda: f"{sql} >= {self._mark(start)}",
        }
        if condition.operator in tests:
            return f"({sql} IS NOT NULL AND {tests[condition.operator]()})"
        inside = f"({sql} IS NOT NULL AND {sql} >= {self._mark(start)} AND {sql} < {self._mark(end)})"
        return inside if condition.operator == "=" else f"(NOT {inside})"

    def _bound(self, day: date, kind: str, zone: tzinfo) -> str:
        return day.isoformat() if kind == "date" else values.datetime_text(datetime.combine(day, time(), zone))

    def _zone(self) -> tzinfo:
        found = self.session.org.rows("User", Id=self.session.actor.user_id)
        try:
            return ZoneInfo(found[0]["TimeZoneSidKey"])
        except (IndexError, LookupError, ValueError, TypeError):
            return UTC  # no time zone data on this machine, or an actor that is no user

    def _value(self, left: Expression, column: Column, value: Value) -> Any:
        """The literal as the column holds such values, its kind checked against the type of the column."""
        kind = column.type
        if kind == "boolean" and value.kind == "boolean":
            return int(value.text == "true")
        if kind in _NUMERIC and value.kind == "number":
            return float(value.text) if "." in value.text else int(value.text)
        if kind in ("date", "datetime") and value.kind == kind:
            try:
                return (
                    values.parse_datetime(value.text)
                    if kind == "datetime"
                    else date.fromisoformat(value.text).isoformat()
                )
            except (ValueError, OverflowError):
                raise malformed(self.session.text, f"Invalid {kind}: {value.text}", value.at) from None
        if kind not in (*_NUMERIC, "boolean", "date", "datetime") and value.kind == "string":
            text = self._string(left, value)
            return self._id(left, column, text) if column.field_is_id else text
        raise self._criterion(left, column)

    def _id(self, left: Expression, column: Column, text: str) -> str:
        if ids.is_id(text):
            return ids.to18(text)
        if column.field is not None and any(self.session.org.schema[name].key != "Id" for name in column.field.refers):
            return text  # EntityDefinitionId holds a DurableId, such as Account
        raise self.session.invalid("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}", left)

    def _string(self, left: Expression, value: Value, like: bool = False) -> str:
        try:
            return unescape(value.text, like)
        except ValueError:
            raise malformed(
                self.session.text, f"Invalid string literal '{value.text}'. Illegal character sequence.", value.at
            ) from None

    def _criterion(self, left: Expression, column: Column) -> ApiError:
        kind = "string" if column.field_is_id else _TYPE_NAMES.get(column.type, column.type)
        quoted = "should be enclosed in quotes" if kind == "string" else "should not be enclosed in quotes"
        name = str(left) if isinstance(left, Path | Call) else column.name
        message = f"value of filter criterion for field '{name}' must be of type {kind} and {quoted}"
        return self.session.invalid("INVALID_FIELD", message, left)

    def _operator(self, left: Expression, column: Column) -> ApiError:
        kind = "id" if column.field_is_id else column.type
        return self.session.invalid("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {kind} field", left)
