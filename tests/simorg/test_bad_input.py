"""Nonsense at every door: an answer in the door's own shape, never a traceback, never a hung or broken connection."""

from __future__ import annotations

import random
from xml.sax.saxutils import escape

import pytest

from cnxlib.simorg.metadata.schema import schema
from tests.simorg.harness import Org

WORDS = [
    "<",
    "&",
    "'",
    "é",
    "☃",
    "%00",
    "../..",
    "a" * 3000,
    "{",
    "]",
    "null",
    "-1",
    "1e999",
    "005",
    "00D",
    "a.b.c",
    "e30.e30.e30",
]
CALLS = ["readMetadata", "createMetadata", "updateMetadata", "upsertMetadata", "deleteMetadata", "listMetadata"]
NAMES = ["Case", "App", "Case.X", "ns__X", "OauthOidc", "", "é"]
GRANTS = [
    "password",
    "refresh_token",
    "client_credentials",
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
]
FIELDS = [
    "client_id",
    "client_secret",
    "username",
    "password",
    "assertion",
    "code",
    "refresh_token",
    "redirect_uri",
    "token",
]


def component(struct: str, chance: random.Random, depth: int = 0) -> str:
    """Elements of a struct, some of them, with values that may or may not be of their type."""
    text = ""
    for name, field in schema().structs[struct].items():
        if chance.random() < 0.4:
            if field.type in schema().structs and depth < 3:
                value = component(field.type, chance, depth + 1)
            else:
                value = chance.choice(
                    ["", "true", "5", "x", *schema().enums.get(field.type, ())[:2], escape(chance.choice(WORDS))]
                )
            text += f"<{name}>{value}</{name}>" * chance.choice([1, 1, 2])
    return text


@pytest.mark.parametrize("seed", range(3))
def test_metadata_calls(org: Org, seed: int) -> None:
    chance = random.Random(seed)
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    for _ in range(60):
        call, struct, name = chance.choice(CALLS), chance.choice(list(schema().structs)), chance.choice(NAMES)
        if call in ("readMetadata", "deleteMetadata"):
            inside = f"<type>{struct}</type><fullNames>{name}</fullNames>"
        elif call == "listMetadata":
            inside = f"<queries><type>{struct}</type></queries>"
        else:
            whole = f"<fullName>{name}</fullName>{component(struct, chance)}"
            inside = f'<metadata xmlns:x="{xsi}" x:type="{struct}">{whole}</metadata>'
        answer = org.soap("m/62.0", f"<{call}>{inside}</{call}>", org.about["access_token"])
        assert answer.text.startswith("<?xml"), (call, inside, answer.text)
        assert answer.status_code == 200 or "<faultcode>s" in answer.text


@pytest.mark.parametrize("seed", range(3))
def test_oauth_forms(org: Org, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        form = {name: chance.choice(WORDS) for name in FIELDS if chance.random() < 0.7}
        form["grant_type"] = chance.choice(GRANTS + WORDS)
        header = chance.choice(["Basic é".encode(), b"Basic !!!", b"Basic YTpi", b"Bearer x", b""])
        address = f"{org.server.url}/services/oauth2/{chance.choice(['token', 'revoke', 'authorize'])}"
        answer = org.server.http.post(address, data=form, headers={"Authorization": header})
        assert answer.status_code == 400, answer.text
        assert answer.json().keys() == {"error", "error_description"}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"1",
        b"\xff",
        b"[" * 100_000,
        b'{"alias": {}}',
        b'[{"kind": ["a"]}]',
        b'[{"kind": "latency", "value": "x"}]',
        b'[{"kind": "latency", "value": NaN}]',
        b'[{"kind": "latency", "value": 1e999}]',
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/_sim/orgs"), ("PUT", "/_sim/orgs/{}/faults")])
def test_the_control_door(org: Org, method: str, path: str, body: bytes) -> None:
    answer = org.server.http.request(method, org.server.url + path.format(org.alias), data=body)
    expected = 200 if (method, body) == ("PUT", b"[]") else 400
    assert "indices" not in answer.text and "codec" not in answer.text, "no words of Python's"
    assert answer.status_code == expected, answer.text
