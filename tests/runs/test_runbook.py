"""One run over phases: what is executed, what is blocked, what ends the run, and what the record says of it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cnxlib import __version__
from cnxlib.changes import Change
from cnxlib.errors import CnxError, LoginRefused, NotConfirmed, ParameterError, SecretError, StepFailed
from cnxlib.model import Mode, Outcome, Status, Step
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.records import RunRecord, read_events, runs_of
from cnxlib.runs import Order, RunResult, Watch, carry_out
from cnxlib.runs.execution import Ending

ORG = {"alias": "acme", "id": "00D000000000001AAA", "name": "Acme", "type": "sandbox"}
CHANGE = Change("create", "permission_set", "X", None, {"label": "X"})


class Params(PhaseParams):
    """A phase that takes nothing of its own."""


def phase(number: str, *needs: str) -> Phase[Params]:
    return Phase(f"{number}_phase", f"Phase {number}", Params, lambda *a: [], lambda *a: [], guide=(), needs=needs)


Script = Callable[["Notebook"], Ending]


class Notebook:
    """Stands in for an executed notebook: writes events as a kernel would."""

    def __init__(self, phase_id: str, mode: Mode, record: RunRecord) -> None:
        self.phase_id, self.mode, self.record = phase_id, mode, record

    def event(self, name: str, data: Mapping[str, Any]) -> None:
        self.record.event(name, data, phase=self.phase_id, mode=self.mode)

    def started(self, org: Mapping[str, str] = ORG) -> None:
        self.event("phase-started", {"org": org})

    def ended(self, status: Status, error: CnxError | None = None, api_calls: int = 3) -> Ending:
        reason = error.message if error else ""
        outcome = Outcome(
            self.phase_id, "t", self.mode, status, reason=reason, error=error, seconds=1.5, api_calls=api_calls
        )
        self.event("phase-ended", outcome.as_json())
        return Ending(type(error).__name__, str(error)) if error else Ending()


class Runs:
    """Runs phases whose notebooks are scripts."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CNX_RUNS", str(root))
        monkeypatch.setattr("cnxlib.runs.runbook.notebook_path", lambda name: Path(f"{name}.ipynb"))
        monkeypatch.setattr("cnxlib.runs.runbook.execute", self._execute)
        self.scripts: dict[str, Script] = {}
        self.executed: list[str] = []

    def _execute(
        self,
        source: Path,
        target: Path,
        parameters: Mapping[str, Any],
        tick: Callable[[], None],
        environment: Mapping[str, str],
    ) -> Ending:
        target.write_text("executed")
        self.executed.append(source.stem)
        notebook = Notebook(source.stem, parameters["mode"], RunRecord.join(parameters["record"]))
        ending = self.scripts[source.stem](notebook)
        tick()
        return ending

    def __call__(self, mode: Mode, *phases: Phase[Params], watch: Watch | None = None) -> RunResult:
        parameters = {each.id: Params(org="acme", mode=mode, ticket="CHG-1") for each in phases}
        return carry_out(Order("acme", mode, phases, parameters, "CHG-1"), watch)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, monkeypatch)


def converged(notebook: Notebook) -> Ending:
    notebook.started()
    return notebook.ended(Status.CONVERGED)


def waiting(notebook: Notebook) -> Ending:
    notebook.started()
    return notebook.ended(Status.WAITING)


def refused_step(notebook: Notebook) -> Ending:
    notebook.started()
    return notebook.ended(Status.FAILED, StepFailed("No licence is left", hint="Free one."))


def dies_in_a_step(notebook: Notebook) -> Ending:
    notebook.started()
    notebook.event("plan", {"digest": "sha256:1", "changes": [CHANGE.as_json()]})
    notebook.event("step-started", CHANGE.as_json())
    notebook.event("step-done", {**CHANGE.as_json(), **Step(CHANGE, "done", id="0PS1").as_json()})
    return Ending("KernelDied", "The kernel that executed the notebook died, and said nothing")


def test_all_is_well(runs: Runs) -> None:
    runs.scripts = {"01_phase": converged, "02_phase": waiting}
    result = runs("apply", phase("01"), phase("02", "01_phase"))
    assert result.exit_code == 3
    told = result.as_json()
    assert told["org"] == ORG
    assert (told["status"], told["mode"], told["ticket"], told["api_calls"]) == ("waiting", "apply", "CHG-1", 6)
    assert [each["status"] for each in told["phases"]] == ["converged", "waiting"]
    assert told["phases"][0]["notebook"] == str(result.record / "01_phase.ipynb")
    assert told["record"] == str(result.record)
    head = told.pop("head")
    assert head == f"sha256:{hashlib.sha256((result.record / 'statement.dsse.json').read_bytes()).hexdigest()}"
    assert RunRecord.join(result.record).read_json() == told
    events = [event["event"] for event in read_events(result.record)]
    assert (events[0], events[-1]) == ("run-started", "run-ended")
    started = read_events(result.record)[0]["data"]
    assert started["phases"] == ["01_phase", "02_phase"]
    assert started["parameters"]["01_phase"]["ticket"] == "CHG-1"
    assert started["versions"]["cnxlib"] == __version__


