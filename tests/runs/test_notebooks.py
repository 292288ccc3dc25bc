"""Each phase has its notebook, in a checkout and in a wheel, and a missing one is told."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from cnxlib.errors import UnknownPhase
from cnxlib.phases import NOTEBOOKS
from cnxlib.runs.notebooks import notebook_path


@pytest.mark.parametrize("name", ["00_start_here", *(phase.id for phase in NOTEBOOKS)])
def test_it_is_found_from_anywhere(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert notebook_path(name).is_absolute()


def test_a_missing_one_is_named() -> None:
    with pytest.raises(UnknownPhase, match="99_nothing"):
        notebook_path("99_nothing")


@pytest.mark.parametrize(("version", "within"), [("standard", True), ("editable", False)])
def test_a_wheel_holds_them_all(tmp_path: Path, version: str, within: bool) -> None:
    (wheel,) = WheelBuilder(str(Path(__file__).parents[2])).build(directory=str(tmp_path), versions=[version])
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.endswith(".ipynb")}
    every = {f"cnxlib/notebooks/{name}.ipynb" for name in ("00_start_here", *(phase.id for phase in NOTEBOOKS))}
    assert names == (every if within else set())
