"""Every notebook has the same anatomy, its parameters are its model's, and its links lead somewhere."""

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cnxlib.phases import NOTEBOOKS, PHASES, Phase, find_phase
from cnxlib.phases.saved import defaults

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = ["00_start_here", *(phase.id for phase in PHASES)]
"""The way through the guide."""
ALL = ["00_start_here", *(phase.id for phase in NOTEBOOKS)]
MOST_LINES = 6

PATH_OF_A_PHASE = [
    ["run = Cockpit(phase, globals())", "run.inputs()"],
    ["run.connect()"],
    ["run.preflight()"],
    ["run.plan()"],
    ["run.apply()"],
    ["run.verify()"],
    ["run.record()"],
    ["run.outcome.raise_for_status()"],
]


def read(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def code_cells(name: str) -> list[Any]:
    return [cell for cell in read(name).cells if cell.cell_type == "code"]


def tagged(cell: Any) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def prose(name: str) -> str:
    return "\n\n".join(cell.source for cell in read(name).cells if cell.cell_type == "markdown")


def test_there_is_a_notebook_for_each_phase_and_no_other() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == ALL


@pytest.mark.parametrize("name", ALL)
class TestEveryNotebook:
    def test_it_is_valid_and_stripped(self, name: str) -> None:
        notebook = read(name)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.kernelspec.name == "python3"
        assert "widgets" not in notebook.metadata
        for cell in code_cells(name):
            assert cell.outputs == []
            assert cell.execution_count is None

    def test_its_cells_are_named_and_named_once(self, name: str) -> None:
        ids = [cell.id for cell in read(name).cells]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(rf"{name[:2]}-[a-z-]+", cell_id) for cell_id in ids)

    def test_its_code_is_short_and_decides_nothing(self, name: str) -> None:
        for cell in code_cells(name):
            tree = ast.parse(cell.source)
            forbidden = (ast.If, ast.IfExp, ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.Lambda)
            assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)], cell.id
            assert tagged(cell) or len(cell.source.splitlines()) <= MOST_LINES, cell.id

    def test_what_a_person_leaves_alone_is_folded_in_jupyterlab(self, name: str) -> None:
        folded = [bool(cell.metadata.get("jupyter", {}).get("source_hidden")) for cell in code_cells(name)]
        assert folded == [True, True, *[False] * (len(folded) - 2)]

    def test_prose_stands_before_each_code_cell(self, name: str) -> None:
        cells = read(name).cells
        assert cells[0].cell_type == "markdown"
        for before, cell in pairwise(cells):
            if cell.cell_type == "code":
                assert before.cell_type == "markdown", cell.id

    def test_it_begins_with_what_it_is_for(self, name: str) -> None:
        first = read(name).cells[0].source
        assert first.startswith(f"# {name[:2]} · ")
        for row in ("Purpose", "Reads", "Changes", "Permissions", "Undo"):
            assert re.search(rf"^\| \*\*{row}\*\* \| \S.* \|$", first, re.MULTILINE), row
        assert "**By hand:**" in first

    def test_its_links_lead_to_notebooks_there_are(self, name: str) -> None:
        targets = re.findall(r"\]\(([^)]+)\)", prose(name))
        assert targets
        for target in targets:
            assert (FOLDER / target).is_file(), target

    def test_it_names_no_step_that_its_phases_do_not_serve(self, name: str) -> None:
        served = {step for phase in PHASES for step in phase.guide}
        assert set(re.findall(r"\bG\d\.\d\b", prose(name))) <= served


@pytest.mark.parametrize("phase", NOTEBOOKS, ids=lambda phase: phase.id)
class TestEveryPhase:
    def test_its_cells_follow_the_path(self, phase: Phase[Any]) -> None:
        cells = code_cells(phase.id)
        assert cells[0].source.splitlines() == [
            "from cnxlib.phases import find_phase",
            "from cnxlib.ui import Cockpit",
            "",
            f'phase = find_phase("{phase.id}")',
        ]
        assert [tagged(cell) for cell in cells[:3]] == [False, True, False]
        assert [cell.source.splitlines() for cell in cells[2:]] == PATH_OF_A_PHASE

    def test_its_parameters_are_its_models(self, phase: Phase[Any]) -> None:
        namespace: dict[str, Any] = {}
        source = code_cells(phase.id)[1].source
        exec(source, namespace)
        given = {name: value for name, value in namespace.items() if not name.startswith("__")}
        assert list(given.items()) == list(defaults(phase).items())
        written = [line.partition("  # ")[2] for line in source.splitlines()]
        assert written == [field.description for field in phase.params.model_fields.values()]

    def test_papermill_understands_its_parameters(self, phase: Phase[Any]) -> None:
        from papermill import inspect_notebook

        found = inspect_notebook(str(FOLDER / f"{phase.id}.ipynb"))
        kinds = {name: type(value).__name__ for name, value in defaults(phase).items()}
        assert {name: one["inferred_type_name"] for name, one in found.items()} == kinds

    def test_it_has_the_models_title_and_names_the_setup_page(self, phase: Phase[Any]) -> None:
        first = read(phase.id).cells[0].source
        assert first.splitlines()[0] == f"# {phase.id[:2]} · {phase.title}"
        assert phase.setup_path in first

    def test_it_leads_on_and_back(self, phase: Phase[Any]) -> None:
        first, last = read(phase.id).cells[0].source, read(phase.id).cells[-1].source
        place = NAMES.index(phase.id) if phase in PHASES else 0
        after = NAMES[(place + 1) % len(NAMES)]
        assert f"({NAMES[place - 1] if place else NAMES[0]}.ipynb)" in first
        assert f"({after}.ipynb)" in first
        assert f"({after if place else NAMES[0]}.ipynb)" in last
        for part in ("**If it fails.**", "**Undo.**", "**Next.**"):
            assert part in last

    def test_each_parameter_it_speaks_of_is_one(self, phase: Phase[Any]) -> None:
        known = {name for each in NOTEBOOKS for name in each.params.model_fields}
        spoken = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", prose(phase.id)))
        assert spoken <= known


def test_the_start_notebook_chooses_connects_and_looks() -> None:
    cells = [cell.source.splitlines() for cell in code_cells("00_start_here")]
    assert cells == [
        ["from cnxlib.ui import Overview"],
        ['org: str = "demo"  # alias of the org in orgs.yaml'],
        ["start = Overview(globals())", "start.choose()"],
        ["start.connect()"],
        ["start.phases()"],
        ["start.raise_for_status()"],
    ]
    assert [tagged(cell) for cell in code_cells("00_start_here")] == [False, True, False, False, False, False]


def test_the_numbers_in_the_notebooks_find_their_phases() -> None:
    assert [find_phase(name[:2]).id for name in ALL[1:]] == ALL[1:]
