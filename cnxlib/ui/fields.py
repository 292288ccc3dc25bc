"""What a form knows of each parameter, told from the phase's pydantic model alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cnxlib.phases.base import in_plain_words
from cnxlib.resources.in_form import KEY

FieldKind = Literal[
    "text", "reference", "file", "secret", "switch", "choice", "number", "names", "rows", "object", "yaml"
]
"""file: the path of one; secret: typed unseen, of which the form keeps a reference; names: a list of texts; rows: a
list of objects; object: the fields of one; yaml: whatever has no editor."""


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Attributes
    ----------
    label:
        What people call it.
    choices:
        (value, label) of what may be chosen, for the kind "choice"; of what is offered, for "names".
    examples:
        What is offered while one types.
    required:
        Whether the default is refused, so that a value has to be given.
    group:
        The heading it stands under, "" for none.
    only_when:
        When it applies: any of these; a parameter's name with the values that it may have.
    offers:
        What of the org is offered, by the name of its source; "" for nothing.
    fields, one_of, noun:
        For rows and objects: their fields, those of which exactly one is given, and what a row is called.
    limits:
        The least and the greatest number, None where there is none.
    keep:
        Whether the value is kept for the next time.
    """

    name: str
    kind: FieldKind
    label: str
    help: str
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()
    required: bool = False
    group: str = ""
    only_when: tuple[Mapping[str, Sequence[Any]], ...] = ()
    offers: str = ""
    fields: tuple[Field, ...] = ()
    one_of: tuple[str, ...] = ()
    noun: str = ""
    limits: tuple[int | None, int | None] = (None, None)
    keep: bool = True

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether it is of any use beside the other `values`."""
        return not self.only_when or any(
            all(values.get(name) in allowed for name, allowed in way.items()) for way in self.only_when
        )

    def lines(self, value: Any) -> list[str]:
        """The value for people, a line for each entry; none where it is empty."""
        if self.kind == "switch":
            return ["yes" if value else "no"]
        if self.kind == "choice":
            return [dict(self.choices).get(str(value), str(value))]
        plain = plain_json(value)
        if isinstance(plain, list) and self.kind in ("names", "rows", "object"):
            return [_said(item) for item in plain]
        if isinstance(plain, list | dict):
            return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)).strip().splitlines() if plain else []
        return [str(plain)] if str(plain) else []

    def sources(self) -> set[str]:
        """The names of what of the org it offers, its own fields' included."""
        own = {self.offers} if self.offers else set()
        return own.union(*(field.sources() for field in self.fields))


def _said(item: Any) -> str:
    """An entry of a list: 'set: Conexiom User; profile: Standard User'."""
    if isinstance(item, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_said(value)}" for name, value in item.items())
    if isinstance(item, list):
        return ", ".join(_said(one) for one in item)
    return str(item)


def fields_of(model: type[BaseModel], names: Sequence[str]) -> list[Field]:
    """The fields `names` of `model`, in that order."""
    defaults = {name: info.get_default(call_default_factory=True) for name, info in model.model_fields.items()}
    refused = refusals(model, defaults)
    found = [_field(name, model.model_fields[name], defaults[name], name in refused) for name in names]
    return [replace(one, required=True) if _required_there(model, defaults, one) else one for one in found]


def _required_there(model: type[BaseModel], defaults: Mapping[str, Any], field: Field) -> bool:
    """Whether a field that does not always apply is refused its default wherever it does."""
    ways = [{name: allowed[0] for name, allowed in way.items()} for way in field.only_when]
    return bool(ways) and all(field.name in refusals(model, {**defaults, **way}) for way in ways)


