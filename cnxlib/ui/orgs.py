"""Which org a notebook begins with."""

from __future__ import annotations

import os

from cnxlib.phases.base import PhaseParams

_DEFAULT = str(PhaseParams.model_fields["org"].default)


def first_org(given: str) -> str:
    """The org of the `parameters` cell; where that was left alone, the one that `cnx lab --org` named ($CNX_ORG)."""
    return os.environ.get("CNX_ORG", given) if given == _DEFAULT else given
