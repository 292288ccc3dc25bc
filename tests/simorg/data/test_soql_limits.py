"""What SOQL refuses although its grammar has it: aggregates, semi-joins, child queries, objects of metadata."""

from __future__ import annotations

import pytest

from cnxlib.simorg.errors import ApiError
from cnxlib.simorg.orgs import Orgs

from .conftest import Subject, new_subject

CASES_OF = "SELECT AccountId FROM Case"
NESTED = "are only allowed at the top level WHERE expressions and not in nested WHERE expressions."


@pytest.fixture(scope="module")
def shared(orgs: Orgs) -> Subject:
    """An org that no test changes."""
    return new_subject(orgs)


def refusal(subject: Subject, text: str, **options: object) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        subject.query(text, **options)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT Name, COUNT(Id) FROM Account GROUP BY Name ORDER BY Phone",
         "Ordered field must be grouped or aggregated: Phone"),
        ("SELECT MAX(Name) FROM Account ORDER BY Name", "Ordered field must be grouped or aggregated: Name"),
        ("SELECT COUNT() FROM Account ORDER BY Name", "Ordered field must be grouped or aggregated: Name"),
        ("SELECT Id FROM Account ORDER BY COUNT(Id)", "Field must be grouped or aggregated: Id"),
        ("SELECT COUNT(Id) FROM Account GROUP BY Name HAVING Phone = 'x'", "must be grouped or aggregated: Phone"),
        ("SELECT CALENDAR_YEAR(CreatedDate) FROM Account",
         "Field must be grouped or aggregated: CALENDAR_YEAR(CreatedDate)"),
        ("SELECT COUNT(Name), Name FROM Account GROUP BY Name", "Grouped field should not be aggregated: Name"),
        ("SELECT Name FROM Account GROUP BY Name ORDER BY MAX(Name)", "Grouped field should not be aggregated: Name"),
        ("SELECT COUNT(Id) FROM Account GROUP BY COUNT(Id)", "Grouped field should not be aggregated: COUNT(Id)"),
        ("SELECT FORMAT(MAX(Name)), Phone FROM Account", "Field must be grouped or aggregated: Phone"),
        ("SELECT COUNT(Id) FROM Account LIMIT 1",
         "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"),
        ("SELECT MAX(Name) FROM Account OFFSET 1",
         "Non-grouped query that uses overall aggregate functions cannot also use OFFSET"),
        ("SELECT COUNT(), Name FROM Account", "COUNT() must be the only element in the SELECT list"),
        ("SELECT COUNT() FROM Account GROUP BY Name", "COUNT() cannot be used with GROUP BY"),
        ("SELECT COUNT() n FROM Account", "unexpected token: 'n'"),
        ("SELECT Id FROM Account WHERE COUNT(Id) > 1", "not allowed in the WHERE clause: COUNT(Id)"),
        ("SELECT MAX(Name) m, MAX(Phone) m FROM Account", "duplicate alias: m"),
        ("SELECT MAX(Name) expr0, MAX(Phone) FROM Account", "duplicate alias: expr0"),
        ("SELECT COUNT(*) FROM Account", "unexpected token: '*'"),
        ("SELECT COUNT(BillingAddress) FROM Account", "BillingAddress does not support aggregate operator COUNT"),
        ("SELECT MAX(Description) FROM Account", "field Description does not support aggregate operator MAX"),
    ],
)  # fmt: skip
def test_aggregates(shared: Subject, text: str, message: str) -> None:
    code, told = refusal(shared, text)
    assert code == "MALFORMED_QUERY"
    assert told.endswith(message)


