"""What a guarded kernel says holds no secret, whichever way it says it."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from cnxlib.runs.execution import execute
from cnxlib.secrets.heritage import Heritage
from cnxlib.secrets.redaction import MARK, Redactor
from cnxlib.ui.kernel import guard

VALUE = "p\"q&r<s>'t\\u v%w"

TOUCH = f"""
from cnxlib.secrets.touched import touch
from cnxlib.ui.kernel import guard
guard(); guard()
s = touch("".join({list(VALUE)!r}))
"""

WAYS = {
    "printed": "print('it is', s)",
    "in pieces": "import sys\nsys.stdout.write(s[:4]); _ = sys.stdout.write(s[4:])",
    "on standard error": "import sys\nprint(s, file=sys.stderr)",
    "by a process": "import subprocess, sys\n"
    "_ = subprocess.run([sys.executable, '-c', 'import sys; print(sys.stdin.read())'], input=s.encode())",
    "as a result": "{'password': s}",
    "as HTML": "import html\nfrom IPython.display import HTML\nHTML(f'<b>{html.escape(s)}</b>')",
    "displayed": "from IPython.display import JSON\ndisplay({'application/json': {s: [s]}}, raw=True)",
    "updated": "h = display('x', display_id=True)\nh.update(s)",
    "in a widget": "import ipywidgets\nw = ipywidgets.Text('x')\ndisplay(w)\nw.value = s\nw.description = s",
    "in a widget's bytes": "import ipywidgets\nipywidgets.Image(value=b'\\0' + s.encode())",
    "logged": "import logging\nlogging.getLogger('x').warning('it is %s', s)",
    "warned of": "import warnings\nwarnings.warn(s)",
    "in base64": "import base64\nbase64.b64encode(b'user:' + s.encode())",
    "in an error": "raise RuntimeError('refused ' + s)",
    "in a chain of errors": "try:\n    raise KeyError(s)\nexcept KeyError as e:\n    raise OSError(repr(e)) from e",
    "in the names of a traceback": "def f(**k):\n    raise ValueError(k)\nf(**{s: s})",
}


FAIL = [name for name, code in WAYS.items() if "raise" in code]


@pytest.mark.slow
def test_nothing_that_a_guarded_kernel_says_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # by which ipykernel knows that it is tested, and leaves processes alone
    ways = {name: WAYS[name] for name in [*(name for name in WAYS if name not in FAIL), *reversed(FAIL)]}
    cells = [nbformat.v4.new_code_cell(code) for code in (TOUCH, *ways.values())]
    for cell in cells[-len(FAIL) : -1]:
        cell.metadata["tags"] = ["raises-exception"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "in.ipynb")
    target = tmp_path / "out.ipynb"
    with Heritage() as runner:
        ending = execute(tmp_path / "in.ipynb", target, {}, environment=runner.environment)
        assert runner.values() == {VALUE}
    assert (ending.error, ending.message) == ("RuntimeError", f"refused {MARK}")
    text = target.read_text(encoding="utf-8")
    assert not Redactor([VALUE]).find(text.encode())
    notebook = nbformat.reads(text, as_version=4)
    executed = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = dict(zip(ways, executed[-len(ways) :], strict=True))
    assert [name for name, cell in said.items() if not cell.outputs] == []
    # A widget is shown by its id: what it holds is in the notebook's own metadata.
    silent = [name for name, cell in said.items() if MARK not in json.dumps(cell.outputs)]
    assert silent == ["in a widget"]
    assert json.dumps(notebook.metadata.widgets).count(MARK) >= 2


def test_without_a_kernel_the_guard_is_content() -> None:
    guard()
    guard()
