"""Every scenario × every fault, at the engine's level: each phase ends well, or says what stopped it and what to do.

A phase is met by the fault twice: while it reads, and while it writes. Then it is applied again without the fault. In
the end the org is what it is after a run that nothing disturbed: nothing is missing, and nothing is there twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import simple_salesforce.metadata
import tenacity.nap
import zeep

from cnxlib.engine import Engine
from cnxlib.errors import CnxError
from cnxlib.model import Outcome, Status
from cnxlib.phases import PHASES, Phase, find_phase
from cnxlib.salesforce import Query, soql
from cnxlib.salesforce.org import Org, connect
from cnxlib.simorg.scenarios import loader
from tests.conftest import Sim
from tests.processes import cnx
from tests.snapshots import state
from tests.test_guide import flat

HASTE = 1200.0
"""Seconds of the phases' waiting in one second: the half hour for an installation is over in 1.5 s."""

Order = Mapping[str, Any]
"""A fault as the simulated org's control door takes it."""

SOON: Order = {"kind": "install_slow", "value": 0.05, "times": None}
"""An installation that takes no time worth waiting for."""

WRITES = {"method": "POST|PATCH|DELETE", "path": "/sobjects|/deployRequest|/Soap/m/"}
POLLS = {"method": "GET", "path": "PackageInstallRequest%20WHERE%20Id%20"}


@dataclass(frozen=True)
class Fault:
    """What strikes a phase while it reads, and while it writes and looks at what it wrote."""

    reading: Sequence[Order] = ()
    writing: Sequence[Order] = ()
    last: str = PHASES[-1].id
    """The last phase in which there is anything for it to strike."""


def anywhere(kind: str) -> Fault:
    """A fault that strikes the first request that reads, and the first and the third that write."""
    return Fault([{"kind": kind}], [{"kind": kind, "match": WRITES, "after": after} for after in (0, 2)])


def installing(kind: str, **more: Any) -> Fault:
    """A fault of an installation."""
    return Fault(writing=[{"kind": kind, **more}], last="01_install_package")


FAULTS: dict[str, Fault] = {
    "latency": Fault(writing=[{"kind": "latency", "value": 50}]),
    "lost_answer": anywhere("lost_answer"),
    "http_503": anywhere("http_503"),
    "http_429": anywhere("http_429"),
    "request_limit": Fault(writing=anywhere("request_limit").writing),
    "lock_row": Fault(writing=[{"kind": "lock_row", "times": 2}]),
    "session_expired": anywhere("session_expired"),
    "already_in_process": Fault([{"kind": "already_in_process"}], [{"kind": "already_in_process", "times": 2}]),
    "install_slow": installing("install_slow", value=2.0),  # 40 minutes
    "install_error": installing("install_error", value="The post install script failed."),
    "app_propagation": Fault(writing=[{"kind": "app_propagation", "times": 2}], last="04_api_access"),
    "first_poll_400": installing("first_poll_400", match=POLLS, times=2),
}

SETTLED = (Status.CONVERGED, Status.CHANGED, Status.WAITING, Status.NOT_NEEDED)
LETTERS = {
    Status.CONVERGED: "=",
    Status.CHANGED: "+",
    Status.WAITING: "w",
    Status.NOT_NEEDED: "-",
    Status.FAILED: "F",
    Status.BLOCKED: "B",
}
"""How the table tells a phase's status. f: what struck a read ended the plan, and the one after it was carried out."""

OVERCOME = ("latency", "lock_row")
"""Faults that a phase gets over by itself: it ends as it does without them."""

LASTS = {fault.last for fault in FAULTS.values()}
CROWD = "many-users"
SCENARIOS = [name for name in loader.names() if name != CROWD]
"""All but the one of 10,000 users, in which a run takes minutes: it has a test of its own."""

GIVEN = {
    "lost_answer": "Conexiom User",
    "http_503": "Conexiom Read Only",
    "lock_row": "Conexiom SuperUser",
    "session_expired": "Conexiom Admin User",
}
"""In the crowd: the set that is given while a fault strikes. Those faults that meet long lists and many batches."""


