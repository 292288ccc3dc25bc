"""Lists in words."""

from __future__ import annotations

from collections.abc import Sequence


def named(names: Sequence[str], most: int = 20) -> str:
    """The first `most` of `names`, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
