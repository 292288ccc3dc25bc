"""A phase notebook in a real kernel: run once, then worked with by messages, as a browser does."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel

from cnxlib.records import runs_of
from tests.conftest import Sim

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_api_access.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"


class Page:
    """The notebook as a browser holds it.

    Attributes
    ----------
    outputs:
        What each cell shows by now, as plain text.
    widgets:
        How many outputs are widgets.
    """

    def __init__(self, manager: KernelManager, client: Any) -> None:
        self.manager, self.client = manager, client
        self.outputs: dict[str, dict[str, str]] = {}
        self.widgets = 0

    def run_all(self, alias: str) -> None:
        cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
        cells.insert(2, f"org = {alias!r}")
        for source in cells:
            self.run(source)
            assert "error" not in self.outputs[source] or source == cells[-1], self.outputs[source]["error"]

    def run(self, source: str) -> None:
        asked = self.client.execute(source)
        self.outputs[source] = {}
        self.until(lambda message: _ends(message, asked), cell=source)

    def press(self) -> None:
        """The form's button, whose messages may come in any thread of the kernel."""
        self.run("import threading; threading.Thread(target=run.form.submit).start()")

    def shown(self, cell: str) -> str:
        return "\n".join(self.outputs[f"run.{cell}()"].values())

    def until_shown(self, cell: str, text: str) -> None:
        self.until(lambda message: text in self.shown(cell))

    def until(self, over: Callable[[dict[str, Any]], bool], cell: str = "") -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            message = self.client.get_iopub_msg(timeout=60)
            self._take(message, cell)
            if over(message):
                return
        raise AssertionError(self.outputs)

    def _take(self, message: dict[str, Any], cell: str) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            self.outputs[cell]["error"] = "\n".join(content["traceback"])
        if kind == "display_data":
            self.widgets += WIDGET in content["data"]
            self.outputs[cell][content.get("transient", {}).get("display_id", "")] = content["data"]["text/plain"]
        if kind == "update_display_data":
            name = content["transient"]["display_id"]
            for shown in self.outputs.values():
                if name in shown:
                    shown[name] = content["data"]["text/plain"]
        if kind == "clear_output":
            self.outputs["run.outcome.raise_for_status()"] = {}


def _ends(message: dict[str, Any], asked: str) -> bool:
    idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
    return idle and message["parent_header"].get("msg_id") == asked


@pytest.fixture
def page(tmp_path: Path, sim: Sim, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("CNX_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # by which ipykernel knows that it is tested
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield Page(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.slow
def test_a_press_renews_the_cells_outputs_in_place(page: Page, sim: Sim) -> None:
    alias = sim.new_org("fresh")
    page.run_all(alias)
    assert page.widgets == 7, "the form and six panes"
    assert "waits to be applied" in page.shown("plan") or "converged" in page.shown("record")
    assert page.outputs["run.outcome.raise_for_status()"] == {}
    assert runs_of(alias)[0].name in "".join(page.shown("record").split()), "a long line may be broken"
    before = page.shown("record")
    page.press()
    page.until(lambda message: page.shown("record") not in (before, ""))
    assert len(runs_of(alias)) == 2
    assert sim.writes(alias) == 0


@pytest.mark.slow
def test_an_interrupt_stops_a_plan_and_leaves_a_page_to_go_on_with(page: Page, sim: Sim) -> None:
    alias = sim.new_org("fresh")
    page.run_all(alias)
    slow = {"kind": "latency", "match": {}, "after": 0, "times": 50, "value": 3000}
    sim.control("PUT", f"orgs/{alias}/faults", [slow])
    page.press()
    time.sleep(2)
    page.manager.interrupt_kernel()
    page.until_shown("record", "interrupted")
    assert any("interrupted" in page.shown(cell) for cell in ("connect", "preflight", "plan"))
    sim.control("PUT", f"orgs/{alias}/faults", [])
    page.press()
    page.until_shown("record", "pending")
    assert "waits to be applied" in page.shown("plan") or "converged" in page.shown("record")


@pytest.mark.slow
def test_a_message_of_the_last_cell_goes_away_with_its_reason(page: Page, sim: Sim) -> None:
    alias = sim.new_org("fresh")
    sim.control("PUT", f"orgs/{alias}/faults", [{"kind": "request_limit", "match": {}, "after": 0, "times": 50}])
    page.run_all(alias)
    last = "run.outcome.raise_for_status()"
    assert "What to do" in page.outputs[last]["error"]
    assert "Traceback" not in page.outputs[last]["error"]
    sim.control("PUT", f"orgs/{alias}/faults", [])
    page.press()
    page.until(lambda message: page.outputs[last] == {})
