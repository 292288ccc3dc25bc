"""Labels and messages in the language of the user who calls, as real orgs answer them; names and codes never change.

One file per language: ``labels`` by their English text, ``messages`` by patterns of the English ones, ``profiles`` by
the English names of the standard profiles. What a file does not know stays English, as in a real org the texts of the
developer's own do.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LANGUAGE: ContextVar[str] = ContextVar("LANGUAGE", default="en_US")
"""The language (User.LanguageLocaleKey) in which the request being served is answered."""


@dataclass(frozen=True)
class Language:
    """The texts of one language."""

    labels: dict[str, str]
    messages: tuple[tuple[re.Pattern[str], str], ...]
    profiles: dict[str, str]


_ENGLISH = Language({}, (), {})


@lru_cache
def language(key: str) -> Language:
    """The texts of the language; none for English and for a language that has no file."""
    file = files(__package__) / f"{key}.yaml"
    if not key.isidentifier() or not file.is_file():
        return _ENGLISH
    raw = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    messages = tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in raw["messages"].items())
    return Language(raw["labels"], messages, raw["profiles"])


def label(text: str) -> str:
    """A label of the schema in the caller's language; also a function of the database."""
    return language(LANGUAGE.get()).labels.get(text, text)


def message(text: str) -> str:
    """An error's message in the caller's language."""
    for pattern, translated in language(LANGUAGE.get()).messages:
        if match := pattern.fullmatch(text):
            return match.expand(translated)
    return text


def profile(name: str, key: str) -> str:
    """The name of a standard profile in an org of that language. [R: Salesforce tells it in the user's language]"""
    return language(key).profiles.get(name, name)


@lru_cache
def english_profile(name: str) -> str:
    """The English name of a standard profile, by which the Metadata API knows it in every language."""
    keys = [file.name.removesuffix(".yaml") for file in files(__package__).iterdir() if file.name.endswith(".yaml")]
    found = (english for key in keys for english, own in language(key).profiles.items() if own == name)
    return next(found, name)
