"""The app for single sign-on, made in simulated orgs: where it may be, where it may not, and while it spreads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tenacity.nap

from cnxlib.engine import Engine
from cnxlib.history import no_history
from cnxlib.model import ManualStep, Outcome, Status, Step
from cnxlib.phases import find_phase
from cnxlib.records import RunRecord
from cnxlib.records.past import Past
from cnxlib.salesforce import Deploy, Query, ReadMetadata, WriteMetadata
from cnxlib.salesforce.org import Org, connect
from cnxlib.salesforce.refusals import refusal
from cnxlib.secrets import SecretStore
from tests.conftest import Sim

CALLBACK = "https://portal.conexiom.example/login"


class Applied:
    """Phase 03 applied to a new org."""

    def __init__(self, sim: Sim, folder: Path) -> None:
        self._sim, self._folder = sim, folder
        self.progress: list[str] = []
        self.waited = 0.0
        self.org: Org
        self._record: RunRecord | None = None

    def on(self, scenario: str, **params: Any) -> tuple[tuple[Step, ...], Outcome]:
        self.org = connect(self._sim.new_org(scenario), store=SecretStore(self._folder))
        return self.again(**params)

    def again(self, **params: Any) -> tuple[tuple[Step, ...], Outcome]:
        engine = self.engine(**params)
        engine.preflight()
        plan, _ = engine.plan()
        return engine.apply(plan), engine.verify("apply")

    def remember(self) -> None:
        """From now on what happens is on record, and each phase asks it."""
        self._record = RunRecord.begin(self.org.alias, self._folder)

    def confirm(self, step: ManualStep) -> None:
        self.write("confirmed", {"step": step.step, "digest": step.digest, "note": ""})

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        assert self._record is not None
        known = {"org_id": self.org.identity.org_id, "user": "ann@acme.example"}
        self._record.event(name, data, phase="03_connected_app", known=known)

    def engine(self, **params: Any) -> Engine:
        phase = find_phase("03")
        values = phase.parse({"org": self.org.alias, "callback_url": CALLBACK, **params})
        me = self.org.identity
        past = Past(self.org.alias, me.org_id, self._folder)
        return Engine(
            phase.id,
            phase.title,
            me.org_id,
            phase.resources(values, me),
            phase.checks(values, me),
            self.org.send,
            emit=self._emit,
            sleep=self._sleep,
            clock=lambda: self.waited,
            recall=past.recall if self._record else no_history,
        )

    def between(self, scenario: str, answered: Any, before: Any = lambda request: request) -> None:
        """A new org between which and the runbook requests and answers are changed."""
        self.org = connect(self._sim.new_org(scenario), store=SecretStore(self._folder))
        send = self.org.send
        self.org.send = lambda requests: [  # type: ignore[method-assign]
            answered(request, answer)
            for request, answer in zip(requests, send([before(request) for request in requests]), strict=True)
        ]

    def fault(self, *faults: Mapping[str, Any]) -> None:
        self._sim.control("PUT", f"orgs/{self.org.alias}/faults", list(faults))

    def _emit(self, name: str, data: Mapping[str, Any]) -> None:
        if name == "progress":
            self.progress.append(data["message"])
        if self._record:
            self.write(name, data)

    def _sleep(self, seconds: float) -> None:
        self.waited += seconds


@pytest.fixture
def applied(sim: Sim, tmp_path: Path) -> Iterator[Applied]:
    made = Applied(sim, tmp_path)
    yield made
    made.org.close()


def test_where_creation_is_blocked_two_texts_say_whom_to_ask(applied: Applied) -> None:
    (step,), outcome = applied.on("modern")
    assert (step.result, outcome.status) == ("not-run", Status.WAITING)
    assert "You can't create a connected app" in step.error, "Salesforce's own words"
    assert [left.step for left in outcome.manual] == ["enable_creation", "ask_conexiom"]
    texts = {document.name: document.text for document in outcome.documents}
    assert "You can't create a connected app" in texts["to-salesforce-support.txt"]
    assert applied.org.identity.org_id in texts["to-salesforce-support.txt"]
    assert CALLBACK in texts["to-conexiom.txt"]
    outcome.raise_for_status()


def test_where_conexiom_takes_nothing_else_salesforce_alone_is_asked(applied: Applied) -> None:
    _, outcome = applied.on("modern", conexiom_accepts="connected_app")
    assert [left.step for left in outcome.manual] == ["enable_creation"]
    assert [document.name for document in outcome.documents] == ["to-salesforce-support.txt"]


def test_a_refusal_holds_until_somebody_says_that_it_was_enabled(applied: Applied) -> None:
    applied.org = connect(applied._sim.new_org("modern"), store=SecretStore(applied._folder))
    applied.remember()
    _, refused = applied.again()
    for outcome in (applied.engine().plan()[1], applied.engine().verify("verify")):
        assert (outcome.status, outcome.changes) == (Status.WAITING, ())
        assert [left.step for left in outcome.manual] == ["enable_creation", "ask_conexiom"]
        assert outcome.manual == refused.manual, "the same words, which a person may have confirmed"
        assert len(outcome.documents) == 2
    assert applied.engine(conexiom_accepts="external_client_app").plan()[1].status == Status.PENDING

    applied.confirm(refused.manual[0])
    assert applied.engine().plan()[1].status == Status.PENDING
    time.sleep(1)  # the words tell the second
    (step,), outcome = applied.again()
    assert (step.result, outcome.status) == ("not-run", Status.WAITING)
    assert outcome.manual[0].digest != refused.manual[0].digest, "asked anew: what was confirmed did not help"


def test_a_login_that_does_not_answer_is_waited_for(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda seconds: None))
    applied.org = connect(applied._sim.new_org("fresh"), store=SecretStore(applied._folder))
    applied.fault({"kind": "http_503", "times": None, "match": {"path": "/services/oauth2/"}})
    (step,), outcome = applied.again(propagation_timeout_minutes=1)
    assert (step.result, outcome.status) == ("done", Status.WAITING)
    assert [left.step for left in outcome.manual] == ["app_known"]
    assert "SERVER_UNAVAILABLE" in outcome.manual[0].what
    applied.fault()
    assert applied.again()[1].status == Status.CONVERGED


def test_who_lacks_the_permission_is_told_so(applied: Applied) -> None:
    applied.between("modern", lambda request, answer: [] if "CustomizeApplication" in str(request) else answer)
    (step,), outcome = applied.again()
    assert (step.result, outcome.status) == ("failed", Status.FAILED)
    assert "Customize Application" in step.hint


def test_a_refused_value_is_no_blocked_creation(applied: Applied) -> None:
    said = refusal("FIELD_INTEGRITY_EXCEPTION", "Enter a valid callback URL.", ["oauthConfig.callbackUrl"])
    applied.between("modern", lambda request, answer: said if isinstance(request, WriteMetadata) else answer)
    (step,), outcome = applied.again()
    assert (step.result, outcome.status) == ("failed", Status.FAILED)
    assert "Enter a valid callback URL" in step.error


def test_an_external_client_app_is_made_in_one_deployment(applied: Applied) -> None:
    (step,), outcome = applied.on("modern", conexiom_accepts="external_client_app")
    assert (step.change.kind, step.result, outcome.status) == ("external_client_app", "done", Status.CHANGED)
    assert outcome.manual == ()
    steps, outcome = applied.again(conexiom_accepts="external_client_app")
    assert (steps, outcome.status) == ((), Status.CONVERGED)
    steps, outcome = applied.again(conexiom_accepts="external_client_app", callback_url=f"{CALLBACK}/2")
    assert [(one.change.op, one.result) for one in steps] == [("update", "done")]
    assert outcome.status == Status.CHANGED
    by_hand = applied.again(route="manual", callback_url=f"{CALLBACK}/2")[1]
    assert by_hand.status == Status.CONVERGED


def test_a_part_that_salesforce_refuses_leaves_no_app_behind(applied: Applied) -> None:
    applied.between("modern", lambda request, answer: answer, before=without_callback)
    (step,), outcome = applied.again(route="external_client_app")
    assert (step.result, outcome.status) == ("failed", Status.FAILED)
    assert "Conexiom_glbloauth: " in step.error, "the part, and Salesforce's words"
    assert applied.org.send([ReadMetadata("ExternalClientApplication", "Conexiom")]) == [None]


def without_callback(request: Any) -> Any:
    """A deployment with a callback URL that is none."""
    if not isinstance(request, Deploy):
        return request
    spoilt = [
        replace(one, properties={**one.properties, "callbackUrl": "nonsense"})
        if "callbackUrl" in one.properties
        else one
        for one in request.components
    ]
    return Deploy(spoilt)


def test_a_new_app_is_waited_for_until_the_token_endpoint_knows_it(applied: Applied) -> None:
    applied.org = connect(applied._sim.new_org("fresh"), store=SecretStore(applied._folder))
    applied.fault({"kind": "app_propagation", "times": 3})
    (step,), outcome = applied.again()
    assert (step.result, outcome.status, outcome.manual) == ("done", Status.CHANGED, ())
    assert len(applied.progress) == 3
    assert 2 < applied.waited < 60


def test_the_wait_ends_and_says_what_is_left(applied: Applied) -> None:
    applied.org = connect(applied._sim.new_org("fresh"), store=SecretStore(applied._folder))
    applied.fault({"kind": "app_propagation", "times": 99})
    (step,), outcome = applied.again(propagation_timeout_minutes=2)
    assert (step.result, outcome.status) == ("done", Status.WAITING)
    assert [left.step for left in outcome.manual] == ["app_known"]
    assert "invalid_client_id" in outcome.manual[0].what
    assert applied.waited == 120
    applied.fault()
    assert applied.again()[1].status == Status.CONVERGED


def test_no_second_app_is_made_beside_one_of_another_api_name(applied: Applied) -> None:
    applied.org = connect(applied._sim.new_org("fresh"), store=SecretStore(applied._folder))
    oauth = {"callbackUrl": CALLBACK, "scopes": ["Full", "Web"]}
    app = {"fullName": "Portal", "label": "Conexiom", "contactEmail": "a@acme.example", "oauthConfig": oauth}
    assert applied.org.send([WriteMetadata("create", "ConnectedApp", app)]) == [None]
    steps, outcome = applied.again()
    assert (steps, [left.step for left in outcome.manual]) == ((), ["compare_app"])
    (rows,) = applied.org.send([Query("SELECT Name FROM ConnectedApplication")])
    assert len(rows) == 1
    assert [left.step for left in applied.again(app_name="Portal")[1].manual] == ["consumer_secret"]
