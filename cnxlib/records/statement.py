"""The statement: what a record's seal says. An in-toto Statement v1 whose predicate describes the run.

Subjects are the record's files by name and SHA-256, so the record may lie anywhere; `previous` names the statement of
the run of the same org that was sealed before, so the statements of an org are a chain.
Source: github.com/in-toto/attestation, spec/v1/statement.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "urn:conexiom-runbook:run-record:v1"

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
By = Literal["runner", "next-run", "person"]
Ending = Literal["complete", "interrupted"]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Digest(_Said):
    """A file's digest."""

    sha256: Sha256


class Subject(_Said):
    """A file of the record."""

    name: str
    digest: Digest


class Link(_Said):
    """One run of the chain, by the SHA-256 of its statement's file."""

    run_id: str
    number: Annotated[int, Field(ge=1)]
    sha256: Sha256


class SealedOrg(_Said):
    """The org, as it called itself; "" where it was never reached."""

    alias: str
    id: str = ""
    name: str = ""
    type: str = ""


class SealedPhase(_Said):
    """How a phase ended (None: it did not), and the digest of its plan."""

    status: str | None = None
    digest: str = ""


class Seal(_Said):
    """Who sealed the record, and when (UTC)."""

    by: By
    at: str


class SecretHit(_Said):
    """Where a secret was found and taken out; never the secret."""

    file: str
    place: str
    kind: str


class Scan(_Said):
    """The scan for secrets before sealing: with what, and what it found."""

    tools: Mapping[str, str] = {}
    hits: tuple[SecretHit, ...] = ()


class Predicate(_Said):
    """The run. `number` counts the org's sealed runs from 1; times are UTC; `key` is the signer's fingerprint."""

    run_id: str
    number: Annotated[int, Field(ge=1)]
    previous: Link | None
    org: SealedOrg
    simulated: bool | None
    host: str
    certificate: str
    user: str
    mode: str
    ticket: str
    phases: Mapping[str, SealedPhase]
    status: str
    started_at: str
    ended_at: str
    ending: Ending
    sealed: Seal
    versions: Mapping[str, str]
    scan: Scan
    key: Sha256

    @model_validator(mode="after")
    def _follows(self) -> Predicate:
        if (self.previous.number if self.previous else 0) != self.number - 1:
            raise ValueError("the number does not follow the previous one")
        return self


class Statement(_Said):
    """All that is signed."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type", default=TYPE)
    subject: tuple[Subject, ...]
    predicate_type: Literal["urn:conexiom-runbook:run-record:v1"] = Field(alias="predicateType", default=PREDICATE)
    predicate: Predicate

    @field_validator("subject")
    @classmethod
    def _each_once(cls, subject: tuple[Subject, ...]) -> tuple[Subject, ...]:
        if len({one.name for one in subject}) != len(subject):
            raise ValueError("a file is named twice")
        return subject

    @classmethod
    def read(cls, payload: bytes) -> Statement:
        """Read what an envelope holds.

        Raises
        ------
        ValueError
            It is no statement about a run record; says why.
        """
        try:
            value = json.loads(payload)
        except (ValueError, RecursionError):
            raise ValueError("its payload is no JSON") from None
        if not isinstance(value, dict) or value.get("_type") != TYPE:
            raise ValueError(f"its payload is no {TYPE}")
        if value.get("predicateType") != PREDICATE:
            raise ValueError(f"its predicate type is {value.get('predicateType')!r}, not {PREDICATE}")
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            raise ValueError(f"its {place} is malformed") from None

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 by name."""
        return {one.name: one.digest.sha256 for one in self.subject}

    def as_json(self) -> dict[str, Any]:
        """The published shape."""
        return self.model_dump(mode="json", by_alias=True)

    def payload(self) -> bytes:
        """What is signed."""
        return json.dumps(self.as_json(), ensure_ascii=False, separators=(",", ":")).encode()
