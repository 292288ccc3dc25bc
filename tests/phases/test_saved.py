from typing import Any

import pytest
from pydantic import Field

from cnxlib.errors import ParameterError
from cnxlib.inventory import OrgEntry
from cnxlib.phases.base import Phase, PhaseParams
from cnxlib.phases.saved import defaults, saved_parameters


class FirstParams(PhaseParams):
    colour: str = Field("red", description="colour of the first")


class SecondParams(PhaseParams):
    colour: str = Field("red", description="colour of the first")
    sizes: tuple[int, ...] = Field((), description="sizes")


def phase(phase_id: str, params: type[PhaseParams]) -> Phase[Any]:
    return Phase(
        id=phase_id,
        title=phase_id,
        params=params,
        checks=lambda params, me: (),
        resources=lambda params, me: (),
        guide=("G1.1",),
    )


FIRST = phase("01_first", FirstParams)
SECOND = phase("02_second", SecondParams)
PHASES = (FIRST, SECOND)


def entry(parameters: dict[str, dict[str, Any]]) -> OrgEntry:
    login = {"route": "session", "url": "https://acme.my.salesforce.com", "session": "env:TOKEN"}
    return OrgEntry.model_validate({"login": login, "parameters": parameters})


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, {}),
        ({"01_first": {"colour": "blue"}}, {"colour": "blue"}),
        ({"02_second": {"colour": "green"}, "01_first": {"colour": "blue"}}, {"colour": "green"}),
        ({"01_first": {"sizes": [1]}}, {"sizes": [1]}),
    ],
    ids=["nothing", "another phase's", "its own wins", "any entry may hold it"],
)
def test_a_phase_takes_the_names_that_it_knows(parameters: dict[str, dict[str, Any]], expected: dict[str, Any]) -> None:
    assert saved_parameters(SECOND, "acme", entry(parameters), PHASES) == expected


def test_a_name_of_another_phase_is_left_out() -> None:
    assert saved_parameters(FIRST, "acme", entry({"02_second": {"sizes": [1]}}), PHASES) == {}


@pytest.mark.parametrize(
    ("parameters", "said", "hint"),
    [
        ({"03_third": {}}, "phase named 03_third", "01_first"),
        ({"01_first": {"color": "blue"}}, "01_first.* named color", "colour"),
        ({"01_first": {"ticket": "CHG-1"}}, "named ticket", "each run"),
    ],
)
def test_an_unknown_name_is_refused_with_its_place(parameters: dict[str, dict[str, Any]], said: str, hint: str) -> None:
    with pytest.raises(ParameterError, match=said) as caught:
        saved_parameters(FIRST, "acme", entry(parameters), PHASES)
    assert caught.value.org == "acme"
    assert hint in caught.value.hint


def test_defaults_are_in_the_models_order() -> None:
    assert list(defaults(SECOND)) == [*PhaseParams.common, "colour", "sizes"]
    assert defaults(SECOND)["sizes"] == []
