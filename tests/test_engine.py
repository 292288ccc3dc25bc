"""The engine over an org that is a dict: no Salesforce in sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from cnxlib.changes import Change, Item
from cnxlib.engine import Done, Engine
from cnxlib.errors import (
    CnxError,
    LimitExceeded,
    MailUncertain,
    NotConverged,
    NotPermitted,
    NotYet,
    OrgUnreachable,
    PreflightFailed,
    SalesforceError,
    SessionExpired,
    StalePlan,
    StepFailed,
    StillRunning,
    Temporary,
    leaves_open,
    serving,
)
from cnxlib.history import Attempted, Confirmation, Confirmed, Made
from cnxlib.model import Check, ManualStep, Observation, Status
from cnxlib.rounds import Asking, Pause, Progress


@dataclass(frozen=True)
class Read:
    name: str


@dataclass(frozen=True)
class Write:
    name: str
    value: Any


@dataclass
class Org:
    """Holds values by name; counts the rounds it is asked in."""

    values: dict[str, Any] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    rounds: list[list[Any]] = field(default_factory=list)

    def send(self, requests: Sequence[Any]) -> list[Any]:
        self.rounds.append(list(requests))
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        if request.name in self.refused:
            return SalesforceError(f"no {request.name}", code="INSUFFICIENT_ACCESS")
        if isinstance(request, Write):
            if request.name not in self.ignored:
                self.values[request.name] = request.value
            return f"id-{request.name}"
        return self.values.get(request.name)


class Thing:
    def __init__(self, name: str, requires: tuple[str, ...] = (), batch: int = 1) -> None:
        self._name, self._requires, self.batch = name, requires, batch
        self.ids: dict[str, str] = {}

    def observe(self) -> Asking[Observation]:
        (value,) = yield [Read(self._name)]
        actual = None if value is None else {"value": value}
        item = Item(
            "thing",
            self._name,
            actual,
            {"value": 1},
            ("G1.1",),
            requires=self._requires,
            found="old-id" if actual else "",
        )
        return Observation((item,))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        self.ids = dict(ids)
        made = yield [Write(change.key, 1) for change in changes]
        return [Done(one) for one in made]


class Things:
    batch = 2

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self.batches: list[list[str]] = []

    def observe(self) -> Asking[Observation]:
        values = yield [Read(name) for name in self._names]
        return Observation(
            tuple(
                Item("row", name, None if value is None else {"value": value}, {"value": 1})
                for name, value in zip(self._names, values, strict=True)
            )
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        self.batches.append([change.key for change in changes])
        done = []
        for change in changes:
            try:
                (made,) = yield [Write(change.key, 1)]
                done.append(Done(made))
            except SalesforceError as error:
                done.append(Done(error=error))
        return done


def engine(org: Org, *resources: Any, checks: Sequence[Any] = (), events: list[Any] | None = None) -> Engine:
    emit = (lambda name, data: events.append((name, dict(data)))) if events is not None else (lambda name, data: None)
    return Engine("01_test", "Test", "00D1", resources, checks, org.send, emit, sleep=lambda seconds: None)


def test_a_plan_reads_and_never_writes() -> None:
    org = Org({"a": 1, "b": 2})
    plan, outcome = engine(org, Thing("a"), Thing("b"), Thing("c")).plan()
    assert [(change.op, change.key) for change in plan.changes] == [("update", "b"), ("create", "c")]
    assert outcome.status is Status.PENDING
    assert not [request for requests in org.rounds for request in requests if isinstance(request, Write)]


def test_reads_are_gathered_in_rounds_and_doubles_are_dropped() -> None:
    def second(first: str, then: str) -> Asking[Observation]:
        (value,) = yield [Read(first)]
        yield [Read(f"{then}-{value}"), Read("shared")]
        return Observation()

    class Twice(Thing):
        def observe(self) -> Asking[Observation]:
            return second("shared", self._name)

    org = Org({"shared": 7})
    engine(org, Twice("a"), Twice("b"), Thing("shared")).plan()
    assert org.rounds == [[Read("shared")], [Read("a-7"), Read("b-7")]]


def test_the_digest_binds_org_phase_and_changes_and_nothing_else() -> None:
    digest = engine(Org(), Thing("a"), Thing("b")).plan()[0].digest
    assert digest == engine(Org(), Thing("b"), Thing("a")).plan()[0].digest
    assert digest != engine(Org({"a": 1}), Thing("a"), Thing("b")).plan()[0].digest
    other = Engine("01_test", "Test", "00D2", [Thing("a"), Thing("b")], (), Org().send)
    assert digest != other.plan()[0].digest


def test_a_stale_plan_is_not_applied() -> None:
    org = Org()
    one = engine(org, Thing("a"))
    plan, _ = one.plan()
    with pytest.raises(StalePlan):
        one.apply(plan, "sha256:" + "0" * 64)
    assert org.values == {}
    one.apply(plan, plan.digest)
    assert org.values == {"a": 1}


def test_what_is_required_comes_first_and_its_id_is_known() -> None:
    last = Thing("a", requires=("thing:b", "thing:old"))
    one = engine(Org({"old": 1}), last, Thing("b"), Thing("old"))
    plan, _ = one.plan()
    assert [change.key for change in plan.changes] == ["b", "a"]
    one.apply(plan)
    assert last.ids == {"thing:b": "id-b", "thing:old": "old-id"}


def test_what_depends_on_a_failure_is_not_run_and_the_rest_is() -> None:
    events: list[Any] = []
    org = Org(refused=frozenset({"Never read", "b"}))
    things = Things(["x", "y", "z"])

    class Unreadable(Thing):
        def observe(self) -> Asking[Observation]:
            yield from ()
            return Observation((Item("thing", self._name, None, {"value": 1}, requires=self._requires),))

    one = engine(org, Unreadable("b"), Unreadable("c", requires=("thing:b",)), things, events=events)
    plan, _ = one.plan()
    steps = {step.change.key: step.result for step in one.apply(plan)}
    assert steps == {"b": "failed", "c": "not-run", "x": "done", "y": "done", "z": "done"}
    outcome = one.verify("apply")
    assert outcome.status is Status.FAILED
    with pytest.raises(StepFailed, match="no b"):
        outcome.raise_for_status()
    assert ("step-failed", "b") in [(name, data.get("key")) for name, data in events]


def test_a_batch_reports_row_by_row_and_is_no_larger_than_the_resource_takes() -> None:
    class Refusing(Org):
        def _answer(self, request: Any) -> Any:
            if request == Write("y", 1):
                return SalesforceError("no y")
            return super()._answer(request)

    things = Things(["x", "y", "z"])
    one = engine(Refusing(), things)
    plan, _ = one.plan()
    assert [(step.change.key, step.result) for step in one.apply(plan)] == [
        ("x", "done"),
        ("y", "failed"),
        ("z", "done"),
    ]
    assert things.batches == [["x", "y"], ["z"]]


def test_changed_then_converged() -> None:
    org = Org()
    one = engine(org, Thing("a"))
    plan, _ = one.plan()
    one.apply(plan)
    assert one.verify("apply").status is Status.CHANGED
    again = engine(org, Thing("a"))
    assert not again.plan()[0]
    assert again.verify("apply").status is Status.CONVERGED


def test_a_write_that_did_not_take_is_found_by_verify() -> None:
    one = engine(Org(ignored=frozenset({"a"})), Thing("a"))
    plan, _ = one.plan()
    one.apply(plan)
    outcome = one.verify("apply")
    assert outcome.status is Status.FAILED
    assert [change.key for change in outcome.remaining] == ["a"]
    with pytest.raises(NotConverged):
        outcome.raise_for_status()


def test_manual_steps_leave_a_phase_waiting() -> None:
    class Manual(Thing):
        def observe(self) -> Asking[Observation]:
            yield from ()
            return Observation(manual=(ManualStep("call", ("G9.2",), "Call somebody."),))

    _, outcome = engine(Org(), Manual("m")).plan()
    assert outcome.status is Status.WAITING
    outcome.raise_for_status()
    one = engine(Org(), Manual("m"), Thing("a"))
    plan, _ = one.plan()
    one.apply(plan)
    assert one.verify("apply").status is Status.WAITING


def test_not_yet_is_known_later_in_a_plan_and_blocks_an_apply() -> None:
    class Later(Thing):
        def observe(self) -> Asking[Observation]:
            yield from ()
            raise NotYet("no package", phase="01_install_package")

    one = engine(Org(), Later("a"), Thing("b"))
    with pytest.raises(NotYet) as caught:
        one.plan()
    assert one.failed(caught.value, "plan").status is Status.KNOWN_LATER
    assert one.failed(caught.value, "apply").status is Status.BLOCKED


def test_preflight_names_every_required_check_that_is_not_ok() -> None:
    def check(name: str, ok: bool, severity: Any = "required") -> Any:
        def asked() -> Asking[Check]:
            yield [Read(name)]
            return Check(name, ok, severity, hint=f"mend {name}", guide=("G1.1",))

        return asked

    org = Org()
    one = engine(
        org, checks=[check("good", True), check("bad", False), check("worse", False), check("odd", False, "warning")]
    )
    with pytest.raises(PreflightFailed) as caught:
        one.preflight()
    assert caught.value.message == "bad; worse"
    assert caught.value.hint == "mend bad mend worse"
    assert len(org.rounds) == 1
    assert len(one.failed(caught.value, "plan").checks) == 4


def test_pause_and_progress_never_reach_the_org() -> None:
    class Slow(Thing):
        def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
            before, _ = yield [Pause(3), Progress("half way", 0.5)]
            (after,) = yield [Pause(3)]
            yield [Write("a", 1)]
            return [Done(str(after - before))]

    now = iter(range(100))
    slept: list[float] = []
    events: list[Any] = []
    org = Org()
    one = Engine(
        "01",
        "T",
        "00D",
        [Slow("a")],
        (),
        org.send,
        lambda n, d: events.append((n, dict(d))),
        slept.append,
        lambda: next(now),
    )
    plan, _ = one.plan()
    (step,) = one.apply(plan)
    assert slept == [3, 3]
    assert step.id == "1"
    assert ("progress", {"message": "half way", "fraction": 0.5}) in events
    assert not [r for requests in org.rounds for r in requests if isinstance(r, Pause | Progress)]


class TestWhatAnErrorTells:
    """Org, guide step and what to do are the phase's where the error names none of its own."""

    def ended(self, error: CnxError) -> CnxError:
        one = Engine("01_test", "Test", "00D1", [], [], Org().send, alias="acme", guide=["G1.1", "G1.2"])
        assert one.failed(error, "plan").error is error
        return error

    def test_one_that_names_nothing(self) -> None:
        error = self.ended(CnxError("No."))
        assert (error.org, error.guide) == ("acme", ("G1.1", "G1.2"))
        assert error.hint

    def test_one_that_names_all_keeps_it(self) -> None:
        error = self.ended(CnxError("No.", org="other", guide=["G1.3"], hint="Ask."))
        assert (error.org, error.guide, error.hint) == ("other", ("G1.3",), "Ask.")

    def test_whoever_asked_is_named_before_the_phase(self) -> None:
        def asks() -> Asking[Check]:
            with serving("G1.2"):
                yield [Read("a")]
            return Check("never", True)

        one = Engine(
            "01_test", "Test", "00D1", [], [asks], lambda requests: [SalesforceError("No.")], guide=("G1.1", "G1.2")
        )
        with pytest.raises(SalesforceError) as caught:
            one.preflight()
        one.failed(caught.value, "plan")
        assert caught.value.guide == ("G1.2",)

    def test_a_failed_step_names_the_org(self) -> None:
        class Unmakable(Thing):
            def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
                yield from ()
                return [Done(error=SalesforceError("No."))]

        one = Engine("01_test", "Test", "00D1", [Unmakable("a")], [], Org().send, alias="acme", guide=["G1.1"])
        one.apply(one.plan()[0])
        error = one.verify("apply").error
        assert isinstance(error, StepFailed)
        assert (error.org, error.guide) == ("acme", ("G1.1",))


