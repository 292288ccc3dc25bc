"""SOQL against a naive evaluation in Python of the same conditions over the same rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnxlib.simorg.errors import ApiError
from cnxlib.simorg.orgs import Orgs

from .conftest import Subject, new_subject

ROWS: list[dict[str, Any]] = [
    {"Name": name, "Phone": phone, "NumberOfEmployees": number, "Rating": rating, "Industry": industry}
    for name, phone, number, rating, industry in [
        ("Alpha", None, 1, "Hot", "Media"), ("alpha", "A", None, None, None), ("Beta", "b", 3, "Warm", "Media"),
        ("Gamma", "a", 1, "Cold", None), ("a%b", None, -2, "Hot", "Media"), ("a_b", "AB", 10, None, "Energy"),
        ("It's", "'", None, "Warm", "Energy"), ("Ñandú", "ñ", 3, None, "Energy"),
    ]
]  # fmt: skip
TEXTS = ["alpha", "BETA", "a", "ab", "'", "it's", "ñ", "ÑANDÚ", "nobody", ""]
PATTERNS = ["a%", "%a", "%", "a_b", "a\\_b", "a\\%b", "_", "B%", "ñ%", "%s"]


@dataclass(frozen=True)
class Test:
    """A condition twice: as SOQL, and as what it means for a row."""

    soql: str
    field: str
    operator: str
    operand: Any

    __test__ = False

    def holds(self, row: dict[str, Any]) -> bool:
        value = row[self.field]
        if self.operator == "IN":
            return any(_equal(value, each) for each in self.operand)
        if self.operator == "LIKE":
            return (
                value is not None and re.fullmatch(_regex(self.operand), value, re.IGNORECASE | re.DOTALL) is not None
            )
        if self.operator in ("=", "!="):
            return _equal(value, self.operand) == (self.operator == "=")
        if value is None or self.operand is None:
            return False
        return {
            "<": value < self.operand,
            ">": value > self.operand,
            "<=": value <= self.operand,
            ">=": value >= self.operand,
        }[self.operator]


def _equal(value: Any, operand: Any) -> bool:
    if operand == "":
        operand = None
    if isinstance(value, str) and isinstance(operand, str):
        return value.casefold() == operand.casefold()
    return bool(value == operand)


def _regex(pattern: str) -> str:
    out, escaped = "", False
    for char in pattern:
        if escaped:
            out, escaped = out + re.escape(char), False
        elif char == "\\":
            escaped = True
        else:
            out += {"%": ".*", "_": "."}.get(char, re.escape(char))
    return out


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


texts = st.builds(
    lambda field, op, value: Test(f"{field} {op} {_literal(value)}", field, op, value),
    st.sampled_from(["Name", "Phone", "Rating"]), st.sampled_from(["=", "!="]), st.sampled_from([*TEXTS, None]),
)  # fmt: skip
numbers = st.builds(
    lambda op, value: Test(f"NumberOfEmployees {op} {value}", "NumberOfEmployees", op, value),
    st.sampled_from(["=", "!=", "<", ">", "<=", ">="]), st.integers(-3, 11),
)  # fmt: skip
likes = st.builds(
    lambda field, value: Test(f"{field} LIKE '{value}'", field, "LIKE", value),
    st.sampled_from(["Name", "Phone"]),
    st.sampled_from(PATTERNS),
)
lists = st.builds(
    lambda field, values: Test(f"{field} IN ({', '.join(map(_literal, values))})", field, "IN", values),
    st.sampled_from(["Name", "Phone", "Rating"]), st.lists(st.sampled_from([*TEXTS, None]), min_size=1, max_size=3),
)  # fmt: skip

Node = Any  # a Test, or (operator, nodes)
trees = st.recursive(
    st.one_of(texts, numbers, likes, lists),
    lambda inner: st.one_of(
        st.tuples(st.just("NOT"), st.tuples(inner)),
        st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


def soql(node: Node) -> str:
    if isinstance(node, Test):
        return node.soql
    operator, parts = node
    if operator == "NOT":
        return f"(NOT ({soql(parts[0])}))"
    return "(" + f" {operator} ".join(soql(part) for part in parts) + ")"


def holds(node: Node, row: dict[str, Any]) -> bool:
    if isinstance(node, Test):
        return node.holds(row)
    operator, parts = node
    if operator == "NOT":
        return not holds(parts[0], row)
    return (all if operator == "AND" else any)(holds(part, row) for part in parts)


@pytest.fixture(scope="module")
def rows(orgs: Orgs) -> Subject:
    subject = new_subject(orgs)
    for each in subject.org.rows("Account"):
        subject.org.store.delete("Account", each["Id"])
    subject.org.put_many("Account", ROWS)
    return subject


@settings(max_examples=250, deadline=None)
@given(trees)
def test_the_rows_are_those_for_which_the_condition_holds(rows: Subject, tree: Node) -> None:
    found = rows.query(f"SELECT Name, Phone FROM Account WHERE {soql(tree)}")
    assert [row["Name"] for row in found] == [row["Name"] for row in ROWS if holds(tree, row)]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["Phone", "NumberOfEmployees", "Rating"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_order_limit_offset(rows: Subject, field: str, down: bool, last: bool, limit: int, offset: int) -> None:
    ascii_rows = [row for row in ROWS if row["Phone"] != "ñ"]
    nulls = [row for row in ascii_rows if row[field] is None]
    known = [row for row in ascii_rows if row[field] is not None]
    known.sort(key=lambda row: row[field].lower() if isinstance(row[field], str) else row[field], reverse=down)
    expected = (known + nulls if last else nulls + known)[offset : offset + limit]
    way, nulls_at = "DESC" if down else "ASC", "LAST" if last else "FIRST"
    order = f"ORDER BY {field} {way} NULLS {nulls_at} LIMIT {limit} OFFSET {offset}"
    found = rows.query(f"SELECT Name FROM Account WHERE Phone != 'ñ' {order}")
    assert [row["Name"] for row in found] == [row["Name"] for row in expected]


AGGREGATES = {
    "COUNT(Id)": len,
    "COUNT(Phone)": lambda rows: sum(row["Phone"] is not None for row in rows),
    "SUM(NumberOfEmployees)": lambda rows: _of(rows, sum),
    "MIN(NumberOfEmployees)": lambda rows: _of(rows, min),
    "MAX(NumberOfEmployees)": lambda rows: _of(rows, max),
    "AVG(NumberOfEmployees)": lambda rows: _of(rows, lambda known: sum(known) / len(known)),
    "COUNT_DISTINCT(NumberOfEmployees)": lambda rows: len({row["NumberOfEmployees"] for row in rows} - {None}),
}


def _of(rows: list[dict[str, Any]], what: Any) -> Any:
    known = [row["NumberOfEmployees"] for row in rows if row["NumberOfEmployees"] is not None]
    return what(known) if known else None


def _groups(rows: list[dict[str, Any]], fields: list[str]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[field] for field in fields), []).append(row)
    return found


def _key(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((value is not None, value) for value in values)


@settings(max_examples=150, deadline=None)
@given(
    trees,
    st.lists(st.sampled_from(["Rating", "Industry"]), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from(sorted(AGGREGATES)), min_size=1, max_size=3, unique=True),
    st.tuples(st.sampled_from(sorted(AGGREGATES)), st.sampled_from(["=", "!=", ">", "<="]), st.integers(-3, 5)),
    st.booleans(),
)
def test_groups(
    rows: Subject, tree: Node, fields: list[str], wanted: list[str], having: tuple[str, str, int], down: bool
) -> None:
    """GROUP BY, aggregates, HAVING, and ORDER BY an aggregate and then the groups."""
    function, operator, operand = having
    expected = []
    for group, members in _groups([row for row in ROWS if holds(tree, row)], fields).items():
        value = AGGREGATES[function](members)
        if Test("", "value", operator, operand).holds({"value": value}):
            expected.append((*group, *(AGGREGATES[each](members) for each in wanted)))
    expected.sort(key=lambda row: _key(row[: len(fields)]))
    expected.sort(key=lambda row: _key((row[len(fields)],)), reverse=down)
    way = "DESC NULLS LAST" if down else "ASC NULLS FIRST"
    found = rows.query(
        f"SELECT {', '.join(fields + wanted)} FROM Account WHERE {soql(tree)} GROUP BY {', '.join(fields)}"
        f" HAVING {function} {operator} {operand} ORDER BY {wanted[0]} {way}, {', '.join(fields)}"
    )
    names = [*fields, *(f"expr{place}" for place in range(len(wanted)))]
    assert [tuple(row[name] for name in names) for row in found] == expected


@settings(max_examples=60, deadline=None)
@given(trees, st.lists(st.sampled_from(sorted(AGGREGATES)), min_size=1, max_size=4, unique=True))
def test_one_group_of_all(rows: Subject, tree: Node, wanted: list[str]) -> None:
    members = [row for row in ROWS if holds(tree, row)]
    (found,) = rows.query(f"SELECT {', '.join(wanted)} FROM Account WHERE {soql(tree)}")
    names = [f"expr{place}" for place in range(len(wanted))]
    assert [found[name] for name in names] == [AGGREGATES[each](members) for each in wanted]
    result = rows.org.run_query(f"SELECT COUNT() FROM Account WHERE {soql(tree)}", rows.admin)
    assert result.total == len(members)


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_is_answered_or_refused(rows: Subject, text: str) -> None:
    for query in (text, f"SELECT Id FROM Account WHERE Name = '{text}'", f"SELECT {text} FROM Account"):
        try:
            rows.query(query)
        except ApiError as error:
            assert error.code in ("MALFORMED_QUERY", "INVALID_FIELD", "INVALID_TYPE", "QUERY_TOO_COMPLICATED")