@pytest.mark.parametrize(("mode", "code"), [("plan", 0), ("apply", 3), ("verify", 3)])
def test_waiting_asks_for_a_person_except_in_a_plan(runs: Runs, mode: Mode, code: int) -> None:
    runs.scripts = {"01_phase": waiting}
    assert runs(mode, phase("01")).exit_code == code


def test_what_needs_a_failed_phase_is_blocked_and_the_rest_goes_on(runs: Runs) -> None:
    runs.scripts = {"01_phase": refused_step, "04_phase": converged}
    result = runs("apply", phase("01"), phase("02", "01_phase"), phase("03", "02_phase"), phase("04"))
    assert runs.executed == ["01_phase", "04_phase"]
    assert [str(status) for status in result.statuses] == ["failed", "blocked", "blocked", "converged"]
    assert result.exit_code == 1
    assert result.error is None
    failed, blocked = result.phases[0], result.phases[1]
    assert failed["error"]["hint"] == "Free one."
    assert "01_phase" in blocked["reason"]
    assert blocked["notebook"] == ""
    ended = [event["phase"] for event in read_events(result.record) if event["event"] == "phase-ended"]
    assert ended == ["01_phase", "02_phase", "03_phase", "04_phase"]


@pytest.mark.parametrize("mode", ["plan", "verify"])
def test_where_nothing_is_written_each_phase_speaks_for_itself(runs: Runs, mode: Mode) -> None:
    runs.scripts = {"01_phase": refused_step, "02_phase": converged}
    statuses = runs(mode, phase("01"), phase("02", "01_phase")).statuses
    assert [str(status) for status in statuses] == ["failed", "converged"]


def test_what_one_phase_alone_finds_wrong_does_not_end_the_run(runs: Runs) -> None:
    def wrong(notebook: Notebook) -> Ending:
        notebook.started()
        return notebook.ended(Status.FAILED, ParameterError("There is no role Seller", org="acme"))

    runs.scripts = {"01_phase": wrong, "02_phase": converged}
    result = runs("apply", phase("01"), phase("02"))
    assert [str(status) for status in result.statuses] == ["failed", "converged"]
    assert (result.error, result.exit_code) == (None, 1)


def test_a_need_that_is_no_part_of_the_run_does_not_block(runs: Runs) -> None:
    runs.scripts = {"02_phase": converged}
    assert runs("apply", phase("02", "01_phase")).exit_code == 0


def test_a_kernel_that_died_leaves_what_it_did_on_record(runs: Runs) -> None:
    runs.scripts = {"01_phase": dies_in_a_step, "02_phase": converged}
    result = runs("apply", phase("01"), phase("02"))
    died = result.phases[0]
    assert died["status"] == "failed"
    assert "died" in died["reason"]
    assert (died["digest"], len(died["changes"])) == ("sha256:1", 1)
    assert [(step["key"], step["result"], step["id"]) for step in died["steps"]] == [("X", "done", "0PS1")]
    assert set(died) == set(Outcome("p", "t", "apply", Status.FAILED).as_json())
    assert result.statuses[1] == Status.CONVERGED


def test_a_notebook_that_stops_after_its_outcome_is_no_success(runs: Runs) -> None:
    def stops_late(notebook: Notebook) -> Ending:
        converged(notebook)
        return Ending("ZeroDivisionError", "division by zero")

    runs.scripts = {"01_phase": stops_late}
    result = runs("apply", phase("01"))
    assert result.exit_code == 1
    assert result.phases[0]["reason"] == "division by zero (ZeroDivisionError)"


def test_a_refused_login_ends_the_run(runs: Runs) -> None:
    def refused(notebook: Notebook) -> Ending:
        notebook.started({**ORG, "id": "", "name": "", "type": ""})
        return notebook.ended(Status.FAILED, LoginRefused("The org said no", org="acme", hint="Ask."), api_calls=1)

    runs.scripts = {"01_phase": refused}
    result = runs("plan", phase("01"), phase("02"))
    assert runs.executed == ["01_phase"]
    assert result.exit_code == 1
    error = {"type": "LoginRefused", "message": "The org said no", "org": "acme", "guide": [], "hint": "Ask."}
    assert result.as_json()["error"] == error
    assert result.statuses[1] == Status.BLOCKED


def test_wrong_use_that_only_the_org_can_tell_ends_the_run_with_2(runs: Runs) -> None:
    def unconfirmed(notebook: Notebook) -> Ending:
        notebook.started()
        return notebook.ended(Status.FAILED, NotConfirmed("This is production", org="acme"))

    runs.scripts = {"01_phase": unconfirmed}
    result = runs("apply", phase("01"), phase("02"))
    assert (result.exit_code, runs.executed) == (2, ["01_phase"])


