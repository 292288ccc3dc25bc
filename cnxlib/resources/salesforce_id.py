"""Salesforce ids: 15 case-sensitive characters, or 18 with a checksum of the letters' case."""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def to_18(id15: str) -> str:
    """The 18-character form of a 15-character id: one character for the upper-case letters of each five."""
    parts = (id15[start : start + 5] for start in (0, 5, 10))
    return id15 + "".join(
        _ALPHABET[sum(1 << place for place, letter in enumerate(part) if letter.isascii() and letter.isupper())]
        for part in parts
    )


def has_valid_checksum(id18: str) -> bool:
    """Whether the last three characters fit the first fifteen."""
    return len(id18) == 18 and to_18(id18[:15]) == id18


def same_id(one: str, other: str) -> bool:
    """Whether two ids, of either length, mean the same."""
    return one[:15] == other[:15] and len(one) in (15, 18) and len(other) in (15, 18)
