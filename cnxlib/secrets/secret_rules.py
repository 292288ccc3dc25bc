"""What looks like a secret, though nobody registered it: detect-secrets' rules, and those of this field.

detect-secrets reads source code line by line. Here its rules are put to strings of which the name is known, so that
what only looks random is told apart by its field: our own digests, signatures, record ids, ids of widgets and kernels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.filters.heuristic import is_not_alphanumeric_string, is_sequential_string, is_templated_secret
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString, HexHighEntropyString
from detect_secrets.plugins.keyword import DENYLIST, KeywordDetector

from cnxlib.secrets.redaction import MARK
from cnxlib.secrets.references import REFERENCE

KEYWORD, BASE64, HEX = (rule.secret_type for rule in (KeywordDetector, Base64HighEntropyString, HexHighEntropyString))

_OWN = {
    # The organization's id, "!", and what only the org can read
    "Salesforce Session Id": re.compile(r"\b00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?![0-9A-Za-z._]{16,}"),
    "Age Secret Key": re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{58}", re.IGNORECASE),
    "Private Key": re.compile(
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:[^-]*(?:-----END [A-Z0-9 ]*-----)?)"
    ),
}

_PUBLIC = re.compile(r"-----BEGIN (PUBLIC KEY|CERTIFICATE|AGE ENCRYPTED FILE|PGP MESSAGE)-----[^-]*-----END \1-----")
"""Armour whose content anybody may see."""

_DIGEST = re.compile(r"(?<![0-9A-Za-z])sha256:[0-9a-f]{64}(?![0-9A-Za-z])")
"""A digest as this project writes it, of a file or a plan: it tells nothing of the content."""

_NAME = re.compile(
    "|".join([*DENYLIST, "pass_?phrase", "session_?id", "consumer_?key", "(?:access|refresh|security)_?token"]),
    re.IGNORECASE,
)
"""Names of fields that hold secrets: detect-secrets' own, and Salesforce's."""

_GAP = r"[^\S\n]"
_SAID = re.compile(
    rf"(?:{_NAME.pattern})\w*['\"]?(?:{_GAP}+is{_GAP}+|{_GAP}*[:=]{_GAP}*)['\"]?([^\s'\"<>]+)", re.IGNORECASE
)
"""The same in a text: "password: …", "client_secret=…"."""

_SHORTEST = 6
"""Characters of the shortest value that a name makes a secret of."""
_WORD = re.compile(r"[A-Za-z]+(?:[ _.-][A-Za-z]+)*[.,;:]?")
"""What a name may hold that is no secret: words, such as the way in which one is handed over."""
_TOKEN = re.compile(r"[0-9A-Za-z+/=_-]{20,}")
_SHORTEST_TOKEN = 16
"""Characters below which no service's token is; what stands in an address may be shorter."""
_BARE = 40
"""Characters of the shortest random string that is taken for a secret though it stands in the middle of a text."""

_OURS = re.compile(
    r"(?:IPY_MODEL_)?(?:sha256[:=-])?(?P<random>[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})"  # digests, ids of widgets
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:[_-][0-9a-f_-]+)?"  # ids of kernels, sessions, messages
    r"|\d{8}T\d{6}Z-[0-9a-f]{4}"  # ids of runs
    r"|[0-9A-Za-z]{15}(?:[0-9A-Z]{3})?"  # ids of Salesforce's rows
)
"""What our own random-looking values are made like. Each is one only in its field, or where it says the same again."""

_FIELDS = re.compile(
    r"(?:.*_)?(?:digest|sha256|fingerprint|certificate|keyid|etag|id|model_id|layout|style|children|run_id|head|previous)",
    re.IGNORECASE,
)

Found = tuple[str, int, int]
"""Kind, start, end."""


def own_value(name: str, text: str) -> str:
    """The random-looking part of a value that field and shape make this project's own, or Jupyter's; "" for others."""
    match = _OURS.fullmatch(text) if _FIELDS.fullmatch(name) else None
    return match["random"] or text if match else ""


def suspicions(name: str, text: str) -> tuple[Found, ...]:
    """What in the string `text` of the field `name` looks like a secret; "" is the name of what has none."""
    if len(text) < _SHORTEST:
        return ()
    shown = _PUBLIC.sub(lambda armour: " " * len(armour[0]), text)
    found = [(kind, *match.span()) for kind, rule in _OWN.items() for match in rule.finditer(shown)]
    found += _of_known_services(shown)
    if name and _NAME.search(name):
        found += [(KEYWORD, 0, len(text))] if _may_be_secret(text) else []
    else:
        found += [(KEYWORD, *said.span(1)) for said in _SAID.finditer(shown) if _may_be_secret(said[1])]
    found += _random(_DIGEST.sub(lambda digest: " " * len(digest[0]), shown))
    return tuple(found)


def _may_be_secret(value: str) -> bool:
    """Whether a value is one that a field of that name makes a secret of: neither words nor a reference nor a mark."""
    return not (
        len(value) < _SHORTEST
        or " " in value
        or MARK.rstrip("]") in value
        or re.match(rf"\W*{REFERENCE}", value)
        or _WORD.fullmatch(value)
        or is_templated_secret(value)
        or is_not_alphanumeric_string(value)
        or is_sequential_string(value)
    )


def _of_known_services(text: str) -> Iterator[Found]:
    if len(text) < _SHORTEST_TOKEN and "://" not in text:
        return
    for rule in _rules():
        for secret in set(rule.analyze_string(text)):
            start = text.find(secret) if secret else -1
            while start >= 0:
                yield rule.secret_type, start, start + len(secret)
                start = text.find(secret, start + 1)


def _random(text: str) -> Iterator[Found]:
    """Random-looking strings: the whole text, what is quoted in it, or what is long enough to stand out."""
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        whole = end - start == len(text.strip())
        quoted = text[start - 1 : start] == text[end : end + 1] and text[end : end + 1] in ("'", '"')
        token = match[0]
        if token.startswith("/") or text[start - 1 : start] in (".", ":", "~"):  # a path or an address: by its parts
            parts = [(start + part.start(), part[0]) for part in re.finditer("[^/]+", token)]
        else:
            parts = [(start, token)]
        for place, part in parts:
            if (whole or quoted or len(part) >= _BARE) and (kind := _kind_of_random(part)):
                yield kind, place, place + len(part)


def _kind_of_random(token: str) -> str:
    if re.fullmatch("[0-9a-fA-F]+", token):
        return HEX if len(token) >= 32 and _hexadecimal().calculate_shannon_entropy(token) > 3.0 else ""
    mixed = all(re.search(kind, token) for kind in ("[0-9]", "[a-z]", "[A-Z]"))
    return BASE64 if mixed and _base64().calculate_shannon_entropy(token) > 4.5 else ""


@lru_cache(maxsize=1)
def _base64() -> Base64HighEntropyString:
    return Base64HighEntropyString()


@lru_cache(maxsize=1)
def _hexadecimal() -> HexHighEntropyString:
    return HexHighEntropyString()


@lru_cache(maxsize=1)
def _rules() -> tuple[RegexBasedDetector, ...]:
    """detect-secrets' rules for the secrets of known services. An IP address is no secret; keys are ours."""
    left_out = ("Public IP (ipv4)", "Private Key")
    rules: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return tuple(
        rule() for kind, rule in rules.items() if issubclass(rule, RegexBasedDetector) and kind not in left_out
    )
