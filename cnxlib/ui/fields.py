"""What a form knows of each parameter, told from the phase's pydantic model alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cnxlib.phases.base import in_plain_words

FieldKind = Literal["text", "switch", "choice", "number", "yaml"]


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Attributes
    ----------
    choices:
        What may be chosen, for the kind "choice".
    examples:
        What is offered while one types.
    required:
        Whether the default is refused, so that a value has to be given.
    """

    name: str
    kind: FieldKind
    help: str
    default: Any
    choices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    required: bool = False

    @property
    def label(self) -> str:
        """The name as people write it: "user_email" is "User email"."""
        return self.name.replace("_", " ").capitalize()

    def shown(self, value: Any) -> str:
        """The value as it stands in the field; lists and mappings as YAML."""
        if self.kind == "switch":
            return "yes" if value else "no"
        if self.kind != "yaml" or isinstance(value, str):
            return str(value)
        return str(yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True)).strip() if value else ""

    def read(self, typed: Any) -> Any:
        """The value that was typed. A text that is no YAML stays as it is, for the model to refuse."""
        if self.kind != "yaml":
            return typed
        if not str(typed).strip():
            return self.default
        try:
            return yaml.safe_load(typed)
        except yaml.YAMLError:
            return typed


def fields_of(model: type[BaseModel], names: Sequence[str]) -> list[Field]:
    """The fields `names` of `model`, in that order."""
    defaults = {name: info.get_default(call_default_factory=True) for name, info in model.model_fields.items()}
    refused = refusals(model, defaults)
    return [_field(name, model.model_fields[name], defaults[name], name in refused) for name in names]


def refusals(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """Why `model` refuses `values`: a sentence by field, "" for several at once; empty if it takes them."""
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        said: dict[str, list[str]] = {}
        for item in error.errors(include_url=False):
            name, *inner = [str(part) for part in item["loc"]] or [""]
            message = in_plain_words(item)
            said.setdefault(name, []).append(f"{'.'.join(inner)}: {message}" if inner else message)
        return {name: "; ".join(messages) for name, messages in said.items()}
    return {}


def _field(name: str, info: FieldInfo, default: Any, required: bool) -> Field:
    kind, choices = _kind(info.annotation)
    examples = tuple(str(example) for example in info.examples or ())
    # The descriptions serve the notebook's literals too, where "" and [] are what one types; a form's field is empty.
    help_text = (info.description or "").replace('""', "empty").replace("[]", "empty")
    return Field(name, kind, help_text, default, choices, examples, required)


def _kind(annotation: Any) -> tuple[FieldKind, tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(choice) for choice in get_args(annotation))
    if annotation is bool:
        return "switch", ()
    if annotation is int or annotation is float:
        return "number", ()
    return ("text", ()) if annotation is str else ("yaml", ())


def _plain(value: Any) -> Any:
    """The value in JSON's own types, which is what YAML is written from."""
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json", exclude_defaults=True))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
