"""The phases of the guide, in its order: one module and one notebook each."""

from __future__ import annotations

from typing import Any

from cnxlib.errors import UnknownPhase
from cnxlib.phases import (
    api_access,
    connected_app,
    existing_users,
    install_package,
    integration_user,
    new_users,
    permission_sets,
    support_request,
    undo,
    visibility,
)
from cnxlib.phases.base import Phase, PhaseParams

PHASES: tuple[Phase[Any], ...] = (
    install_package.PHASE,
    integration_user.PHASE,
    connected_app.PHASE,
    api_access.PHASE,
    permission_sets.PHASE,
    visibility.PHASE,
    existing_users.PHASE,
    new_users.PHASE,
    support_request.PHASE,
)

NOTEBOOKS: tuple[Phase[Any], ...] = (*PHASES, undo.PHASE)
"""Those that a notebook carries out: the guide's, and the one that takes a run back."""


def find_phase(name: str) -> Phase[Any]:
    """The phase that "03", "3" or "03_connected_app" means.

    Raises
    ------
    UnknownPhase
        None; lists those there are.
    """
    for phase in NOTEBOOKS:
        if name == phase.id or (name.isdecimal() and len(name) < 3 and int(name) == int(phase.id[:2])):
            return phase
    known = ", ".join(phase.id for phase in PHASES)
    raise UnknownPhase(f"There is no phase {name!r}", hint=f"Phases: {known}; the number is enough.")


__all__ = ["NOTEBOOKS", "PHASES", "Phase", "PhaseParams", "find_phase"]
