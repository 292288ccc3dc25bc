"""What a parameter says of itself to a form, beyond its title and its description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

KEY = "x-form"
"""Where it stands in the parameter's JSON schema."""

EXPERTS = "For experts"
"""The group that is closed until somebody opens it."""


def in_form(
    *,
    kind: str = "",
    group: str = "",
    help: str = "",
    only_when: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]] = (),
    offers: str = "",
    choices: Sequence[str] | Mapping[str, str] = (),
    one_of: Sequence[str] = (),
    noun: str = "",
    keep: bool = True,
) -> dict[str, Any]:
    """For `json_schema_extra` of a pydantic field or model.

    Parameters
    ----------
    kind:
        The kind of field, where the type does not tell it: "secret" is typed unseen, "file" is a path.
    group:
        The heading that the field stands under.
    help:
        Help in place of the description, which also serves people who write notebooks' parameters.
    only_when:
        When the field applies: each parameter named has one of the values listed. Several such mappings: any of them.
    offers:
        What of the org is offered: a name of `cnxlib.resources.offers.SOURCES`, or "users".
    choices:
        What is offered always, by value with its label.
    one_of:
        For a model: the fields of which exactly one is given.
    noun:
        For a list of objects: what one of them is called.
    keep:
        Whether the value is kept for the next time; what is said for one run alone is not.
    """
    some = {"kind": kind, "group": group, "help": help, "offers": offers, "noun": noun}
    told: dict[str, Any] = {name: value for name, value in some.items() if value}
    if only_when:
        ways = [only_when] if isinstance(only_when, Mapping) else only_when
        told["only_when"] = [{name: list(values) for name, values in way.items()} for way in ways]
    if choices:
        told["choices"] = dict(choices) if isinstance(choices, Mapping) else {one: one for one in choices}
    if one_of:
        told["one_of"] = list(one_of)
    if not keep:
        told["keep"] = False
    return {KEY: told}