def test_what_to_do_about_a_failed_step_is_said_once() -> None:
    class Hinting(Thing):
        def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
            yield from ()
            return [Done(error=SalesforceError("no seat", hint="Buy a seat."))]

    one = engine(Org(), Hinting("a"), Hinting("b"))
    plan, _ = one.plan()
    steps = one.apply(plan)
    assert [(step.error, step.hint) for step in steps] == [("no seat", "Buy a seat.")] * 2
    assert str(one.verify("apply").error).count("Buy a seat.") == 1


def test_what_the_org_held_before_and_after_is_told() -> None:
    events: list[Any] = []
    one = engine(Org({"a": 5}), Thing("a"), Thing("b"), events=events)
    plan, _ = one.plan()
    one.apply(plan)
    one.verify("apply")
    told = [data for name, data in events if name == "facts"]
    assert [data["when"] for data in told] == ["before", "after"]
    before, after = ({fact["key"]: fact["value"] for fact in data["facts"]} for data in told)
    assert before == {"a": {"value": 5}, "b": None}
    assert after == {"a": {"value": 1}, "b": {"value": 1}}
    assert told[0]["facts"][0] == {"kind": "thing", "key": "a", "id": "old-id", "value": {"value": 5}}


def test_a_confirmed_step_is_done_and_one_that_reads_otherwise_is_asked_again() -> None:
    class Asked:
        batch = 1

        def __init__(self, whom: str) -> None:
            self._step = ManualStep("call", ("G9.2",), f"Call {whom}.")

        def observe(self) -> Asking[Observation]:
            yield from ()
            return Observation(manual=(self._step,))

        def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
            raise AssertionError

    said = Confirmation("01_test", "call", ManualStep("call", ("G9.2",), "Call Ann.").digest)

    def recall(request: Any) -> Any:
        return Confirmed("bob@acme.example", "2026-11-23T20:00:00+00:00") if request == said else None

    def status_of(whom: str) -> tuple[Status, str]:
        one = Engine("01_test", "Test", "00D1", [Asked(whom)], [], Org().send, recall=recall)
        outcome = one.plan()[1]
        return outcome.status, outcome.manual[0].done_by

    assert status_of("Ann") == (Status.CONVERGED, "bob@acme.example")
    assert status_of("Zoe") == (Status.WAITING, "")


