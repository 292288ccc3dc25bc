from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnxlib.simorg import ids


@pytest.mark.parametrize("known", ["04t5x000000YKbXAAW", "0Hf1h0000006runCAA", "012000000000000AAA"])
def test_ids_of_real_orgs_have_the_checksum_that_is_computed(known: str) -> None:
    assert ids.to18(known[:15]) == known


@given(st.text(alphabet=ids.ALPHABET, min_size=15, max_size=15))
def test_the_checksum_restores_the_case(id15: str) -> None:
    id18 = ids.to18(id15)
    assert ids.to18(id18.lower()) == id18
    assert ids.to18(id18.upper()) == id18
    assert ids.same(id15, id18)


@pytest.mark.parametrize(
    "wrong", ["", "005", "005000000000001A", "00500000000000!", "04t5x000000YKbXAA9", "04t5x000000YKbX AW"]
)
def test_what_is_no_id(wrong: str) -> None:
    assert not ids.is_id(wrong)
    with pytest.raises(ValueError, match="not an id"):
        ids.to18(wrong)


def test_ids_of_an_org_are_its_own_and_ascend() -> None:
    one, two = (ids.record_id("005", ids.org_id("a"), number) for number in (61, 62))
    assert one[:3] == "005"
    assert one[:15] < two[:15]
    assert ids.record_id("005", ids.org_id("b"), 61) != one
