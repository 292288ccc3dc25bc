import json
from pathlib import Path

import pytest

from cnxlib.ui.orgs import first_org, remember

KNOWN = ("acme", "demo", "test")


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.delenv("CNX_ORG", raising=False)
    return tmp_path / "runs"


def test_a_parameter_that_is_given_is_taken() -> None:
    remember("test")
    assert first_org("acme", KNOWN) == "acme"
    assert first_org("unknown", KNOWN) == "unknown"


def test_a_person_goes_on_with_the_org_of_before() -> None:
    assert first_org("demo", KNOWN) == "demo"
    remember("test")
    assert first_org("demo", KNOWN) == "test"
    assert first_org("demo", ("acme", "demo")) == "demo", "it is gone from the inventory"
    assert first_org("demo", ("acme",)) == "acme"


def test_batch_guesses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    remember("test")
    assert first_org("demo") == "demo"
    monkeypatch.setenv("CNX_ORG", "acme")
    assert first_org("demo") == "acme"


def test_what_cnx_lab_names_comes_before_what_another_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    remember("test")
    monkeypatch.setenv("CNX_ORG", "acme")
    assert first_org("demo", KNOWN) == "test", "chosen in this JupyterLab"
    monkeypatch.setenv("JPY_PARENT_PID", "2")
    assert first_org("demo", KNOWN) == "acme"


def test_another_inventory_is_another_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember("test")
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "other.yaml"))
    assert first_org("demo", KNOWN) == "demo"


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"inventory": 1})])
def test_what_cannot_be_read_or_written_is_not_remembered(records: Path, content: str) -> None:
    records.mkdir()
    (records / ".last-org.json").write_text(content)
    assert first_org("demo", KNOWN) == "demo"
    (records / ".last-org.json").unlink()
    (records / ".last-org.json").mkdir()
    remember("test")
    assert first_org("demo", KNOWN) == "demo"
