"""`cnx verify` says what moved since the last run that converged."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnxlib.salesforce import WriteMetadata
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
