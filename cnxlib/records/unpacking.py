"""What is packed within bytes: the streams of PDF and PNG files, the members of zip archives, gzip."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

LIMIT = 64 * 1024 * 1024
"""Bytes that are unpacked of one stream: more would be a bomb, not a record."""
DEPTH = 3
"""How deep packed things are looked for in packed things."""

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = b"\x1f\x8b\x08"


def unpacked(data: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """`data`, and everything that is packed in it."""
    yield data
    if depth:
        for inner in _inner(data):
            yield from unpacked(inner, depth - 1)


def _inner(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"PK"):
        yield from _members(data)
        return
    if data.startswith(_GZIP):
        yield from _inflated(data, zlib.MAX_WBITS | 16)
        return
    for match in _ZLIB.finditer(data):
        yield from _inflated(data[match.start() :], zlib.MAX_WBITS)


def _members(data: bytes) -> Iterator[bytes]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return  # it only begins like one, or is damaged
    with archive:
        for member in archive.infolist():
            try:
                with archive.open(member) as file:
                    yield file.read(LIMIT)
            except (RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error):
                continue  # behind a password, of a method that Python has not, or damaged


def _inflated(data: bytes, window: int) -> Iterator[bytes]:
    try:
        inflated = zlib.decompressobj(window).decompress(data, LIMIT)
    except zlib.error:
        return
    if inflated:
        yield inflated
