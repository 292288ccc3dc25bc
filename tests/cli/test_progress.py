import io
from typing import Any

import pytest
from rich.console import Console

from cnxlib.changes import Change
from cnxlib.cli import progress
from cnxlib.model import Check
from cnxlib.phases import PHASES

CHANGE = Change("create", "package", "Conexiom [x]", None, {"version": "1.9"})


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("phase-started", {}, "reading the org"),
        ("check", Check("licence", True).as_json(), "licence"),
        ("plan", {"changes": [CHANGE.as_json()]}, "1 changes"),
        ("step-started", CHANGE.as_json(), "create package Conexiom [x]"),
        ("progress", {"message": "installing", "fraction": 0.25}, "installing (25%)"),
        ("progress", {"message": "installing", "fraction": None}, "installing"),
        ("progress", {"message": "waiting for the org"}, "waiting for the org"),
        ("step-done", {}, ""),
    ],
)
def test_every_event_of_a_phase_can_be_told(name: str, data: dict[str, Any], said: str) -> None:
    assert progress._said(name, data) == said


def test_the_bar_takes_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=140)
    monkeypatch.setattr(progress, "console", lambda **options: screen)
    with progress.watching(1) as watch:
        watch.phase_begins(PHASES[0])
        watch.happened({"event": "step-started", "data": CHANGE.as_json()})
        watch.happened({"event": "progress", "data": {"message": "installing", "fraction": 0.25}})
        assert isinstance(watch, progress._Bar)
        watch._bar.refresh()
        assert "installing (25%)" in screen.file.getvalue()  # type: ignore[attr-defined]