@pytest.mark.parametrize(
    ("closed_by", "status", "reason"),
    [
        ("confirmation", Status.CONVERGED, ""),
        ("decision", Status.CONVERGED, "Left as it is, by bob@acme.example, 2026-11-23 20:00 UTC: the lamp is off"),
        (
            "reading",
            Status.WAITING,
            "Light it. (Confirmed by bob@acme.example, 2026-11-23 20:00 UTC, but what is read does not show it.)",
        ),
    ],
)
def test_what_a_confirmation_is_worth(closed_by: Any, status: Status, reason: str) -> None:
    step = ManualStep("lamp", ("G9.2",), "Light it.", closed_by=closed_by, as_it_is="the lamp is off")

    class Asked(Thing):
        def observe(self) -> Asking[Observation]:
            yield from ()
            return Observation(manual=(step,))

    said = Confirmed("bob@acme.example", "2026-11-23T20:00:00+00:00")
    one = Engine("01_test", "Test", "00D1", [Asked("a")], [], Org().send, recall=lambda request: said)
    for outcome in (one.plan()[1], one.verify("verify")):
        assert (outcome.status, outcome.reason) == (status, reason)
        assert [bool(each.done_at) for each in outcome.manual] == [closed_by != "reading"]


def test_the_record_hears_which_steps_were_found_done() -> None:
    class Looks(Thing):
        def __init__(self, *done: str, asks: tuple[str, ...] = ()) -> None:
            super().__init__("a")
            self._done, self._asks = done, asks

        def observe(self) -> Asking[Observation]:
            yield from ()
            return Observation(manual=tuple(ManualStep(name, (), "Do it.") for name in self._asks), done=self._done)

    events: list[Any] = []
    engine(Org(), Looks("light", "lock"), Looks("bell", asks=("lock",)), events=events).plan()
    assert [data["done"] for name, data in events if name == "facts"] == [["bell", "light"]]


