"""What goes between the form and the browser: a field as it is drawn, its value, and what was typed."""

from __future__ import annotations

from typing import Any

from cnxlib.ui.fields import Field, plain_json


def told(field: Field) -> dict[str, Any]:
    """A field as the browser makes it."""
    return {
        "name": field.name,
        "kind": field.kind,
        "label": field.label,
        "help": field.help,
        "required": field.required,
        "choices": field.choices,
        "examples": field.examples,
        "offers": field.offers,
        "fields": [told(inner) for inner in field.fields],
        "oneOf": field.one_of,
        "noun": field.noun,
        "limits": field.limits,
    }


def shown(field: Field, value: Any, refused: bool) -> Any:
    """A value as the browser takes it; None leaves what stands there.

    Parameters
    ----------
    field:
        Whose value it is.
    value:
        As the form has it, whatever was typed.
    refused:
        Whether it is refused.
    """
    value = plain_json(value)
    if field.kind in ("reference", "secret"):
        return None if refused else str(value)  # what is refused may be the secret itself: it is not sent back
    if field.kind == "switch":
        return bool(value)
    if field.kind in ("names", "rows"):
        wanted: type = str if field.kind == "names" else dict
        return [item for item in value if isinstance(item, wanted)] if isinstance(value, list) else []
    if field.kind == "yaml":
        return "\n".join(field.lines(value))
    return str(value)


def read(field: Field, typed: Any) -> Any:
    """The value that was typed; what is no number stays as it is, for the model to refuse."""
    if field.kind == "number":
        text = str(typed).strip()
        return int(text) if text.lstrip("-").isdecimal() else text or field.default
    if field.kind == "yaml":
        return _of_yaml(str(typed), field.default)
    return typed.strip() if isinstance(typed, str) else typed


def _of_yaml(text: str, default: Any) -> Any:
    import yaml

    try:
        return yaml.safe_load(text) if text.strip() else default
    except yaml.YAMLError:
        return text
