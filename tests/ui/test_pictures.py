"""Who holds what as a picture: static, with words for who cannot see it."""

from __future__ import annotations

import struct

from cnxlib.model import Table
from cnxlib.resources.holders import TITLE
from cnxlib.ui.pictures import MOST_USERS, Picture, pictures_of

COLUMNS = ("user", "name", "profile", "Conexiom User", "Conexiom SuperUser")


def table(count: int) -> Table:
    rows = tuple((f"u{n}@acme.example", "$Ann$ B", f"Profile {n % 3}", "yes", "") for n in range(count))
    return Table(TITLE, COLUMNS, rows)


def size(picture: Picture) -> tuple[int, int]:
    assert picture.png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture.png[16:24])
    return width, height


def test_a_few_users_are_shown_one_by_one_and_many_by_profile() -> None:
    (few,) = pictures_of([table(MOST_USERS)])
    (many,) = pictures_of([table(10_000)])
    assert (
        str(few)
        == f"Who holds what, by user: {MOST_USERS} users; Conexiom User by {MOST_USERS}, Conexiom SuperUser by 0."
    )
    assert "by profile: 10000 users" in str(many)
    assert size(few)[1] > size(many)[1]


def test_no_table_and_an_empty_one_have_no_picture() -> None:
    assert pictures_of([Table("Who lacks what", COLUMNS, (("a",),)), Table(TITLE, COLUMNS, ())]) == []


def test_the_words_are_the_plain_text_and_the_alternative_text() -> None:
    (picture,) = pictures_of([table(2)])
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == str(picture)
