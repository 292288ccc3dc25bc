"""What earlier runs tell: who confirmed what, and what was made and is not taken away since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnxlib.history import Asked, AskedBefore, Attempted, Confirmation, Confirmed, Given, LeftToPeople, Made
from cnxlib.model import ManualStep
from cnxlib.records import RunRecord
from cnxlib.records.past import Past

ORG_ID = "00D000000000001EAA"


def run(
    root: Path,
    *events: tuple[str, dict[str, Any]],
    org_id: str = ORG_ID,
    mode: str = "apply",
    phase: str = "07_existing_users",
) -> None:
    record = RunRecord.begin("acme", root)
    for name, data in events:
        record.event(name, data, phase=phase, mode=mode, known={"org_id": org_id, "user": "ann@acme.example"})


def done(op: str, key: str, id: str = "") -> tuple[str, dict[str, Any]]:
    return "step-done", {"op": op, "kind": "assignment", "key": key, "id": id}


def test_no_runs_no_past(tmp_path: Path) -> None:
    past = Past("acme", ORG_ID, tmp_path)
    assert past.recall(Made("assignment")) == {}
    assert past.recall(Confirmation("07_existing_users", "x", "sha256:1")) is None


def test_what_was_made_and_is_not_taken_away(tmp_path: Path) -> None:
    run(tmp_path, done("create", "a/User", "0Pa1"), done("create", "b/User", "0Pa2"), done("update", "c/User"))
    run(tmp_path, done("delete", "a/User"), ("step-failed", {"op": "create", "kind": "assignment", "key": "d/User"}))
    run(tmp_path, done("create", "e/User", "0Pa9"), org_id="00D000000000002EAA")
    past = Past("acme", ORG_ID, tmp_path)
    assert past.recall(Made("assignment")) == {"b/User": "0Pa2"}
    assert past.recall(Made("user")) == {}
    assert Past("other", ORG_ID, tmp_path).recall(Made("assignment")) == {}


def test_a_confirmation_holds_for_the_step_as_it_read(tmp_path: Path) -> None:
    run(tmp_path, ("confirmed", {"step": "send_request", "digest": "sha256:1", "note": ""}))
    past = Past("acme", ORG_ID, tmp_path)
    found = past.recall(Confirmation("07_existing_users", "send_request", "sha256:1"))
    assert isinstance(found, Confirmed)
    assert (found.by, found.at[:2]) == ("ann@acme.example", "20")
    assert past.recall(Confirmation("07_existing_users", "send_request", "sha256:2")) is None
    assert past.recall(Confirmation("09_support_request", "send_request", "sha256:1")) is None


def test_a_confirmation_ends_once_a_run_found_the_step_done(tmp_path: Path) -> None:
    def holds(step: str) -> bool:
        return Past("acme", ORG_ID, tmp_path).recall(Confirmation("07_existing_users", step, "sha256:1")) is not None

    def confirmed(step: str) -> tuple[str, dict[str, Any]]:
        return "confirmed", {"step": step, "digest": "sha256:1", "note": ""}

    def found(*names: str) -> tuple[str, dict[str, Any]]:
        return "facts", {"when": "after", "facts": [], "done": list(names)}

    run(tmp_path, found("switch"), confirmed("switch"), confirmed("mail"))
    run(tmp_path, ("facts", {"when": "after", "facts": []}), found("door"))
    run(tmp_path, found("switch"), phase="08_new_users")
    run(tmp_path, found("switch"), org_id="00D000000000002EAA")
    assert (holds("switch"), holds("mail")) == (True, True)
    run(tmp_path, found("switch"), mode="plan")
    assert (holds("switch"), holds("mail")) == (False, True)
    run(tmp_path, confirmed("switch"))
    assert holds("switch")


def test_the_evidence_of_a_confirmation_is_known_by_its_hash(tmp_path: Path) -> None:
    past, said = Past("acme", ORG_ID, tmp_path), {"step": "file", "digest": "sha256:1", "note": ""}
    for evidence, known in ((None, ""), ({"name": "s.zip", "sha256": "ab"}, "ab")):
        run(tmp_path, ("confirmed", {**said, "evidence": evidence}))
        found = past.recall(Confirmation("07_existing_users", "file", "sha256:1"))
        assert isinstance(found, Confirmed)
        assert found.evidence == known


def test_what_the_newest_apply_or_verify_asked(tmp_path: Path) -> None:
    step = ManualStep(
        "login", ("G4.1",), "Unlock it.", url="https://x.example", closed_by="decision", as_it_is="locked"
    )

    def ended(status: str, *steps: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "phase-ended", {"status": status, "manual": list(steps)}

    def asked() -> Any:
        return Past("acme", ORG_ID, tmp_path).recall(AskedBefore("07_existing_users", "login"))

    assert asked() is None
    run(tmp_path, ended("waiting", {**step.as_json(), "done_by": "ann", "done_at": "2026"}))
    run(tmp_path, ended("converged"), mode="plan")
    run(tmp_path, ended("converged"), mode="confirm")
    run(tmp_path, ended("failed"), mode="verify")
    run(tmp_path, ended("converged"), phase="08_new_users")
    told = asked()
    assert isinstance(told, Asked)
    assert (told.step, told.step.digest) == (step, step.digest)
    run(tmp_path, ended("waiting", {"step": "login", "guide": ["G4.1"], "what": "An older record", "later": 1}))
    assert asked().step == ManualStep("login", ("G4.1",), "An older record")
    run(tmp_path, ended("converged"), mode="verify")
    assert asked() is None


def test_a_step_whose_end_nobody_learned_was_attempted(tmp_path: Path) -> None:
    def step(name: str, key: str, id: str = "") -> tuple[str, dict[str, Any]]:
        return f"step-{name}", {"op": "create", "kind": "support_mail", "key": key, "id": id}

    run(tmp_path, step("started", "killed"), step("started", "sent"), step("done", "sent", "<1@acme>"))
    run(tmp_path, step("started", "refused"), step("failed", "refused"), step("started", "lost"))
    run(tmp_path, step("failed", "lost", "<2@acme>"), step("started", "not run"), step("not-run", "not run"))
    assert Past("acme", ORG_ID, tmp_path).recall(Attempted("support_mail")) == {"killed": "", "lost": "<2@acme>"}


def test_what_was_given_and_is_not_taken_away(tmp_path: Path) -> None:
    def step(name: str, op: str, key: str, after: Any = None, kind: str = "lamp", **more: Any) -> Any:
        return f"step-{name}", {"op": op, "kind": kind, "key": key, "after": after, **more}

    run(
        tmp_path,
        step("done", "create", "S", {"Label": "S"}, "permission_set"),
        step("done", "create", "S/a", {"on": True}),
        step("done", "create", "S/b", {"on": True}),
        step("done", "create", "T/a", {"on": True}),
        step("done", "create", "S/a", {"on": True}, "chair"),
    )
    past = Past("acme", ORG_ID, tmp_path)
    asked = Given(("permission_set", "lamp"))
    everything = {"S/a": {"on": True}, "S/b": {"on": True}, "T/a": {"on": True}}
    assert past.recall(asked) == {"permission_set": {"S": {"Label": "S"}}, "lamp": everything}
    run(
        tmp_path,
        step("started", "update", "S/a", {"red": True}),
        step("done", "update", "S/a", {"red": True}),
        step("done", "delete", "S/b"),
        step("started", "update", "T/a", {"blue": True}),
        step("failed", "update", "T/a", {"blue": True}, known=True),
        step("started", "create", "T/refused", {"on": True}),
        step("failed", "create", "T/refused", {"on": True}, known=True),
        step("started", "create", "T/left", {"on": True}),
        step("not-run", "create", "T/left", {"on": True}, known=True),
        step("not-run", "create", "S/a", {"on": False}),
        step("started", "create", "T/lost", {"on": True}),
        step("failed", "create", "T/lost", {"on": True}, known=False),
        step("started", "create", "T/cut off", {"on": True}),
        step("started", "delete", "T/lost"),
        step("failed", "delete", "T/lost", known=True),
    )
    assert past.recall(Given(("lamp",))) == {
        "lamp": {
            "S/a": {"on": True, "red": True},
            "T/a": {"on": True},
            "T/lost": {"on": True},
            "T/cut off": {"on": True},
        }
    }
    run(tmp_path, step("done", "delete", "S", None, "permission_set"))
    run(tmp_path, step("done", "create", "T", {}, "permission_set"), step("done", "create", "T/x", {"on": True}))
    assert past.recall(asked) == {"permission_set": {"T": {}}, "lamp": {"T/x": {"on": True}}}


def test_what_was_tried_and_left_to_a_person(tmp_path: Path) -> None:
    def step(name: str, key: str) -> tuple[str, dict[str, Any]]:
        return f"step-{name}", {"op": "create", "kind": "connected_app", "key": key, "error": f"why {key}"}

    run(tmp_path, step("started", "left"), step("not-run", "left"), step("not-run", "waited for another"))
    run(tmp_path, step("started", "made"), step("not-run", "made"), step("started", "made"), step("done", "made"))
    left = Past("acme", ORG_ID, tmp_path).recall(LeftToPeople("connected_app"))
    assert isinstance(left, dict)
    assert {key: one.why for key, one in left.items()} == {"left": "why left"}


def test_what_the_run_at_hand_did_is_past_too(tmp_path: Path) -> None:
    past = Past("acme", ORG_ID, tmp_path)
    run(tmp_path, done("create", "a/User", "0Pa1"))
    assert past.recall(Made("assignment")) == {"a/User": "0Pa1"}
    run(tmp_path, done("create", "b/User", "0Pa2"))
    assert past.recall(Made("assignment")) == {"a/User": "0Pa1", "b/User": "0Pa2"}
