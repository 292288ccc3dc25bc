"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object; all that is for people goes to standard error.")
]
Org = Annotated[str, typer.Option("--org", metavar="ALIAS", help="The org, by its alias in the inventory.")]
Phases = Annotated[
    list[str] | None,
    typer.Option("--phase", metavar="NN", help="A phase, such as 03; several by repeating it. All by default."),
]
Given = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter for this run; `cnx schema` lists them."),
]
Parameters = Annotated[
    Path | None,
    typer.Option("--parameters", metavar="FILE", help="A JSON file with one object: parameters by name. -p wins."),
]
Ticket = Annotated[str, typer.Option("--ticket", metavar="T", help="Change number, kept in the record.")]
Digest = Annotated[
    str, typer.Option("--expected-digest", metavar="D", help="Apply exactly this reviewed plan (one phase) or stop.")
]
ConfirmOrgId = Annotated[
    str, typer.Option("--confirm-org-id", metavar="ID", help="The org's id, to apply to a production org.")
]
