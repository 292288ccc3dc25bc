"""Record ids: 15 case-sensitive characters, or those and three more that carry their case as a checksum.

The first three characters name the object (005 a User, 0PS a PermissionSet ...). Both lengths mean the same record, and
every id in
an answer has 18 characters.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
MASTER_RECORD_TYPE = "012000000000000AAA"
"""The id by which every object's describe knows its master record type, of which there is no row."""

_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def checksum(id15: str) -> str:
    """The three characters that tell which of the 15 are upper case, five of them to a character."""
    return _upper(id15[:5]) + _upper(id15[5:10]) + _upper(id15[10:])


@lru_cache(maxsize=4096)
def _upper(group: str) -> str:
    """The character that tells which of five are upper case."""
    return _CHECKSUM[sum(1 << place for place, char in enumerate(group) if "A" <= char <= "Z")]


def to18(value: str) -> str:
    """The id in 18 characters.

    The checksum's own case does not matter; with it, the case of the other 15 can be restored, and is, as Salesforce
    does.

    Raises:
        ValueError: it has not the shape of an id, or its checksum is not one that could belong to it.
    """
    if not _SHAPE.fullmatch(value):
        raise ValueError(f"not an id: {value}")
    if len(value) == 15:
        return value + checksum(value)
    if checksum(value[:15]) == value[15:]:
        return value
    restored = []
    for index, char in enumerate(value[:15]):
        bits = _CHECKSUM.find(value[15 + index // 5].upper())
        if bits < 0:
            raise ValueError(f"not an id: {value}")
        restored.append(char.upper() if bits >> index % 5 & 1 else char.lower())
    id15 = "".join(restored)
    if checksum(id15) != value[15:].upper():
        raise ValueError(f"not an id: {value}")
    return id15 + checksum(id15)


def is_id(value: object) -> bool:
    """Whether the value is an id in either length."""
    if not isinstance(value, str):
        return False
    try:
        to18(value)
    except ValueError:
        return False
    return True


def same(one: str, other: str) -> bool:
    """Whether two ids, in whichever length, mean the same record."""
    return is_id(one) and is_id(other) and to18(one) == to18(other)


def base62(number: int, width: int) -> str:
    """A number in the digits of ids, padded on the left to ``width`` characters."""
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    return digits


def org_id(alias: str, birth: str = "") -> str:
    """The id of the simulated org of that alias. One that is born anew is another org, as a refreshed sandbox is."""
    number = int.from_bytes(hashlib.sha256(f"{alias}{birth}".encode()).digest()[:12], "big")
    return to18("00D" + base62(number, 12))


def record_id(prefix: str, org: str, number: int) -> str:
    """The id of the ``number``-th row that an org made of the object with that key prefix (18 characters)."""
    return to18(prefix + org[3:6] + base62(number, 9))
