"""`cnx handoff tell`: credentials on a terminal's screen, and nowhere else."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Protocol

import pytest

from cnxlib.resources.credentials import LoginRoute
from cnxlib.secrets import SecretStore
from cnxlib.secrets.redaction import Redactor
from tests.processes import CNX, cnx, environment
from tests.terminal import at_terminal

PASSWORD, TOKEN = "Canary of a password 4711", "canaryOfAToken4711"
KEY, SECRET = "canaryOfAConsumerKey4711", "canaryOfAConsumerSecret4711"
VALUES = (PASSWORD, TOKEN, KEY, SECRET)
SCREEN = re.compile(r"\x1b\[\?1049h(.*?)\x1b\[\?1049l", re.DOTALL)
"""What a terminal shows on its alternate screen (xterm's control sequences, smcup and rmcup)."""

terminal = pytest.mark.skipif(os.name != "posix", reason="has no pseudo terminal")


class Sim(Protocol):
    def control(self, method: str, path: str, body: Any = None) -> Any: ...
    def new_org(self, scenario: str = "fresh") -> str: ...
    def writes(self, alias: str) -> int: ...


class Place:
    """An org with an integration user; its password, and key and secret of an app made elsewhere, are in the store."""

    def __init__(self, sim: Sim, folder: Path) -> None:
        self.sim, self.folder, self.org = sim, folder, sim.new_org("converged")
        orgs = cnx("doctor", "--org", self.org, "--json", cwd=folder)
        self.username = f"conexiom.integration@{self.org}.example"
        self.org_id = orgs.json["org"]["id"]
        self.params = ["-p", "email_to_case_integration=true", "-p", f"user_username={self.username}"]
        for name, value in (("consumer_key", KEY), ("consumer_secret", SECRET)):
            SecretStore().put(f"{self.org}/{name}", value)
            self.params += ["-p", f"{name}_ref=age:{self.org}/{name}"]
        SecretStore().put(f"{self.org_id}/user/{self.username}/password", PASSWORD)

    def tell(self, *options: str, answers: dict[str, str] | None = None, term: str = "xterm") -> tuple[int, str]:
        return at_terminal(
            [*CNX, "handoff", "tell", "--org", self.org, *self.params, *options],
            {"Type yes": "yes", "Press Enter": ""} if answers is None else answers,
            cwd=self.folder,
            environment=environment(self.folder / "runs", {"TERM": term}),
        )

    def left(self) -> list[str]:
        """Where one of the values lies, but for the store itself."""
        redactor = Redactor(VALUES)
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [str(path) for path in files if redactor.find(path.read_bytes())]


@pytest.fixture
def place(sim: Sim, tmp_path: Path) -> Place:
    return Place(sim, tmp_path)


@terminal
def test_the_credentials_are_shown_on_a_screen_of_their_own_which_is_wiped(place: Place) -> None:
    writes = place.sim.writes(place.org)
    code, shown = place.tell("-p", "credentials=sealed")
    assert code == 0, shown
    (screen,) = SCREEN.findall(shown)
    assert all(value in screen for value in (place.username, PASSWORD, KEY, SECRET))
    assert screen.rstrip().endswith("\x1b[2J\x1b[H"), "wiped before it is left"
    rest = SCREEN.sub("", shown)
    assert not Redactor(VALUES).holds(rest)
    assert "To be shown: Username, Password, Consumer Key, Consumer Secret." in rest
    assert "Not to be shown: Security Token (e-mailed to the user" in rest
    assert f"cnx confirm --org {place.org} 09.hand_over_credentials --note" in rest
    assert "-p credentials=live_call" in rest
    assert place.left() == []
    assert place.sim.writes(place.org) == writes
    assert not (place.folder / "runs").exists(), "no record is made of it"


@terminal
def test_one_of_them_alone(place: Place) -> None:
    code, shown = place.tell("--only", "password")
    (screen,) = SCREEN.findall(shown)
    assert (code, PASSWORD in screen) == (0, True)
    assert not Redactor([KEY, SECRET]).holds(shown)
    assert "credentials=live_call" not in shown, "the org's entry says so already"


@terminal
def test_the_password_is_shown_where_none_is_due_to_conexiom(place: Place) -> None:
    place.params = ["-p", f"user_username={place.username}"]
    code, shown = place.tell("--only", "password")
    assert (code, PASSWORD in SCREEN.findall(shown)[0]) == (0, True)


@terminal
def test_what_is_not_held_here_is_named_with_where_it_is(place: Place) -> None:
    code, shown = place.tell("--only", "security-token")
    assert code == 1
    assert "Reset My Security Token" in shown
    assert "Nothing of Security Token is held here" in shown
    assert not SCREEN.search(shown)


@terminal
@pytest.mark.parametrize("answer", ["no", ""])
def test_without_a_yes_nothing_is_shown(place: Place, answer: str) -> None:
    code, shown = place.tell(answers={"Type yes": answer})
    assert (code, SCREEN.search(shown)) == (3, None)
    assert not Redactor(VALUES).holds(shown)


@terminal
def test_a_terminal_that_cannot_be_wiped_is_refused(place: Place) -> None:
    code, shown = place.tell(answers={}, term="dumb")
    assert (code, "no screen that can be wiped" in shown) == (2, True)


@terminal
@pytest.mark.parametrize("how", ["< /dev/null", "| cat", "> out.txt"])
def test_a_pipe_is_refused(place: Place, how: str) -> None:
    command = " ".join([*CNX, "handoff", "tell", "--org", place.org, *place.params, how])
    code, shown = at_terminal(
        ["bash", "-o", "pipefail", "-c", command],
        {},
        cwd=place.folder,
        environment=environment(place.folder / "runs", {"TERM": "xterm"}),
    )
    assert code == 2, shown
    assert "at a terminal alone" in shown
    assert place.left() == [] and not Redactor(VALUES).holds(shown)


@terminal
def test_json_is_refused_at_a_terminal_too(place: Place) -> None:
    code, shown = place.tell("--json", answers={})
    assert code == 2
    assert "UsageError" in shown
    assert "never to a program" in shown


def test_the_steps_that_need_it_name_the_command(place: Place) -> None:
    call = [*place.params, "-p", "credentials=live_call"]
    (phase,) = cnx("plan", "--org", place.org, "--phase", "09", *call, "--json", cwd=place.folder).json["phases"]
    said = {step["step"]: step["what"] for step in phase["manual"]}["hand_over_credentials"]
    assert f"`cnx handoff tell --org {place.org}` shows them" in said
    route = LoginRoute("02", "acme", "security_token", "u@acme.example", False, "https://acme.example", "Conexiom")
    assert "`cnx handoff tell --org acme --only password` shows it" in route.step().what
