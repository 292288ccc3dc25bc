"""Where the notebooks are."""

from __future__ import annotations

from pathlib import Path

from cnxlib.errors import UnknownPhase

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE.parent / "notebooks", _PACKAGE / "notebooks")
"""Beside the package in a checkout, within it in an installed wheel."""


def notebook_path(name: str) -> Path:
    """The notebook `name` ("01_install_package"), absolute.

    Raises
    ------
    UnknownPhase
        It is not where notebooks are; says where that is.
    """
    for place in _PLACES:
        path = place / f"{name}.ipynb"
        if path.is_file():
            return path
    raise UnknownPhase(
        f"The notebook {name}.ipynb is missing: it is neither in {' nor in '.join(map(str, _PLACES))}",
        hint="Install the package again, or run from a whole checkout.",
    )
