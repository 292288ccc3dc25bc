"""SOQL built safely: values are quoted by simple-salesforce's own formatter, never pasted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

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


IN_LIST_BYTES = 12_000
"""What an IN list may take in an address: Salesforce refuses addresses over 16,384 bytes (REST API, URI length)."""


def in_lists(values: Sequence[str], size: int = 200) -> Iterator[Sequence[str]]:
    """`values` in runs for a query's IN list: at most `size`, and not too long for an address."""
    start = length = 0
    for index, value in enumerate(values):
        more = len(quote(f"'{value}',"))
        if index > start and (index - start == size or length + more > IN_LIST_BYTES):
            yield values[start:index]
            start, length = index, 0
        length += more
    if start < len(values):
        yield values[start:]