def test_a_date_that_is_grouped_carries_what_is_computed_of_it(subject: Subject) -> None:
    for day in ("2024-02-29", "2024-02-29", "2025-01-31"):
        subject.org.put("PermissionSetAssignment", {"ExpirationDate": f"{day}T00:00:00.000+0000"})
    rows = subject.query(
        "SELECT DAY_ONLY(ExpirationDate), COUNT(Id) n FROM PermissionSetAssignment WHERE ExpirationDate != null"
        " GROUP BY DAY_ONLY(ExpirationDate) HAVING CALENDAR_YEAR(DAY_ONLY(ExpirationDate)) = 2024"
    )
    assert [(row["expr0"], row["n"]) for row in rows] == [("2024-02-29", 2)]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (f"Id IN ({CASES_OF} ORDER BY Subject)", "not supported in semi join sub-selects"),
        (f"Id IN ({CASES_OF} LIMIT 1)", "not supported in semi join sub-selects"),
        (f"Id IN ({CASES_OF}) AND Id IN (SELECT AccountId FROM Contact) AND Id NOT IN ({CASES_OF})",
         "Maximum 2 semi join sub-selects are allowed"),
        (f"(Name = 'a' AND Id IN ({CASES_OF})) AND Phone = 'b'", NESTED),
        (f"Name = 'a' AND (Phone = 'b' OR Id IN ({CASES_OF}))", NESTED),
        (f"NOT Id IN ({CASES_OF})", NESTED),
        (f"Name = 'a' OR Id IN ({CASES_OF})", "not allowed with the 'OR' operator"),
        ("Id IN (SELECT Id FROM Contact)",
         "The selected field 'Id' in the subquery and the left operand field in the where expression in the outer query"
         " 'Id' should point to the same object type"),
        (f"Parent.Id IN ({CASES_OF})", "The left operand 'Parent.Id' cannot have more than one level of relationships"),
        ("Id IN (SELECT Account.Id FROM Case)",
         "The inner select field 'Account.Id' cannot have more than one level of relationships"),
        ("Id IN (SELECT COUNT() FROM Case)", "must select exactly one field"),
        ("Id = (SELECT AccountId FROM Case)", "unexpected token: '('"),
    ],
)  # fmt: skip
def test_semi_joins(shared: Subject, where: str, message: str) -> None:
    code, told = refusal(shared, f"SELECT Id FROM Account WHERE {where}")
    assert code == "MALFORMED_QUERY"
    assert told.endswith(message)


