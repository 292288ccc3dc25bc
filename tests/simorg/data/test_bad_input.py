"""Whatever is sent to the REST door, the answer is Salesforce's error shape: never a traceback."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnxlib.simorg.calls import parse_json
from cnxlib.simorg.errors import ApiError
from cnxlib.simorg.org import Org
from cnxlib.simorg.orgs import Orgs

from .conftest import Http, door, new_subject

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
OBJECTS = ["Account", "User", "PermissionSet", "PermissionSetAssignment", "FieldPermissions", "Case", "Profile"]
PATHS = [
    "sobjects/Account",
    "sobjects/User",
    "composite",
    "composite/batch",
    "composite/sobjects",
    "composite/sobjects/Account",
    "tooling/sobjects/PackageInstallRequest",
    "sobjects/Account/Id/x",
    "composite/sobjects/UserRole/DeveloperName",
]
bodies = st.one_of(
    json_values.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=20),
    st.fixed_dictionaries({"records": st.lists(json_values, max_size=3), "compositeRequest": json_values}).map(
        lambda value: json.dumps(value).encode()
    ),
    st.lists(
        st.fixed_dictionaries(
            {"method": json_values, "url": json_values, "referenceId": json_values, "body": json_values}
        )
    )
    .map(lambda parts: {"compositeRequest": parts, "batchRequests": parts})
    .map(lambda value: json.dumps(value).encode()),
)


@pytest.fixture(scope="module")
def any_door(orgs: Orgs) -> Http:
    return door(new_subject(orgs), orgs)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["POST", "PATCH"]), st.sampled_from(PATHS), bodies)
def test_bodies(any_door: Http, method: str, path: str, body: bytes) -> None:
    answer = any_door.call(method, path, body)
    assert answer.status < 500, answer.content
    if answer.status >= 400:
        assert {"message", "errorCode"} <= set(answer.json()[0])


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A row of an object whose fields are right by name and wrong by value."""
    from cnxlib.simorg.schema import standard

    each = standard()[draw(st.sampled_from(OBJECTS))]
    names = draw(st.lists(st.sampled_from([one.name for one in each.fields.values()]), max_size=6, unique=True))
    return each.name, {name: draw(json_values) for name in names}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows(), st.booleans())
def test_values(any_door: Http, row: tuple[str, dict[str, Any]], update: bool) -> None:
    sobject, values = row
    raw = json.dumps(values).encode()
    org: Org = any_door.org
    path = f"sobjects/{sobject}/{org.rows(sobject)[0]['Id']}" if update else f"sobjects/{sobject}"
    answer = any_door.call("PATCH" if update else "POST", path, raw)
    assert answer.status < 500, answer.content


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_addresses(any_door: Http, path: str) -> None:
    for prefix in ("", "sobjects/", "sobjects/Account/", "query/", "composite/sobjects/", "tooling/"):
        answer = any_door.call("GET", prefix + path)
        assert answer.status < 500, answer.content


WORDS = [
    "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "HAVING", "LIMIT", "OFFSET", "TYPEOF", ";",
    "--", "(", ")", ",", "=", "!=", "<", ">=", "'", "\\", "☃", "null", "true", "12", "-1e400", ":x",
    "GROUP BY", "ORDER BY", "NULLS LAST", "USING SCOPE", "FOR UPDATE", "WITH SECURITY_ENFORCED", "Id", "Name",
    "Owner.Name", "Account", "Contacts", "User", "COUNT()", "COUNT(Id)", "MAX(CreatedDate)", "FIELDS(ALL)",
    "toLabel(Type)", "'B%'", "'it\\'s'", "TODAY", "LAST_N_DAYS:5", "LAST_N_DAYS:x", "2026-02-30",
    "2026-01-01T00:00:00Z",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14), st.booleans())
def test_words_of_soql_in_any_order(any_door: Http, words: list[str], begun: bool) -> None:
    text = " ".join(["SELECT Id FROM Account WHERE", *words] if begun else words)
    answer = any_door.call("GET", "query", q=text)
    assert answer.status in (200, 400), (text, answer.content)
    if answer.status == 400:
        assert {"message", "errorCode"} <= set(answer.json()[0])


