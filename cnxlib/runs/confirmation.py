"""Confirming what only a person can do: a run of its own, which reads the org and writes to its record alone.

Who confirmed is whoever is logged in, never what somebody typed. The record holds what was asked, by the digest of its
words: where the words change, and with them the facts in them, the step is asked again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnxlib.errors import CnxError, RecordError, SecretError, StalePlan, UsageError
from cnxlib.history import Confirmation, Confirmed
from cnxlib.model import ManualStep, Outcome
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.records import RunRecord
from cnxlib.records.keys import signing_key
from cnxlib.records.past import Past
from cnxlib.records.presence import present
from cnxlib.records.sealing import seal_cut_off
from cnxlib.records.versions import versions
from cnxlib.runs.closing import close
from cnxlib.runs.result import RunResult
from cnxlib.salesforce.org import Org
from cnxlib.secrets.heritage import Heritage
from cnxlib.ui.attempt import engine_for


@dataclass(frozen=True)
class Asked:
    """A manual step as its phase asks it now, with the phase's parameters and how the phase stands."""

    phase: Phase[Any]
    params: PhaseParams
    outcome: Outcome
    step: ManualStep

    @property
    def name(self) -> str:
        """The step's name over all phases: "09.setup_file"."""
        return f"{self.phase.id[:2]}.{self.step.step}"

    def on_record(self, org: Org) -> Confirmed | None:
        """Its confirmation that holds, None without one."""
        question = Confirmation(self.phase.id, self.step.step, self.step.digest)
        answer = Past(org.alias, org.identity.org_id).recall(question)
        return answer if isinstance(answer, Confirmed) else None

    def as_json(self) -> dict[str, Any]:
        """The published shape of a listed step."""
        return {"phase": self.phase.id, "name": self.name, **self.step.as_json(), "digest": self.step.digest}


