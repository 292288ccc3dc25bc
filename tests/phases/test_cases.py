"""The JSON cases: facts in, changes out. No org, no mock, no Python needed to add one.

A case is tests/cases/<phase>/<name>.json:

    case      what it is about, one sentence
    situation which of `SITUATIONS` or `CONFIRMATIONS` it shows, where it shows one
    covers    which state of which kind it shows: "permission_set:absent"
    params    the phase's parameters
    me        what is different about who is logged in
    include   files of tests/cases/facts/ whose facts hold too; the case's own come first
    facts     a pattern for a read (fnmatch; "query …", "tooling …", "metadata Type/Name",
              "authorize KEY URL", "token GRANT") and its answer
    held      names of the secrets that the store holds
    held_key  the consumer key among them, where it matters which
    made      what earlier runs made: ids by key, by kind; attempted likewise, where they did not learn the end of it
    left      why an attempt to create was left to a person: by key, by kind
    confirmed names of the manual steps that somebody confirmed as they read now
    confirmed_as
              how others read when somebody confirmed them: guide, what and url, by name
    asked     manual steps as the newest apply asked them: words by name
    run       the run that is taken back (99): the steps of its record, as `PastStep` has them
    expect    status, changes (all of them, in the plan's order), manual (names of the steps), asks (words of theirs),
              error (a class), says (words of its), reason (words of the outcome's),
              warns (names of the checks that warn, where the case is about them), not_undone (99: what stays, and
              words of the reason)

A read that no fact answers fails the case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from cnxlib.engine import Engine
from cnxlib.errors import CnxError, NotYet
from cnxlib.history import (
    Asked,
    AskedBefore,
    Attempted,
    Confirmation,
    Confirmed,
    Given,
    Left,
    LeftToPeople,
    Made,
    PastRun,
    PastStep,
    RunSteps,
    no_history,
)
from cnxlib.model import ManualStep, Outcome
from cnxlib.phases import PHASES, find_phase
from cnxlib.resources.undo import LEFT
from cnxlib.salesforce import (
    AuthorizeDoor,
    Identity,
    Query,
    ReadMetadata,
    SecretHeld,
    SecretMatches,
    SecretsMark,
    TokenDoor,
    ToolingQuery,
)
from cnxlib.salesforce.refusals import refusal

CASES = Path(__file__).parents[1] / "cases"
FILES = sorted(path for path in CASES.glob("*/*.json") if path.parent.name != "facts")
KINDS = (
    "assignment",
    "connected_app",
    "external_client_app",
    "field_permissions",
    "object_permissions",
    "package",
    "password",
    "permission_set",
    "permission_set_licence",
    "profile",
    "record_type",
    "rotation",
    "sealed_credentials",
    "setting",
    "support_mail",
    "support_request",
    "tab_setting",
    "user",
)
STATES = ("absent", "equal", "partial", "foreign")

SITUATIONS = ("absent", "partial", "equal", "foreign", "forbidden", "translated")
"""How an org may be found: nothing there, some of it, all of it; somebody else's making; not to be read by whoever is
logged in; in another language."""

CONFIRMATIONS = ("not_confirmed", "confirmed", "confirmed_otherwise")
"""How a manual step may be found; the last: confirmed when it read otherwise."""

PHASES_OF_CASES = sorted({path.parent.name for path in FILES})

ME = Identity(
    org_id="00D5f000000Abc1EAC",
    org_name="Acme",
    org_type="developer",
    user_id="0055f000000Adm1AAC",
    username="admin@acme.example",
    email="alex@acme.example",
    url="https://acme.my.salesforce.com",
    api_version="67.0",
)


def load(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    facts = dict(case["facts"])
    for name in case.get("include", ()):
        for pattern, answer in json.loads((CASES / "facts" / name).read_text(encoding="utf-8")).items():
            facts.setdefault(pattern, answer)
    return {**case, "facts": facts}


def text(request: Any) -> str:
    match request:
        case Query(soql):
            return f"query {soql}"
        case ToolingQuery(soql):
            return f"tooling {soql}"
        case ReadMetadata(type, full_name):
            return f"metadata {type}/{full_name}"
        case AuthorizeDoor(client_id, redirect_uri):
            return f"authorize {client_id} {redirect_uri}"
        case TokenDoor(form):
            return f"token {dict(form)['grant_type']}"
    raise AssertionError(f"a plan reads, it does not {request}")


class Facts:
    def __init__(self, case: dict[str, Any]) -> None:
        self._facts, self._held = case["facts"], case.get("held", ())
        self._held_key = case.get("held_key", "3MVGkey")
        self.used: set[str] = set()

    def send(self, requests: Sequence[Any]) -> list[Any]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        if isinstance(request, SecretHeld):
            return f"age:{request.name}" if request.name in self._held else ""
        if isinstance(request, SecretMatches):
            return request.value == self._held_key
        if isinstance(request, SecretsMark):
            return "3f9a2c01d4e5"
        for pattern, answer in self._facts.items():
            if fnmatchcase(text(request), pattern):
                self.used.add(pattern)
                if isinstance(answer, dict) and "errorCode" in answer:
                    asked = getattr(request, "sobject", "")
                    return refusal(answer["errorCode"], answer["message"], org="acme", asked=asked)
                return answer
        raise AssertionError(f"no fact answers: {text(request)}")


def outcome_of(phase_name: str, case: dict[str, Any], send: Any) -> Outcome:
    phase = find_phase(phase_name)
    params = phase.parse({"org": "acme", **case["params"]})
    me = replace(ME, **case.get("me", {}))
    engine = Engine(
        phase.id,
        phase.title,
        me.org_id,
        phase.resources(params, me),
        phase.checks(params, me),
        send,
        recall=lambda asked: past(case, asked),
        alias="acme",
        guide=phase.guide,
    )
    try:
        engine.preflight()
        return engine.plan()[1]
    except CnxError as error:
        return engine.failed(error, "plan")


def past(case: dict[str, Any], asked: Any) -> Any:
    match asked:
        case Made(kind):
            return case.get("made", {}).get(kind, {})
        case Given():
            return case.get("given", {})
        case Attempted(kind):
            return case.get("attempted", {}).get(kind, {})
        case LeftToPeople(kind):
            at = "2026-11-23T09:30:00+00:00"
            return {key: Left(why, at) for key, why in case.get("left", {}).get(kind, {}).items()}
        case Confirmation(_, step, digest) if step in case.get("confirmed", ()) or digest == confirmed_as(case, step):
            return Confirmed("admin@acme.example", "2026-11-24T00:00:00+00:00")
        case AskedBefore(_, step) if step in case.get("asked", {}):
            return Asked(ManualStep(step, ("G1.1",), case["asked"][step]), "2026-11-25T00:00:00+00:00")
        case RunSteps(run_id) if "run" in case:
            return PastRun(run_id, "2026-11-23T09:00:00Z", ME.username, tuple(past_step(one) for one in case["run"]))
    return no_history(asked)


def confirmed_as(case: dict[str, Any], step: str) -> str:
    """The digest of a manual step as it read when somebody confirmed it, "" where nobody did."""
    words = case.get("confirmed_as", {}).get(step)
    return ManualStep(step, tuple(words["guide"]), words["what"], url=words["url"]).digest if words else ""


def past_step(step: dict[str, Any]) -> PastStep:
    usual = {"phase": "02_integration_user", "before": None, "after": None, "guide": (), "reversible": True}
    return PastStep(**{**usual, **step})


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path) -> None:
    case = load(path)
    facts = Facts(case)
    outcome = outcome_of(path.parent.name, case, facts.send)
    expect = case["expect"]

    changes = [
        {k: v for k, v in change.as_json().items() if k in ("op", "kind", "key", "before", "after")}
        for change in outcome.changes
    ]
    assert changes == expect.get("changes", [])
    assert outcome.status == expect["status"], outcome.reason
    assert [step.step for step in outcome.manual] == expect.get("manual", [])
    assert type(outcome.error).__name__ == expect.get("error", "NoneType")
    assert expect.get("says", "") in str(outcome.error)
    if isinstance(outcome.error, CnxError):
        told_whole(outcome.error, path.parent.name)
    assert expect.get("asks", "") in " ".join(step.what for step in outcome.manual)
    if "warns" in expect:
        assert [one.name for one in outcome.checks if one.severity == "warning" and not one.ok] == expect["warns"]
    if "run" in case:
        stays = {what: why for table in outcome.tables if table.title == LEFT for what, why in table.rows}
        reasons = expect.get("not_undone", {})
        assert stays.keys() == reasons.keys()
        assert not {what: why for what, why in stays.items() if reasons[what] not in why}
    unused = set(case["facts"]).difference(facts.used) - included(case)
    assert not unused, f"facts that nothing read: {unused}"


def told_whole(error: CnxError, phase: str, alias: str = "acme") -> None:
    """Fails where an error leaves out org, guide step or what to do, or names a step that is not the phase's.

    What has to come from an earlier phase may be told as a step of that one, and every phase may tell of the package.
    """
    steps = set(find_phase(phase).guide)
    if steps:
        steps.add("G1.1")
    if isinstance(error, NotYet):
        steps.update(find_phase(error.phase).guide)
    assert error.org == alias
    assert error.hint
    assert bool(error.guide) == bool(steps)  # 99 serves no step of the guide
    assert set(error.guide) <= steps


def included(case: dict[str, Any]) -> set[str]:
    return {
        pattern
        for name in case.get("include", ())
        for pattern in json.loads((CASES / "facts" / name).read_text(encoding="utf-8"))
    }


def situations(files: Sequence[Path]) -> set[str]:
    return {json.loads(path.read_text(encoding="utf-8")).get("situation", "") for path in files} - {""}


@pytest.mark.parametrize("phase", PHASES_OF_CASES)
def test_each_phase_is_shown_in_every_situation(phase: str) -> None:
    assert set(SITUATIONS) <= situations([path for path in FILES if path.parent.name == phase])


def test_situations_are_those_there_are() -> None:
    assert situations(FILES) == {*SITUATIONS, *CONFIRMATIONS}


def test_every_phase_has_cases() -> None:
    assert sorted([*(phase.id for phase in PHASES), "99_undo"]) == PHASES_OF_CASES


def covered() -> Iterator[str]:
    for path in FILES:
        yield from json.loads(path.read_text(encoding="utf-8")).get("covers", ())


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_shown_absent_equal_partial_and_foreign(kind: str) -> None:
    assert {f"{kind}:{state}" for state in STATES} <= set(covered())


def test_kinds_of_the_cases_are_the_kinds_there_are() -> None:
    seen = {change["kind"] for path in FILES for change in load(path)["expect"].get("changes", [])}
    assert seen == set(KINDS) - {"support_request"}
    assert {name.partition(":")[0] for name in covered()} <= set(KINDS)
