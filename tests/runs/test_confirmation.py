"""Confirming a manual step, from the org's answer to the sealed record."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnxlib.errors import StalePlan, UsageError
from cnxlib.model import ManualStep, Status
from cnxlib.records import read_events, runs_of
from cnxlib.records.listing import read_run
from cnxlib.records.subjects import STATEMENT
from cnxlib.runs.confirmation import Asking, asked_of_people, confirm, evidence_of
from cnxlib.ui.attempt import engine_for
from tests.ui.fakes import LAMPS, FakeOrg, LampParams


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("CNX_SECRETS", str(tmp_path / "secrets"))


@pytest.fixture
def org() -> Any:
    return FakeOrg({"cellar": True, "hall": True})


def asked(org: Any, *lamps: str) -> Asking:
    return asked_of_people(org, [(LAMPS, LampParams(org="acme", lamps=list(lamps or ("cellar",))))])


def test_a_confirmed_step_is_no_longer_waited_for(org: Any) -> None:
    before = asked(org)
    assert [one.name for one in before.left] == ["02.cellar"]
    result, confirmed = confirm(org, before.find("cellar"), note="bought", ticket="CHG-1")
    assert confirmed is not None
    assert confirmed.by == org.identity.username
    assert (result.error, result.status, result.head[:7]) == (None, Status.CONVERGED, "sha256:")
    assert asked(org).left == ()
    (step,) = [one.step for one in asked(org).steps]
    assert (step.done_by, step.done_at) == (confirmed.by, confirmed.at)
    _, outcome = engine_for(LAMPS, LampParams(org="acme", lamps=["cellar"]), org).plan()
    assert outcome.status is Status.CONVERGED
    assert org.writes == []


def test_the_record_says_what_was_confirmed_and_is_sealed(org: Any, tmp_path: Path) -> None:
    evidence = tmp_path / "bill.pdf"
    evidence.write_bytes(b"a bulb")
    step = asked(org).find("02.cellar")
    result, _ = confirm(org, step, note="bought", evidence=evidence_of(evidence), ticket="CHG-1")
    (path,) = runs_of("acme")
    assert (path / STATEMENT).exists()
    events = {event["event"]: event for event in read_events(path)}
    assert list(events) == ["run-started", "phase-started", "confirmed", "phase-ended", "run-ended"]
    told = events["confirmed"]
    assert told["data"] == {
        "step": "cellar",
        "digest": step.step.digest,
        "what": "Buy a bulb for cellar",
        "closed_by": "confirmation",
        "warning": "",
        "note": "bought",
        "evidence": {"name": "bill.pdf", "sha256": hashlib.sha256(b"a bulb").hexdigest()},
    }
    assert (told["mode"], told["phase"], told["user"]) == ("confirm", LAMPS.id, org.identity.username)
    assert (told["org_id"], told["ticket"], told["server_at"]) == (org.identity.org_id, "CHG-1", org.server_time)
    assert read_run(path).told.mode == result.mode == "confirm"


def test_a_step_is_asked_again_when_its_words_change(org: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(org, asked(org).find("cellar"))
    monkeypatch.setattr("tests.ui.fakes.ManualStep", _another_bulb)
    assert [one.name for one in asked(org).left] == ["02.cellar"]


def _another_bulb(step: str, guide: tuple[str, ...], what: str) -> ManualStep:
    return ManualStep(step, guide, f"{what}, of 60 watts")


def test_nothing_is_put_down_for_a_step_that_no_longer_says_what_was_read(org: Any) -> None:
    with pytest.raises(StalePlan, match="no longer says"):
        confirm(org, asked(org).find("cellar"), expected_digest="sha256:" + "0" * 64)
    assert runs_of("acme") == []


@pytest.mark.parametrize("name", ["02.cellar", "cellar", "02.c", "c"])
def test_a_step_is_found_by_its_name_or_the_beginning_of_it(org: Any, name: str) -> None:
    assert asked(org).find(name).name == "02.cellar"


def test_a_name_that_means_none_or_several_is_told(org: Any) -> None:
    both = asked(org)
    twice = Asking((*both.steps, *both.steps), {"03_more": "not yet"})
    with pytest.raises(UsageError, match=r"is 02\.cellar or 02\.cellar"):
        twice.find("cel")
    with pytest.raises(UsageError, match="No phase asks") as told:
        twice.find("attic")
    assert "03_more cannot be read: not yet" in told.value.hint


def test_a_phase_that_cannot_be_read_hides_no_other(org: Any) -> None:
    org.breaks = UsageError("no answer")
    found = asked(org)
    assert (found.steps, dict(found.unread)) == ((), {LAMPS.id: "no answer"})


def test_evidence_that_cannot_be_read_or_is_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        evidence_of(tmp_path / "nothing.pdf")
    (tmp_path / "empty.pdf").touch()
    with pytest.raises(UsageError, match="empty and shows nothing"):
        evidence_of(tmp_path / "empty.pdf")


def such(org: Any, **more: Any) -> Any:
    """The step of the cellar with other properties."""
    step = asked(org).find("cellar")
    return replace(step, step=replace(step.step, **more))


def test_what_reading_alone_closes_is_confirmed_by_nobody(org: Any) -> None:
    with pytest.raises(UsageError) as told:
        confirm(org, such(org, closed_by="reading"))
    assert "Do it, then plan again" in told.value.hint
    assert runs_of("acme") == []


def test_a_decision_says_what_it_leaves_as_it_is(org: Any) -> None:
    result, _ = confirm(org, such(org, closed_by="decision", as_it_is="the cellar is dark"))
    (phase,) = result.phases
    assert phase["status"] == "converged"
    assert phase["reason"].startswith(f"Left as it is, by {org.identity.username}, 20")
    assert phase["reason"].endswith(" UTC: the cellar is dark")


def test_a_file_that_is_asked_for_and_not_given_is_missed_on_record_until_it_is(org: Any, tmp_path: Path) -> None:
    (tmp_path / "bill.pdf").write_bytes(b"a bulb")
    step = such(org, wants_evidence=True)
    _, first = confirm(org, step)
    _, second = confirm(org, step, evidence=evidence_of(tmp_path / "bill.pdf"))
    assert first is not None
    assert second is not None
    assert (first.evidence, second.evidence) == ("", hashlib.sha256(b"a bulb").hexdigest())
    events = [event for path in runs_of("acme") for event in read_events(path) if event["event"] == "confirmed"]
    warnings = [event["data"]["warning"] for event in sorted(events, key=lambda event: event["at"])]
    assert "cnx confirm --org acme 02.cellar --evidence FILE" in warnings[0]
    assert warnings[1] == ""