@dataclass
class Cell:
    """A scenario's org, on which the guide is carried out while a fault strikes."""

    sim: Sim
    org: Org
    struck: int = 0
    """How often the fault struck."""
    letters: str = ""
    told: list[Outcome] = field(default_factory=list)
    """How each phase ended, whenever it did."""
    states: dict[str, Counter[str]] = field(default_factory=dict)
    """Every row and document of the org after the fault's last phase; where nothing strikes, after each of `LASTS`."""

    def __post_init__(self) -> None:
        self.parameters = flat(self.org.alias)
        self._ordered: list[Order] | None = None

    def carry_out(self, fault: Fault, phases: Sequence[Phase[Any]] = PHASES) -> dict[str, Status]:
        """The guide, phase by phase; then all of it again without the fault. Returns how that ends.

        Where nothing failed, the second round is left out: {}.
        """
        kept = {fault.last} if fault.writing else LASTS
        self.order(())
        phases = [phase for phase in phases if phase.id <= fault.last]
        for phase in phases:
            applied = self.apply(phase, fault.reading, fault.writing)
            late = bool(fault.reading) and applied.status is Status.FAILED and not applied.steps
            if late:
                applied = self.apply(phase, (), fault.writing)
            self.letters += "f" if late and applied.status in SETTLED else LETTERS[applied.status]
            if applied.status not in SETTLED:
                self.apply(phase)
            if phase.id in kept:
                self.states[phase.id] = self.state()
        if fault.writing and not {LETTERS[Status.FAILED], "f"}.intersection(self.letters):
            return {}  # an org in the same state goes on in the same way, and the state is compared
        return {phase.id: self.apply(phase).status for phase in phases}

    def apply(self, phase: Phase[Any], reading: Sequence[Order] = (), writing: Sequence[Order] = ()) -> Outcome:
        """Plan a phase while the ones strike, and apply it while the others do."""
        engine = self.engine(phase)
        self.order(reading)
        try:
            engine.preflight()
            plan, outcome = engine.plan()
            if not plan and not writing:
                return self.tell(outcome)
            self.order(writing)
            engine.apply(plan)
            return self.tell(engine.verify("apply"))
        except CnxError as error:
            return self.tell(engine.failed(error, "apply"))
        finally:
            self.order(())

    def tell(self, outcome: Outcome) -> Outcome:
        """Keep an outcome."""
        self.told.append(outcome)
        return outcome

    def engine(self, phase: Phase[Any]) -> Engine:
        """A phase's engine that is in haste."""
        me = self.org.identity
        params = phase.parse({"org": self.org.alias, "mode": "apply", **self.parameters[phase.id]})
        return Engine(
            phase.id,
            phase.title,
            me.org_id,
            phase.resources(params, me),
            phase.checks(params, me),
            self.org.send,
            sleep=lambda seconds: time.sleep(seconds / HASTE),
            clock=lambda: time.monotonic() * HASTE,
            alias=self.org.alias,
            guide=phase.guide,
        )

    def order(self, orders: Sequence[Order]) -> None:
        """Have these faults and no others; how often the ones before struck is counted."""
        path = f"orgs/{self.org.alias}/faults"
        if self._ordered == list(orders):
            return
        if self._ordered:
            self.struck += sum(one["struck"] for one in self.sim.control("GET", path) if one["value"] != SOON["value"])
        self._ordered = list(orders)
        slow = any(order["kind"] == "install_slow" for order in orders)
        self.sim.control("PUT", path, [*orders, *([] if slow else [SOON])])

    def state(self) -> Counter[str]:
        """Every row and document of the org, but for installations that failed: those are history."""
        snapshot = self.sim.control("GET", f"orgs/{self.org.alias}/snapshot")
        requests = snapshot["objects"].get("PackageInstallRequest", [])
        snapshot["objects"]["PackageInstallRequest"] = [row for row in requests if row["Status"] != "ERROR"]
        return state(snapshot)


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries, and the Metadata API's WSDL read once."""
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(simple_salesforce.metadata, "Client", lambda address, settings: wsdl(address))


@cache
def wsdl(address: str) -> Any:
    """What simple-salesforce makes of the WSDL."""
    return zeep.Client(address, settings=zeep.Settings(strict=False, xsd_ignore_sequence_order=True))


