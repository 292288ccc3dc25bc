"""Assigning on a simulated org: rules over time, users who cannot have a set, rows that are locked, CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnxlib.engine import Engine
from cnxlib.model import Status, Step
from cnxlib.phases import find_phase
from cnxlib.resources.selection import read_csv
from cnxlib.salesforce import Insert, Query, Update
from cnxlib.salesforce.org import Org, connect
from tests.conftest import Sim


def engine(org: Org, name: str, **values: Any) -> Engine:
    phase, me = find_phase(name), org.identity
    params = phase.parse({"org": org.alias, **values})
    return Engine(
        phase.id,
        phase.title,
        me.org_id,
        phase.resources(params, me),
        phase.checks(params, me),
        org.send,
        sleep=_no_wait,
    )


def _no_wait(seconds: float) -> None:
    pass


def applied(one: Engine) -> dict[str, Step]:
    one.preflight()
    return {step.change.key: step for step in one.apply(one.plan()[0])}


def test_a_later_apply_brings_a_saved_rule_up_to_date(sim: Sim) -> None:
    org = connect(sim.new_org("converged"))
    rules = [{"when": {"profile": "Customer Service"}, "sets": ["Conexiom User"]}]
    applied(engine(org, "08", rules=rules))
    assert engine(org, "08", rules=rules).verify("verify").status is Status.CONVERGED

    (rows,) = org.send([Query("SELECT ProfileId FROM User WHERE Username LIKE 'csr1@%'")])
    name = f"joined@{org.alias}.example"
    regional = {"TimeZoneSidKey": "America/Toronto", "LocaleSidKey": "en_CA", "LanguageLocaleKey": "en_US"}
    person = {"Username": name, "Email": name, "LastName": "Later", "Alias": "later", "EmailEncodingKey": "UTF-8"}
    (created,) = org.send([Insert("User", {**person, **regional, "ProfileId": rows[0]["ProfileId"]})])
    assert str(created).startswith("005")
    steps = applied(engine(org, "08", rules=rules))
    assert set(steps) == {f"{name}/Conexiom User", f"{name}/Minimum Permissions for Conexiom"}
    assert {step.result for step in steps.values()} == {"done"}
    org.close()


def test_a_user_who_cannot_have_a_set_fails_alone(sim: Sim) -> None:
    org = connect(sim.new_org("converged"))
    users = [f"auditor@{org.alias}.example", f"plant.news@{org.alias}.example"]
    steps = applied(engine(org, "07", assignments=[{"set": "Minimum Permissions for Conexiom", "users": users}]))
    assert {key.partition("@")[0]: step.result for key, step in steps.items()} == {
        "auditor": "done",
        "plant.news": "failed",
    }
    org.close()


def test_rows_that_are_locked_are_sent_again(sim: Sim) -> None:
    alias = sim.new_org("converged")
    org = connect(alias)
    one = engine(org, "07", assignments=[{"set": "Conexiom User", "users": [f"auditor@{alias}.example"]}])
    one.preflight()
    plan, _ = one.plan()
    sim.control("PUT", f"orgs/{alias}/faults", [{"kind": "lock_row", "times": 1}])
    assert {step.result for step in one.apply(plan)} == {"done"}
    assert not one.verify("apply").remaining
    org.close()


def test_a_csv_file_of_thousands_is_one_selection_for_each_set(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    lines = [f"u{n}@acme.example,{'Conexiom User' if n % 2 else 'Conexiom Read Only'}" for n in range(10_000)]
    path.write_text("\n".join(["Username,PermissionSet", *lines]), encoding="utf-8")
    assert {one.set: len(one.users) for one in read_csv(str(path))} == {
        "Conexiom User": 5_000,
        "Conexiom Read Only": 5_000,
    }


def nora(org: Org) -> dict[str, Any]:
    name = f"nora@{org.alias}.example"
    person = {"username": name, "email": name, "last_name": "New", "first_name": "Nora", "alias": "nnew"}
    return {**person, "profile": "Customer Service", "sets": ["Conexiom User"]}


RULES = [{"when": {"profile": "Customer Service"}, "sets": ["Conexiom Read Only"]}]


def test_a_rule_is_about_a_user_who_is_created_in_the_same_run(sim: Sim) -> None:
    org = connect(sim.new_org("converged"))
    one = engine(org, "08", new_users=[nora(org)], rules=RULES)
    steps = applied(one)
    assert f"{nora(org)['username']}/Conexiom Read Only" in steps
    assert one.verify("apply").status is Status.CHANGED
    org.close()


def test_who_left_comes_back_only_where_that_is_asked_for(sim: Sim) -> None:
    org = connect(sim.new_org("converged"))
    person = nora(org)
    name = person["username"]
    applied(engine(org, "08", new_users=[person]))
    (rows,) = org.send([Query(f"SELECT Id FROM User WHERE Username = '{name}'")])
    assert org.send([Update("User", rows[0]["Id"], {"IsActive": False})]) == [None]

    listed = engine(org, "08", new_users=[person], rules=RULES)
    assert not {key for key in applied(listed) if key.startswith(name)}
    outcome = listed.verify("apply")
    assert outcome.status is Status.WAITING
    assert [(step.step, name in step.what) for step in outcome.manual] == [("inactive_users", True)]

    back = engine(org, "08", new_users=[person], rules=RULES, reactivate=True)
    steps = applied(back)
    assert {name, f"{name}/Conexiom Read Only"} <= set(steps)
    assert back.verify("apply").status is Status.CHANGED
    org.close()


@pytest.mark.parametrize("path", ["/sobjects/User", "/composite/sobjects"])
def test_an_insert_whose_answer_was_lost_is_found_again(sim: Sim, path: str) -> None:
    org = connect(sim.new_org("converged"))
    one = engine(org, "08", new_users=[nora(org)])
    one.preflight()
    plan, _ = one.plan()
    lost = {"kind": "lost_answer", "match": {"method": "POST", "path": path}}
    sim.control("PUT", f"orgs/{org.alias}/faults", [lost])
    steps = one.apply(plan)
    assert {step.result for step in steps} == {"done"}, [step.error for step in steps]
    assert all(step.id for step in steps)
    assert sim.control("GET", f"orgs/{org.alias}/faults")[0]["struck"] == 1
    assert one.verify("apply").status is Status.CHANGED
    (rows,) = org.send([Query(f"SELECT Id FROM User WHERE Username = '{nora(org)['username']}'")])
    assert len(rows) == 1
    org.close()
