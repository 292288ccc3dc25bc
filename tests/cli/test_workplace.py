"""Copies of the notebooks to work on: renewed, without outputs, and nothing of a person's own is lost."""

import json
from pathlib import Path

import pytest

from cnxlib.cli.workplace import renew
from cnxlib.errors import CnxError

NAME = "01_install_package.ipynb"


def notebook(*sources: str, output: str = "") -> str:
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    cells = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "execution_count": None,
            "source": source,
            "outputs": outputs,
        }
        for n, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def sources_of(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The folder of the notebooks themselves, with one in it."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / NAME).write_text(notebook("one", "two"))
    return folder


@pytest.fixture
def copies(tmp_path: Path, source: Path) -> Path:
    """The folder of the copies, made once."""
    folder = tmp_path / "deep" / "copies"
    renew(folder, source)
    return folder


def test_copies_are_the_notebooks(source: Path, copies: Path) -> None:
    assert (copies / NAME).read_bytes() == (source / NAME).read_bytes()


def test_outputs_go_and_other_files_stay(source: Path, copies: Path) -> None:
    (copies / NAME).write_text(notebook("one", "two", output="as it was"))
    (copies / "users.csv").write_text("Username,PermissionSet\n")
    renew(copies, source)
    assert "as it was" not in (copies / NAME).read_text()
    assert (copies / "users.csv").exists()


def test_what_a_person_changed_stays_without_its_outputs(source: Path, copies: Path) -> None:
    (copies / NAME).write_text(notebook("one", "mine", output="as it was"))
    renew(copies, source)
    assert sources_of(copies / NAME) == ["one", "mine"]
    assert "as it was" not in (copies / NAME).read_text()


def test_a_new_version_takes_the_place_and_what_a_person_changed_is_kept_beside_it(source: Path, copies: Path) -> None:
    (copies / NAME).write_text(notebook("one", "mine"))
    (source / NAME).write_text(notebook("one", "better"))
    renew(copies, source)
    assert sources_of(copies / NAME) == ["one", "better"]
    assert [sources_of(path) for path in copies.glob("*-changed-*.ipynb")] == [["one", "mine"]]


def test_a_new_version_of_an_unchanged_copy_leaves_nothing_beside_it(source: Path, copies: Path) -> None:
    (copies / NAME).write_text(notebook("one", "two", output="as it was"))
    (source / NAME).write_text(notebook("one", "better"))
    renew(copies, source)
    assert [path.name for path in copies.glob("*.ipynb")] == [NAME]
    assert sources_of(copies / NAME) == ["one", "better"]


def test_what_is_no_notebook_any_more_is_kept_beside(source: Path, copies: Path) -> None:
    (copies / NAME).write_text("cut off in the mid")
    renew(copies, source)
    assert sources_of(copies / NAME) == ["one", "two"]
    assert [path.read_text() for path in copies.glob("*-changed-*.ipynb")] == ["cut off in the mid"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, source: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CnxError, match="file") as caught:
        renew(tmp_path / "file" / "copies", source)
    assert "--notebooks" in caught.value.hint