@contextmanager
def cell(sim: Sim, scenario: str) -> Iterator[Cell]:
    """A new org of the scenario, logged in."""
    org = connect(sim.new_org(scenario))
    try:
        yield Cell(sim, org)
    finally:
        org.close()


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a row takes most of a minute, and many where the machine has much else to do
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_fault_is_told_or_overcome(
    sim: Sim, scenario: str, record_property: Callable[[str, object], None]
) -> None:
    with cell(sim, scenario) as calm:
        ends = calm.carry_out(Fault())
    row, wrong = {"none": calm.letters}, complaints(calm)
    for name in FAULTS:
        with cell(sim, scenario) as struck:
            found = struck.carry_out(FAULTS[name])
        last = FAULTS[name].last
        left, wanted = struck.states[last], calm.states[last]
        row[name] = struck.letters if struck.struck else ""
        if name in OVERCOME and struck.letters != calm.letters:
            wrong.append(f"{name}: {struck.letters}, not {calm.letters}")
        wrong += [f"{name}: {said}" for said in complaints(struck)]
        wrong += [
            f"{name}: {phase} ends {status}, not {ends[phase]}"
            for phase, status in found.items()
            if status != ends[phase]
        ]
        wrong += [f"{name}: more than without it: {text} ({count}x)" for text, count in (left - wanted).items()]
        wrong += [f"{name}: less than without it: {text} ({count}x)" for text, count in (wanted - left).items()]
        if scenario == "fresh" and not struck.struck:
            wrong.append(f"{name} strikes nothing")
    record_property("matrix", [scenario, row])
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_a_crowd_is_given_its_sets_once(sim: Sim, record_property: Callable[[str, object], None]) -> None:
    """Of the guide, 07: what 600 of 10,000 users are given goes out in batches of 200, some of which are struck.

    The phases before it send as many requests here as in any org, or write as few rows.
    """
    row, wrong = {}, []
    held = "SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Label = {}"
    with cell(sim, CROWD) as crowd:
        install, giving = find_phase("01"), find_phase("07")
        assert crowd.apply(install).status in SETTLED
        own = crowd.parameters[giving.id]
        for fault, label in GIVEN.items():
            own["assignments"] = [{"set": label, "profile": "Standard User"}]
            before, crowd.letters = crowd.struck, ""
            ends = crowd.carry_out(FAULTS[fault], [giving])
            row[fault] = "......" + crowd.letters + ".."
            (rows,) = crowd.org.send([Query(soql(held, label))])
            holders = Counter(r["AssigneeId"] for r in rows)
            if not crowd.struck - before or len(holders) < 600 or max(holders.values()) > 1:
                wrong.append(f"{fault}: struck {crowd.struck - before} times, {label} has {len(holders)} holders")
            if any(status is not Status.CONVERGED for status in ends.values()):
                wrong.append(f"{fault}: in the end {ends}")
        wrong += complaints(crowd)
    record_property("matrix", [CROWD, row])
    assert not wrong, "\n".join(wrong)


def complaints(cell: Cell) -> list[str]:
    """Outcomes that leave the reader alone: a failure without its name, step or remedy, a wait for who knows what."""
    return [f"{outcome.phase} {outcome.status}: {outcome.error!s}" for outcome in cell.told if not _said(outcome)]


def _said(outcome: Outcome) -> bool:
    if outcome.status in (Status.FAILED, Status.BLOCKED):
        error = outcome.error
        return isinstance(error, CnxError) and all((error.message, error.org, error.guide, error.hint))
    if outcome.status is Status.WAITING:
        return any(step.what and step.guide and not step.done_at for step in outcome.manual)
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "fault", "phase", "code", "status", "again"),
    [
        ("fresh", "lost_answer", "01", 0, "changed", "converged"),
        ("older-package", "install_error", "01", 1, "failed", "changed"),
        ("converged", "request_limit", "04", 1, "failed", "converged"),
    ],
)
def test_a_sample_by_the_command_line(
    sim: Sim, tmp_path: Path, scenario: str, fault: str, phase: str, code: int, status: str, again: str
) -> None:
    alias = sim.new_org(scenario)
    orders = [*FAULTS[fault].reading, *FAULTS[fault].writing]
    sim.control("PUT", f"orgs/{alias}/faults", [*orders, SOON])
    struck = cnx("apply", "--org", alias, "--phase", phase, "--json", cwd=tmp_path)
    (outcome,) = struck.json["phases"]
    assert (struck.code, outcome["status"]) == (code, status), struck.err
    assert code == 0 or outcome["error"]["hint"]

    sim.control("PUT", f"orgs/{alias}/faults", [])
    calm = cnx("apply", "--org", alias, "--phase", phase, "--json", cwd=tmp_path)
    (outcome,) = calm.json["phases"]
    assert (calm.code, outcome["status"]) == (0, again), calm.err
