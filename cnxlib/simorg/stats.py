"""What the simulated org was asked: requests and writes, in all and per org, and the one definition of a write."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from . import soap

WRITING_CALLS = frozenset(
    {
        *("create", "update", "upsert", "delete", "undelete", "merge", "setPassword", "resetPassword"),
        *("createMetadata", "updateMetadata", "upsertMetadata", "deleteMetadata", "renameMetadata"),
        *("deploy", "deployRecentValidation", "cancelDeploy"),
    }
)
"""SOAP calls (partner, enterprise and metadata doors) that change an org."""

_SAFE = ("GET", "HEAD", "OPTIONS")
_REST = re.compile(r"/services/data/v[\d.]+/(?P<resource>.*)")
_READ_BY_POST = re.compile(r"(tooling/)?composite/sobjects/\w+|parameterizedSearch")
_COMPOSITE = re.compile(r"(tooling/)?composite(/batch|/graph)?")


def is_write(method: str, target: str, body: bytes) -> bool:
    """Whether a request changed or tried to change an org, be it refused or not.

    `target` is the path with its query string. Logging in is not a write, nor is a read that travels by POST: a
    collection read by ids, a composite or batch of reads alone, readMetadata and its like. A composite that cannot be
    parsed counts as a write.
    """
    url = urlsplit(target)
    path = url.path.rstrip("/")
    method = parse_qs(url.query).get("_HttpMethod", [method])[0].upper()
    if method in _SAFE or not path.startswith("/services/") or path.startswith("/services/oauth2"):
        return False
    if path.startswith("/services/Soap/"):
        return _call_name(body) in WRITING_CALLS
    if match := _REST.fullmatch(path):
        resource = match["resource"]
        if method == "POST" and _READ_BY_POST.fullmatch(resource):
            return False
        if _COMPOSITE.fullmatch(resource):
            return any(
                is_write(verb, "/services/data/v1.0/" + _after_version(to), inner) for verb, to, inner in _inside(body)
            )
    return True


def kind(path: str, body: bytes) -> str:
    """The sort of request, for the count by kind: `query`, `tooling/query`, `soap/login`, `oauth2/token`."""
    if path.startswith("/services/Soap/"):
        return f"soap/{_call_name(body) or 'unreadable'}"
    if match := _REST.fullmatch(path):
        parts = match["resource"].split("/")
        depth = 2 if parts[0] in ("tooling", "composite", "metadata") and len(parts) > 1 else 1
        return "/".join(parts[:depth]) or "resources"
    parts = path.strip("/").split("/")
    if parts[:2] == ["services", "data"]:
        return "versions"
    return "/".join(parts[1:3]) if parts[0] == "services" else parts[0] or "root"


def _call_name(body: bytes) -> str | None:
    try:
        return soap.parse(body).name
    except soap.SoapFault:
        return None


def _after_version(url: object) -> str:
    match = re.search(r"(?:^|/)v[\d.]+/(.*)", str(url), re.DOTALL)
    return match[1] if match else str(url).lstrip("/")


def _inside(body: bytes) -> Iterable[tuple[str, object, bytes]]:
    """Subrequests of a composite, batch or graph: method, URL, body. What cannot be read stands as one write."""
    try:
        parsed = json.loads(body)
        for group in parsed.get("graphs", [parsed]):
            for sub in group.get("compositeRequest") or group.get("batchRequests") or []:
                inner: Any = sub.get("body", sub.get("richInput"))
                yield str(sub.get("method", "POST")), sub.get("url", ""), json.dumps(inner).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        yield "POST", "sobjects", b""


@dataclass
class Count:
    """Requests, writes, and requests by kind."""

    requests: int = 0
    writes: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)


class Stats:
    """Thread-safe counts of the data doors' requests (the control door is not counted)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._total = Count()
        self._orgs: dict[str, Count] = {}

    def add(self, alias: str | None, *, kind: str, write: bool) -> None:
        """Count one request; `alias` is None when it could not be told whose it was."""
        with self._lock:
            for count in [self._total] if alias is None else [self._total, self._orgs.setdefault(alias, Count())]:
                count.requests += 1
                count.writes += write
                count.by_kind[kind] += 1

    def reset(self) -> None:
        """Start from zero."""
        with self._lock:
            self._total = Count()
            self._orgs = {}

    def as_json(self, aliases: Iterable[str]) -> dict[str, Any]:
        """All counts as the control door answers them, with an entry for each of `aliases`."""
        with self._lock:
            counts = {alias: self._orgs.get(alias, Count()) for alias in sorted({*aliases, *self._orgs})}
            return {
                "requests": self._total.requests,
                "writes": self._total.writes,
                "orgs": {
                    alias: {
                        "requests": count.requests,
                        "writes": count.writes,
                        "by_kind": dict(sorted(count.by_kind.items())),
                    }
                    for alias, count in counts.items()
                },
            }
