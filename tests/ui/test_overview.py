import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnxlib.errors import InventoryError, NotPermitted, UnknownOrg
from cnxlib.inventory import find_org
from cnxlib.ui.overview import Overview

from .fakes import LAMPS, FakeOrg

MAINS = dataclasses.replace(LAMPS, id="01_mains", title="Mains")


@pytest.fixture(autouse=True)
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"route": "session", "url": "https://acme.my.salesforce.com", "session": "env:TOKEN"}
    parameters = {
        "lit": {"lamps": ["porch"]},
        "dark": {"dark": True},
        "early": {"brightness": 9},
        "wrong": {"brightness": 0},
    }
    orgs = {alias: {"login": login, "parameters": {LAMPS.id: values}} for alias, values in parameters.items()}
    (tmp_path / "orgs.yaml").write_text(yaml.safe_dump({"orgs": {"plain": {"login": login}, **orgs}}))
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))


def overview(org: str, phases: Any = (MAINS, LAMPS), **namespace: Any) -> tuple[Overview, FakeOrg]:
    house = FakeOrg({"porch": True})

    def connect(alias: str) -> Any:
        find_org(alias)
        house.alias = alias
        return house

    return Overview({"org": org, **namespace}, phases=phases, connect=connect), house


@pytest.mark.parametrize(
    ("org", "said"),
    [
        ("plain", ["! pending", "1 change to apply", "Next:"]),
        ("lit", ["✓ converged", "Everything is as the guide asks."]),
        ("dark", ["· not-needed", "no lamp is wanted", "Everything is as the guide asks."]),
        ("early", ["· known-later", "The mains come first"]),
        ("wrong", ["! needs your input", "brightness"]),
    ],
)
def test_each_phase_says_how_far_it_is(org: str, said: list[str]) -> None:
    start, house = overview(org)
    start.connect()
    text = start.phases().text()
    for part in said:
        assert part in text
    assert house.writes == []


def test_each_phase_leads_to_its_notebook() -> None:
    html = overview("plain")[0].phases().html()
    assert 'href="01_mains.ipynb"' in html
    assert 'href="02_lamps.ipynb"' in html


def test_a_phase_that_fails_does_not_hide_the_others() -> None:
    def refused(params: Any, me: Any) -> Any:
        raise NotPermitted("The setup may not be read", hint="Ask an administrator.")

    start, _ = overview("lit", phases=(dataclasses.replace(MAINS, resources=refused), LAMPS))
    text = start.phases().text()
    assert "✗ failed" in text
    assert "What to do: Ask an administrator." in text
    assert "✓ converged" in text


def test_the_orgs_are_those_of_the_inventory() -> None:
    start, _ = overview("plain")
    assert start.choose().choices_of("org") == ("dark", "early", "lit", "plain", "wrong")


def test_another_org_is_connected_before_it_is_read() -> None:
    start, house = overview("plain")
    start.connect()
    start.choose().enter("org", "lit")
    assert "✓ converged" in start.phases().text()
    assert house.alias == "lit"
    assert overview("plain", start=start)[0].alias == "lit", "Run All keeps the choice"


def test_an_unknown_org_is_refused_when_connecting() -> None:
    with pytest.raises(UnknownOrg):
        overview("nobody")[0].connect()


def test_without_an_inventory_the_first_cell_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNX_ORGS", "/nowhere/orgs.yaml")
    with pytest.raises(InventoryError):
        overview("plain")
