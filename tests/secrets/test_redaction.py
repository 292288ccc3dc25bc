"""Values are found in every form that texts give them, and nothing but they is taken out."""

from __future__ import annotations

import base64
import html
import json
import pprint
import quopri
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from xml.sax.saxutils import escape, quoteattr

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from cnxlib.secrets import redaction, touched
from cnxlib.secrets.redaction import MARK, Redactor, dumps, redact

PLAIN = "Tr0ub4dor3XyZ"
MARKED = "a&b<c>\"d'e/f\\g+h%i=j k!"
FOREIGN = "Zürich–密码 €42"
SESSION = "00Dxx0000001gPL!AQ8AQKz.1yY_tb7ZxVQ0Ua3mZ"
BODY = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
LINES = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n"

VALUES = [PLAIN, MARKED, FOREIGN, SESSION, LINES]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def as_json(text: str) -> str:
    return json.dumps({"key": text})


def safe_json(text: str) -> str:
    return as_json(text).replace("<", "\\u003c").replace(">", "\\u003E").replace("&", "\\u0026").replace("'", "\\u0027")


def mail(text: str) -> str:
    message = EmailMessage()
    message.set_content(
        f"Grüße, the password is {text} as agreed on the telephone, and nobody else may know of it at all."
    )
    return message.as_string()


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": b64,
    "base64, URL alphabet": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: b64(text).rstrip("="),
    "base64 of a longer text": lambda text: b64(f"user@acme.example:{text}"),
    "base64 of a longer text, second alignment": lambda text: b64(f"user1@acme.example:{text} and more"),
    "base64 of a longer text, third alignment": lambda text: b64(f"user12@acme.example:{text} and more"),
    "base64 in lines": lambda text: base64.encodebytes((text * 6).encode()).decode(),
    "base64 in lines in JSON": lambda text: as_json(base64.encodebytes((text * 6).encode()).decode()),
    "base64 in a form": lambda text: urllib.parse.quote_plus(b64(text)),
    "quote": urllib.parse.quote,
    "quote, all": lambda text: urllib.parse.quote(text, safe=""),
    "quote_plus": urllib.parse.quote_plus,
    "quoted in small letters": lambda text: re.sub("%..", lambda code: code[0].lower(), urllib.parse.quote(text)),
    "quoted twice": lambda text: urllib.parse.quote(urllib.parse.quote(text)),
    "as requests quotes": lambda text: str(requests.Request("GET", "https://a.b/", params={"q": text}).prepare().url),
    "JSON": as_json,
    "JSON of any character": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: as_json(as_json(text)),
    "JSON in JSON in JSON": lambda text: as_json(as_json(as_json(text))),
    "JSON for HTML": safe_json,
    "JSON with its slash escaped": lambda text: as_json(text).replace("/", "\\/"),
    "XML": escape,
    "XML attribute": quoteattr,
    "HTML": html.escape,
    "HTML of ASCII": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "HTML in JSON": lambda text: as_json(html.escape(text)),
    "JSON in HTML": lambda text: html.escape(as_json(text)),
    "XML's numbers": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "XML's hexadecimal numbers": lambda text: "".join(f"&#x{ord(character):x};" for character in text),
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode()),
    "repr of repr": lambda text: repr(repr(text)),
    "hexadecimal": lambda text: text.encode().hex(),
    "every character quoted": lambda text: "".join(f"%{octet:02x}" for octet in text.encode()),
    "quoted-printable": lambda text: quopri.encodestring(f"{'x' * 70}{text}".encode()).decode(),
    "mail": mail,
    "coloured": lambda text: f"\x1b[31m{text[:5]}\x1b[0m\x1b[1;32m{text[5:]}\x1b[0m",
    "pretty-printed": lambda text: pprint.pformat({"key": text}, width=400),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", VALUES, ids=["plain", "marked", "foreign", "session", "lines"])
