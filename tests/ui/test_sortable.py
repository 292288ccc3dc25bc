"""Tables to be sorted and filtered: what is sent, and what stands in their place elsewhere."""

from __future__ import annotations

import time

import pytest

from cnxlib.resources.holders import as_csv
from cnxlib.ui.sortable import FORMULA_STARTS, HANDFUL, Sortable, sortable
from cnxlib.ui.view import Badge, Code, Grid, Link, Small

MANY = Grid(("user", "set"), tuple((f"u{n}@acme.example", "Conexiom User") for n in range(10_000)), "Who holds what")


def test_a_handful_of_rows_stays_a_table() -> None:
    few = Grid(("user",), tuple((str(n),) for n in range(HANDFUL)))
    assert sortable(few) is few
    assert isinstance(sortable(MANY), Sortable)


def test_elsewhere_it_is_the_grid() -> None:
    assert Sortable(MANY).html() == MANY.html()
    assert Sortable(MANY).text() == MANY.text()


def test_ten_thousand_rows_are_sent_quickly_and_every_text_once() -> None:
    started = time.perf_counter()
    data = Sortable(MANY).widget().data
    assert time.perf_counter() - started < 3
    assert len(data["rows"]) == 10_000
    assert len(data["cells"]) == 10_001
    assert [data["cells"][place] for place in data["rows"][-1]] == ["u9999@acme.example", "Conexiom User"]


def test_parts_of_a_cell_keep_what_they_say() -> None:
    cell = (Badge("done", "good"), Link("there", "https://a.example/"), Small("aside"), Code("cnx"), "plain")
    (sent,) = Sortable(Grid(("c",), ((cell,),))).widget().data["cells"]
    assert [part["text"] for part in sent] == ["✓ done", "there", "aside", "cnx", "plain"]
    assert sent[1]["url"] == "https://a.example/"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", ""])
def test_only_pages_are_linked(url: str) -> None:
    (sent,) = Sortable(Grid(("c",), ((Link("there", url),),))).widget().data["cells"]
    assert sent == [{"text": "there", "kind": "small"}]


def test_formulas_are_those_of_the_records_own_csv_files() -> None:
    assert all(f"'{start}1" in as_csv(["c"], [[f"{start}1"]]) for start in FORMULA_STARTS)
    assert Sortable(MANY).widget().formula_starts == list(FORMULA_STARTS)


def test_the_front_end_fetches_nothing_and_takes_texts_as_texts() -> None:
    script = Sortable(MANY).widget()._esm
    assert "aria-sort" in script
    for word in ("innerHTML", "insertAdjacentHTML", "eval(", "Function(", "fetch(", "import ", "http:", "https:"):
        assert word not in script