def test_ctrl_c_ends_the_run_and_is_on_record(runs: Runs) -> None:
    def interrupted(notebook: Notebook) -> Ending:
        notebook.started()
        notebook.event("step-started", CHANGE.as_json())
        return Ending("KeyboardInterrupt", "interrupted", interrupted=True)

    runs.scripts = {"01_phase": converged, "02_phase": interrupted}
    result = runs("apply", phase("01"), phase("02"), phase("03"))
    assert result.exit_code == 130
    assert [str(status) for status in result.statuses] == ["converged", "failed", "blocked"]
    told = RunRecord.join(result.record).read_json()
    assert told is not None
    assert told["interrupted"] is True
    assert read_events(result.record)[-1]["event"] == "run-ended"


def test_who_watches_sees_it_happen(runs: Runs) -> None:
    seen: list[str] = []

    class Seeing(Watch):
        def phase_begins(self, phase: Phase[Any]) -> None:
            seen.append(f"begins {phase.id}")

        def happened(self, event: Mapping[str, Any]) -> None:
            seen.append(event["event"])

        def phase_ended(self, outcome: Mapping[str, Any]) -> None:
            seen.append(f"{outcome['status']}")

    runs.scripts = {"01_phase": converged}
    runs("apply", phase("01"), watch=Seeing())
    assert seen == ["begins 01_phase", "run-started", "phase-started", "phase-ended", "converged"]


def statement_of(record: Path) -> dict[str, Any]:
    envelope = json.loads((record / "statement.dsse.json").read_text())
    predicate: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    return predicate


def test_the_record_is_sealed_and_each_run_names_the_one_before(runs: Runs) -> None:
    runs.scripts = {"01_phase": converged}
    first, second = runs("plan", phase("01")), runs("apply", phase("01"))
    said = statement_of(second.record)
    assert (said["number"], said["ending"], said["sealed"]["by"]) == (2, "complete", "runner")
    assert f"sha256:{said['previous']['sha256']}" == first.head
    assert (said["status"], said["ticket"], said["org"]["id"]) == ("converged", "CHG-1", ORG["id"])
    assert said["versions"]["cnxlib"] == __version__


def test_a_run_that_was_cut_off_is_sealed_as_interrupted_by_the_next(runs: Runs) -> None:
    def killed(notebook: Notebook) -> Ending:
        raise SystemExit  # as if the runner were killed: nothing of it is done after this

    runs.scripts = {"01_phase": killed}
    with pytest.raises(SystemExit):
        runs("apply", phase("01"))
    (cut_off,) = runs_of("acme")
    runs.scripts = {"01_phase": converged}
    after = runs("apply", phase("01"))
    said = statement_of(cut_off)
    assert (said["number"], said["ending"], said["sealed"]["by"]) == (1, "interrupted", "next-run")
    assert statement_of(after.record)["number"] == 2


def test_a_secret_in_the_record_is_taken_out_and_fails_the_run(runs: Runs) -> None:
    leaked = "-".join(["AGE", "SECRET", "KEY", "1" + "QPZRY9X8" * 7 + "GF"])

    def leaks(notebook: Notebook) -> Ending:
        (notebook.record.path / "01_phase.ipynb").write_text(json.dumps({"cells": [{"source": f"x = '{leaked}'"}]}))
        return converged(notebook)

    runs.scripts = {"01_phase": leaks}
    result = runs("apply", phase("01"))
    assert (result.exit_code, str(result.status)) == (1, "failed")
    assert result.error is not None
    assert result.error["type"] == "SecretFound"
    assert "01_phase.ipynb" in result.error["message"]
    written = b"".join(path.read_bytes() for path in result.record.iterdir())
    assert leaked.encode() not in written
    said = statement_of(result.record)
    assert said["status"] == "failed"
    assert [hit["file"] for hit in said["scan"]["hits"]] == ["01_phase.ipynb"]


def test_a_record_that_cannot_be_sealed_is_no_success(runs: Runs) -> None:
    def links(notebook: Notebook) -> Ending:
        (notebook.record.path / "elsewhere").symlink_to("/etc")
        return converged(notebook)

    runs.scripts = {"01_phase": links}
    result = runs("apply", phase("01"))
    assert (result.exit_code, result.head) == (1, "")
    assert result.error is not None
    assert "elsewhere" in result.error["message"]
    told = RunRecord.join(result.record).read_json()
    assert told is not None
    assert told["status"] == "failed"


def test_a_record_that_cannot_be_written_on_ends_the_run(runs: Runs) -> None:
    def full(notebook: Notebook) -> Ending:
        (notebook.record.path / "events.jsonl").unlink()
        (notebook.record.path / "events.jsonl").mkdir()
        return Ending()

    runs.scripts = {"01_phase": full, "02_phase": converged}
    result = runs("apply", phase("01"), phase("02"))
    assert (runs.executed, result.exit_code, result.head) == (["01_phase"], 1, "")
    assert result.error is not None
    assert result.error["type"] == "RecordError"


def test_without_a_key_to_seal_with_nothing_begins(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_SIGNING_KEY", "env:NOBODY_SET_THIS")
    with pytest.raises(SecretError, match="NOBODY_SET_THIS"):
        runs("apply", phase("01"))
    assert runs_of("acme") == []