def test_a_value_is_found_in_each_form(form: str, value: str) -> None:
    text = f"before {FORMS[form](value)} after"
    redactor = Redactor([value])
    redacted = redactor.redact(text)
    assert redactor.find(text.encode())
    assert MARK in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith("after")
    assert not redactor.find(redacted.encode())
    assert Redactor(["somebody else's"]).redact(text) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_value_is_found_in_bytes(encoding: str) -> None:
    assert Redactor(["Zürich42"]).find(b"\x89\x00\xff" + "the Zürich42 key".encode(encoding))


def test_overlapping_values_leave_nothing() -> None:
    values = ["abcdefgh", "abcd", "fghijk"]
    assert Redactor(values).redact("1 abcdefghijk 2 abcd 3") == f"1 {MARK} 2 {MARK} 3"


def test_a_password_with_its_security_token() -> None:
    text = escape(f"<password>{MARKED}{PLAIN}</password>")
    assert Redactor([MARKED, PLAIN]).redact(text) == escape("<password>") + MARK + escape("</password>")


def test_what_is_redacted_stays_as_it_is() -> None:
    redactor = Redactor(["secret"])
    assert redactor.redact("my secret") == f"my {MARK}"
    assert redactor.redact(f"my {MARK}") == f"my {MARK}"


def test_a_short_value_is_left_alone() -> None:
    assert Redactor(["abc", "", "   "]).redact("abc   ") == "abc   "


@given(st.text(min_size=4), st.lists(st.sampled_from(["JSON", "HTML", "repr", "quote, all"]), max_size=3))
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_nesting(value: str, forms: list[str]) -> None:
    if len(value.strip()) < redaction.SHORTEST or not value.isprintable():
        return
    text = value
    for form in forms:
        text = FORMS[form](text)
    redactor = Redactor([value])
    assert redactor.holds(text)
    assert not redactor.holds(redactor.redact(text))


@given(
    st.text(min_size=4),
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
)
@settings(max_examples=200, deadline=None)
def test_json_stays_json(value: str, around: object) -> None:
    redacted = Redactor([value]).redact_json({"a": [around, value, 7], value: {"b": True}})
    assert json.loads(json.dumps(redacted))["a"][2] == 7


@pytest.fixture
def nothing_touched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(touched, "_values", set())
    yield


@pytest.mark.usefixtures("nothing_touched")
def test_what_the_process_touches_is_redacted_from_then_on() -> None:
    assert redact(f"it is {PLAIN}") == f"it is {PLAIN}"
    touched.touch(PLAIN)
    assert redact(f"it is {PLAIN}") == f"it is {MARK}"
    touched.touch(SESSION)
    assert redact(f"{PLAIN} {SESSION}") == f"{MARK} {MARK}"


@pytest.mark.usefixtures("nothing_touched")
@pytest.mark.parametrize("value", ["true", "null", "1234", "nabc", '": "', 'key"'])
def test_json_is_redacted_by_its_strings(value: str) -> None:
    touched.touch(value)
    told = {"key": f"x{value}\nabc", "flag": True, "none": None, "number": 1234, "at": 12345}
    read = json.loads(dumps(told))
    assert read["flag"] is True
    assert read["at"] == 12345
    assert next(iter(read.values())) == f"x{MARK}\nabc"
    assert read["number"] == (MARK if value == "1234" else 1234)


def test_many_messages_cost_little() -> None:
    """A run of the guide sends some 2,000 messages of a few thousand characters and touches a dozen values."""
    redactor = Redactor([f"{value}{number}" for value in (PLAIN, MARKED, SESSION) for number in range(10)])
    message = json.dumps({"data": {"text/html": "<td>Conexiom_Minimum_Permissions 0PS5x000001abcDEAQ</td>" * 60}})
    started = time.perf_counter()
    for _ in range(200):
        redactor.redact(message)
    assert (time.perf_counter() - started) / 200 < 0.005
