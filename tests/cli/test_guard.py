"""What `cnx` prints holds no secret: tables, objects, logs, the traceback of a bug."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

VALUE = "a\"b'c\\d&e"

PROGRAM = """
import json, logging, sys, threading
import typer
from cnxlib.cli import main as cli
from cnxlib.cli.main import app
from cnxlib.cli.output import console, print_json, warn
from cnxlib.errors import CnxError
from cnxlib.secrets.touched import touch

value = json.load(sys.stdin)

@app.command()
def leak(way: str, json: bool = False):
    touch(value); touch("nabc"); touch("true")
    match way:
        case "table": console().print(f"it is {value}")
        case "typer": typer.echo(f"it is {value}"); typer.secho(value, err=True)
        case "object": print_json({value: [value, "\\nabc", True]})
        case "log": logging.getLogger("x").warning("it is %s", value)
        case "print": print("it is", value); print(value, file=sys.stderr)
        case "error": raise CnxError(f"refused {value}", hint=value)
        case "bug":
            try: raise KeyError(value)
            except KeyError as error: raise RuntimeError(f"refused {value}") from error
        case "thread":
            def fail(): raise RuntimeError(f"refused {value}")
            thread = threading.Thread(target=fail); thread.start(); thread.join()

sys.exit(cli())
"""


def leak(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "leak", *arguments],
        input=json.dumps(VALUE),
        capture_output=True,
        encoding="utf-8",
        cwd=Path(__file__).parents[2],
        check=False,
    )


@pytest.mark.parametrize(
    ("way", "code"),
    [("table", 0), ("typer", 0), ("log", 0), ("print", 0), ("error", 1), ("bug", 1), ("thread", 0)],
)
def test_a_secret_is_not_printed(way: str, code: int) -> None:
    ended = leak(way)
    said = ended.stdout + ended.stderr
    assert ended.returncode == code, said
    assert "[secret]" in said
    assert "b'c" not in said
    if way == "bug":
        assert "RuntimeError: refused [secret]" in said
        assert "Traceback" in said


def test_an_object_stays_one() -> None:
    assert json.loads(leak("object").stdout) == {"[secret]": ["[secret]", "\n" + "abc", True]}
    told = json.loads(leak("error", "--json").stdout)
    assert (told["error"]["message"], told["error"]["hint"]) == ("refused [secret]", "[secret]")
