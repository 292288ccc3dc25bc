"""Runs as the runner leaves them, made without an org."""

from __future__ import annotations

import json
from pathlib import Path

from cnxlib.records import RunRecord
from cnxlib.records.sealing import seal

ALIAS = "Größe GmbH"
"""Neither ASCII nor free of spaces, as people name things."""

_CHANGE = {"op": "create", "kind": "assignment", "key": "a@acme.example", "before": None, "after": {"set": "User"}}


def begun(root: Path, alias: str = ALIAS, ticket: str = "CHG-1", simulated: bool = True) -> RunRecord:
    """A run that its runner began, in the middle of its only phase."""
    record = RunRecord.begin(alias, root)
    said = {"known": {"org_id": "00D000000000001EAA", "user": "admin@acme.example"}, "mode": "apply"}
    versions = {"cnxlib": "0.1", "python": "3.11"}
    params = {"07_existing_users": {"ticket": ticket}}
    start = {"phases": ["07_existing_users"], "parameters": params, "ticket": ticket, "versions": versions}
    record.event("run-started", start, mode="apply")
    org = {"alias": alias, "id": "00D000000000001EAA", "name": "Acme", "type": "sandbox"}
    began = {"org": org, "user": "admin@acme.example", "simulated": simulated}
    began |= {"host": "127.0.0.1", "certificate": "ab" * 32}
    record.event("phase-started", began, phase="07_existing_users", **said)
    record.event("plan", {"digest": "sha256:" + "c" * 64, "changes": [_CHANGE]}, phase="07_existing_users", **said)
    record.event("step-done", {**_CHANGE, "result": "done"}, phase="07_existing_users", **said)
    notebook = {"cells": [{"cell_type": "code", "execution_count": 1, "source": record.run_id, "outputs": []}]}
    record.write_json("07_existing_users.ipynb", {**notebook, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    return record


def ended(root: Path, alias: str = ALIAS, ticket: str = "CHG-1", simulated: bool = True) -> RunRecord:
    """A run that came to its end and is not sealed."""
    record = begun(root, alias, ticket, simulated)
    outcome = {"status": "changed", "digest": "sha256:" + "c" * 64}
    record.event("phase-ended", outcome, phase="07_existing_users", mode="apply")
    record.write_json("run.json", {"run_id": record.run_id, "status": "changed"})
    record.event("run-ended", {"status": "changed", "seconds": 1.0, "api_calls": 3}, mode="apply")
    return record


def sealed(root: Path, alias: str = ALIAS, ticket: str = "CHG-1", simulated: bool = True) -> RunRecord:
    """A run as it should be."""
    record = ended(root, alias, ticket, simulated)
    seal(record, by="runner", ending="complete")
    return record


def predicate_of(path: Path) -> dict[str, object]:
    """What a record's statement says."""
    import base64

    envelope = json.loads((path / "statement.dsse.json").read_text())
    predicate: dict[str, object] = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    return predicate
