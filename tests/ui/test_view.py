import pytest

from cnxlib.ui.view import MOST_ROWS, TEXT_WIDTH, Badge, Code, Grid, Link, Note, Passage, Small, View

HOSTILE = "<script>alert('x')</script> & \"quoted\" [bold]not markup[/bold]"


@pytest.mark.parametrize(
    "block",
    [
        Note(HOSTILE, "bad", (HOSTILE, Code(HOSTILE))),
        Grid(
            (HOSTILE,),
            ((Badge(HOSTILE),), ((Small(HOSTILE), Link(HOSTILE, "https://a.example/?q=" + HOSTILE)),)),
            HOSTILE,
        ),
        Passage(HOSTILE, HOSTILE),
    ],
    ids=["note", "grid", "passage"],
)
def test_what_the_org_says_is_escaped_in_html_and_whole_in_text(block: Note | Grid | Passage) -> None:
    assert "<script" not in block.html()
    assert "&lt;script&gt;" in block.html()
    assert "[bold]not markup[/bold]" in block.text()


def test_a_view_has_both_forms() -> None:
    bundle = View(Note("Hello"), None, Grid(("A",), (("b",),)))._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"].startswith("Hello\n\n")


def test_a_badge_says_by_a_sign_what_its_colour_says() -> None:
    words = [Grid((), ((Badge("word", tone),),)).text() for tone in ("good", "bad", "warn")]
    assert words == ["✓ word", "✗ word", "! word"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", ""])
def test_only_pages_are_linked(url: str) -> None:
    assert "<a " not in Grid((), ((Link("there", url),),)).html()


@pytest.mark.parametrize("url", ["https://acme.my.salesforce.com/x", "01_install_package.ipynb", "mailto:a@b.example"])
def test_pages_are_linked(url: str) -> None:
    assert f'href="{url}"' in Grid((), ((Link("there", url),),)).html()


def test_long_cells_are_wrapped_not_cut() -> None:
    long = "word " * 60
    lines = Grid(("One", "Two"), ((long, "x" * 300),)).text().splitlines()
    assert max(map(len, lines)) <= TEXT_WIDTH
    assert "".join(lines).count("x") == 300
    assert sum(line.count("word") for line in lines) == 60


def test_what_is_to_be_copied_stands_whole_beside_its_heading() -> None:
    path = "/home/ann/" + "a-folder-of-hers/" * 9
    text = Grid((), (("Status", "word " * 60), ("Record of the run", Code(path)))).text()
    assert path in text
    assert text.count("word") == 60


def test_a_digest_stands_whole_in_a_table_too() -> None:
    digest = "sha256:" + "0123456789abcdef" * 4
    rows = (("2026-11-28", "word " * 40, "them " * 30, Code(digest)), ("2026-11-29", "word", "—", ("word " * 40, "—")))
    text = Grid(("When", "What", "To", "SHA-256"), rows).text()
    assert digest in text
    assert (text.count("word"), text.count("them")) == (81, 30)


def test_a_long_name_may_break_in_html_and_stays_whole_in_text() -> None:
    grid = Grid(("Key",), (("Some_Set/Account.cnx__Id__c & co",),))
    assert "Some_<wbr>Set/<wbr>Account.<wbr>cnx_" in grid.html()
    assert "<wbr>" not in Grid(("Key",), (("a_short/name.of_it",),)).html()
    assert "&amp; co" in grid.html()
    assert "Some_Set/Account.cnx__Id__c & co" in grid.text()


def test_a_long_table_says_how_much_it_leaves_out() -> None:
    grid = Grid(("N",), tuple((str(number),) for number in range(MOST_ROWS + 7)))
    assert "7 more rows" in grid.html()
    assert "7 more rows" in grid.text()
    assert grid.html().count("<tr>") == MOST_ROWS + 1


def test_a_table_without_head_names_its_rows() -> None:
    html = Grid((), (("Org", "Acme"),)).html()
    assert '<th scope="row"' in html
    assert "<thead" not in html
