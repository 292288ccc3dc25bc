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
    {"Name": name, "Phone": phone, "NumberOfEmployees": number, "Rating": rating}
    for name, phone, number, rating in [
        ("Alpha", None, 1, "Hot"), ("alpha", "A", None, None), ("Beta", "b", 3, "Warm"), ("Gamma", "a", 1, "Cold"),
        ("a%b", None, -2, "Hot"), ("a_b", "AB", 10, None), ("It's", "'", None, "Warm"), ("Ñandú", "ñ", 3, None),
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


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_is_answered_or_refused(rows: Subject, text: str) -> None:
    for query in (text, f"SELECT Id FROM Account WHERE Name = '{text}'", f"SELECT {text} FROM Account"):
        try:
            rows.query(query)
        except ApiError as error:
            assert error.code in ("MALFORMED_QUERY", "INVALID_FIELD", "INVALID_TYPE", "QUERY_TOO_COMPLICATED")
