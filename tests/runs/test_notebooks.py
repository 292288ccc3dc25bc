"""Each phase has its notebook, and a missing one is told."""

import pytest

from cnxlib.errors import UnknownPhase
from cnxlib.phases import PHASES
from cnxlib.runs.notebooks import notebook_path


@pytest.mark.parametrize("name", ["00_start_here", *(phase.id for phase in PHASES)])
def test_it_is_found_from_anywhere(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert notebook_path(name).is_absolute()


def test_a_missing_one_is_named() -> None:
    with pytest.raises(UnknownPhase, match="99_nothing"):
        notebook_path("99_nothing")
