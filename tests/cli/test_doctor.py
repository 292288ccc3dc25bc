"""`cnx doctor` as people and programs use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.processes import cnx


def test_all_is_there(new_org: Callable[[str], str], tmp_path: Path) -> None:
    alias = new_org("fresh")
    ended = cnx("doctor", "--org", alias, cwd=tmp_path)
    assert ended.code == 0
    assert "all that is required is there" in ended.out
    assert f"admin@{alias}.example" in ended.out
    assert list(tmp_path.iterdir()) == []


def test_something_required_is_missing(new_org: Callable[[str], str], tmp_path: Path) -> None:
    alias = new_org("limited-admin")
    ended = cnx("doctor", "--org", alias, "--json", cwd=tmp_path)
    assert ended.code == 1
    told = ended.json
    assert (told["org"]["alias"], told["org"]["type"], told["ok"]) == (alias, "developer", False)
    missing = {check["name"] for check in told["checks"] if not check["ok"] and check["severity"] == "required"}
    assert "permission Assign Permission Sets" in missing
    assert all({"name", "ok", "severity", "detail", "hint"} <= set(check) for check in told["checks"])
    assert "What to do" in ended.err


def test_wrong_use(new_org: Callable[[str], str], tmp_path: Path) -> None:
    new_org("fresh")
    assert cnx("doctor", "--org", "nope", cwd=tmp_path).code == 2
    assert cnx("doctor", cwd=tmp_path).code == 2
