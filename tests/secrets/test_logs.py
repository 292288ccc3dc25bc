"""No handler gets to see a secret, however it formats its records."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from cnxlib.secrets import touched
from cnxlib.secrets.logs import guard_logging
from cnxlib.secrets.redaction import MARK
from cnxlib.secrets.touched import touch

SECRET = "Tr0ub4dor&3"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    monkeypatch.setattr(touched, "_values", set())
    made_before = logging.getLogRecordFactory()
    touch(SECRET)
    guard_logging()
    guard_logging()
    text = io.StringIO()
    logger = logging.Logger("somebody's")
    logger.addHandler(logging.StreamHandler(text))
    yield logger, text
    logging.setLogRecordFactory(made_before)


def test_messages_and_their_arguments(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, text = log
    logger.warning("%s with %r", {"password": SECRET}, SECRET.encode())
    logger.warning("100%% of %d", 7)
    assert SECRET not in text.getvalue()
    assert text.getvalue().count(MARK) == 2
    assert text.getvalue().endswith("100% of 7\n")


def test_tracebacks_and_stacks(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, text = log
    try:
        raise ValueError(f"refused: <password>{SECRET.replace('&', '&amp;')}</password>")
    except ValueError:
        logger.exception("went wrong", stack_info=True)
    assert "Tr0ub4dor" not in text.getvalue()
    assert f"ValueError: refused: <password>{MARK}</password>" in text.getvalue()
    assert "test_tracebacks_and_stacks" in text.getvalue()


def test_a_traceback_without_a_secret_stays_an_exception(log: tuple[logging.Logger, io.StringIO]) -> None:
    record = logging.getLogRecordFactory()("n", 40, "f", 1, "m", (), (ValueError, ValueError("plain"), None))
    assert record.exc_info is not None