@dataclass(frozen=True)
class Asking:
    """The manual steps of some phases.

    Attributes
    ----------
    steps:
        In the guide's order, confirmed ones among them.
    unread:
        By phase id, why its steps cannot be told.
    """

    steps: tuple[Asked, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def left(self) -> tuple[Asked, ...]:
        """Those that nobody has confirmed."""
        return tuple(asked for asked in self.steps if not asked.step.done_at)

    def find(self, name: str) -> Asked:
        """The step that "09.setup_file", "setup_file" or the beginning of either means.

        Raises
        ------
        UsageError
            None does, or several; lists those there are.
        """
        spelt = {asked.name: (asked.name, asked.step.step) for asked in self.steps}
        exact = [asked for asked in self.steps if name in spelt[asked.name]]
        fitting = exact or [a for a in self.steps if any(one.startswith(name) for one in spelt[a.name])]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise UsageError(f"{name!r} is {' or '.join(asked.name for asked in fitting)}", hint="Give one of them.")
        known = ", ".join(asked.name for asked in self.steps) or "none"
        unread = "".join(f" {phase} cannot be read: {why}" for phase, why in self.unread.items())
        raise UsageError(f"No phase asks for a step {name!r}", hint=f"There are: {known}.{unread}")


def asked_of_people(
    org: Org, phases: Sequence[tuple[Phase[Any], PhaseParams]], refused: Mapping[str, str] | None = None
) -> Asking:
    """Read the org, phase by phase, for what is left to people. A phase that cannot be read is told, not raised.

    Parameters
    ----------
    org:
        Logged in.
    phases:
        Those to read, with their parameters.
    refused:
        By phase id, why it cannot be read with the parameters it has: told beside the others.
    """
    steps: list[Asked] = []
    unread = dict(refused or {})
    for phase, params in phases:
        if phase.not_needed(params):
            continue
        try:
            _, outcome = engine_for(phase, params, org).plan()
        except CnxError as error:
            unread[phase.id] = error.message
            continue
        steps += [Asked(phase, params, outcome, step) for step in outcome.manual]
    return Asking(tuple(steps), unread)


def evidence_of(path: Path) -> dict[str, str]:
    """Name and SHA-256 of a file that shows that a step was done; its content stays where it is.

    Raises
    ------
    UsageError
        It cannot be read, or is empty.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for part in iter(lambda: file.read(1 << 20), b""):
                digest.update(part)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="Check --evidence.") from None
    if digest.digest() == hashlib.sha256().digest():
        raise UsageError(f"{path} is empty and shows nothing", hint="Give the file that arrived, as it arrived.")
    return {"name": path.name, "sha256": digest.hexdigest()}


def without_evidence(asked: Asked, evidence: Mapping[str, str] | None) -> str:
    """What is said of a confirmation without the file that the step asks for, "" where it is given or not asked for."""
    if evidence or not asked.step.wants_evidence:
        return ""
    return (
        f"No file was given for {asked.name}, so its hash is not on record. To put it there, confirm the step again: "
        f"cnx confirm --org {asked.params.org} {asked.name} --evidence FILE"
    )


def confirm(
    org: Org,
    asked: Asked,
    *,
    note: str = "",
    evidence: Mapping[str, str] | None = None,
    ticket: str = "",
    expected_digest: str = "",
) -> tuple[RunResult, Confirmed | None]:
    """Put down that a manual step is done, in a record of its own, and seal it.

    Parameters
    ----------
    org:
        Logged in as who confirms.
    asked:
        The step.
    note, ticket:
        What the person has to say, and the change number.
    evidence:
        As `evidence_of` returns it.
    expected_digest:
        `ManualStep.digest` of the step that was read, "" where whatever it says now is meant.

    Returns
    -------
    The run, and what is on record now: None where it could not be put down, which `RunResult.error` tells.

    Raises
    ------
    UsageError
        Reading alone closes the step. Nothing was put down.
    StalePlan
        The step no longer says what was read. Nothing was put down.
    SecretError
        There is no key to seal the record with. Nothing was put down.
    RecordError
        The record cannot begin.
    """
    if asked.step.closed_by == "reading":
        raise UsageError(f"{asked.name} is not a matter of anybody's word", org=org.alias, hint=asked.step.meaning)
    if expected_digest and expected_digest != asked.step.digest:
        raise StalePlan(
            f"The step {asked.name} no longer says what was read", org=org.alias, hint="Read it again, then confirm."
        )
    signing_key()
    seal_cut_off(org.alias)
    record = RunRecord.begin(org.alias)
    with present(record), Heritage() as heritage:
        return _put_down(record, heritage, org, asked, {"note": note, "evidence": evidence}, ticket)


def _put_down(
    record: RunRecord, heritage: Heritage, org: Org, asked: Asked, said: Mapping[str, Any], ticket: str
) -> tuple[RunResult, Confirmed | None]:
    me, phase, step = org.identity, asked.phase, asked.step
    started_at, clock = _now(), time.monotonic()
    described = {"alias": org.alias, "id": me.org_id, "name": me.org_name, "type": me.org_type}
    params = asked.params.model_dump(mode="json")

    def event(name: str, data: Mapping[str, Any], phase_id: str = phase.id) -> None:
        known: dict[str, Any] = {"org_id": me.org_id, "user": me.username, "ticket": ticket}
        known |= {"server_at": org.server_time, "api_calls": org.api_calls}
        record.event(name, data, phase=phase_id, mode="confirm", known=known)

    outcome, confirmed, failure = asked.outcome, None, None
    try:
        begin = {"phases": [phase.id], "parameters": {phase.id: params}, "ticket": ticket, "versions": versions()}
        event("run-started", begin, "")
        event(
            "phase-started",
            {
                "org": described,
                "user": me.username,
                "simulated": org.simulated,
                "host": org.host,
                "certificate": org.certificate,
                "params": params,
                "guide": list(phase.guide),
            },
        )
        words = {"what": step.what, "closed_by": step.closed_by, "warning": without_evidence(asked, said["evidence"])}
        event("confirmed", {"step": step.step, "digest": step.digest, **words, **said})
        confirmed = asked.on_record(org)
        if confirmed is not None:
            outcome = outcome.confirmed(step.confirmed(confirmed.by, confirmed.at))
        outcome = replace(outcome, seconds=time.monotonic() - clock, api_calls=org.api_calls)
        event("phase-ended", outcome.as_json())
    except (RecordError, SecretError) as error:
        failure = error.as_json()
    result = RunResult(
        org=described,
        run_id=record.run_id,
        mode="confirm",
        record=record.path,
        ticket=ticket,
        started_at=started_at,
        ended_at=_now(),
        seconds=time.monotonic() - clock,
        phases=[outcome.as_json()],
        error=failure,
    )
    return close(record, result, heritage), confirmed


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