def test_what_is_left_alone_is_a_fact_and_no_change() -> None:
    assert Item.left_alone("thing", "a", {"value": 5}).change() is None
    assert Item.left_alone("thing", "a", None).change() is None
    assert Item.left_alone("thing", "a", {"value": 5}).fact()["value"] == {"value": 5}


def test_the_past_is_asked_beside_the_org_in_one_round() -> None:
    class Remembers(Thing):
        def observe(self) -> Asking[Observation]:
            value, made = yield [Read("a"), Made("thing")]
            return Observation((Item("thing", "a", {"value": value, "ours": "a" in made}, {"value": 1, "ours": True}),))

    org = Org({"a": 1})
    one = Engine("01_test", "Test", "00D1", [Remembers("a")], [], org.send, recall=lambda request: {"a": "0Pa1"})
    assert one.plan()[0].changes == ()
    assert org.rounds == [[Read("a")]]


class TestWhatPreflightReadServesThePlan:
    """What both ask is sent once; nothing that is old, refused or about time passing is taken for an answer."""

    @staticmethod
    def checked(org: Org, *resources: Any, now: Any = None) -> Engine:
        def check() -> Asking[Check]:
            try:
                (value,) = yield [Read("a")]
            except SalesforceError:
                value = None
            return Check("a is there", value is not None, "warning")

        clock = now or (lambda: 0.0)
        return Engine("01", "T", "00D", resources or [Thing("a")], [check], org.send, sleep=_no_wait, clock=clock)

    def test_it_is_sent_once(self) -> None:
        org = Org({"a": 1})
        one = self.checked(org, Thing("a"), Thing("b"))
        one.preflight()
        one.plan()
        assert org.rounds == [[Read("a")], [Read("b")]]

    def test_verify_and_another_plan_read_from_scratch(self) -> None:
        org = Org({"a": 1})
        one = self.checked(org)
        one.preflight()
        assert not one.plan()[0]
        org.values["a"] = 2
        assert one.plan()[0]
        org.values["a"] = 1
        one.preflight()
        org.values["a"] = 2
        assert [change.key for change in one.verify("verify").remaining] == ["a"]

    def test_after_a_verify_nothing_of_before_is_taken(self) -> None:
        org = Org({"a": 1})
        one = self.checked(org)
        one.preflight()
        one.verify("verify")
        org.values["a"] = 2
        assert one.plan()[0]

    def test_a_preflight_from_a_while_ago_counts_no_more(self) -> None:
        seconds = [0.0]
        org = Org({"a": 1})
        one = self.checked(org, now=lambda: seconds[0])
        one.preflight()
        org.values["a"], seconds[0] = 2, 61.0
        assert one.plan()[0]

    def test_a_refusal_is_asked_again(self) -> None:
        org = Org({"a": 1}, refused=frozenset({"a"}))
        one = self.checked(org)
        one.preflight()
        org.refused = frozenset()
        assert not one.plan()[0]

    def test_time_passes_anew(self) -> None:
        slept: list[float] = []

        def check() -> Asking[Check]:
            yield [Pause(2)]
            yield [Pause(2)]
            return Check("waited", True)

        class Patient(Thing):
            def observe(self) -> Asking[Observation]:
                yield [Pause(2)]
                return (yield from super().observe())

        one = Engine("01", "T", "00D", [Patient("a")], [check], Org().send, sleep=slept.append)
        one.preflight()
        one.plan()
        assert slept == [2, 2, 2]


