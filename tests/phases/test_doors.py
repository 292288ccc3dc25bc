"""No case with impossible answers of OAuth's doors: each is one that a simulated org gives to a request of that form.

Which app asks, with which secret, for which user: a case pretends that too. So its request is sent with an app that the
org has and with one that it has not, with right and with wrong secrets.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cnxlib.salesforce import AuthorizeDoor, TokenDoor
from cnxlib.secrets import resolve
from tests.conftest import Sim
from tests.phases.test_cases import FILES, text
from tests.phases.test_facts import pretended
from tests.salesforce.apps import SECRET, Apps

CALLBACK = "https://x.example"
"""Where the app of `Apps` sends its users."""

Door = AuthorizeDoor | TokenDoor


class Doors:
    """What a simulated org's doors say.

    Parameters
    ----------
    apps:
        The org, and the app that it has.
    """

    def __init__(self, apps: Apps) -> None:
        given = apps.given.login.references()
        password = "".join(resolve(given[name]) for name in ("password", "security_token"))
        self._org = apps.admin
        self._ways = {
            "client_id": (apps.client_id, "UnknownConsumerKey"),
            "client_secret": (SECRET, "AnotherSecret"),
            "redirect_uri": (CALLBACK, "https://elsewhere.example"),
            "username": (apps.username,),
            "password": (password, "AnotherPassword"),
        }
        self._known: dict[Any, set[str]] = {}

    def say(self, request: Door) -> set[str]:
        """All that they answer to requests of that form."""
        if isinstance(request, AuthorizeDoor):
            names, given = ("client_id", "redirect_uri"), {}
        else:
            names, given = tuple(name for name, _ in request.form), dict(request.form)
        form = (type(request), names, given.get("grant_type"))
        if form not in self._known:
            self._known[form] = set()
            for values in product(*(self._ways.get(name, (given.get(name),)) for name in names)):
                sent = AuthorizeDoor(*values) if isinstance(request, AuthorizeDoor) else _token(names, values)
                self._known[form].update(self._org.send([sent]))
        return self._known[form]


def _token(names: tuple[str, ...], values: tuple[Any, ...]) -> TokenDoor:
    return TokenDoor(tuple(zip(names, values, strict=True)))


def asked(path: Path) -> list[tuple[Door, str]]:
    """What a case's phase asks the doors, with the pretended answers."""
    return [(request, fact) for request, fact in pretended(path, (AuthorizeDoor, TokenDoor))]


ASKING = [path for path in FILES if asked(path)]


@pytest.fixture(scope="module")
def doors(sim: Sim, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    apps = Apps(sim.new_org("fresh"), tmp_path_factory.mktemp("apps"))
    yield Doors(apps)
    apps.admin.close()


@pytest.mark.parametrize("path", ASKING, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_the_doors_are_pretended_to_say_could_be_said(path: Path, doors: Doors) -> None:
    wrong = [f"{text(request)}: {fact!r}" for request, fact in asked(path) if fact not in doors.say(request)]
    assert not wrong, "\n".join(wrong)


def test_the_doors_know_right_from_wrong(doors: Doors) -> None:
    assert doors.say(AuthorizeDoor("any", "any")) == {"", "invalid_client_id", "redirect_uri_mismatch"}
    password = ("grant_type", "password"), *((name, "") for name in ("client_id", "client_secret", "username"))
    said = doors.say(TokenDoor((*password, ("password", ""))))
    assert said == {"", "invalid_client_id", "invalid_client", "invalid_grant"}
    assert doors.say(TokenDoor((("grant_type", "never_heard_of"),))) == {"unsupported_grant_type"}
