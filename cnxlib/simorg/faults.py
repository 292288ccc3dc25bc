"""Faults that a test orders for an org by the control door: which requests they strike, and what they answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from .errors import ApiError
from .packages.conditions import REFUSED
from .soap import METADATA, SoapFault

_INSTALL = "/tooling/sobjects/PackageInstallRequest"

# kind -> method and path that it strikes when its order does not say ("" = all of the data doors)
_USUAL: dict[str, tuple[str, str]] = {
    "latency": ("", ""),
    "lost_answer": ("", ""),
    "http_503": ("", ""),
    "http_429": ("", ""),
    "request_limit": ("", "/services/data/"),
    "lock_row": ("POST|PATCH|DELETE", "/services/data/"),
    "session_expired": ("", "/services/(data|Soap/m)/"),
    "already_in_process": ("POST", "/services/Soap/m/"),
    "install_slow": ("POST", _INSTALL),
    "install_error": ("POST", _INSTALL),
    "install_unknown": ("POST", _INSTALL),
    "install_key": ("", "/tooling/"),
    "install_validation": ("", "/tooling/"),
    "app_propagation": ("POST", "/services/oauth2/token"),
    "first_poll_400": ("GET", f"{_INSTALL}/"),
}

_MATCH = ("method", "path")

# kind -> HTTP status, error code and message of the refusal
_REFUSALS: dict[str, tuple[int, str, str]] = {
    "http_503": (503, "SERVER_UNAVAILABLE", "The server is temporarily unavailable. Please try again later."),
    "http_429": (429, "REQUEST_LIMIT_EXCEEDED", "Too many concurrent requests."),
    "request_limit": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "lock_row": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "session_expired": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "already_in_process": (400, "ALREADY_IN_PROCESS", "The changes you requested are already being processed."),
    "first_poll_400": (400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
}


# Refusals that concern rows: of a composite or a batch they strike a part, as Salesforce would tell them
_OF_ROWS = ("lock_row", "first_poll_400")
_COMPOSITE = re.compile(r"/composite(/batch)?/?(\?|$)")

PART: ContextVar[Callable[[str, str], ApiError | None] | None] = ContextVar("PART", default=None)
"""What strikes a part (its method and address) of the composite or batch being served."""


@dataclass
class Fault:
    """One order.

    Attributes:
        kind: one of the contract's kinds.
        method: regular expression of the HTTP methods that it strikes, "" for all.
        path: regular expression searched in the path with its query string, "" for every path.
        after: matching requests that it lets pass first.
        times: how often it strikes; None without end.
        value: milliseconds (latency), seconds (install_slow; Retry-After of a refusal), a message (install_error), the
            key that is asked for (install_key), an InstallValidationStatus (install_validation).
        seen, struck: matching requests so far, and how many of them it struck.
    """

    kind: str
    method: str = ""
    path: str = ""
    after: int = 0
    times: int | None = 1
    value: Any = None
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def strikes(self, method: str, target: str) -> bool:
        """Whether it strikes this request; counts it."""
        if (self.method and not re.fullmatch(self.method, method)) or not re.search(self.path, target):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """The order, and how often it struck."""
        match = {"method": self.method, "path": self.path}
        order = {"kind": self.kind, "match": match, "after": self.after, "times": self.times, "value": self.value}
        return order | {"struck": self.struck}


class Faults:
    """The faults ordered for each org; thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._orders: dict[str, list[Fault]] = {}

    def order(self, alias: str, orders: object) -> None:
        """Replace the faults of an org by these.

        Raises:
            ValueError: not a list of faults, an unknown kind, or a member of the wrong sort.
        """
        faults = [_parsed(each) for each in _sequence(orders)]
        with self._lock:
            self._orders[alias] = faults

    def as_json(self, alias: str) -> list[dict[str, Any]]:
        """The org's faults and how often each struck."""
        with self._lock:
            return [fault.as_json() for fault in self._orders.get(alias, [])]

    def striking(self, alias: str, method: str, target: str) -> list[Fault]:
        """The faults that strike this request, in the order in which they were given."""
        whole = not _COMPOSITE.search(target)
        with self._lock:
            faults = [fault for fault in self._orders.get(alias, []) if whole or fault.kind not in _OF_ROWS]
            return [fault for fault in faults if fault.strikes(method, target)]

    def of_parts(self, alias: str | None, target: str) -> Callable[[str, str], ApiError | None] | None:
        """What strikes the parts of this request, for `PART`; None where it has none."""
        return partial(self._part, alias, target) if alias and _COMPOSITE.search(target) else None

    def _part(self, alias: str, target: str, method: str, url: str) -> ApiError | None:
        """The refusal of a part; an order's path may name the part's address or the composite's."""
        with self._lock:
            faults = [fault for fault in self._orders.get(alias, []) if fault.kind in _OF_ROWS]
            kinds = [fault.kind for fault in faults if fault.strikes(method.upper(), f"{target} {url}")]
        if not kinds:
            return None
        status, code, message = _REFUSALS[kinds[0]]
        return ApiError(code, message, status=status)


