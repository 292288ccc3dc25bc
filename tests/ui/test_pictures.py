"""Who holds what and who lacks access as pictures: static, with words for who cannot see them."""

from __future__ import annotations

import struct

import pytest

from cnxlib.model import Table
from cnxlib.resources.conexiom_users import LACKING_TITLE, Lacking, lacking_of
from cnxlib.resources.holders import TITLE
from cnxlib.ui.pictures import MOST_USERS, Picture, pictures_of

COLUMNS = ("user", "name", "profile", "Conexiom User", "Conexiom SuperUser")
SIZES = (1, 12, MOST_USERS, 10_000)


def holding(count: int) -> Table:
    rows = tuple((f"u{n}@acme.example", "$Ann$ B", f"Profile $ {n % 3}", "yes", "") for n in range(count))
    return Table(TITLE, COLUMNS, rows)


def lacking(count: int) -> Table:
    users = {
        f"u{n}@acme.example": {"Account": ["Edit", "Read"], "Case.A_Field_of_Ours__c": ["Read"]} for n in range(count)
    }
    profiles = {name: f"Profile {index % 3}" for index, name in enumerate(users)}
    (table,) = lacking_of(Lacking(users, {}, count, profiles=profiles)).tables
    return table


def size(picture: Picture) -> tuple[int, int]:
    assert picture.png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture.png[16:24])
    return width, height


def test_a_few_users_are_shown_one_by_one_and_many_by_profile() -> None:
    (few,) = pictures_of([holding(MOST_USERS)])
    (many,) = pictures_of([holding(10_000)])
    assert (
        str(few)
        == f"Who holds what, by user: {MOST_USERS} users; Conexiom User by {MOST_USERS}, Conexiom SuperUser by 0."
    )
    assert "by profile: 10,000 users" in str(many)
    assert size(few)[1] > size(many)[1]


def test_who_lacks_access_is_counted_by_right() -> None:
    (few,) = pictures_of([lacking(1)])
    assert str(few) == (
        "Who lacks access, by user: 1 user; lacked: "
        "Account Edit by 1, Account Read by 1, Case.A_Field_of_Ours__c Read by 1."
    )
    (many,) = pictures_of([lacking(10_000)])
    assert "by profile: 10,000 users; lacked: Account Edit by 10,000" in str(many)


def test_a_user_to_be_created_lacks_what_the_profile_lacks() -> None:
    found = Lacking({}, {"new@acme.example": {"Account": ["Edit"]}}, 1, profiles={"new@acme.example": "Sales Basic"})
    (table,) = lacking_of(found).tables
    assert (table.columns, table.rows) == (
        ("user", "profile", "Account"),
        (("new@acme.example", "Sales Basic", "Edit"),),
    )


@pytest.mark.parametrize("count", SIZES)
def test_pictures_stay_of_a_size_to_be_read(count: int) -> None:
    for picture in pictures_of([holding(count), lacking(count)]):
        width, height = size(picture)
        assert 400 <= width <= 1000
        assert 80 <= height <= 1400
        assert len(picture.png) < 120_000


def test_no_table_and_an_empty_one_have_no_picture() -> None:
    tables = [Table("Another", COLUMNS, (("a",),)), Table(TITLE, COLUMNS, ()), Table(LACKING_TITLE, ("user",), ())]
    assert pictures_of(tables) == []


def test_the_words_are_the_plain_text_and_the_alternative_text() -> None:
    (picture,) = pictures_of([holding(2)])
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == str(picture)
    assert f'alt="{picture}"' in data["text/html"]
    assert data["text/html"].startswith('<img src="data:image/png;base64,')
