"""Keeping secrets out of whatever is written: every value that was touched, in every form that a text may give it.

A value comes back escaped by what carried it, often twice: the JSON of a request within the JSON of a notebook, an XML
fault within a traceback. So a value is looked for as a pattern in which each of its marks may be escaped in any way and
to any depth, and by what base64 makes of it at each of the three alignments, which is found within longer texts too
("user:password" of HTTP's Basic scheme) and needs no padding.
"""

from __future__ import annotations

import base64
import html.entities
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from cnxlib.secrets.touched import touched

MARK = "[secret]"
SHORTEST = 4
"""Characters of the shortest value that can be kept out: shorter ones are in every text."""

_SHORTEST_CORE = 5
"""Base64 characters below which chance would find one in any image."""
_SHORTEST_LINE = 12
"""Characters of the shortest line of a value of many lines that is a secret by itself."""

Span = tuple[int, int]


class Redactor:
    """Finds some values in texts, and takes them out.

    Parameters
    ----------
    values:
        The secrets; those shorter than `SHORTEST` are left out.
    """

    def __init__(self, values: Iterable[str]) -> None:
        wanted = {part for value in values for part in _parts(value)}
        self._forms = [_forms(value) for value in sorted(wanted, key=len, reverse=True)]

    def spans(self, text: str) -> list[Span]:
        """Where in `text` a value stands, (start, end) each, in order and without overlaps."""
        found = [span for forms in self._forms for span in forms.spans(text)]
        return _merged(found, text) if found else []

    def redact(self, text: str) -> str:
        """`text` with `MARK` for each value."""
        if not self._forms:
            return text
        spans = self.spans(text)
        for unfolded in _unfoldings(text):
            more = self.spans(unfolded)
            if _covered(more) > _covered(spans):  # before anything is cut: what is cut in two is found no more
                return self.redact(unfolded)
        return cut(text, spans)

    def holds(self, text: str) -> bool:
        """Whether a value stands in `text`."""
        return bool(self._forms) and (bool(self.spans(text)) or any(map(self.spans, _unfoldings(text))))

    def find(self, data: bytes) -> bool:
        """Whether a value stands in `data`, in UTF-8, UTF-16 or an eight-bit encoding."""
        if not self._forms:
            return False
        texts = [data.decode("utf-8", "replace")]
        if not data.isascii():
            texts.append(data.decode("latin-1"))
        if b"\0" in data:
            texts += [data[shift:].decode("utf-16-le", "replace") for shift in (0, 1)]
            texts += [data[shift:].decode("utf-16-be", "replace") for shift in (0, 1)]
        return any(map(self.holds, texts))

    def redact_json(self, value: Any) -> Any:
        """A JSON value with each string and each key redacted, so that it stays a JSON value.

        What is no JSON (a date) is left to who writes it; a number that is a secret becomes `MARK`.
        """
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact_json(key): self.redact_json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact_json(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = repr(value)
            return MARK if self.spans(written) == [(0, len(written))] else value
        return value


def redact(text: str) -> str:
    """`text` without any secret that this process has touched."""
    return _of_this_process().redact(text)


def redact_json(value: Any) -> Any:
    """A JSON value whose strings hold no secret that this process has touched."""
    return _of_this_process().redact_json(value)


def finds(data: bytes) -> bool:
    """Whether `data` holds a secret that this process has touched."""
    return _of_this_process().find(data)


def dumps(value: Any, **options: Any) -> str:
    """As `json.dumps`, of `redact_json`: valid JSON whatever the secrets are made of.

    Values that are no JSON are made text by the option `default`, and redacted as that.
    """
    text = json.dumps(value, **options)
    redactor = _of_this_process()
    return json.dumps(redactor.redact_json(json.loads(text)), **options) if redactor.holds(text) else text


def cut(text: str, spans: Iterable[Span], mark: str = MARK) -> str:
    """`text` with `mark` in place of each span; they are in order and do not overlap."""
    parts, end = [], 0
    for start, stop in spans:
        parts += [text[end:start], mark]
        end = stop
    return "".join([*parts, text[end:]])


def _of_this_process() -> Redactor:
    return _redactor(touched())


@lru_cache(maxsize=1)
def _redactor(values: frozenset[str]) -> Redactor:
    return Redactor(values)


def _parts(value: str) -> Iterator[str]:
    """A value, and what of it is a secret by itself: files split texts of many lines, as a notebook's are."""
    for whole in (value, value.strip()):
        if len(whole.strip()) >= SHORTEST:
            yield whole
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----"))


class _Forms:
    """All forms of one value."""

    def __init__(self, value: str) -> None:
        self._anchor = max(re.findall(r"[0-9A-Za-z]+", value), key=len, default="")
        self._pattern = re.compile("".join(map(_character, value)))
        self._literals = tuple({*_encoded(_octets(value)), *_spelt_out(value)})

    def spans(self, text: str) -> Iterator[Span]:
        if self._anchor in text:  # seldom so, and quick to see
            yield from (match.span() for match in self._pattern.finditer(text))
        for literal in self._literals:
            start = text.find(literal)
            while start >= 0:
                yield start, start + len(literal)
                start = text.find(literal, start + 1)


@lru_cache(maxsize=1024)
def _forms(value: str) -> _Forms:
    return _Forms(value)


# What begins an escape may itself be escaped by what came after.
_PERCENT = "%(?:25)*"
_SLASH = rf"(?:\\|{_PERCENT}5[Cc]|&(?:amp;)*(?:#0*92;|#[xX]0*5[Cc];|bsol;))"
_AND = rf"(?:&|{_PERCENT}26|{_SLASH}+u0026)(?:amp(?:;|{_PERCENT}3[Bb]))*"
_NUMBER = rf"(?:#|{_PERCENT}23)"
_END = rf"(?:;|{_PERCENT}3[Bb])"


def _character(character: str) -> str:
    """A pattern for one character, as it is or escaped: JSON, Python, XML, HTML, URL, quoted-printable; nested too."""
    if character.isascii() and character.isalnum():
        return character
    code = ord(character)
    octets = _octets(character)
    units = character.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    names = [re.escape(name.rstrip(";")) for name in _names().get(code, ())]
    references = "|".join([f"{_NUMBER}0*{code}", f"{_NUMBER}[xX]0*(?i:{code:x})", *names])
    ways = [
        re.escape(character),
        "".join(rf"{_SLASH}+u(?i:{unit})" for unit in units),
        "".join(rf"(?:{_PERCENT}|=|{_SLASH}+x)(?i:{octet:02x})" for octet in octets),
        rf"{_AND}(?:{references}){_END}",
    ]
    if code <= 0xFF:
        ways.append(rf"{_SLASH}+x(?i:{code:02x})")
    if code > 0xFFFF:
        ways.append(rf"{_SLASH}+U(?i:{code:08x})")
    if character in _LETTERS:
        ways.append(rf"{_SLASH}+{_LETTERS[character]}")
    if character == "\n":
        ways.append(rf"\r\n|{_SLASH}+r{_SLASH}+n")
    if character == " ":
        ways.append(r"\+")
    if character == "\\":
        return rf"(?:{_SLASH}+|{'|'.join(ways)})"
    return rf"{_SLASH}*(?:{'|'.join(ways)})"


def _octets(text: str) -> bytes:
    """UTF-8, of whatever an environment variable may hold too."""
    return text.encode("utf-8", "surrogatepass")


_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
"""What follows the backslash for a control character."""


@lru_cache(maxsize=1)
def _names() -> Mapping[int, list[str]]:
    """HTML's names of characters, by code."""
    names: dict[int, list[str]] = {}
    for name, characters in html.entities.html5.items():
        if len(characters) == 1:
            names.setdefault(ord(characters), []).append(name)
    return names


def _encoded(octets: bytes) -> Iterator[str]:
    """What base64 (both alphabets, each alignment) and hexadecimal digits make of `octets`, whatever stands around."""
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + octets).decode().rstrip("=")
        # Only the characters that are made of nothing but these octets: 6 bits each, from bit 8 * shift on.
        core = whole[-(-8 * shift // 6) : 8 * (shift + len(octets)) // 6]
        if len(core) >= _SHORTEST_CORE:
            yield from (core, core.translate(str.maketrans("+/", "-_")))
            if "/" in core:
                yield core.replace("/", "\\/")
            yield core.replace("+", "%2B").replace("/", "%2F")
            yield core.replace("+", "%2b").replace("/", "%2f")
    yield from (octets.hex(), octets.hex().upper())


def _spelt_out(value: str) -> Iterator[str]:
    """`value` with every character escaped, letters and digits too."""
    octets, codes = _octets(value), [ord(character) for character in value]
    yield "".join(f"%{octet:02X}" for octet in octets)
    yield "".join(f"%{octet:02x}" for octet in octets)
    yield "".join(f"&#{code};" for code in codes)
    yield "".join(f"&#x{code:x};" for code in codes)
    yield "".join(f"&#x{code:X};" for code in codes)
    yield "".join(f"\\u{code:04x}" for code in codes)
    yield "".join(f"\\x{octet:02x}" for octet in octets)


def _merged(spans: list[Span], text: str) -> list[Span]:
    """Spans in order, those that touch made one, without those within a mark that is there already."""
    marks = [match.span() for match in re.finditer(re.escape(MARK), text)]
    merged: list[Span] = []
    for start, end in sorted(spans):
        if any(opens <= start and end <= closes for opens, closes in marks):
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _covered(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)


_64 = "[0-9A-Za-z+/_-]"
_WRAPPED = re.compile(
    rf"(?:\n(?<={_64}{{20}}\n)|\r\n(?<={_64}{{20}}\r\n)|\\n(?<={_64}{{20}}\\n)|\\r\\n(?<={_64}{{20}}\\r\\n))"
    rf"[ \t]*(?={_64})"
)
_SOFT_BREAK = re.compile(r"=(?:\r?\n|\\n|\\r\\n)")
_COLOUR = re.compile(r"(?:\x1b|\\+u001b|\\+x1b)\[[0-9;]*[A-Za-z]")


def _unfoldings(text: str) -> Iterator[str]:
    """`text` without what may break a value apart, where there is any such thing.

    That is: the line breaks within base64 (MIME, PEM), quoted-printable's soft line breaks, a terminal's colours.
    """
    for breaks in (_WRAPPED, _SOFT_BREAK, _COLOUR):
        unfolded, count = breaks.subn("", text)
        if count:
            yield unfolded