class TestAnAnswerIsLost:
    """Nobody knows whether a write arrived: the org is read once more, and nothing is sent again."""

    @dataclass
    class Losing(Org):
        """Loses the answers to writes of `lost`; those of `stopped` it never took; after one of them it may be away."""

        lost: frozenset[str] = frozenset()
        stopped: frozenset[str] = frozenset()
        away: bool = False
        error: CnxError = field(default_factory=lambda: OrgUnreachable("no answer", hint="Run again."))

        def _answer(self, request: Any) -> Any:
            writes = [one for one in self.sent if isinstance(one, Write)]
            if isinstance(request, Read) and self.away and writes:
                return OrgUnreachable("away")
            if isinstance(request, Write) and request.name in self.stopped:
                return self.error
            answer = super()._answer(request)
            return self.error if isinstance(request, Write) and request.name in self.lost else answer

        @property
        def sent(self) -> list[Any]:
            return [request for requests in self.rounds for request in requests]

    @staticmethod
    def apply(org: Org, *resources: Any, recall: Any = None) -> tuple[dict[str, Any], Any, list[Any]]:
        events: list[Any] = []
        emit = lambda name, data: events.append((name, dict(data)))  # noqa: E731
        more = {"recall": recall} if recall else {}
        one = Engine("01_test", "Test", "00D1", resources, (), org.send, emit, sleep=_no_wait, **more)
        steps = {step.change.key: step for step in one.apply(one.plan()[0])}
        return steps, one.verify("apply"), events

    def test_what_is_there_now_is_done_with_the_id_that_was_found(self) -> None:
        org = self.Losing(lost=frozenset({"a"}))
        last = Thing("b", requires=("thing:a",))
        steps, outcome, events = self.apply(org, Thing("a"), last)
        assert [(step.result, step.id) for step in steps.values()] == [("done", "old-id"), ("done", "id-b")]
        assert steps["a"].remark.startswith("no answer. The org was read again")
        assert steps["b"].remark == ""
        assert last.ids["thing:a"] == "old-id"
        assert outcome.status is Status.CHANGED
        assert [one for one in org.sent if isinstance(one, Write)] == [Write("a", 1), Write("b", 1)]
        (told,) = [data for name, data in events if name == "step-done" and data["key"] == "a"]
        assert (told["id"], told["known"]) == ("old-id", True)

    def test_a_change_of_what_was_there_bears_no_id(self) -> None:
        steps, _, _ = self.apply(self.Losing({"a": 5}, lost=frozenset({"a"})), Thing("a"))
        assert (steps["a"].change.op, steps["a"].result, steps["a"].id) == ("update", "done", "")

    def test_what_is_not_there_failed_and_its_end_is_not_known(self) -> None:
        org = self.Losing(stopped=frozenset({"a"}))
        steps, outcome, events = self.apply(org, Thing("a"))
        assert (steps["a"].result, steps["a"].error, steps["a"].hint) == ("failed", "no answer", "Run again.")
        assert outcome.status is Status.FAILED
        assert [(n, d["known"]) for n, d in events if n.startswith("step-") and n != "step-started"] == [
            ("step-failed", False)
        ]
        assert len([one for one in org.sent if isinstance(one, Write)]) == 1

    def test_where_it_cannot_be_read_the_failure_stays(self) -> None:
        org = self.Losing(lost=frozenset({"a"}), away=True)
        one = engine(org, Thing("a"))
        (step,) = one.apply(one.plan()[0])
        assert (step.result, step.error, step.known) == ("failed", "no answer", False)

    def test_a_refusal_is_not_looked_after_and_its_end_is_known(self) -> None:
        org = self.Losing(stopped=frozenset({"a"}), error=NotPermitted("you may not"))
        one = engine(org, Thing("a"))
        (step,) = one.apply(one.plan()[0])
        assert (step.result, step.known) == ("failed", True)
        assert len(org.rounds) == 2

    def test_nothing_more_is_asked_where_nothing_failed(self) -> None:
        org = Org()
        one = engine(org, Thing("a"))
        one.apply(one.plan()[0])
        assert org.rounds == [[Read("a")], [Write("a", 1)]]

    def test_rows_of_a_batch_are_found_each_for_itself(self) -> None:
        class Together(Things):
            def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
                made = yield [Write(change.key, 1) for change in changes]
                return [Done(one) for one in made]

        org = self.Losing(lost=frozenset({"x"}), ignored=frozenset({"y"}))
        steps, _, _ = self.apply(org, Together(["x", "y"]))
        assert {key: step.result for key, step in steps.items()} == {"x": "done", "y": "failed"}

    def test_that_it_was_begun_is_no_sign_of_its_having_been_done(self) -> None:
        class Mail(Thing):
            def observe(self) -> Asking[Observation]:
                (attempted,) = yield [Attempted("thing")]
                there = {"value": 1} if self._name in attempted else None
                return Observation((Item("thing", self._name, there, {"value": 1}),))

        org = self.Losing(stopped=frozenset({"m"}))
        begun = {"m": ""}
        recall = lambda asked: begun if org.sent else {}  # noqa: E731
        steps, _, _ = self.apply(org, Mail("m"), recall=recall)
        assert (steps["m"].result, steps["m"].known) == ("failed", False)


@pytest.mark.parametrize(
    ("error", "open_"),
    [
        (OrgUnreachable("x"), True),
        (Temporary("x", code="SERVER_UNAVAILABLE"), True),
        (Temporary("x", code="UNABLE_TO_LOCK_ROW"), False),
        (LimitExceeded("x"), True),
        (SessionExpired("x"), True),
        (MailUncertain("x"), True),
        (StillRunning("x"), True),
        (StepFailed("x"), False),
        (NotPermitted("x"), False),
    ],
)
def test_after_which_errors_a_thing_may_be_done_all_the_same(error: CnxError, open_: bool) -> None:
    assert leaves_open(error) is open_


def _no_wait(seconds: float) -> None:
    pass
