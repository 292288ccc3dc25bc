"""SOQL built safely: values are quoted by simple-salesforce's own formatter, never pasted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def soql(query: str, *values: Any, **named: Any) -> str:
    """Fill a SOQL template.

    Parameters
    ----------
    query:
        SOQL with `{}` or `{name}` where a value stands: a string, number, bool, None, date, or a list for IN.
        `{:like}` escapes what goes inside a LIKE pattern; `{:literal}` inserts a checked name as it is.

    Raises
    ------
    ValueError
        A value has no SOQL form.
    """
    from simple_salesforce.format import format_soql  # on demand: the command line must answer --help at once

    text: str = format_soql(query, *values, **named)
    return text


def chunks(values: Sequence[T], size: int = 200) -> Iterator[Sequence[T]]:
    """`values` in runs of at most `size`: a query's IN list, a collection's rows."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
