"""The app for single sign-on, made in simulated orgs: where it may be, where it may not, and while it spreads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnxlib.engine import Engine
from cnxlib.model import Outcome, Status, Step
from cnxlib.phases import find_phase
from cnxlib.salesforce import Deploy, ReadMetadata, WriteMetadata
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

    def on(self, scenario: str, **params: Any) -> tuple[tuple[Step, ...], Outcome]:
        self.org = connect(self._sim.new_org(scenario), store=SecretStore(self._folder))
        return self.again(**params)

    def again(self, **params: Any) -> tuple[tuple[Step, ...], Outcome]:
        phase = find_phase("03")
        values = phase.parse({"org": self.org.alias, "callback_url": CALLBACK, **params})
        me = self.org.identity
        engine = Engine(
            phase.id,
            phase.title,
            me.org_id,
            phase.resources(values, me),
            phase.checks(values, me),
            self.org.send,
            emit=self._emit,
            sleep=self._sleep,
            clock=lambda: self.waited,
        )
        engine.preflight()
        plan, _ = engine.plan()
        return engine.apply(plan), engine.verify("apply")

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
