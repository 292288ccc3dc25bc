"""Facts looked up: in simulated orgs without a write, and by answers made up here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cnxlib.cli.main import main
from cnxlib.errors import SalesforceError
from cnxlib.inventory import find_org
from cnxlib.probe import FACTS, Finding, Verdict, probe
from cnxlib.probe.access import entity_access_needs_a_limit, group_sets_have_muting_applied
from cnxlib.probe.fact import Fact, looked_up
from cnxlib.probe.fields import describe_hides_fields, no_rows_for_case_status
from cnxlib.rounds import Rounds
from cnxlib.salesforce import Get, Identity, LoginDoor, Query, ReadMetadata, ToolingQuery
from cnxlib.salesforce.org import connect
from tests.conftest import Sim

ME = Identity("00D000000000001AAA", "Acme", "sandbox", "005000000000001AAA", "a@b.example", "a@b.example", "", "67.0")


def found_in(sim: Sim, scenario: str, *faults: dict[str, Any]) -> dict[str, Finding]:
    alias = sim.new_org(scenario)
    org = connect(alias)
    sim.control("PUT", f"orgs/{alias}/faults", list(faults))
    try:
        findings = probe(org.send, org.identity)
    finally:
        org.close()
    assert sim.writes(alias) == 0
    assert [one.fact for one in findings] == list(FACTS), "every fact is reported"
    return {one.fact.id: one for one in findings}


@pytest.mark.parametrize(
    ("scenario", "untold"),
    [
        (
            "many-users",
            {"describe-hides-fields", "installed-packages-tell-their-parents", "connected-apps-keep-their-secret"},
        ),
        (
            "converged",
            {"describe-hides-fields", "group-sets-have-muting-applied", "assignments-of-groups-name-their-set"},
        ),
    ],
)
def test_a_simulated_org_is_as_expected(sim: Sim, scenario: str, untold: set[str]) -> None:
    found = found_in(sim, scenario)
    assert {name for name, one in found.items() if one.verdict is Verdict.OPEN} == untold
    assert {name: one.found for name, one in found.items() if one.verdict is Verdict.DIFFERS} == {}


def test_who_may_not_look_learns_that_and_goes_on(sim: Sim) -> None:
    found = found_in(sim, "limited-admin")
    assert found["password-flow-can-be-read"].verdict is Verdict.OPEN
    assert "INSUFFICIENT_ACCESS" in found["password-flow-can-be-read"].found
    assert found["no-rows-for-case-status"].verdict is Verdict.AGREES


def test_an_org_that_answers_differently_shows_it(sim: Sim) -> None:
    fault = {"kind": "request_limit", "match": {"path": "/password"}, "times": None}
    one = found_in(sim, "fresh", fault)["password-tells-whether-it-is-expired"]
    assert (one.verdict, one.found) == (Verdict.DIFFERS, "refused: REQUEST_LIMIT_EXCEEDED")


def test_the_command_tells_facts_and_nothing_of_the_org(sim: Sim, capsys: pytest.CaptureFixture[str]) -> None:
    alias = sim.new_org("converged")
    assert main(["probe", "--org", alias, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["org"] == {"alias": alias, "type": "developer"}
    assert [one["fact"] for one in told["facts"]] == [one.id for one in FACTS]
    assert main(["probe", "--org", alias]) == 0
    text = capsys.readouterr().out
    assert text.strip() == told["text"].strip()
    org = connect(alias)
    me = org.identity
    org.close()
    for secret in (me.org_id[:15], me.user_id[:15], me.org_name, me.username, me.url, alias, find_org(alias).login.url):
        assert secret not in text, secret
    assert sim.writes(alias) == 0


def look(one: Fact, answers: dict[type, Any]) -> Finding:
    """The finding of a fact whose requests are answered by their type."""

    def send(requests: Sequence[Any]) -> list[Any]:
        found = [answers[type(request)] for request in requests]
        return [each(request) if callable(each) else each for each, request in zip(found, requests, strict=True)]

    (finding,) = Rounds(send, emit=lambda name, data: None).drive([looked_up(one, ME)])
    assert isinstance(finding, Finding)
    return finding


def test_every_fact_only_reads() -> None:
    asked: list[Any] = []

    def refuse(requests: Sequence[Any]) -> list[Any]:
        asked.extend(requests)
        return [SalesforceError("no", code="UNKNOWN_EXCEPTION")] * len(requests)

    assert {one.verdict for one in probe(refuse, ME)} == {Verdict.DIFFERS}
    assert {type(one) for one in asked} <= {Get, LoginDoor, Query, ReadMetadata, ToolingQuery}


@pytest.mark.parametrize(("rows", "verdict"), [([], Verdict.AGREES), ([{"Id": "01k"}], Verdict.DIFFERS)])
def test_rows_for_a_field_that_takes_no_security(rows: list[Any], verdict: Verdict) -> None:
    assert look(no_rows_for_case_status, {Query: rows}).verdict is verdict


@pytest.mark.parametrize(
    ("shown", "found", "verdict"),
    [
        (["Phone"], "left out", Verdict.AGREES),
        (["Phone", "Fax", "Site"], "shown all the same", Verdict.DIFFERS),
        (["Phone", "Fax"], "some of them shown", Verdict.DIFFERS),
    ],
)
def test_fields_that_the_user_may_not_read(shown: list[str], found: str, verdict: Verdict) -> None:
    finding = look(
        describe_hides_fields,
        {
            Get: {"fields": [{"name": name} for name in shown]},
            ToolingQuery: [{"QualifiedApiName": name, "IsFlsEnabled": True} for name in ("Phone", "Fax", "Site")],
            Query: [{"Field": "Account.Phone"}],
        },
    )
    assert (finding.found, finding.verdict) == (found, verdict)


@pytest.mark.parametrize(("own", "verdict"), [(False, Verdict.AGREES), (True, Verdict.DIFFERS)])
def test_a_group_with_and_without_muting_applied(own: bool, verdict: Verdict) -> None:
    rights = {"PermissionsRead": True, "PermissionsCreate": False, "PermissionsDelete": False}

    def rows(request: Query) -> list[dict[str, Any]]:
        if "FROM PermissionSetGroupComponent" in request.soql:
            return [{"PermissionSetGroupId": "0PG1", "PermissionSetId": one} for one in ("0PS1", "0QM1")]
        if "FROM PermissionSet " in request.soql:
            return [{"Id": "0PSG", "PermissionSetGroupId": "0PG1"}]
        assert "0QM1" not in request.soql
        return [
            {"ParentId": "0PS1", "SobjectType": "Account", **rights, "PermissionsEdit": True},
            {"ParentId": "0PSG", "SobjectType": "Account", **rights, "PermissionsEdit": own},
        ]

    assert look(group_sets_have_muting_applied, {Query: rows}).verdict is verdict


def test_a_refusal_that_was_expected_and_one_that_was_not() -> None:
    for code, verdict in (("EXCEEDED_ID_LIMIT", Verdict.AGREES), ("INVALID_TYPE", Verdict.DIFFERS)):
        finding = look(entity_access_needs_a_limit, {ToolingQuery: SalesforceError("secret", code=code)})
        assert (finding.found, finding.verdict) == (f"refused: {code}", verdict)
    assert look(entity_access_needs_a_limit, {ToolingQuery: []}).verdict is Verdict.DIFFERS
