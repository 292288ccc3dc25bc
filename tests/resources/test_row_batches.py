"""Rows in batches: those that were locked are sent again, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.errors import CnxError, OrgUnreachable, SalesforceError, Temporary
from cnxlib.resources.grants import object_permissions
from cnxlib.resources.row_batches import delete_rows, insert_rows
from cnxlib.rounds import Asking, Rounds
from cnxlib.salesforce import DeleteRows, InsertRows, RowResult

LOCKED = RowResult("", "UNABLE_TO_LOCK_ROW", "Zeile gesperrt")
ROWS = [{"Name": name} for name in "abc"]


class Door:
    """Answers with what it was given, in turn; keeps what was sent, and how long was waited."""

    def __init__(self, *answers: list[RowResult] | CnxError) -> None:
        self._answers = list(answers)
        self.sent: list[list[Any]] = []
        self.waited: list[float] = []

    def send(self, requests: Sequence[Any]) -> list[Any]:
        (request,) = requests
        assert isinstance(request, InsertRows | DeleteRows)
        self.sent.append(list(request.rows if isinstance(request, InsertRows) else request.ids))
        return [self._answers.pop(0)]

    def perform(self, asking: Asking[Any]) -> Any:
        return Rounds(self.send, lambda name, data: None, sleep=self.waited.append).perform(asking)


def test_only_the_locked_rows_are_sent_again() -> None:
    door = Door([RowResult("1"), LOCKED, RowResult("", "DUPLICATE_VALUE", "")], [LOCKED], [RowResult("2")])
    done = door.perform(insert_rows("Thing", ROWS))
    assert [one.id for one in done] == ["1", "2", ""]
    assert [getattr(one.error, "code", None) for one in done] == [None, None, "DUPLICATE_VALUE"]
    assert door.sent == [ROWS, [ROWS[1]], [ROWS[1]]]
    assert door.waited == sorted(door.waited) and door.waited[0] < door.waited[1]


def test_a_row_that_stays_locked_fails_alone() -> None:
    door = Door([RowResult("1"), LOCKED, RowResult("3")], [LOCKED], [LOCKED], [LOCKED])
    done = door.perform(insert_rows("Thing", ROWS))
    assert isinstance(done[1].error, Temporary)
    assert (done[0].id, done[2].id) == ("1", "3")


def test_what_succeeded_is_told_though_the_next_answer_is_lost() -> None:
    lost = OrgUnreachable("lost")
    done = Door([RowResult("1"), LOCKED, RowResult("3")], lost).perform(insert_rows("Thing", ROWS))
    assert [(one.id, one.error) for one in done] == [("1", None), ("", lost), ("3", None)]


def test_what_arrived_though_its_answer_was_lost_is_not_sent_again() -> None:
    def arrived(indices: Sequence[int]) -> Asking[Mapping[int, str]]:
        yield from ()
        return {index: "old" for index in indices if index != 1}

    door = Door(OrgUnreachable("lost"), [RowResult("2")])
    done = door.perform(insert_rows("Thing", ROWS, arrived))
    assert [one.id for one in done] == ["old", "2", "old"]
    assert door.sent == [ROWS, [ROWS[1]]]


def test_a_refusal_of_the_whole_is_not_tried_again() -> None:
    no = SalesforceError("No.", code="INVALID_TYPE")
    door = Door(no)
    assert [one.error for one in door.perform(insert_rows("Thing", ROWS))] == [no] * 3
    assert len(door.sent) == 1


def test_what_is_deleted_again_and_is_gone_is_done() -> None:
    door = Door(OrgUnreachable("lost"), [RowResult("", "ENTITY_IS_DELETED", ""), LOCKED], [RowResult("2")])
    assert [one.error for one in door.perform(delete_rows(["1", "2"]))] == [None, None]
    assert door.sent == [["1", "2"], ["1", "2"], ["2"]]


def test_permissions_are_written_so() -> None:
    """As found: one row of object permissions was locked, and the visibility set stayed without it."""
    both = object_permissions("Minimum", {"Account": ["Read"], "Case": ["Read"]}, {})
    door = Door([RowResult("1"), LOCKED], [RowResult("2")])
    changes = [item.change() for item in Rounds(lambda _: [[]], lambda n, d: None).perform(both.observe()).items]
    done = door.perform(both.apply([one for one in changes if one], {"permission_set:Minimum": "0PS"}))
    assert [one.id for one in done] == ["1", "2"]
    assert [row["SobjectType"] for row in door.sent[1]] == ["Case"]
