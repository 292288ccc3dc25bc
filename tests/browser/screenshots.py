"""Take the pictures of docs/: the guide, walked through on a simulated org in a real browser; and a terminal.

python -m tests.browser.screenshots [FOLDER]
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, sync_playwright
from rich.console import Console
from rich.text import Text

from cnxlib.runs.simulated import SimulatedOrgs
from tests.browser.browsers import launched
from tests.browser.labs import serving, write_inventory
from tests.browser.notebook import Notebook
from tests.browser.walking import guide, plan
from tests.terminal import at_terminal

DOCS = Path(__file__).parents[2] / "docs"
ALIAS = "northwind"
SIZE = {"width": 1100, "height": 860}
COLOURS = 96
"""As many as the pages have, nearly: a picture is some 60 kB."""

SHOWN = {
    "00": "3 · See how far it is",
    "01": "5 · Apply",
    "01 applied": "5 · Apply",
    "02": "4 · Plan",
    "03": "1 · Inputs",
    "04": "4 · Plan",
    "05": "4 · Plan",
    "06": "4 · Plan",
    "07": "4 · Plan",
    "08": "1 · Inputs",
    "09": "The mail as it will look",
    "99": "4 · Plan",
}
"""What a picture begins with, by what is looked at."""

TERMINAL = "margin:0;padding:16px;background:#fff;color:#1f1f1f;font:14px/1.35 'DejaVu Sans Mono',monospace"


RENAMED = """names => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) for (const name of names)
    walker.currentNode.data = walker.currentNode.data.replaceAll(name, "~/conexiom-runbook");
}"""
"""Has the folders of this machine read as a reader's own."""


def take(notebook: Notebook, words: str, path: Path, folders: list[str]) -> None:
    """Write the picture of what is below a heading, or words that stand for one; `folders` are nobody's business."""
    notebook.page.evaluate(RENAMED, folders)
    heading = notebook.content.get_by_role("heading", name=words)
    place = heading.or_(notebook.content.get_by_text(words, exact=True)).filter(visible=True).first
    place.evaluate("one => one.scrollIntoView({block: 'start'})")
    notebook.page.mouse.move(0, 0)
    notebook.page.wait_for_timeout(400)
    write(notebook.page.screenshot(), path)


def write(png: bytes, path: Path) -> None:
    """Keep a picture in few colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1000} kB", flush=True)


def undo(notebook: Notebook, runs: Path) -> None:
    """Have the run planned back that applied 07."""
    told = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(runs.glob("*/*/run.json"))]
    applied = [run for run in told if run["mode"] == "apply" and run["phases"][0]["phase"] == "07_existing_users"]
    notebook.open("99_undo")
    notebook.page.keyboard.press("Control+b")
    notebook.run_all()
    notebook.fill("Run to undo", applied[-1]["run_id"])
    plan(notebook)


def terminal(browser: Browser, home: Path, path: Path) -> None:
    """Write the picture of what `make demo` prints, as somebody in the folder `~/conexiom-runbook` sees it."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "CNX_RUNS": str(home / "runs")}
    command = ["sh", "-c", '"$0" -m cnxlib demo 2>/dev/null', sys.executable]  # without its progress
    _, said = at_terminal(command, {}, cwd=home, environment=environment)
    said = said.replace("\r\n", "\n").replace(str(home), "~/conexiom-runbook").strip("\n")
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(Text.from_markup("[bold]$ make demo[/bold]"), Text.from_ansi(said), sep="\n")
    html = console.export_html(inline_styles=True, code_format=f'<pre style="{TERMINAL}">{{code}}</pre>')
    page = browser.new_page(viewport={"width": 1000, "height": 300})
    page.set_content(html)
    shown: Locator = page.locator("pre").first
    write(shown.screenshot(), path)
    page.close()


def main(folder: Path) -> None:
    """Walk through the guide, and leave a picture of each notebook in `folder`."""
    with SimulatedOrgs(["--org", f"{ALIAS}=fresh"]) as orgs, tempfile.TemporaryDirectory() as home:
        os.environ.update(orgs.environment())
        write_inventory(Path(home), os.environ["CNX_ORGS"], [ALIAS])
        with serving(Path(home), "--org", ALIAS) as lab, sync_playwright() as driver, launched(driver) as browser:
            notebook = Notebook(browser.new_page(viewport=SIZE), lab)
            notebook.page.set_default_timeout(120_000)
            folders = [home, str(DOCS.parent)]

            def look(name: str) -> None:
                if name == "00":
                    notebook.page.keyboard.press("Control+b")  # the file browser goes
                if name in SHOWN:
                    take(notebook, SHOWN[name], folder / f"{name.replace(' ', '-')}.png", folders)

            guide(notebook, ALIAS, look)
            undo(notebook, lab.runs)
            look("99")
            with tempfile.TemporaryDirectory() as elsewhere:
                terminal(browser, Path(elsewhere), folder / "demo.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
