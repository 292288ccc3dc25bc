"""What `cnx doctor` found, for the start notebook: first what is in the way, with its remedy, then all the rest."""

from __future__ import annotations

from collections.abc import Sequence

from cnxlib.doctor import Diagnosis
from cnxlib.model import Check
from cnxlib.ui.display import identity_view
from cnxlib.ui.view import Badge, Cell, Folded, Grid, Note, View

_OK, _INFO = Badge("ok", "good"), Badge("note")
_NOT_OK = {"required": Badge("not ok", "bad"), "warning": Badge("look", "warn")}


def diagnosis_view(found: Diagnosis, *, simulated: bool) -> View:
    """Who is logged in where, what is in the way, and everything that was checked."""
    who = identity_view(found.me, alias=found.alias, simulated=simulated).blocks if found.me is not None else ()
    wanting = [check for check in found.checks if not check.ok and check.severity != "info"]
    rest = Folded(f"All {len(found.checks)} checks", _grid(found.checks))
    return View(_head(found, wanting), _remedies(wanting), *who, rest)


def _head(found: Diagnosis, wanting: Sequence[Check]) -> Note:
    required = sum(check.severity == "required" for check in wanting)
    if found.me is None:
        return Note(f"{found.alias} cannot be worked with yet: nobody could log in.", "bad")
    if required:
        return Note(f"{found.alias} answers, but {_things(required)} missing that the set-up needs.", "bad")
    if wanting:
        return Note(f"{found.alias} answers. {_things(len(wanting)).capitalize()} worth a look.", "warn")
    return Note(f"{found.alias} answers, and all that is needed is there.", "good")


def _things(count: int) -> str:
    return "1 thing is" if count == 1 else f"{count} things are"


def _remedies(wanting: Sequence[Check]) -> Grid | None:
    if not wanting:
        return None
    rows: list[tuple[Cell, ...]] = [
        (_NOT_OK.get(check.severity, _INFO), check.name, check.detail, check.hint) for check in wanting
    ]
    return Grid(("Result", "Check", "Found", "What to do"), tuple(rows), widths=(11, 21, 32, 36))


def _grid(checks: Sequence[Check]) -> Grid:
    rows: list[tuple[Cell, ...]] = [(_badge(check), check.name, check.detail) for check in checks]
    return Grid(("Result", "Check", "Found"), tuple(rows), widths=(12, 28, 60))


def _badge(check: Check) -> Badge:
    if check.severity == "info":
        return _INFO
    return _OK if check.ok else _NOT_OK.get(check.severity, _INFO)
