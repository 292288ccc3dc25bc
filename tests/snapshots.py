"""Comparing the whole state of two simulated orgs, whatever ids, times and secrets they have."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

ID = re.compile(r"[a-zA-Z0-9]{15}([A-Z0-5]{3})?")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
PROFILE_SET = re.compile(r"X?00e[a-zA-Z0-9]{12}(?=_)")
"""Set of a profile's own: its name and label begin with the profile's id."""
HISTORY = frozenset({"LoginHistory", "SetupAuditTrail"})
"""What an org tells of the way to its state: a run that was killed has logged in once more."""


def state(snapshot: Mapping[str, Any]) -> Counter[str]:
    """Every row and document of an org, each as text, with how often it is there.

    An id is replaced by a digest of the row that it belongs to, so that who is linked with whom still counts.
    """
    objects = {name: rows for name, rows in snapshot["objects"].items() if name not in HISTORY}
    rows = [(name, row) for name, found in objects.items() for row in found]
    names = {row["Id"]: name for name, row in rows if "Id" in row}
    for _ in range(3):  # each round tells rows apart by one more step along their links
        names = {row["Id"]: f"{name} {_digest(_plain(row, names, snapshot))}" for name, row in rows if "Id" in row}
    texts = [f"{name} {_text(_plain(row, names, snapshot))}" for name, row in rows]
    for kind, documents in snapshot["documents"].items():
        texts += [f"{kind} {_text(_plain([name, value], names, snapshot))}" for name, value in documents.items()]
    return Counter(texts)


def _plain(value: Any, names: Mapping[str, str], snapshot: Mapping[str, Any]) -> Any:
    """`value` with ids named, without times and what is drawn at random."""
    if isinstance(value, Mapping):
        drawn = {"Id", "consumerKey"}
        if value.get("IsOwnedByProfile"):
            drawn |= {"Name", "Label"}  # made of the set's id
        return {key: _plain(each, names, snapshot) for key, each in value.items() if key not in drawn}
    if isinstance(value, list):
        return [_plain(each, names, snapshot) for each in value]
    if not isinstance(value, str):
        return value
    if TIME.fullmatch(value):
        return "TIME"
    if value[:15] == snapshot["org_id"][:15]:
        return "ORG"
    if ID.fullmatch(value) and value in names:
        return names[value]
    return PROFILE_SET.sub("PROFILE", value).replace(snapshot["alias"], "ALIAS")


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _digest(value: Any) -> str:
    return hashlib.sha256(_text(value).encode()).hexdigest()[:12]
