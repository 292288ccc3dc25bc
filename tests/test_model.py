"""Items, changes, plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnxlib.changes import Change, Item, Plan
from cnxlib.model import Status, worst


def change(key: str, *requires: str) -> Change:
    return Change("create", "thing", key, None, {"v": 1}, requires=tuple(f"thing:{name}" for name in requires))


def test_only_the_named_properties_are_managed() -> None:
    item = Item("set", "A", {"read": True, "edit": False, "more": 7}, {"read": True, "edit": True})
    found = item.change()
    assert found is not None
    assert (found.op, found.before, found.after) == ("update", {"edit": False}, {"edit": True})
    assert Item("set", "A", {"read": True, "more": 7}, {"read": True}).change() is None
    assert Item("set", "A", None, None).change() is None


def test_what_should_not_be_there_is_deleted() -> None:
    found = Item("set", "A", {"read": True}, None).change()
    assert found is not None
    assert (found.op, found.before, found.after) == ("delete", {"read": True}, None)


@given(st.permutations(list("abcdef")))
def test_a_plan_is_sorted_by_what_requires_what_then_by_key(order: list[str]) -> None:
    requires = {"a": ("c",), "c": ("f", "e"), "b": ("missing",)}
    plan = Plan.of("00D", "01", [change(key, *requires.get(key, ())) for key in order])
    assert [one.key for one in plan.changes] == ["b", "d", "e", "f", "c", "a"]


def test_circles_and_doubles_are_refused() -> None:
    with pytest.raises(ValueError, match="require each other"):
        Plan.of("00D", "01", [change("a", "b"), change("b", "a")])
    with pytest.raises(ValueError, match="two changes"):
        Plan.of("00D", "01", [change("a"), change("a")])


def test_a_run_is_as_good_as_its_worst_phase() -> None:
    assert worst([Status.CONVERGED, Status.WAITING, Status.CHANGED]) is Status.WAITING
    assert worst([Status.BLOCKED, Status.FAILED, Status.WAITING]) is Status.FAILED
    assert worst([]) is Status.CONVERGED
