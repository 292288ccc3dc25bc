"""`cnx verify` says what moved since the last run that converged."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnxlib.salesforce import DeleteMetadata, WriteMetadata
from cnxlib.salesforce.org import connect
from tests.conftest import Sim
from tests.processes import cnx


@pytest.mark.slow
def test_a_switch_that_somebody_turned_is_named_with_who_was_in_setup(sim: Sim, tmp_path: Path) -> None:
    alias = sim.new_org()
    phase = ("--org", alias, "--phase", "04", "-p", "allow_password_flow=true", "--json")
    applied = cnx("apply", *phase, cwd=tmp_path).json
    (quiet,) = cnx("verify", *phase, cwd=tmp_path).json["phases"]
    assert (quiet["status"], quiet["drift"]) == ("converged", [])
    since = quiet["drift_since"]
    assert since == applied["run_id"]

    org = connect(alias)
    blocked = {"fullName": "OauthOidc", "blockOAuthUnPwFlow": True}
    assert org.send([WriteMetadata("update", "OauthOidcSettings", blocked)]) == [None]
    org.close()
    ended = cnx("verify", *phase, cwd=tmp_path)
    (told,) = ended.json["phases"]
    assert ended.code == 1
    assert told["drift"] == [
        {
            "kind": "setting",
            "key": "Allow OAuth Username-Password Flows",
            "was": {"value": True},
            "now": {"value": False},
        }
    ]
    (trail,) = (table for table in told["tables"] if table["title"].startswith("Changed in Setup"))
    assert trail["columns"] == ["when", "who", "where", "what"]
    assert {row[1] for row in trail["rows"]} == {f"admin@{alias}.example"}
    assert "moved since run" in ended.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phase", "parameter", "change", "key", "now"),
    [
        (
            "04",
            "allow_password_flow=false",
            WriteMetadata("update", "OauthOidcSettings", {"fullName": "OauthOidc", "blockOAuthUnPwFlow": True}),
            "setting Allow OAuth Username-Password Flows",
            {"value": False},
        ),
        ("03", "route=manual", DeleteMetadata("ConnectedApp", "Conexiom"), "connected_app Conexiom", None),
    ],
    ids=["a switch", "an app"],
)
def test_what_is_only_looked_at_is_missed_too(
    phase: str, parameter: str, change: object, key: str, now: object, sim: Sim, tmp_path: Path
) -> None:
    alias = sim.new_org("converged")
    verify = ("verify", "--org", alias, "--phase", phase, "-p", parameter, "--json")
    before = cnx(*verify, cwd=tmp_path)
    assert (before.code, before.json["status"]) == (0, "converged"), before.err
    org = connect(alias)
    assert org.send([change]) == [None]
    org.close()
    ended = cnx(*verify, cwd=tmp_path)
    (told,) = ended.json["phases"]
    assert (ended.code, told["status"]) == (3, "waiting")
    (moved,) = told["drift"]
    assert (f"{moved['kind']} {moved['key']}", moved["now"]) == (key, now)
    assert moved["was"]