def refusal(fault: Fault, target: str, body: bytes) -> Response | None:
    """What a refusing fault answers, in the shape of the door; None for a kind that does not refuse."""
    if fault.kind == "app_propagation":
        return JSONResponse({"error": "invalid_client_id", "error_description": "client identifier invalid"}, 400)
    if fault.kind not in _REFUSALS:
        return None
    status, code, message = _REFUSALS[fault.kind]
    headers = {} if fault.value is None else {"Retry-After": str(fault.value)}
    if target.startswith("/services/Soap/") and status < 429:
        return SoapFault(code, message).response(METADATA)
    if fault.kind == "lock_row" and (rows := _rows(target, body)):
        error = {"statusCode": code, "message": message, "fields": []}
        return JSONResponse([{"success": False, "errors": [error]}] * rows)
    return JSONResponse([{"errorCode": code, "message": message}], status, headers)


def install_options(faults: Sequence[Fault]) -> dict[str, Any]:
    """What the faults that strike an installation change of how it goes (packages/conditions.py)."""
    changed: dict[str, Any] = {}
    for fault in faults:
        if fault.kind == "install_slow":
            changed["seconds"] = float(fault.value)
        elif fault.kind == "install_error":
            changed["error"] = str(fault.value or "The post install script failed.")
        elif fault.kind == "install_unknown":
            changed["running"] = "UNKNOWN"
        elif fault.kind == "install_key":
            changed["installation_key"] = str(fault.value)
        elif fault.kind == "install_validation":
            changed["validation"] = str(fault.value)
    return changed


def _rows(target: str, body: bytes) -> int:
    """How many rows a collection request carries, or names in its address; 0 for any other request."""
    path, _, query = target.partition("?")
    if not re.search(r"/composite/sobjects(/|$)", path):
        return 0
    if ids := parse_qs(query).get("ids"):
        return len(ids[0].split(","))
    try:
        return len(json.loads(body)["records"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0


def _sequence(orders: object) -> Sequence[object]:
    if not isinstance(orders, list):
        raise ValueError("a list of faults is expected")
    return orders


def _parsed(order: object) -> Fault:
    if not isinstance(order, Mapping):
        raise ValueError(f"a fault is an object, not {_json(order)}")
    _known("a fault", order, ("kind", "match", "after", "times", "value", "struck"))  # struck: as it was answered
    kind, match = order.get("kind"), order.get("match")
    if not isinstance(kind, str) or kind not in _USUAL:
        raise ValueError(f"no kind of fault: {_json(kind)} (kinds: {', '.join(_USUAL)})")
    if match is not None and not isinstance(match, Mapping):
        raise ValueError(f"match is an object with method and path, not {_json(match)}")
    _known("match", match or {}, _MATCH)
    after, times = order.get("after", 0), order.get("times", 1)
    if not _count(after) or not (times is None or _count(times)):
        raise ValueError(f"after and times are whole numbers of requests: {_json([after, times])}")
    patterns = (
        _pattern(name, (match or {}).get(name), usual) for name, usual in zip(_MATCH, _USUAL[kind], strict=True)
    )
    method, path = patterns
    return Fault(kind, method, path, after, times, _value(kind, order.get("value")))


def _known(what: str, given: Mapping[Any, Any], names: Sequence[str]) -> None:
    if unknown := [name for name in given if name not in names]:
        raise ValueError(f"{what} has no {', '.join(map(str, unknown))} (only {', '.join(names)})")


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _pattern(name: str, given: object, usual: str) -> str:
    if given is not None and not isinstance(given, str):
        raise ValueError(f"{name} is a regular expression, not {_json(given)}")
    try:
        return re.compile(given or usual).pattern
    except re.error as error:
        raise ValueError(f"{name} is no regular expression: {_json(given)}: {error}") from error


def _value(kind: str, value: Any) -> Any:
    """The value of an order of that kind, if it is one."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
    if kind in ("latency", "install_slow"):
        fits, wanted = number, "a number"
    elif kind in _REFUSALS:  # the header Retry-After: seconds, or a date
        fits = value is None or number or (isinstance(value, str) and value.isascii() and value.isprintable())
        wanted = "what Retry-After says, a number or text"
    elif kind == "install_validation":
        fits, wanted = isinstance(value, str) and value in REFUSED, f"one of {', '.join(REFUSED)}"
    elif kind == "install_key":
        fits, wanted = isinstance(value, str) and bool(value), "the key"
    else:
        fits, wanted = kind != "install_error" or value is None or isinstance(value, str), "a message"
    if not fits:
        raise ValueError(f"the value of {kind} is {wanted}, not {_json(value)}")
    return value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
