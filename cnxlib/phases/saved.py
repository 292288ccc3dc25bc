"""The parameters that an org's entry of the inventory holds for a phase."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from cnxlib.errors import ParameterError
from cnxlib.inventory import OrgEntry, inventory_path
from cnxlib.phases.base import Phase, PhaseParams


def saved_parameters(phase: Phase[Any], alias: str, entry: OrgEntry, phases: Sequence[Phase[Any]]) -> dict[str, Any]:
    """What the inventory holds for `phase`.

    All entries of an org are one namespace: a parameter of the same name means the same thing in every phase. So a
    phase takes each name that its model knows, first from the other phases' entries, then from its own, which wins.

    Raises
    ------
    ParameterError
        An entry names a phase that is none of `phases`, or a parameter that none of them takes; says which.
    """
    _check_names(alias, entry, phases)
    own = entry.parameters.get(phase.id, {})
    others = [values for name, values in entry.parameters.items() if name != phase.id]
    wanted = set(phase.own_parameters)
    return {name: value for values in (*others, own) for name, value in values.items() if name in wanted}


def _check_names(alias: str, entry: OrgEntry, phases: Sequence[Phase[Any]]) -> None:
    ids = [phase.id for phase in phases]
    names = sorted({name for phase in phases for name in phase.own_parameters})
    for phase_id, values in entry.parameters.items():
        if phase_id not in ids:
            raise _unknown("phase", phase_id, ids, alias)
        for name in values:
            if name not in names:
                raise _unknown(f"parameter ({phase_id})", name, names, alias)


def _unknown(what: str, name: str, known: Sequence[str], alias: str) -> ParameterError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
    if name in PhaseParams.common:
        hint = f"{name} is given for each run: take it out of the entry."
    return ParameterError(f"{inventory_path()}: there is no {what} named {name}", org=alias, hint=hint)


def defaults(phase: Phase[Any]) -> dict[str, Any]:
    """The default of each parameter as a JSON value, by name, in the model's order."""
    fields = phase.params.model_fields
    as_json = TypeAdapter(Any)
    return {
        name: as_json.dump_python(field.get_default(call_default_factory=True), mode="json")
        for name, field in fields.items()
    }
