"""A keyring, an environment without choices made, and identities that are quick to open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from cnxlib.secrets import touched
from tests.secrets import keyring_in_a_file as fake


@pytest.fixture(autouse=True)
def _touched_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test makes a secret of, such as "value", is none to the other tests."""
    monkeypatch.setattr(touched, "_values", set(touched._values))


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody said how a new store keeps its identity, nor where a passphrase lies; there is nobody to ask."""
    for name in ("CNX_SECRETS_PROTECTION", "CNX_SECRETS_PASSPHRASE_REF"):
        monkeypatch.delenv(name, raising=False)
    # Set and taken away again, so that what the test itself leaves there goes too.
    monkeypatch.setenv("CNX_SECRETS_UNLOCKED", "")
    monkeypatch.setattr("cnxlib.secrets.passphrase.can_ask", lambda: False)


@pytest.fixture
def use_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[fake.Keyring], Path]]:
    """Puts a keyring in place; returns the file of its entries."""
    file = tmp_path / "keyring.json"
    monkeypatch.setenv(fake.FILE, str(file))
    before = keyring.get_keyring()

    def use(backend: fake.Keyring) -> Path:
        keyring.set_keyring(backend)
        return file

    yield use
    keyring.set_keyring(before)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Lets a person answer questions with what is given, in its order; returns the list of questions asked."""

    def answering(*answers: str) -> list[str]:
        asked: list[str] = []
        left = iter(answers)

        def getpass(question: str) -> str:
            asked.append(question)
            return next(left)

        monkeypatch.setattr("cnxlib.secrets.passphrase.can_ask", lambda: True)
        monkeypatch.setattr("getpass.getpass", getpass)
        return asked

    return answering
