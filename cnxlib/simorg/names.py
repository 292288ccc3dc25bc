"""API names: what they may be made of, and the refusal of one that is none."""

from __future__ import annotations

import re

from .errors import RowError

_API_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")


def is_api_name(name: str, longest: int = 80) -> bool:
    """Whether a name has letters, digits and single underscores, a letter first and no underscore last."""
    return len(name) <= longest and _API_NAME.fullmatch(name) is not None


def check_api_name(name: str, field: str, label: str, kind: str) -> None:
    """Refuse what is no API name, in the words recorded for groups and for apps.

    Args:
        name: the name.
        field: the field or element that holds it.
        label: what people call the field.
        kind: what people call the thing.

    Raises:
        RowError: FIELD_INTEGRITY_EXCEPTION.
    """
    if not is_api_name(name):
        text = (
            f"{label}: The {kind} API Name can only contain underscores and alphanumeric characters. It must be unique,"
            " begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive"
            " underscores."
        )
        raise RowError("FIELD_INTEGRITY_EXCEPTION", text, [field])
