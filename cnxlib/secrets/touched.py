"""Every secret value that this process has touched: what must be kept out of all that it writes."""

from __future__ import annotations

import threading
from collections.abc import Callable

_values: set[str] = set()
_heirs: list[Callable[[str], None]] = []
_lock = threading.Lock()


def touch(value: str) -> str:
    """Remember that `value` is a secret; returns it. Each secret passes here before it is used."""
    if value:
        with _lock:
            fresh = value not in _values
            _values.add(value)
            heirs = tuple(_heirs) if fresh else ()
        for tell in heirs:
            tell(value)
    return value


def touched() -> frozenset[str]:
    """All values so far."""
    with _lock:
        return frozenset(_values)


def tell_of_each(tell: Callable[[str], None]) -> None:
    """Have `tell` called with every value, those so far and those to come."""
    with _lock:
        _heirs.append(tell)
        known = tuple(_values)
    for value in known:
        tell(value)
