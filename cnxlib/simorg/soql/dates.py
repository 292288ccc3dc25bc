"""Date literals of SOQL, TODAY, LAST_N_DAYS:7 ..., as ranges of days (SOQL Reference, "Date Literals")."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

Range = tuple[date, date]
_DAY = timedelta(days=1)


def _month(day: date, months: int) -> date:
    """The first day of the month so many months from that of ``day``."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, 1)


def _days(first: int, last: int) -> Callable[[date], Range]:
    return lambda today: (today + first * _DAY, today + (last + 1) * _DAY)


def _week(today: date) -> date:
    """The week begins on Sunday, as it does in the locale en_US."""
    return today - timedelta(days=(today.weekday() + 1) % 7)


def _weeks(first: int, last: int) -> Callable[[date], Range]:
    return lambda today: (_week(today) + 7 * first * _DAY, _week(today) + 7 * (last + 1) * _DAY)


def _spans(first: int, last: int, length: int) -> Callable[[date], Range]:
    """Months, quarters, years: spans of ``length`` months, counted from the one of today."""

    def span(today: date) -> Range:
        start = _month(today, -((today.month - 1) % length))
        return _month(start, first * length), _month(start, (last + 1) * length)

    return span


_PLAIN: dict[str, Callable[[date], Range]] = {
    "YESTERDAY": _days(-1, -1),
    "TODAY": _days(0, 0),
    "TOMORROW": _days(1, 1),
    "LAST_WEEK": _weeks(-1, -1),
    "THIS_WEEK": _weeks(0, 0),
    "NEXT_WEEK": _weeks(1, 1),
    "LAST_90_DAYS": _days(-90, 0),
    "NEXT_90_DAYS": _days(1, 90),
}
for _name, _length in (("MONTH", 1), ("QUARTER", 3), ("YEAR", 12), ("FISCAL_QUARTER", 3), ("FISCAL_YEAR", 12)):
    _PLAIN |= {f"{_word}_{_name}": _spans(_n, _n, _length) for _word, _n in (("LAST", -1), ("THIS", 0), ("NEXT", 1))}
_LENGTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12, "FISCAL_QUARTER": 3, "FISCAL_YEAR": 12}
_COUNTED = re.compile(r"(LAST|NEXT)_N_(\w+?)S:(\d+)|N_(\w+?)S_AGO:(\d+)")


def resolve(literal: str, today: date) -> Range | None:
    """The days of a literal as first day and the day after the last, or ``None`` where there is no such literal.

    Raises:
        OverflowError: the days are beyond the calendar.
    """
    if literal in _PLAIN:
        return _PLAIN[literal](today)
    match = _COUNTED.fullmatch(literal)
    if not match:
        return None
    direction, unit, count = (match[1], match[2], match[3]) if match[1] else ("AGO", match[4], match[5])
    number = int(count)
    if number > 40_000:
        raise OverflowError(literal)
    first, last = {"LAST": (-number, -1), "NEXT": (1, number), "AGO": (-number, -number)}[direction]
    if unit == "DAY":
        # LAST_N_DAYS starts so many days ago and lasts up to today
        return _days(first, 0 if direction == "LAST" else last)(today)
    if unit == "WEEK":
        return _weeks(first, last)(today)
    return _spans(first, last, _LENGTHS[unit])(today) if unit in _LENGTHS else None
