"""No case with impossible facts: what a case pretends to read is read from a simulated org too.

The org need not answer the same, but it must understand the question, and a pretended answer must have the shape of its
own: the columns that were selected, no more and no fewer, and of a component properties that its type has. What OAuth's
doors are pretended to say is looked at in test_doors.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import simple_salesforce
import zeep

from cnxlib.errors import SalesforceError
from cnxlib.resources.salesforce_id import has_valid_checksum
from cnxlib.salesforce import Get, Query, ReadMetadata, ToolingQuery
from cnxlib.salesforce.org import Org, connect
from cnxlib.salesforce.refusals import refusal
from tests.conftest import Sim
from tests.phases.test_cases import FILES, Facts, load, outcome_of, text

HIDDEN = {"INVALID_FIELD", "INVALID_TYPE"}
"""What Salesforce says of what is not there, and of what is hidden from who asks (the org's user is shown all)."""

MALFORMED = {"INVALID_QUERY_FILTER_OPERATOR", "MALFORMED_ID", "MALFORMED_QUERY"}
"""What it says to anybody who asks so."""

Columns = Mapping[str, Any]
"""The columns of an answer by name; below a relationship those that came by it, {} below a field."""


class Shapes:
    """The shapes of a simulated org's answers.

    Parameters
    ----------
    org:
        Read only.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._known: dict[str, Any] = {}

    def of(self, request: Query | ToolingQuery) -> Columns | SalesforceError:
        """The columns of the answer to a query (REST API, Query with `columns=true`), or its refusal."""
        door = "tooling/query" if isinstance(request, ToolingQuery) else "query"
        answer = self._sent(Get(f"{door}?q={quote(request.soql)}&columns=true"))
        return answer if isinstance(answer, SalesforceError) else _columns(answer["columnMetadata"])

    def component(self, request: ReadMetadata) -> SalesforceError | None:
        """The refusal of a read of metadata, None where the org understands it."""
        answer = self._sent(request)
        return answer if isinstance(answer, SalesforceError) else None

    def _sent(self, request: Get | ReadMetadata) -> Any:
        key = repr(request)
        if key not in self._known:
            (self._known[key],) = self._org.send([request])
        return self._known[key]


def unfit(request: ReadMetadata, component: Mapping[str, Any]) -> str:
    """What a component has that its type does not (the Metadata API's WSDL), "" where it fits."""
    element = wsdl().get_type(f"ns0:{request.type}")
    try:
        element(**component)
    except TypeError as error:
        return str(error)
    return "" if component.get("fullName") == request.full_name else f"fullName is not {request.full_name}"


@cache
def wsdl() -> Any:
    """The Metadata API as simple-salesforce ships it."""
    return zeep.Client(str(Path(simple_salesforce.__file__).with_name("metadata.wsdl")))


def _columns(listed: Sequence[Mapping[str, Any]]) -> Columns:
    return {each["columnName"]: _columns(each["joinColumns"]) for each in listed}


@pytest.fixture(scope="module")
def shapes(sim: Sim) -> Iterator[Shapes]:
    org = connect(sim.new_org("fresh"))
    yield Shapes(org)
    org.close()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_a_case_pretends_to_read_could_be_read(path: Path, shapes: Shapes) -> None:
    wrong = [f"{text(request)}: {said}" for request, fact in pretended(path) for said in misfits(shapes, request, fact)]
    assert not wrong, "\n".join(wrong)


def pretended(path: Path, reads: tuple[type, ...] = (Query, ToolingQuery, ReadMetadata)) -> Iterator[tuple[Any, Any]]:
    """Each read of these kinds that the case's facts answer, with the answer."""
    case = load(path)
    facts = Facts(case)
    told: dict[Any, Any] = {}

    def send(requests: Sequence[Any]) -> list[Any]:
        answers = facts.send(requests)
        told.update(zip(requests, answers, strict=True))
        return answers

    outcome_of(path.parent.name, case, send)
    return ((request, fact) for request, fact in told.items() if isinstance(request, reads))


def misfits(shapes: Shapes, request: Any, fact: Any) -> Iterator[str]:
    """What the org's own answer to `request` cannot have of the pretended one."""
    metadata = isinstance(request, ReadMetadata)
    real = shapes.component(request) if metadata else shapes.of(request)
    code = real.code if isinstance(real, SalesforceError) else ""
    if isinstance(fact, SalesforceError):
        if fact.code != code and (code in HIDDEN | MALFORMED or fact.code in MALFORMED):
            yield f"pretends {fact.code}, the org says {code or 'nothing against it'}"
    elif code:
        yield f"the org says {real}"
    elif metadata:
        said = "" if fact is None else unfit(request, fact)
        if said:
            yield said
    elif not isinstance(fact, list):
        yield f"rows are a list, not {fact!r}"
    else:
        for row in fact:
            yield from odd(real, row)


def odd(columns: Columns, row: Any, where: str = "") -> Iterator[str]:
    """Where a row differs from what was selected."""
    if not isinstance(row, dict):
        yield f"{where or 'a row'} is an object, not {row!r}"
        return
    for name in sorted(set(columns) ^ set(row)):
        yield f"{where}{name} is {'missing' if name in columns else 'not selected'}"
    for name in sorted(set(columns) & set(row)):
        if columns[name] and row[name] is not None:  # a lookup that is empty has no parent
            yield from odd(columns[name], row[name], f"{where}{name}.")
        # EntityDefinition's id is its DurableId: a standard object's API name
        is_id = name.endswith("Id") and name != "EntityDefinitionId"
        if is_id and row[name] is not None and not has_valid_checksum(row[name]):
            yield f"{where}{name} is no id: {row[name]}"


USERS = Query("SELECT Id, Profile.Name FROM User")
SETTINGS = ReadMetadata("CaseSettings", "Case")


@pytest.mark.parametrize(
    ("request_", "fact", "said"),
    [
        (USERS, [{"Id": "005000000000005AAA", "Profile": None}], ""),
        (USERS, [{"Id": "005000000000005AAA"}], "Profile is missing"),
        (
            USERS,
            [{"Id": "005000000000005AAA", "Profile.Name": "A"}],
            "Profile is missing; Profile.Name is not selected",
        ),
        (USERS, [{"Id": "005000000000005AAA", "Profile": {"Id": "A"}}], "Id is not selected; Profile.Name is missing"),
        (USERS, [{"Id": "005000000000005AAB", "Profile": None}], "Id is no id: 005000000000005AAB"),
        (USERS, {}, "rows are a list, not {}"),
        (USERS, refusal("INVALID_TYPE", "hidden from who asks"), ""),
        (USERS, refusal("MALFORMED_QUERY", ""), "pretends MALFORMED_QUERY, the org says nothing against it"),
        (Query("SELECT Id FROM Users"), [], "the org says INVALID_TYPE"),
        (Query("SELECT Profil FROM User"), [], "the org says INVALID_FIELD"),
        (Query("SELECT FROM User"), [], "the org says MALFORMED_QUERY"),
        (ToolingQuery("SELECT Id FROM Account"), [], "the org says INVALID_TYPE"),
        (SETTINGS, {"fullName": "Case", "emailToCase": {"enableEmailToCase": True}}, ""),
        (
            SETTINGS,
            {"fullName": "Case", "emailToCase": {"enabled": True}},
            "got an unexpected keyword argument 'enabled'",
        ),
        (SETTINGS, {"fullName": "Cases"}, "fullName is not Case"),
        (ReadMetadata("CaseSetting", "Case"), None, "the org says INVALID_TYPE"),
    ],
)
def test_an_impossible_fact_is_told(shapes: Shapes, request_: Any, fact: Any, said: str) -> None:
    told = "; ".join(misfits(shapes, request_, fact))
    assert said in told
    assert bool(said) == bool(told)