def refusals(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """Why `model` refuses `values`: a sentence by field, "" for several at once; empty if it takes them."""
    return by_field(refused_at(model, values))


def by_field(refused: Mapping[str, str]) -> dict[str, str]:
    """What `refused_at` found, by the parameter that it is about."""
    said: dict[str, list[str]] = {}
    for place, message in refused.items():
        name, _, inner = place.partition(".")
        said.setdefault(name, []).append(f"{inner}: {message}" if inner else message)
    return {name: "; ".join(messages) for name, messages in said.items()}


def refused_at(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """Why `model` refuses `values`, by the very place: "assignments.0.users"; "" is about several parameters."""
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        said: dict[str, list[str]] = {}
        for item in error.errors(include_url=False):
            place, message = ".".join(str(part) for part in item["loc"]), in_plain_words(item)
            if not place and (first := re.match(r"\w+", message)) and first[0] in model.model_fields:
                place = first[0]  # what is about several parameters begins with the name of one: it stands there
            said.setdefault(place, []).append(message)
        return {place: "; ".join(messages) for place, messages in said.items()}
    return {}


def _field(name: str, info: FieldInfo, default: Any, required: bool) -> Field:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    told: Any = extra.get(KEY, {})
    kind, inner = _kind(name, info.annotation)
    kind = told.get("kind", kind)
    choices = tuple(told.get("choices", {}).items())
    if kind == "choice":
        choices = tuple((str(one), dict(choices).get(str(one), _words(str(one)))) for one in get_args(info.annotation))
    elif kind == "text" and choices:
        kind = "choice"
    # The descriptions serve the notebook's literals too, where "" and [] are what one types; a form's field is empty.
    help_text = told.get("help") or _sentence((info.description or "").replace('""', "empty").replace("[]", "empty"))
    return Field(
        name,
        kind,
        info.title or _words(name),
        help_text,
        default,
        choices,
        tuple(str(example) for example in info.examples or ()),
        required,
        told.get("group", ""),
        tuple(told.get("only_when", ())),
        told.get("offers", ""),
        _inner_fields(inner) if inner else (),
        _one_of(inner) if inner else (),
        told.get("noun", "entry"),
        _limits(info),
        told.get("keep", True),
    )


def _words(name: str) -> str:
    """A name as people write it: "user_email" is "User email"."""
    return name.replace("_", " ").capitalize()


def _sentence(text: str) -> str:
    """The text with a capital at its beginning and a full stop at its end."""
    return f"{text[0].upper()}{text[1:]}{'' if text[-1] in '.?!)' else '.'}" if text else ""


def _inner_fields(model: type[BaseModel]) -> tuple[Field, ...]:
    found = []
    for name, info in model.model_fields.items():
        default = None if info.is_required() else info.get_default(call_default_factory=True)
        found.append(_field(name, info, default, info.is_required()))
    return tuple(found)


def _one_of(model: type[BaseModel]) -> tuple[str, ...]:
    extra = model.model_config.get("json_schema_extra")
    told: Any = extra.get(KEY, {}) if isinstance(extra, dict) else {}
    return tuple(told.get("one_of", ()))


def _limits(info: FieldInfo) -> tuple[int | None, int | None]:
    found = [(getattr(part, "ge", None), getattr(part, "le", None)) for part in info.metadata]
    return (
        next((least for least, _ in found if isinstance(least, int)), None),
        next((greatest for _, greatest in found if isinstance(greatest, int)), None),
    )


def _kind(name: str, annotation: Any) -> tuple[FieldKind, type[BaseModel] | None]:
    """The kind of field, and the model of what it holds."""
    if get_origin(annotation) is Literal:
        return "choice", None
    if annotation is bool:
        return "switch", None
    if annotation is int:
        return "number", None
    if annotation is str:
        return ("reference" if name.endswith("_ref") else "text"), None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "object", annotation
    if get_origin(annotation) in (tuple, list):
        item = get_args(annotation)[0]
        item = item.__origin__ if hasattr(item, "__metadata__") else item
        if item is str:
            return "names", None
        if isinstance(item, type) and issubclass(item, BaseModel):
            return "rows", item
    return "yaml", None


def plain_json(value: Any) -> Any:
    """The value in JSON's own types, which is what YAML and the browser take."""
    if isinstance(value, BaseModel):
        return plain_json(value.model_dump(mode="json", exclude_defaults=True))
    if isinstance(value, Mapping):
        return {str(name): plain_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return value
