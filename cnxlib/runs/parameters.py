"""Which parameters each phase of a run gets: the org's own from the inventory, then those given for this run.

Everything is checked here, for all phases of the run, before anything is sent to the org.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from cnxlib.errors import ParameterError
from cnxlib.inventory import OrgEntry
from cnxlib.phases import PHASES
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.phases.saved import saved_parameters

_BY_OPTION = {
    "org": "--org",
    "mode": "cnx plan, cnx apply or cnx verify",
    "expected_digest": "--expected-digest",
    "confirm_org_id": "--confirm-org-id",
    "ticket": "--ticket",
    "record": "CNX_RUNS, which names the folder of all records",
}


def typed_in(pairs: Iterable[str]) -> dict[str, Any]:
    """The parameters of `-p name=value` as they were typed.

    A value stays text, of which each phase's model makes what it takes: a number, true or false. What begins with a
    bracket or a brace is JSON or YAML: `-p mapped_fields=[Account.Fax, Case.Origin:edit]`.

    Raises
    ------
    ParameterError
        One is no `name=value`, or its list or object is malformed.
    """
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise ParameterError(f"-p takes name=value, not {pair!r}", hint="Such as -p case_alerts=true.")
        given[name.strip()] = _structure(name, text) if text.lstrip()[:1] in ("[", "{") else text
    return given


def _structure(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        # Every scalar stays text here: YAML would make a date of 2026-11-23, and true of "on".
        return yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError:
        raise ParameterError(f"-p {name}: {text} is neither JSON nor YAML", hint="Check brackets and quotes.") from None


def read_parameters(path: Path) -> dict[str, Any]:
    """The parameters in a JSON file: one object, values by name.

    Raises
    ------
    ParameterError
        It cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}", hint="Check --parameters.") from None
    except ValueError as error:
        raise ParameterError(f"{path} is no JSON: {error}", hint="It holds one object, values by name.") from None
    if not isinstance(content, dict):
        raise ParameterError(f"{path} holds no JSON object", hint="It holds one object, values by name.")
    return content


def resolve(
    alias: str,
    entry: OrgEntry,
    phases: Sequence[Phase[Any]],
    given: Mapping[str, Any],
    common: Mapping[str, Any],
    known: Sequence[Phase[Any]] = PHASES,
) -> dict[str, PhaseParams]:
    """The checked parameters of each of `phases`, by phase id.

    Parameters
    ----------
    alias, entry:
        The org, and what the inventory holds for it.
    phases:
        Those of this run.
    given:
        Parameters for this run, which win over the inventory's. A phase takes those that it knows.
    common:
        Those that every phase takes: mode, ticket and so on.
    known:
        All phases there are: the inventory may name any of them.

    Raises
    ------
    ParameterError
        A name that no phase of the run knows, or a value that a phase refuses; names all of them at once.
    """
    for name in given:
        check_known(name, phases, known)
    resolved: dict[str, PhaseParams] = {}
    refused: list[ParameterError] = []
    for phase in phases:
        taken = {name: value for name, value in given.items() if name in phase.own_parameters}
        values = {**saved_parameters(phase, alias, entry, known), **taken, **common, "org": alias}
        try:
            resolved[phase.id] = phase.parse(values)
        except ParameterError as error:
            refused.append(error)
    if refused:
        said = "\n".join(error.message for error in refused)
        raise ParameterError(said, org=alias, hint=" ".join(dict.fromkeys(error.hint for error in refused)))
    return resolved


def check_known(name: str, phases: Sequence[Phase[Any]], all_phases: Sequence[Phase[Any]] = PHASES) -> None:
    """Refuse a parameter that none of `phases` takes; raises `ParameterError`, which says whose it is."""
    if name in _BY_OPTION:
        raise ParameterError(f"{name} is not given by -p", hint=f"It is given by {_BY_OPTION[name]}.")
    known = {own for phase in phases for own in phase.own_parameters}
    if name in known:
        return
    elsewhere = [phase.id for phase in all_phases if name in phase.own_parameters]
    near = difflib.get_close_matches(name, known, n=3)
    if elsewhere:
        hint = f"It belongs to {', '.join(elsewhere)}, which this run leaves out: add --phase {elsewhere[0][:2]}."
    elif near:
        hint = f"Did you mean {' or '.join(near)}?"
    else:
        hint = "`cnx schema` lists them all."
    raise ParameterError(f"There is no parameter {name}", hint=hint)
