"""Assigning on a simulated org: rules over time, users who cannot have a set, rows that are locked, CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnxlib.engine import Engine
from cnxlib.model import Status, Step
from cnxlib.phases import find_phase
from cnxlib.resources.selection import read_csv
from cnxlib.salesforce import Insert, Query
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
