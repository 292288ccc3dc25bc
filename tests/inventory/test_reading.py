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


ROUTES = """
orgs:
  cli: {login: {route: sf, alias: acme-prod}}
  jwt: {login: {route: jwt, username: a@b.example, client_id: 3MVG9, private_key: "keyring:salesforce/jwt"}}
  app:
    login: {route: client_credentials, url: "https://acme.my.salesforce.com", client_id: 3MVG9, client_secret: "age:s"}
  session: {login: {route: session, url: "https://acme.my.salesforce.com", session: "sf:acme"}}
  soap: {login: {route: password, username: a@b.example, password: "env:P"}}
  oauth:
    login: {route: password, username: a@b.example, password: "env:P", client_id: 3MVG9, client_secret: "env:S"}
"""


def test_each_route_and_the_references_it_needs(tmp_path: Path) -> None:
    orgs = read_inventory(write(tmp_path / "orgs.yaml", ROUTES))
    assert {alias: entry.login.references() for alias, entry in orgs.items()} == {
        "cli": {},
        "jwt": {"private_key": "keyring:salesforce/jwt"},
        "app": {"client_secret": "age:s"},
        "session": {"session": "sf:acme"},
        "soap": {"password": "env:P"},
        "oauth": {"password": "env:P", "client_secret": "env:S"},
    }
    assert orgs["cli"].login.at == "the Salesforce CLI's org acme-prod"
    assert orgs["app"].login.at == "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "  acme: {login: {route: sf, alias: other}}\n", "line 8: 'acme' is there twice (first in line 3)"),
        (GOOD + "orgs: {}\n", "'orgs' is there twice"),
        ("orgs:\n  1: {login: {route: sf, alias: a}}\n  '1': {login: {route: sf, alias: a}}\n", "'1' is there twice"),
        ("orgs: {a: {login: {route: sf, alias: a, alias: b}}}", "'alias' is there twice"),
    ],
)
def test_what_is_there_twice_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read_inventory(write(tmp_path / "orgs.yaml", text))
    assert says in str(caught.value)


def test_what_a_merge_brings_in_may_be_said_again(tmp_path: Path) -> None:
    text = """
shared: &shared {simulated: true, login: {route: sf, alias: shared}}
orgs:
  one: &one {<<: *shared, login: {route: sf, alias: one}}
  two: {<<: *one, simulated: false}
"""
    orgs = read_inventory(write(tmp_path / "orgs.yaml", text))
    assert [(entry.login.at[-3:], entry.simulated) for entry in orgs.values()] == [("one", True), ("one", False)]


def test_the_example_in_the_repository_is_valid() -> None:
    assert read_inventory(Path(__file__).parents[2] / "orgs.example.yaml")


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
        ('orgs: {a: {login: {route: session, url: "https://u:hunter2@x.example", session: "env:A"}}}', "url"),
        ('orgs: {a: {login: {route: sf, alias: "a b"}}}', "alias"),
        ('orgs: {a: {login: {route: sf, alias: "-o"}}}', "alias"),
        ("orgs: {a: {login: {route: jwt, username: a, client_id: b}}}", "private_key"),
        (
            'orgs: {a: {login: {route: client_credentials, url: "https://test.salesforce.com/", '
            'client_id: a, client_secret: "env:A"}}}',
            "My Domain",
        ),
        ('orgs: {a: {login: {route: password, username: a, password: "env:A", client_id: b}}}', "client_secret"),
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
