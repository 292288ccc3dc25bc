"""The integration user on simulated orgs: by a set and by a profile, in German, and API Only after its step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from cnxlib.engine import Engine
from cnxlib.errors import CnxError
from cnxlib.history import Confirmation, Confirmed, no_history
from cnxlib.model import Outcome, Status
from cnxlib.phases import find_phase
from cnxlib.salesforce.org import Org, connect
from tests.conftest import Sim
from tests.test_guide import flat

Begin = Callable[[str], Org]


@pytest.fixture
def begin(sim: Sim) -> Iterator[Begin]:
    """An org of a scenario with the package in it."""
    opened: list[Org] = []

    def connected(scenario: str) -> Org:
        opened.append(connect(sim.new_org(scenario)))
        carried_out(opened[-1], "01_install_package").raise_for_status()
        return opened[-1]

    yield connected
    for org in opened:
        org.close()


def carried_out(
    org: Org,
    phase_id: str = "02_integration_user",
    recall: Callable[[Any], Any] = no_history,
    **values: object,
) -> Outcome:
    phase, me = find_phase(phase_id), org.identity
    params = phase.parse({"org": org.alias, **flat(org.alias)[phase_id], **values})
    resources, checks = phase.resources(params, me), phase.checks(params, me)
    engine = Engine(phase.id, phase.title, me.org_id, resources, checks, org.send, recall=recall)
    try:
        engine.preflight()
        engine.apply(engine.plan()[0])
        return engine.verify("apply")
    except CnxError as error:
        return engine.failed(error, "apply")


def rows(org: Org, soql: str) -> list[Mapping[str, Any]]:
    from cnxlib.salesforce import Query

    (found,) = org.send([Query(soql)])
    assert isinstance(found, list), found
    return found


@pytest.mark.parametrize("scenario", ["fresh", "modern", "translated", "record-types", "production"])
def test_by_a_set_once_and_no_more(begin: Begin, sim: Sim, scenario: str) -> None:
    org = begin(scenario)
    assert carried_out(org, base_profile="").status is Status.CHANGED
    writes = sim.writes(org.alias)
    assert carried_out(org, base_profile="").status is Status.CONVERGED
    assert sim.writes(org.alias) == writes


def test_in_german_the_profile_is_found_without_its_english_name(begin: Begin) -> None:
    org = begin("translated")
    carried_out(org, base_profile="").raise_for_status()
    (user,) = rows(org, "SELECT Profile.Name FROM User WHERE LastName = 'Integration User'")
    assert user["Profile"]["Name"] == "Minimaler Zugriff - Salesforce"


def test_by_a_profile_with_every_right_and_record_type_of_its_own(begin: Begin, sim: Sim) -> None:
    org = begin("record-types")
    assert carried_out(org, access_via="profile").status is Status.CHANGED
    (user,) = rows(
        org,
        "SELECT Profile.Name, Profile.PermissionsApexRestServices, Profile.PermissionsApiEnabled "
        "FROM User WHERE LastName = 'Integration User'",
    )
    assert user["Profile"] == {
        "Name": "Conexiom Integration User",
        "PermissionsApexRestServices": True,
        "PermissionsApiEnabled": True,
    }
    own = "Parent.IsOwnedByProfile = true AND Parent.Profile.Name = 'Conexiom Integration User'"
    case = rows(
        org, f"SELECT PermissionsCreate, PermissionsDelete FROM ObjectPermissions WHERE {own} ORDER BY SobjectType"
    )
    assert case == [
        {"PermissionsCreate": False, "PermissionsDelete": False},
        {"PermissionsCreate": True, "PermissionsDelete": False},
    ]
    assert not rows(org, "SELECT Id FROM PermissionSet WHERE Name = 'Conexiom_Integration_User'")
    writes = sim.writes(org.alias)
    assert carried_out(org, access_via="profile").status is Status.CONVERGED
    assert sim.writes(org.alias) == writes


@pytest.mark.parametrize("access_via", ["permission_set", "profile"])
def test_api_only_is_granted_when_the_step_before_it_is_confirmed(begin: Begin, access_via: str) -> None:
    org = begin("fresh")
    first = carried_out(org, api_only=True, access_via=access_via)
    assert first.status is Status.WAITING
    (step,) = first.manual
    assert "API Only User is not granted before this is confirmed" in step.what
    assert not any("PermissionsApiUserOnly" in (change.after or {}) for change in first.changes)

    def confirmed(request: Any) -> Any:
        if request == Confirmation("02_integration_user", step.step, step.digest):
            return Confirmed("maya@northwind.example", "2026-11-24T09:00:00Z")
        return no_history(request)

    again = carried_out(org, recall=confirmed, api_only=True, access_via=access_via)
    assert (again.status, [change.after for change in again.changes]) == (
        Status.CHANGED,
        [{"PermissionsApiUserOnly": True}],
    )
    assert carried_out(org, api_only=True, access_via=access_via).status is Status.CONVERGED, "what is granted stays"


def test_another_user_is_taken_over_on_request_and_shown_as_it_is(begin: Begin) -> None:
    org = begin("fresh")
    name = f"auditor@{org.identity.username.partition('@')[2]}"
    refused = carried_out(org, user_username=name)
    assert "somebody else's: Ines Duarte" in refused.reason
    taken = carried_out(org, user_username=name, take_over_existing=True)
    assert taken.status is Status.CHANGED
    kinds = {change.kind for change in taken.changes}
    assert "user" not in kinds and "assignment" in kinds, "it is active already, and keeps its profile"
    (table,) = [table for table in taken.tables if table.title == "The account as it is"]
    assert ("name", "Ines Duarte") in table.rows


def test_no_seat_is_told_before_anything_is_made(begin: Begin, sim: Sim) -> None:
    org = begin("no-licences")
    writes = sim.writes(org.alias)
    outcome = carried_out(org)
    assert outcome.status is Status.FAILED
    assert "Salesforce: 0 of 6 left" in outcome.reason
    assert sim.writes(org.alias) == writes


def test_who_may_not_set_up_is_told_what_is_missing(sim: Sim) -> None:
    org = connect(sim.new_org("limited-admin"))
    outcome = carried_out(org)
    org.close()
    assert (outcome.status, sim.writes(org.alias)) == (Status.BLOCKED, 0)
    assert "01_install_package" in str(outcome.error)


def test_of_the_integration_licence_where_the_sets_allow_it(begin: Begin, sim: Sim) -> None:
    org = begin("integration-licence")
    done = carried_out(org)
    assert (done.status, done.error) == (Status.WAITING, None)
    order = [step.change.kind for step in done.steps]
    assert order.index("permission_set_licence") < order.index("assignment"), "else the sets are refused"
    (step,) = done.manual
    assert "Login Access Policies" in step.what, "its profile is API-only: nobody can log in as it with its password"
    (user,) = rows(org, "SELECT Profile.UserLicense.Name FROM User WHERE LastName = 'Integration User'")
    assert user["Profile"]["UserLicense"]["Name"] == "Salesforce Integration"
    writes = sim.writes(org.alias)
    assert carried_out(org).status is Status.WAITING
    assert sim.writes(org.alias) == writes


def test_by_a_profile_the_salesforce_licence_is_taken_for_it_has_to_grant_objects(begin: Begin) -> None:
    org = begin("integration-licence")
    assert carried_out(org, access_via="profile").status is Status.CHANGED
    (user,) = rows(org, "SELECT Profile.UserLicense.Name FROM User WHERE LastName = 'Integration User'")
    assert user["Profile"]["UserLicense"]["Name"] == "Salesforce"
