"""One value of a YAML text is changed, and every other character stays."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cnxlib.inventory.splicing import with_value, without

TEXT = """\
# top
orgs:
    # about acme
    acme:   # eol acme
        login: {route: sf,   alias: 'acme-prod'}  # how
        # before parameters
        parameters:
            # first
            01_install: { security_type: all, minutes: 5 } # p1
            # about 02
            02_user:
                # about label
                label: "Me"   # the label
                # about case
                case_alerts: yes

                # about types
                types:
                - A # a
                - B
                # tail of 02
            # about 03
            03_app:
                url: 'https://x.example'   # cb
    # about other
    other: {login: {route: sf, alias: o}}
# end
"""
BEFORE = ("orgs", "acme", "parameters")


def changed(text: str) -> list[str]:
    """The lines that differ from TEXT."""
    return [line for line in difflib.ndiff(TEXT.splitlines(), text.splitlines()) if line[:1] in "+-"]


def at(text: str, *path: str) -> Any:
    value = yaml.safe_load(text)
    for key in path:
        value = value[key]
    return value


DEEP = " " * 16


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (("02_user", "label"), "You", [f'- {DEEP}label: "Me"   # the label', f"+ {DEEP}label: You   # the label"]),
        (("02_user", "label"), "no", [f'- {DEEP}label: "Me"   # the label', f"+ {DEEP}label: 'no'   # the label"]),
        (
            ("02_user", "types"),
            ["A"],
            [f"- {DEEP}types:", f"+ {DEEP}types: [A]", f"- {DEEP}- A # a", f"- {DEEP}- B"],
        ),
        (
            ("01_install", "minutes"),
            9,
            [
                "-             01_install: { security_type: all, minutes: 5 } # p1",
                "+             01_install: { security_type: all, minutes: 9 } # p1",
            ],
        ),
        (
            ("01_install", "remote"),
            True,
            [
                "-             01_install: { security_type: all, minutes: 5 } # p1",
                "+             01_install: { security_type: all, minutes: 5, remote: true } # p1",
            ],
        ),
        (("02_user", "api_only"), True, [f"+ {DEEP}api_only: true"]),
        (
            ("07_users", "assignments"),
            [{"set": "user", "users": ["a@b.c", "d, e"]}],
            [
                "+             07_users:",
                "+               assignments:",
                "+                 - set: user",
                "+                   users: [a@b.c, 'd, e']",
            ],
        ),
        (
            ("03_app", "url"),
            "a\nb",
            [f"- {DEEP}url: 'https://x.example'   # cb", f'+ {DEEP}url: "a\\nb"   # cb'],
        ),
    ],
)
def test_a_value_is_put_where_it_belongs(path: tuple[str, ...], value: Any, lines: list[str]) -> None:
    text = with_value(TEXT, (*BEFORE, *path), value)
    assert at(text, *BEFORE, *path) == value
    assert changed(text) == lines


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        (("02_user", "label"), ['-                 label: "Me"   # the label']),
        (("02_user", "types"), ["-                 types:", "-                 - A # a", "-                 - B"]),
        (
            ("01_install", "security_type"),
            [
                "-             01_install: { security_type: all, minutes: 5 } # p1",
                "+             01_install: { minutes: 5 } # p1",
            ],
        ),
        (
            ("01_install", "minutes"),
            [
                "-             01_install: { security_type: all, minutes: 5 } # p1",
                "+             01_install: { security_type: all } # p1",
            ],
        ),
        (("03_app", "url"), ["-             03_app:", "-                 url: 'https://x.example'   # cb"]),
        (("03_app", "nothing"), []),
        (("nowhere", "nothing"), []),
    ],
)
def test_a_value_is_taken_out_and_the_comments_around_it_stay(path: tuple[str, ...], lines: list[str]) -> None:
    text = without(TEXT, (*BEFORE, *path))
    assert changed(text) == lines
    yaml.safe_load(text)


def test_what_is_left_empty_goes_up_to_the_entry() -> None:
    text = "orgs:\n  a:\n    login: {route: sf, alias: a}\n    parameters: {x: {y: 1}}\n"
    assert without(text, ("orgs", "a", "parameters", "x", "y")) == "orgs:\n  a:\n    login: {route: sf, alias: a}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("orgs:\n", "orgs:\n  a:\n    b: 1\n"),
        ("orgs: # mine\n", "orgs:\n  a:\n    b: 1 # mine\n"),
        ("orgs: {}\n", "orgs:\n  a:\n    b: 1\n"),
        ("orgs: {a: {}}", "orgs: {a: {b: 1}}"),
        ("orgs: {a: {c: 2}}", "orgs: {a: {c: 2, b: 1}}"),
        ("orgs:\n  a:\n    c: 2", "orgs:\n  a:\n    c: 2\n    b: 1"),
        ("orgs:\r\n  a:\r\n    c: 2 # two\r\n", "orgs:\r\n  a:\r\n    c: 2 # two\r\n    b: 1\r\n"),
        ("{orgs: {x: &x {c: 2}, a: *x}}", "{orgs: {x: &x {c: 2}, a: {c: 2, b: 1}}}"),
        ("orgs:\n  x: &x {c: 2}\n  a: *x # as x\n", "orgs:\n  x: &x {c: 2}\n  a:\n    c: 2\n    b: 1 # as x\n"),
        ("x: &x {a: {c: 2}}\norgs:\n  <<: *x\n", "x: &x {a: {c: 2}}\norgs:\n  <<: *x\n  a:\n    c: 2\n    b: 1\n"),
    ],
)
def test_every_way_in_which_a_mapping_is_written(before: str, after: str) -> None:
    assert with_value(before, ("orgs", "a", "b"), 1) == after
    assert at(after, "orgs", "a", "b") == 1


def test_a_space_that_is_none_to_yaml_belongs_to_the_text() -> None:
    text = with_value("orgs:\n  a:\n    b: x\u00a0\n", ("orgs", "a", "b"), 1)
    assert at(text, "orgs", "a", "b") == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc:#, ", min_size=1), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, st.sampled_from([("02_user", "label"), ("02_user", "types"), ("01_install", "new"), ("09", "new")]))
def test_whatever_is_put_in_is_read_again(value: Any, path: tuple[str, str]) -> None:
    text = with_value(TEXT, (*BEFORE, *path), value)
    assert at(text, *BEFORE, *path) == value
    assert at(with_value(text, (*BEFORE, *path), 1), *BEFORE, *path) == 1
    assert "# tail of 02" in without(text, (*BEFORE, *path))
