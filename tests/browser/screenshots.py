"""Take the pictures of docs/: the guide, walked through on a simulated org in a real browser.

python -m tests.browser.screenshots [FOLDER]
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from cnxlib.runs.simulated import SimulatedOrgs
from tests.browser.browsers import launched
from tests.browser.labs import serving, write_inventory
from tests.browser.notebook import Notebook
from tests.browser.walking import guide

DOCS = Path(__file__).parents[2] / "docs"
ALIAS = "northwind"
SIZE = {"width": 1100, "height": 860}
COLOURS = 96
"""As many as the pages have, nearly: a picture is some 60 kB."""

SHOWN = {
    "00": "3 · See how far it is",
    "01": "4 · Plan",
    "01 applied": "5 · Apply",
    "02": "4 · Plan",
    "03": "1 · Inputs",
    "04": "4 · Plan",
    "05": "4 · Plan",
    "06": "4 · Plan",
    "07": "4 · Plan",
    "08": "1 · Inputs",
    "09": "4 · Plan",
}
"""The heading that a picture begins with, by what is looked at."""


def take(notebook: Notebook, heading: str, path: Path) -> None:
    """Write the picture of what is below a heading."""
    place = notebook.content.get_by_role("heading", name=heading).filter(visible=True).first
    place.evaluate("one => one.scrollIntoView({block: 'start'})")
    notebook.page.mouse.move(0, 0)
    notebook.page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(notebook.page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1000} kB", flush=True)


def main(folder: Path) -> None:
    """Walk through the guide, and leave a picture of each notebook in `folder`."""
    with SimulatedOrgs(["--org", f"{ALIAS}=fresh"]) as orgs, tempfile.TemporaryDirectory() as home:
        os.environ.update(orgs.environment())
        write_inventory(Path(home), os.environ["CNX_ORGS"], [ALIAS])
        with serving(Path(home), "--org", ALIAS) as lab, sync_playwright() as driver, launched(driver) as browser:
            notebook = Notebook(browser.new_page(viewport=SIZE), lab)
            notebook.page.set_default_timeout(120_000)

            def look(name: str) -> None:
                if name == "00":
                    notebook.page.keyboard.press("Control+b")  # the file browser goes
                if name in SHOWN:
                    take(notebook, SHOWN[name], folder / f"{name.replace(' ', '-')}.png")

            guide(notebook, ALIAS, look)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
