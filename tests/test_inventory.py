"""orgs.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnxlib.errors import InventoryError, UnknownOrg
from cnxlib.inventory import find_org, inventory_path, read_inventory

GOOD = """
orgs:
  acme:
    login: {route: session, url: "https://acme.my.salesforce.com", session: "env:ACME"}
    parameters: {03_connected_app: {callback_url: "https://x.example"}}
  test:
    login: {route: password, username: a@b.example, password: "file:/p", security_token: "age:t"}
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_entries(tmp_path: Path) -> None:
    orgs = read_inventory(write(tmp_path / "orgs.yaml", GOOD))
    assert list(orgs) == ["acme", "test"]
    assert orgs["acme"].parameters["03_connected_app"]["callback_url"] == "https://x.example"
    assert orgs["test"].login.url == "https://login.salesforce.com"


def test_the_example_in_the_repository_is_valid() -> None:
    assert read_inventory(Path(__file__).parents[1] / "orgs.example.yaml")


def test_where_it_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CNX_ORGS", raising=False)
    assert inventory_path().parent != tmp_path
    write(tmp_path / "orgs.yaml", GOOD)
    assert inventory_path() == tmp_path / "orgs.yaml"
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "other.yaml"))
    assert inventory_path() == tmp_path / "other.yaml"


def test_an_unknown_alias_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownOrg, match="acme, test"):
        find_org("nope", write(tmp_path / "orgs.yaml", GOOD))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no `orgs:` mapping"),
        ("orgs: [1]", "no `orgs:` mapping"),
        ("orgs: {a: [unclosed", "no YAML"),
        ('orgs:\n  a: {password: "hunter2}}\n', "no YAML"),
        ("orgs: {a: {login: {route: carrier_pigeon}}}", "carrier_pigeon"),
        ('orgs: {a: {login: {route: session, url: "http://plain.example", session: "env:A"}}}', "url"),
        ('orgs: {a: {login: {route: session, url: "https://x.example", session: "hunter2"}}}', "session"),
        ('orgs: {a: {login: {route: session, url: "https://x.example", session: "env:A"}, colour: red}}', "colour"),
    ],
)
def test_malformed(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read_inventory(write(tmp_path / "orgs.yaml", text))
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="no inventory"):
        read_inventory(tmp_path / "orgs.yaml")
