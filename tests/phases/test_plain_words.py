from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from cnxlib.errors import ParameterError
from cnxlib.phases import PHASES, find_phase


def patterns(schema: Any) -> set[str]:
    """All patterns in a JSON schema."""
    if isinstance(schema, dict):
        own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
        return own.union(*(patterns(value) for value in schema.values()))
    return set().union(*(patterns(value) for value in schema)) if isinstance(schema, list) else set()


def test_each_pattern_of_a_parameter_is_told_in_words() -> None:
    from cnxlib.phases.base import _FORMS

    models: list[type[BaseModel]] = [phase.params for phase in PHASES]
    assert patterns([TypeAdapter(model).json_schema() for model in models]) <= set(_FORMS)


@pytest.mark.parametrize(
    ("phase", "name", "value", "said"),
    [
        ("01", "package_version_id", "04t-wrong", "begins with 04t"),
        ("02", "user_email", "nobody", "name@company.example"),
        ("06", "mapped_fields", ["Lead.Phone"], "Account.Phone"),
    ],
)
def test_a_refused_form_is_told_without_a_regular_expression(phase: str, name: str, value: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=said) as caught:
        find_phase(phase).parse({name: value})
    assert "pattern" not in caught.value.message
    assert "[A-Z" not in caught.value.message
