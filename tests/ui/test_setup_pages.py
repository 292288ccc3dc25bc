import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnxlib.model import Check
from cnxlib.ui.setup_pages import PAGES, Page, install_page, page_of

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*/*.json"))


def changes() -> Iterator[tuple[str, str]]:
    for path in CASES:
        case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for change in case.get("expect", {}).get("changes", []):
            yield change["kind"], change["key"]


@pytest.mark.parametrize(("kind", "key"), sorted({(kind, key) for kind, key in changes()}))
def test_every_change_that_a_case_produces_has_a_page(kind: str, key: str) -> None:
    page = page_of(kind, key)
    assert page is not None
    assert page.path.startswith("/lightning/setup/") or kind == "support_mail"


def test_every_page_is_of_a_change_that_there_is() -> None:
    found = list(changes())
    pages = {page_of(kind, key) for kind, key in found}
    kinds = {kind for kind, _ in found}
    assert {name.partition(":")[0] for name in PAGES} == kinds
    assert set(PAGES.values()) - pages <= {PAGES["rotation"]}


def test_a_rotation_is_made_where_what_is_rotated_lies() -> None:
    assert page_of("rotation", "password@CHG-1") == PAGES["user"]
    assert page_of("rotation", "secret@CHG-1") == PAGES["connected_app"]


def test_nothing_is_linked_without_an_org_or_a_page() -> None:
    assert page_of("lamp") is None
    assert PAGES["user"].address("") == ""
    assert PAGES["support_mail"].address("https://acme.my.salesforce.com") == ""


def test_only_a_check_with_the_install_link_is_one() -> None:
    link = "/packaging/installPackage.apexp?p0=04t5x000000YKbXAAW"
    assert install_page([Check("a", True, detail=f"see {link}"), Check("b", True, detail="no")]) is None
    assert install_page([Check("a", True, detail=f"https://a.example{link}")]) == Page("the guide's install link", link)
