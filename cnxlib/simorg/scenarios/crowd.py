"""Many users from a few lines: the same ones, with the same names and sets, at every start.

A line of a scenario's `crowd` describes users who are alike::

    csr: {count: 6000, profile: Customer Service, groups: {Service_Desk: 1}, sets: {Order_Desk: 3}, inactive: 50}

makes csr00001 to csr06000; all of them are in the group, each third one has the set, each fiftieth one is inactive.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


def users(crowd: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The users of all lines, by name, each described as in a scenario's `users`."""
    first, last = _people()
    found: dict[str, Mapping[str, Any]] = {}
    for prefix, line in crowd.items():
        alike = {key: line[key] for key in ("profile", "role", "title") if key in line}
        for number in range(1, line["count"] + 1):
            found[f"{prefix}{number:05}"] = {
                **alike,
                # 39 first and 41 last names have no common divisor: a pair comes again after 1,599 users
                "first": first[number % len(first)],
                "last": last[number % len(last)],
                "active": not line.get("inactive") or bool(number % line["inactive"]),
                "sets": [name for name, every in line.get("sets", {}).items() if not number % every],
                "groups": [name for name, every in line.get("groups", {}).items() if not number % every],
            }
    return found


@cache
def _people() -> tuple[list[str], list[str]]:
    """First names and last names."""
    first, last = files(__package__).joinpath("people.txt").read_text("utf-8").splitlines()
    return first.split(), last.split()
