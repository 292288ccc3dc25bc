"""A hundred orgs in one process: ready at once, apart from each other, and no heavier than what is used of them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.simorg.harness import Org, Server

COUNT = 100


@pytest.fixture(scope="module")
def orgs() -> Iterator[list[Org]]:
    start = time.monotonic()
    server = Server(*(word for number in range(COUNT) for word in ("--org", f"site{number}=fresh")))
    assert time.monotonic() - start < 20, "under two seconds on an idle machine"
    yield [Org(server, about) for about in server.ready["orgs"]]
    assert server.close() == 0


def megabytes(process: int) -> float:
    """Memory that a process has in use; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text("utf-8")) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


def test_each_is_an_org_of_its_own(orgs: list[Org]) -> None:
    assert len({org.about["org_id"] for org in orgs}) == len({org.about["username"] for org in orgs}) == COUNT
    before = megabytes(orgs[0].server.process.pid)
    used = orgs[::10]
    with ThreadPoolExecutor(8) as threads:
        made = list(
            threads.map(lambda org: org.call("POST", "sobjects/Account", json={"Name": org.alias}).status_code, used)
        )
    assert made == [201] * len(used)
    for org in used:
        names = [row["Name"] for row in org.query("SELECT Name FROM Account WHERE Name LIKE 'site%'")]
        assert names == [org.alias]
    grown = megabytes(orgs[0].server.process.pid) - before
    assert grown < 10 * len(used), f"{grown:.0f} MiB for {len(used)} orgs"


def test_usernames_are_unique_among_all_of_them_used_or_not(orgs: list[Org]) -> None:
    one, other = orgs[1], orgs[2]
    (profile,) = one.query("SELECT Id FROM Profile WHERE Name = 'Standard User'")
    user = {
        "Username": other.about["username"],
        "Email": "twin@acme.example",
        "LastName": "Twin",
        "Alias": "twin",
        "ProfileId": profile["Id"],
        "TimeZoneSidKey": "America/Toronto",
        "LocaleSidKey": "en_CA",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    }
    answer = one.call("POST", "sobjects/User", json=user)
    assert answer.json()[0]["errorCode"] == "DUPLICATE_USERNAME"


def test_a_password_login_finds_its_org(orgs: list[Org]) -> None:
    org = orgs[77]
    password = org.about["password"] + org.about["security_token"]
    said = org.soap(
        "u/62.0", f"<login><username>{org.about['username']}</username><password>{password}</password></login>"
    )
    assert f"<organizationId>{org.about['org_id']}</organizationId>" in said.text
