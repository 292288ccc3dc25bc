"""Loaded by each process of the product that the canary test starts: it lets every secret out, in every way.

What a process has touched is printed, logged, displayed, put on record and into the messages of errors, in several
forms. $CANARY names the file that the values are noted in, for the test to look for; with $CANARY_BARE the redaction is
switched off, which is how the test knows that it would find what it looks for.
"""

import base64
import html
import json
import os
import re
import sys
import urllib.parse
import zlib
from pathlib import Path
from typing import Any


def forms() -> list[str]:
    from cnxlib.secrets.touched import touched

    values = sorted(touched())
    return [
        *values,
        *(json.dumps(json.dumps({"value": value})) for value in values),
        *(html.escape(f"<b>{value}</b>") for value in values),
        *(urllib.parse.quote_plus(value) for value in values),
        *(base64.b64encode(f"user@acme.example:{value}".encode()).decode() for value in values),
        repr(values),
    ]


def note(value: str) -> None:
    with Path(os.environ["CANARY"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")


def say() -> None:
    """Every way in which a process can say something."""
    import logging
    import warnings

    for form in forms():
        print("printed", form)
        print("printed", form, file=sys.stderr)
        logging.getLogger("canary").error("logged %s", form)
        warnings.warn(f"warned {form}", stacklevel=1)


def within(cls: Any, name: str, before: Any) -> None:
    """Have `before` called with what the method `name` of `cls` is called with."""
    method = getattr(cls, name)

    def wrapped(self: Any, *given: Any, **named: Any) -> Any:
        before(self, *given, **named)
        return method(self, *given, **named)

    setattr(cls, name, wrapped)


def in_a_kernel() -> None:
    import ipywidgets
    from IPython.display import HTML, display

    from cnxlib.errors import NotPermitted
    from cnxlib.salesforce.client import Client
    from cnxlib.ui.cells import Cells

    def shown(cells: Any) -> None:
        say()
        attempt = cells._attempt
        if attempt is not None and attempt.record is not None:
            attempt.record.event("progress", {"message": " ".join(forms()), "fraction": None}, phase=cells._phase.id)
            attempt.record.write_text("canary.html", "\n".join(forms()))
        display(HTML("<p>".join(forms())), ipywidgets.HTML(" ".join(forms())), {"values": forms()})

    def past_the_guard(cells: Any) -> None:
        """What only the search before sealing can find: printed in pieces, and packed."""
        attempt = cells._attempt
        if os.environ.get("CANARY_FAIL") and attempt is not None and attempt.record is not None:
            for piece in re.findall("..?.?", forms()[0]):
                print(piece, end="", flush=True)
            packed = b"\x89PNG\r\n\x1a\n" + zlib.compress("\n".join(forms()).encode())
            (attempt.record.path / f"{cells._phase.id}.png").write_bytes(packed)

    def broken(cells: Any) -> None:
        if os.environ.get("CANARY_FAIL") and cells._phase.id.startswith("05"):
            try:
                raise KeyError(forms())
            except KeyError as error:
                raise RuntimeError(" ".join(forms())) from error

    def refused(client: Any, method: str, path: str, body: Any = None, **named: Any) -> None:
        if os.environ.get("CANARY_FAIL") and path.endswith("/password"):
            raise NotPermitted(f"{path} refused {json.dumps(body)}", code="CANARY", org=client.alias, hint=str(body))

    ways = {"plan": shown, "record": shown, "apply": past_the_guard, "verify": broken}
    within(Cells, "cell", lambda cells, stage: ways.get(stage, lambda cells: None)(cells))
    within(Client, "write", refused)


def in_the_runner() -> None:
    from cnxlib.cli import output
    from cnxlib.records import RunRecord
    from cnxlib.runs import RunResult

    as_json = RunResult.as_json

    def leaking(result: Any) -> Any:
        say()
        return {**as_json(result), "canary": forms()}

    RunResult.as_json = leaking  # type: ignore[method-assign]
    within(RunRecord, "write_json", lambda *_: output.warn(" ".join(forms())))


def begin() -> None:
    from cnxlib.secrets import redaction, touched

    touched.tell_of_each(note)
    if os.environ.get("CANARY_BARE"):
        redaction.Redactor.spans = lambda redactor, text: []  # type: ignore[method-assign]
    in_a_kernel() if "ipykernel_launcher" in sys.orig_argv else in_the_runner()


if "CANARY" in os.environ and {"ipykernel_launcher", "cnxlib"} & set(sys.orig_argv):
    begin()