FIELDS = [
    "Id", "Name", "OwnerId", "IsDeleted", "NumberOfEmployees", "AnnualRevenue", "CreatedDate", "BillingAddress",
    "BillingCity", "Rating", "Description", "Owner.Name", "Owner.IsActive", "Parent.CreatedDate", "Nope",
]  # fmt: skip
FUNCTIONS = [
    "COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "CALENDAR_YEAR", "DAY_ONLY", "HOUR_IN_DAY", "toLabel",
    "FORMAT", "convertTimezone", "FIELDS", "GROUPING",
]  # fmt: skip
LITERALS = [
    "''", "'x'", "'001000000000001AAA'", "null", "true", "0", "-1.5", "9999999999", "TODAY", "N_DAYS_AGO:0",
    "2024-02-30", "2024-02-29", "2024-02-29T10:00:00Z",
]  # fmt: skip
CHILDREN = ["SELECT AccountId FROM Contact", "SELECT Id FROM User", "SELECT OwnerId FROM Case LIMIT 1"]
names = st.sampled_from(FIELDS)
called = st.builds(lambda name, what: f"{name}({what})", st.sampled_from(FUNCTIONS), names)
twice = st.builds(lambda name, what: f"{name}({what})", st.sampled_from(FUNCTIONS), called)
expressions = st.one_of(names, names, names, called, twice, st.just("COUNT()"))
literals = st.sampled_from(LITERALS)
comparisons = st.one_of(
    st.builds(lambda *parts: " ".join(parts), expressions, st.sampled_from(["=", "!=", "<", ">=", "LIKE"]), literals),
    st.builds(
        lambda what, operator, inside: f"{what} {operator} ({inside})",
        expressions,
        st.sampled_from(["IN", "NOT IN", "INCLUDES", "EXCLUDES"]),
        st.one_of(st.lists(literals, min_size=1, max_size=3).map(", ".join), st.sampled_from(CHILDREN)),
    ),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(lambda one: f"(NOT {one})"),
        st.builds(lambda one, word, other: f"({one} {word} {other})", inner, st.sampled_from(["AND", "OR"]), inner),
    ),
    max_leaves=4,
)
some = st.lists(expressions, min_size=1, max_size=3).map(", ".join)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query that the grammar takes, whatever it may mean."""
    groups = draw(st.one_of(st.just(""), some))
    text = f"SELECT {draw(st.sampled_from([groups, f'{groups}, COUNT(Id)'])) if groups else draw(some)}"
    if draw(st.integers(0, 3)) == 0:
        text += f", (SELECT {draw(some)} FROM Contacts{draw(st.sampled_from(['', ' WHERE ' + draw(conditions)]))})"
    text += " FROM Account"
    if draw(st.booleans()):
        text += f" WHERE {draw(conditions)}"
    if groups:
        text += f" GROUP BY {groups}" + draw(st.sampled_from(["", f" HAVING {draw(conditions)}"]))
    if draw(st.booleans()):
        text += f" ORDER BY {draw(some)} DESC NULLS LAST"
    return text + draw(st.sampled_from(["", " LIMIT 2", " LIMIT 0 OFFSET 1", " OFFSET 2000"]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(queries())
def test_queries_that_the_grammar_takes(any_door: Http, text: str) -> None:
    answer = any_door.call("GET", "query", q=text)
    assert answer.status in (200, 400), (text, answer.content)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id FROM Account WHERE " + "(" * 5000,
        "SELECT Id FROM Account WHERE " + "NOT " * 5000 + "Name = 'A'",
        "SELECT Id FROM Account WHERE " + "(" * 3000 + "Name = 'A'" + ")" * 3000,
        "SELECT Id FROM Account WHERE " + " AND ".join(["Name = 'A'"] * 3000),
        "SELECT Id FROM Account WHERE Name IN (" + ",".join(["'A'"] * 5000) + ")",
        "SELECT " + "Owner." * 3000 + "Name FROM Account",
        "SELECT Id FROM Account WHERE Name = '" + "x" * 150_000 + "'",
        "SELECT (SELECT (SELECT Id FROM Cases) FROM Contacts) FROM Account",
    ],
    ids=["open", "not", "nested", "and", "in", "path", "long", "levels"],
)
def test_queries_beyond_all_bounds(any_door: Http, text: str) -> None:
    """In a batch, where no address is too long."""
    asked = {"method": "GET", "url": f"v62.0/query?{urlencode({'q': text})}"}
    answer = any_door.call("POST", "composite/batch", {"batchRequests": [asked]})
    assert answer.status == 200, answer.content[:500]
    assert answer.json()["results"][0]["statusCode"] in (200, 400), answer.content[:500]


@pytest.mark.parametrize(
    ("soql", "says"),
    [
        ("SELECT Id FROM User LIMIT 9223372036854775808", ""),
        ("SELECT Id FROM Account WHERE NumberOfEmployees = 99999999999999999999999", ""),
        ("SELECT ProfileId FROM User GROUP BY ProfileId HAVING COUNT(Id) > 99999999999999999999", ""),
        (r"SELECT Id FROM Account WHERE Name = '\uD800'", ""),
        (
            "SELECT Id FROM User WHERE Id IN (SELECT AssigneeId FROM PermissionSetAssignment) OR Name = 'x'",
            "not allowed with the 'OR' operator",
        ),
        (
            "SELECT Id FROM User WHERE Id IN (SELECT AssigneeId FROM PermissionSetAssignment "
            "WHERE PermissionSetId IN (SELECT ParentId FROM ObjectPermissions))",
            "Nesting of semi join sub-selects",
        ),
        ("SELECT Id FROM User WHERE Id IN (SELECT Id FROM User)", "same object type"),
    ],
)
def test_what_soql_does_not_take(any_door: Http, soql: str, says: str) -> None:
    answer = any_door.call("GET", "query", q=soql)
    assert (answer.status, answer.code) == (400, "MALFORMED_QUERY")
    assert says in answer.json()[0]["message"]


@pytest.mark.parametrize("raw", [rb'{"Name":"\ud800"}', b'{"Name":NaN}', b'{"Name":Infinity}', rb'["\udc00"]', b"\xff"])
def test_what_is_no_json(raw: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        parse_json(raw)
    assert caught.value.code == "JSON_PARSER_ERROR"
    assert parse_json(rb'{"Name":"\ud83d\ude00"}') == {"Name": "\U0001f600"}


def test_an_address_in_a_batch_that_is_none(any_door: Http) -> None:
    part = {"method": "GET", "url": "http://[::1"}
    answer = any_door.call("POST", "composite/batch", {"batchRequests": [part]})
    assert answer.status == 200
    assert answer.json()["results"][0]["statusCode"] == 404


@pytest.mark.parametrize("path", ["describe/layouts", "describe/approvalLayouts/x", "quickActions", "listviews"])
def test_what_pages_show_of_an_object_is_not_there(http: Http, path: str) -> None:
    answer = http.call("GET", f"sobjects/Account/{path}")
    assert (answer.status, answer.code) == (404, "NOT_FOUND")
    assert answer.json()[0]["message"] == "The requested resource does not exist"
