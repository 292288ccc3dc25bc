"""What the cells leave in an executed notebook, on a simulated org."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from cnxlib.inventory import SessionLogin, add_org

FOLDER = Path(__file__).parents[2] / "notebooks"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # papermill and its kernel have warnings of their own
]


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))


def executed(name: str, target: Path, **parameters: Any) -> dict[str, Any]:
    """What each code cell left for whoever reads the saved copy, by the cell's name. A pane's widget has no words."""
    papermill.execute_notebook(
        str(FOLDER / f"{name}.ipynb"), str(target / f"{name}.ipynb"), parameters, progress_bar=False
    )
    notebook: Any = nbformat.read(target / f"{name}.ipynb", as_version=4)
    shown: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.outputs:
            (with_words,) = [output.data for output in cell.outputs if output.data["text/plain"]]
            shown[cell.id[3:]] = with_words
    return shown


def test_the_saved_copy_of_a_plan_reads_without_a_kernel(new_org: Callable[[], str], tmp_path: Path) -> None:
    shown = executed("01_install_package", tmp_path, org=new_org())
    assert list(shown) == ["inputs", "connect", "preflight", "plan", "apply", "verify", "record"]
    for data in shown.values():
        assert data["text/html"].startswith(("<div", "<style"))
        assert "object at 0x" not in data["text/plain"]
    assert "04t5x000000YKbXAAW" in shown["inputs"]["text/plain"]
    assert "✓ ok" in shown["preflight"]["text/plain"]
    assert "+ create" in shown["plan"]["text/plain"]
    assert "cnx apply --org" in shown["apply"]["text/plain"]
    assert "none made (mode plan)" in shown["record"]["text/plain"]


def test_missing_inputs_are_told_in_the_panes_and_fail_the_last_cell(
    new_org: Callable[[], str], tmp_path: Path
) -> None:
    with pytest.raises(papermill.PapermillExecutionError, match="What to do: Fill in the form") as caught:
        executed("01_install_package", tmp_path, org=new_org(), package_version_id="1.9")
    assert "Traceback" not in str(caught.value.traceback)
    notebook: Any = nbformat.read(tmp_path / "01_install_package.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.id.startswith("01-")]
    failed = [cell.id for cell in cells if any(output.output_type == "error" for output in cell.outputs)]
    assert failed == [cells[-1].id]
    (asked,) = [cell.outputs[1].data["text/plain"] for cell in cells if cell.source == "run.connect()"]
    assert "Fill in the form above" in asked


def test_without_an_org_the_cells_say_so_and_the_last_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    with pytest.raises(papermill.PapermillExecutionError, match="There is no org in your list yet"):
        executed("05_permission_sets", tmp_path)
    saved = (tmp_path / "05_permission_sets.ipynb").read_text(encoding="utf-8")
    assert saved.count("Not reached: see “Inputs” above.") >= 6, "it is readable to its end"


def test_an_apply_needs_no_widgets(new_org: Callable[[], str], tmp_path: Path) -> None:
    shown = executed("01_install_package", tmp_path, org=new_org(), mode="apply")
    assert {mime for data in shown.values() for mime in data} == {"text/html", "text/plain"}
    assert "✓ done" in shown["apply"]["text/plain"]
    assert "confirms" in shown["verify"]["text/plain"]


def test_the_start_notebook_tells_how_far_each_phase_is(new_org: Callable[[], str], tmp_path: Path) -> None:
    shown = executed("00_start_here", tmp_path, org=new_org())
    assert list(shown) == ["choose", "connect", "phases"]
    assert "answers, and all that is needed is there." in shown["connect"]["text/plain"]
    assert "All 32 checks" in shown["connect"]["text/plain"]
    text = shown["phases"]["text/plain"]
    assert "Next: 01 · Installing Application. Read its plan, and apply it." in text
    assert "+ changes to apply" in text
    assert "… known later" in text
    assert 'href="01_install_package.ipynb"' in shown["phases"]["text/html"]


@pytest.mark.parametrize(
    ("org", "raised"), [("nobody", "UnknownOrg: There is no org 'nobody'"), ("silent", "PreflightFailed: network")]
)
def test_the_start_notebook_fails_where_the_org_cannot_be_looked_at(
    org: str, raised: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    monkeypatch.setenv("SILENT", "canary")
    add_org("silent", SessionLogin(route="session", url="https://127.0.0.1:9", session="env:SILENT"))
    with pytest.raises(papermill.PapermillExecutionError, match=raised):
        executed("00_start_here", tmp_path, org=org)
    saved = (tmp_path / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert "Nobody is logged in, so no phase was read." in saved, "it is readable to its end"