def test_semi_joins_have_no_place_in_having(shared: Subject) -> None:
    text = f"SELECT OwnerId FROM Account GROUP BY OwnerId HAVING OwnerId IN ({CASES_OF})"
    assert refusal(shared, text)[1].endswith("Semi-joins are only supported in WHERE clauses")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("SELECT Id FROM Account WHERE Id IN ('')", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "),
        ("SELECT Id FROM Account WHERE OwnerId IN ('x')", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Account WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Account WHERE Name = :name", "MALFORMED_QUERY", "Bind variables only allowed in Apex code"),
        ("SELECT Id FROM Account WHERE Name IN :names", "MALFORMED_QUERY", "Bind variables only allowed in Apex code"),
        ("SELECT Id FROM Account WHERE Name = 'O'Reilly'", "MALFORMED_QUERY", "unexpected token: 'Reilly'"),
        ("SELECT Id FROM Account WHERE Name = foo", "MALFORMED_QUERY", "unexpected token: 'foo'"),
        ("SELECT Id FROM Account WHERE Name = 'a\\_b'", "MALFORMED_QUERY", "Illegal character sequence."),
        ("SELECT Id FROM Account WHERE Name = 'a\\u12'", "MALFORMED_QUERY", "Illegal character sequence."),
        ("SELECT Id FROM Account WHERE CALENDAR_YEAR(CreatedDate) = THIS_YEAR", "MALFORMED_QUERY", "'THIS_YEAR'"),
        ("SELECT Id FROM Account last", "MALFORMED_QUERY", "unexpected token: 'last'"),
        ("SELECT MAX(Name) first FROM Account", "MALFORMED_QUERY", "unexpected token: 'first'"),
        ("SELECT COUNT(Id) FROM Account GROUP BY FORMAT(BillingAddress)", "INVALID_FIELD", "grouped in a query call"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
    ],
)
def test_literals_and_words(shared: Subject, text: str, code: str, message: str) -> None:
    told = refusal(shared, text)
    assert told[0] == code
    assert told[1].endswith(message)


def test_child_queries_in_child_queries(subject: Subject) -> None:
    top = subject.insert("Account", Name="Top")
    middle = subject.insert("Account", Name="Middle", ParentId=top)
    for name in ("Low", "Lower"):
        subject.insert("Account", Name=name, ParentId=middle)
    contact = subject.insert("Contact", LastName="Kim", AccountId=middle)
    subject.insert("Case", Subject="Late", ContactId=contact)
    text = (
        "SELECT Name, (SELECT Name, (SELECT Name FROM ChildAccounts ORDER BY Name DESC),"
        " (SELECT LastName, (SELECT Subject FROM Cases) FROM Contacts) FROM ChildAccounts) FROM Account"
        f" WHERE Id = '{top}'"
    )
    (row,) = subject.query(text, version="58.0")
    (child,) = row["ChildAccounts"]["records"]
    assert [each["Name"] for each in child["ChildAccounts"]["records"]] == ["Lower", "Low"]
    assert child["Contacts"]["records"][0]["Cases"]["records"][0]["Subject"] == "Late"
    code, message = refusal(subject, text, version="57.0")
    assert code == "MALFORMED_QUERY"
    assert message.endswith("more than 1 level away from the root entity object.")


def test_child_queries_go_four_levels_down(shared: Subject) -> None:
    text = "SELECT Id FROM ChildAccounts"
    for _ in range(3):
        text = f"SELECT Id, ({text}) FROM ChildAccounts"
    assert shared.query(f"SELECT Id, ({text}) FROM Account")
    deeper = f"SELECT Id, (SELECT Id, ({text}) FROM ChildAccounts) FROM Account"
    assert refusal(shared, deeper)[1].endswith("more than 4 levels away from the root entity object.")
    many = ", ".join(["(SELECT Id FROM Contacts)"] * 21)
    assert refusal(shared, f"SELECT Id, {many} FROM Account")[0] == "MALFORMED_QUERY"


FIELDS = "SELECT QualifiedApiName FROM FieldDefinition"
ENTITIES = "SELECT QualifiedApiName FROM EntityDefinition"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (FIELDS, "MALFORMED_QUERY",
         "FieldDefinition: a filter on a reified column is required [EntityDefinitionId,DurableId]"),
        (f"{FIELDS} WHERE QualifiedApiName = 'Name'", "MALFORMED_QUERY",
         "FieldDefinition: a filter on a reified column is required [EntityDefinitionId,DurableId]"),
        (f"{FIELDS} WHERE EntityDefinitionId NOT IN ('Case')", "MALFORMED_QUERY",
         "FieldDefinition: a filter on a reified column is required [EntityDefinitionId,DurableId]"),
        ("SELECT IsReadable FROM UserEntityAccess LIMIT 1", "MALFORMED_QUERY",
         "UserEntityAccess: a filter on a reified column is required [UserId,DurableId]"),
        (f"{ENTITIES} WHERE QualifiedApiName = 'Case' OR KeyPrefix = '001'", "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION",
         "Disjunctions not supported"),
        (f"{ENTITIES} WHERE QualifiedApiName != 'Case'", "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION",
         "Only equals comparisons permitted"),
        ("SELECT COUNT() FROM EntityDefinition", "INVALID_OPERATION", "not yet supported by this SObject storage type"),
        ("SELECT COUNT(QualifiedApiName), IsCustomizable FROM EntityDefinition GROUP BY IsCustomizable",
         "INVALID_OPERATION", "not yet supported by this SObject storage type"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tooling", [False, True])
def test_objects_that_stand_for_metadata(shared: Subject, text: str, code: str, message: str, tooling: bool) -> None:
    told = refusal(shared, text, tooling=tooling)
    assert told[0] == code
    assert message in told[1]


@pytest.mark.parametrize(
    "text",
    [
        ENTITIES,
        f"{ENTITIES} WHERE KeyPrefix != null AND (NOT QualifiedApiName LIKE 'Perm%') LIMIT 2000",
        f"{ENTITIES} WHERE QualifiedApiName IN ('Account', 'Case')",
        f"{FIELDS} WHERE DurableId = 'Account.Name'",
        f"{FIELDS} WHERE Length > 10 AND (IsNillable = false AND EntityDefinition.QualifiedApiName = 'Account')",
        f"{FIELDS} f WHERE f.EntityDefinitionId IN ('Account', 'Case')",
        "SELECT QualifiedApiName, (SELECT QualifiedApiName FROM Fields) FROM EntityDefinition LIMIT 2",
    ],
)
def test_what_they_do_answer(shared: Subject, text: str) -> None:
    assert shared.query(text)
