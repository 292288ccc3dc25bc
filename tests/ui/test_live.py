"""Views that are renewed in place."""

from __future__ import annotations

from cnxlib.ui.live import WIDGET_VIEW, Live
from cnxlib.ui.sortable import Sortable
from cnxlib.ui.view import Grid, Note, View

TABLE = Sortable(Grid(("user",), (("ann",), ("bob",)), "Users"))


def test_blocks_stand_in_order_and_those_alike_share_a_text() -> None:
    live = Live(View(Note("one"), Note("two"), TABLE, Note("three")))
    above, table, below = live.widget.children
    assert ("one" in above.value, "two" in above.value, "three" in below.value) == (True, True, True)
    assert table.caption == "Users"


def test_a_live_block_that_is_shown_again_is_the_same_widget() -> None:
    live = Live(View(Note("busy"), TABLE))
    before = live.widget.children
    live.show(View(Note("done"), Sortable(Grid(("user",), (("ann",), ("bob",)), "Users"))))
    assert live.widget.children == before
    assert "done" in before[0].value
    live.show(View(Note("done"), Sortable(Grid(("user",), (("ann",),), "Users"))))
    assert live.widget.children[1] is not before[1]


def test_it_has_the_views_forms_and_the_widget() -> None:
    live = Live(View(Note("one")))
    bundle = live._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", WIDGET_VIEW}
    assert bundle["text/plain"] == "one"


def test_what_is_no_longer_shown_is_let_go() -> None:
    live = Live(View(Note("one"), TABLE))
    table = live.widget.children[1]
    live.show(View(Note("one")))
    assert table.comm is None
    (text,) = live.widget.children
    live.close()
    assert text.comm is None
