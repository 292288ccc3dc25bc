from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cnxlib.inventory import SalesforceCliLogin, SessionLogin, add_org
from cnxlib.ui.fields import fields_of, refusals
from cnxlib.ui.logins import ByApp, ByBrowser, ByCertificate, ByPassword, BySession, Entered, address
from cnxlib.ui.ways import WAYS

GIVEN: list[tuple[type[Entered], dict[str, str], dict[str, Any]]] = [
    (ByBrowser, {}, {"route": "sf", "alias": "acme"}),
    (
        ByPassword,
        {"where": "sandbox", "username": " a@b.example ", "password": "age:acme/password"},
        {
            "route": "password",
            "url": "https://test.salesforce.com",
            "username": "a@b.example",
            "password": "age:acme/password",
        },
    ),
    (
        ByApp,
        {"url": "acme.lightning.force.com/lightning/page/home", "client_id": "3MVG9", "client_secret": "env:S"},
        {
            "route": "client_credentials",
            "url": "https://acme.my.salesforce.com",
            "client_id": "3MVG9",
            "client_secret": "env:S",
        },
    ),
    (
        BySession,
        {"url": "https://acme.my.salesforce.com/home", "session": "sf:acme"},
        {"route": "session", "url": "https://acme.my.salesforce.com", "session": "sf:acme"},
    ),
]


@pytest.fixture(autouse=True)
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNX_ORGS", str(tmp_path / "orgs.yaml"))
    return tmp_path / "orgs.yaml"


@pytest.mark.parametrize(("model", "given", "entry"), GIVEN, ids=[case[0].way for case in GIVEN])
def test_each_way_makes_its_entry(model: type[Entered], given: dict[str, str], entry: dict[str, Any]) -> None:
    made = model.model_validate({"alias": "acme", **given}).login()
    assert made.model_dump(mode="json", exclude_none=True) == entry


def test_a_key_is_named_by_its_file(tmp_path: Path) -> None:
    key = tmp_path / "acme.pem"
    given = {"alias": "acme", "username": "a@b.example", "client_id": "3MVG9", "private_key": str(key)}
    assert refusals(ByCertificate, given) == {"private_key": "there is no such file on this computer"}
    key.touch()
    assert ByCertificate.model_validate(given).login().references() == {"private_key": f"file:{key}"}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.entered.way)
def test_what_is_required_says_so_and_is_marked(way: Any) -> None:
    fields = fields_of(way.entered, list(way.entered.model_fields))
    values = {field.name: field.default for field in fields}
    said = refusals(way.entered, values)
    assert {field.name for field in fields if field.required and field.applies(values)} == said.keys()
    if "where" in values:  # where it is asked for, the address is required too
        assert {field.name for field in fields if field.required} - said.keys() == {"url"}
    assert "alias" in said
    assert all(field.label and field.help for field in fields if field.name != "where")


@pytest.mark.parametrize(
    ("alias", "says"),
    [
        ("", "give it a name"),
        ("my org", "no spaces"),
        ("-x", "beginning with a letter"),
        ("there", "already"),
        ("cli", "already"),
        ("own", ""),
    ],
)
def test_a_name_that_will_not_do(alias: str, says: str) -> None:
    add_org("there", SessionLogin(route="session", url="https://x.example", session="env:S"))
    add_org("cli", SalesforceCliLogin(route="sf", alias="another"))
    add_org("own", SalesforceCliLogin(route="sf", alias="own"))  # its session is renewed
    assert says in refusals(ByBrowser, {"alias": alias}).get("alias", "")
    assert bool(refusals(ByBrowser, {"alias": alias})) == bool(says)


@pytest.mark.parametrize("name", ["password", "security_token", "client_secret"])
def test_a_secret_in_place_of_a_reference_is_refused_and_not_shown(name: str) -> None:
    given = {"alias": "acme", "username": "a@b.example", "password": "env:P", name: "hunter2-canary"}
    with pytest.raises(ValidationError) as caught:
        ByPassword.model_validate(given)
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]
    assert "hunter2" not in refusals(ByPassword, given)[name]


def test_what_the_inventorys_own_model_refuses_is_said_at_its_field() -> None:
    given = {"alias": "acme", "url": "test.salesforce.com", "client_id": "3MVG9", "client_secret": "env:S"}
    assert "My Domain" in refusals(ByApp, given)["url"]


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("https://ACME.my.salesforce.com/", "https://acme.my.salesforce.com"),
        (
            "https://acme--uat.sandbox.lightning.force.com/lightning/setup",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        (" https://127.0.0.1:8443/x ", "https://127.0.0.1:8443"),
    ],
)
def test_an_address_as_people_paste_it(pasted: str, url: str) -> None:
    assert address(pasted) == url


@pytest.mark.parametrize(
    "pasted", ["", "acme", "http://acme.my.salesforce.com", "https://u:p@x.example", "https://x.y:a"]
)
def test_what_is_no_address(pasted: str) -> None:
    with pytest.raises(ValueError, match="give the org's address"):
        address(pasted)
