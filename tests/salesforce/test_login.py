"""Each route into a simulated org: open, refused with the remedy, and renewed when the session ends on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import tenacity.nap
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from urllib3.exceptions import ProtocolError

from cnxlib.errors import CnxError, LoginRefused, NotPermitted, SecretError, SessionExpired
from cnxlib.inventory import OrgEntry
from cnxlib.salesforce import Insert, Query, SetPassword, soql
from cnxlib.salesforce.login_oauth import audience_of
from cnxlib.salesforce.login_refusals import oauth_refusal, soap_refusal
from cnxlib.salesforce.org import connect
from cnxlib.secrets import SecretStore
from cnxlib.secrets.touched import touched
from tests.cli_of_salesforce import FakeCli
from tests.conftest import Sim
from tests.salesforce.apps import SECRET, Apps, pem

ROUTES = ["jwt", "client_credentials", "oauth_password", "soap_password", "session"]
WHO = Query("SELECT Name FROM Organization")


@pytest.fixture(scope="module")
def apps(sim: Sim, tmp_path_factory: pytest.TempPathFactory) -> Apps:
    return Apps(sim.new_org("fresh"), tmp_path_factory.mktemp("secrets"))


@pytest.fixture
def expire(sim: Sim, apps: Apps) -> Iterator[Callable[..., None]]:
    def order(times: int | None = 1, path: str = "") -> None:
        match = {"path": path} if path else {}
        sim.control("PUT", f"orgs/{apps.alias}/faults", [{"kind": "session_expired", "times": times, "match": match}])

    yield order
    sim.control("PUT", f"orgs/{apps.alias}/faults", [])


@pytest.fixture
def sf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    return FakeCli(tmp_path / "bin", monkeypatch)


def held(apps: Apps, token: str = "") -> dict[str, Any]:
    return {"acme": {"token": token or apps.session(), "url": apps.given.login.url + "/", "username": apps.username}}


def cli_entry(apps: Apps) -> OrgEntry:
    login = {"route": "sf", "alias": "acme"}
    return OrgEntry.model_validate({"login": login, "ca_cert": apps.given.ca_cert, "simulated": True})


def refused(apps: Apps, entry: OrgEntry, kind: type[CnxError] = LoginRefused) -> CnxError:
    with pytest.raises(kind) as caught:
        connect(apps.alias, entry)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert not any(secret in str(caught.value) for secret in touched())
    return caught.value


# ---- open


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_opens_the_org_for_its_user(apps: Apps, route: str) -> None:
    org = connect(apps.alias, apps.entry(route))
    assert org.identity.username == apps.username
    assert org.api_calls == (3 if route == "session" else 4)
    assert org.host == apps.given.login.url.removeprefix("https://")
    assert re.fullmatch("[0-9a-f]{64}", org.certificate)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", org.server_time)
    assert org.api_versions[-1] == "68.0"
    token = org._client._session_id
    assert token in touched()
    org.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries."""
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.mark.parametrize("kind", ["lost_answer", "http_503"])
@pytest.mark.parametrize("route", ["client_credentials", "oauth_password", "soap_password"])
def test_a_login_that_is_cut_off_is_made_again(sim: Sim, apps: Apps, at_once: None, route: str, kind: str) -> None:
    sim.control("PUT", f"orgs/{apps.alias}/faults", [{"kind": kind}])
    connect(apps.alias, apps.entry(route)).close()
    (fault,) = sim.control("GET", f"orgs/{apps.alias}/faults")
    assert fault["struck"] == 1


@pytest.mark.parametrize("kind", ["lost", "busy"])
def test_the_versions_are_asked_for_again(
    apps: Apps, monkeypatch: pytest.MonkeyPatch, at_once: None, kind: str
) -> None:
    asked: list[str] = []
    send = requests.Session.send

    def strike(session: requests.Session, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        answer = send(session, request, **kwargs)
        if not str(request.url).endswith("/services/data"):
            return answer
        asked.append(str(request.url))
        if len(asked) == 1 and kind == "lost":
            raise requests.ConnectionError(ProtocolError("Connection aborted."))
        if len(asked) == 1:
            answer.status_code = 503
            answer._content = b'[{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]'
        return answer

    entry = apps.entry("session")
    monkeypatch.setattr(requests.Session, "send", strike)
    connect(apps.alias, entry).close()
    assert len(asked) == 2


def test_the_salesforce_cli_s_session(apps: Apps, sf: FakeCli) -> None:
    sf.holds(orgs=held(apps))
    org = connect(apps.alias, cli_entry(apps))
    assert (org.identity.username, org.api_calls) == (apps.username, 3)
    org.close()


def test_the_salesforce_cli_s_token_at_an_address_of_one_s_own(apps: Apps, sf: FakeCli) -> None:
    sf.holds(orgs=held(apps))
    connect(apps.alias, apps.entry("session", session="sf:acme")).close()


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://login.salesforce.com", "login"),
        ("https://acme.my.salesforce.com", "login"),
        ("https://test.salesforce.com", "test"),
        ("https://acme--uat.sandbox.my.salesforce.com", "test"),
        ("https://acme--uat.my.salesforce.com", "test"),
        ("https://customer-wise-123.scratch.my.salesforce.com", "test"),
        ("https://acme-dev-ed.develop.my.salesforce.com", "login"),
    ],
)
def test_the_audience_follows_from_the_address(url: str, audience: str) -> None:
    assert audience_of(url) == f"https://{audience}.salesforce.com"


# ---- refused by the org


@pytest.mark.parametrize(
    ("route", "changed", "said", "hint"),
    [
        ("jwt", {"client_id": "nobody"}, "invalid_client_id", "client_id"),
        ("jwt", {"username": "nobody@x.example"}, "hasn't approved", "Admit the user"),
        ("jwt", {"audience": "https://acme.example"}, "audience", "Leave it out"),
        ("client_credentials", {"client_id": "nobody"}, "invalid_client_id", "ten minutes"),
        ("client_credentials", {"client_secret": "env:CNX_TEST_WRONG"}, "invalid_client", "client_secret"),
        ("oauth_password", {"password": "env:CNX_TEST_WRONG"}, "authentication failure", "Login History"),
        ("soap_password", {"password": "env:CNX_TEST_WRONG"}, "INVALID_LOGIN", "Login History"),
        ("soap_password", {"security_token": None}, "LOGIN_MUST_USE_SECURITY_TOKEN", "Reset My Security Token"),
        ("soap_password", {"username": "nobody@x.example"}, "INVALID_LOGIN", "test.salesforce.com"),
    ],
)
def test_what_the_org_refuses(
    apps: Apps, monkeypatch: pytest.MonkeyPatch, route: str, changed: dict[str, Any], said: str, hint: str
) -> None:
    monkeypatch.setenv("CNX_TEST_WRONG", "wrong-canary-1")
    error = refused(apps, apps.entry(route, **changed))
    assert said in error.message
    assert hint in error.hint


def test_a_key_whose_certificate_the_app_does_not_hold(apps: Apps) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    error = refused(apps, apps.entry("jwt", private_key=apps.secret("other", pem(other))))
    assert "certificate" in error.hint


@pytest.mark.parametrize("kind", ["locked", "elliptic", "no PEM", "public"])
def test_a_key_that_cannot_sign_sends_nothing(sim: Sim, apps: Apps, kind: str) -> None:
    text = {
        "locked": pem(apps.key, b"passphrase"),
        "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
        "no PEM": "nonsense-canary",
        "public": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    }[kind]
    before = sim.control("GET", "stats")["requests"]
    error = refused(apps, apps.entry("jwt", private_key=apps.secret("bad", text)), SecretError)
    assert "RSA key" in error.message
    assert sim.control("GET", "stats")["requests"] == before


def test_an_org_in_which_soap_login_is_off(sim: Sim, apps: Apps) -> None:
    alias = sim.new_org("modern")
    login = {"username": f"admin@{alias}.example", "password": apps.secret("some", "some-password-1")}
    error = refused(apps, apps.entry("soap_password", **login))
    assert "INVALID_OPERATION" in error.message
    assert "sf org login web" in error.hint


def test_an_org_that_blocks_the_username_password_flow(apps: Apps) -> None:
    apps.write(apps.admin, "update", "OauthOidcSettings", "OauthOidc", blockOAuthUnPwFlow=True)
    try:
        error = refused(apps, apps.entry("oauth_password"))
    finally:
        apps.write(apps.admin, "update", "OauthOidcSettings", "OauthOidc", blockOAuthUnPwFlow=False)
    assert "blocks the username-password flow" in error.hint


def test_an_app_without_a_user_to_run_as(sim: Sim, apps: Apps) -> None:
    oauth = {"callbackUrl": "https://x.example", "consumerKey": "Runless" + "a" * 8, "consumerSecret": SECRET}
    apps.write(apps.admin, "create", "ConnectedApp", "Less", label="Less", contactEmail="a@b.c", oauthConfig=oauth)
    error = refused(apps, apps.entry("client_credentials", client_id=oauth["consumerKey"]))
    assert "run as" in error.hint


def test_an_app_that_is_not_installed_in_the_user_s_org(sim: Sim, apps: Apps, tmp_path: Path) -> None:
    other = sim.new_org("limited-admin")
    error = refused(apps, apps.entry("jwt", username=f"support.admin@{other}.example"))
    assert "app must be installed into org" in error.message
    assert "Connected Apps OAuth Usage" in error.hint


def test_a_user_without_the_api(apps: Apps, tmp_path: Path) -> None:
    select = soql("SELECT Id FROM User WHERE Username = {}", f"auditor@{apps.alias}.example")
    store = SecretStore(tmp_path / "store")
    admin = connect(apps.alias, store=store)
    user = admin.send([Query(select)])[0][0]["Id"]
    assert admin.send([SetPassword(user, "auditor")]) == [None]
    held_as = f"{admin.identity.org_id}/auditor"
    network = {"ipRanges": [{"start": "127.0.0.1", "end": "127.0.0.1"}]}
    apps.write(admin, "update", "SecuritySettings", "Security", networkAccess=network)
    login = {"username": f"auditor@{apps.alias}.example", "password": apps.secret("auditor", store.get(held_as))}
    try:
        by_soap = refused(apps, apps.entry("soap_password", security_token=None, **login))
        by_app = refused(apps, apps.entry("oauth_password", security_token=None, **login), NotPermitted)
    finally:
        apps.write(admin, "update", "SecuritySettings", "Security", networkAccess={"ipRanges": []})
        admin.close()
    for error in (by_soap, by_app):
        assert "API_DISABLED_FOR_ORG" in error.message
        assert "API Enabled" in error.hint


def test_an_address_from_which_the_profile_lets_nobody_in(apps: Apps) -> None:
    there = [{"startAddress": "10.1.0.0", "endAddress": "10.1.255.255"}]
    apps.write(apps.admin, "update", "Profile", "Admin", loginIpRanges=there)
    try:
        errors = [refused(apps, apps.entry(route)) for route in ("soap_password", "oauth_password")]
    finally:
        here = [{"startAddress": "127.0.0.1", "endAddress": "127.0.0.9"}]
        apps.write(apps.admin, "update", "Profile", "Admin", loginIpRanges=here)
    assert "LOGIN_DURING_RESTRICTED_DOMAIN" in errors[0].message
    assert "ip restricted" in errors[1].message
    assert all("Login IP Ranges" in error.hint for error in errors)


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ({"error": "OAUTH_APPROVAL_ERROR_GENERIC"}, "Connected Apps OAuth Usage"),
        ({"error": "x", "error_description": "OAUTH_EC_APP_NOT_FOUND : External client app ..."}, "External Client"),
        ({"error": "invalid_app_access", "error_description": "user is not admin approved ..."}, "permission set"),
        ({"error": "invalid_grant", "error_description": "request not supported on this domain"}, "My Domain"),
        ({"error": "invalid_grant", "error_description": "expired password"}, "new password"),
        ({"error": "invalid_grant", "error_description": "inactive user"}, "not active"),
        ({"error": "invalid_grant", "error_description": "words of next year"}, "Login History"),
        ({"error": "inactive_org", "error_description": ""}, "Salesforce Support"),
        ({"error": "unsupported_grant_type", "error_description": ""}, "does not serve this flow"),
        ({}, "Salesforce address"),
    ],
)
def test_what_else_the_token_door_says(told: dict[str, str], hint: str) -> None:
    error = oauth_refusal("acme", "a@b.example at https://x.example", told, 400)
    assert isinstance(error, LoginRefused)
    assert (error.org, hint in error.hint) == ("acme", True)
    assert told.get("error", "HTTP 400") in error.message


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_door_that_is_busy_is_no_refusal(status: int) -> None:
    assert not isinstance(oauth_refusal("a", "b", {}, status), LoginRefused)
    assert not isinstance(soap_refusal("a", "b", {}, status), LoginRefused)


def test_a_login_is_tried_again_when_the_door_is_busy(sim: Sim, apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnxlib.salesforce.client.Client.__init__.__defaults__", (0.01,))
    entry = apps.entry("jwt")
    fault = {"kind": "http_503", "match": {"path": "oauth2/token"}, "times": 2}
    # A fault is found by the org of the request: the form's user
    entry = apps.entry("oauth_password")
    sim.control("PUT", f"orgs/{apps.alias}/faults", [fault])
    try:
        org = connect(apps.alias, entry)
    finally:
        sim.control("PUT", f"orgs/{apps.alias}/faults", [])
    assert org.api_calls == 6
    org.close()


# ---- answers that are none of a login


def answering(monkeypatch: pytest.MonkeyPatch, status: int, content: bytes, **headers: str) -> list[str]:
    """Every POST is answered so; returns the addresses that were posted to."""
    posted: list[str] = []

    def post(self: requests.Session, url: str, **options: Any) -> requests.Response:
        posted.append(url)
        assert options["allow_redirects"] is False
        answer = requests.Response()
        answer.status_code, answer._content, answer.url = status, content, url
        answer.headers.update(headers)
        return answer

    monkeypatch.setattr(requests.Session, "post", post)
    return posted


@pytest.mark.parametrize("route", ["jwt", "client_credentials", "oauth_password", "soap_password"])
def test_a_redirection_gets_no_secret(apps: Apps, monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    entry = apps.entry(route)
    posted = answering(monkeypatch, 302, b"", Location="https://elsewhere.example/x")
    error = refused(apps, entry)
    assert "elsewhere.example" in error.message
    assert len(posted) == 1


@pytest.mark.parametrize("content", [b"", b"<html>Log in</html>", b"[]", b"{}", b'{"error": null}'])
@pytest.mark.parametrize("route", ["jwt", "soap_password"])
def test_an_answer_that_is_none(apps: Apps, monkeypatch: pytest.MonkeyPatch, route: str, content: bytes) -> None:
    entry = apps.entry(route)
    answering(monkeypatch, 200, content)
    assert "HTTP 200" in refused(apps, entry).message


def test_a_token_for_an_address_without_tls(apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = apps.entry("jwt")
    answering(monkeypatch, 200, b'{"access_token": "00D1!canary-token", "instance_url": "http://plain.example"}')
    with pytest.raises(LoginRefused) as caught:
        connect(apps.alias, entry)
    assert "canary-token" not in str(caught.value)


def test_an_expired_password(apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = apps.entry("soap_password")
    told = b"<r><serverUrl>https://x.example/s</serverUrl><sessionId>00D1!canary</sessionId>%s</r>"
    answering(monkeypatch, 200, told % b"<passwordExpired>true</passwordExpired>")
    assert "has expired" in refused(apps, entry).message


# ---- renewed


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "session"])
@pytest.mark.parametrize("path", ["composite/batch", "/Soap/m/", "sobjects/Account"])
def test_a_session_that_ends_is_renewed_at_each_door(
    apps: Apps, expire: Callable[..., None], route: str, path: str
) -> None:
    from cnxlib.salesforce import ReadMetadata

    org = connect(apps.alias, apps.entry(route))
    first = org._client._session_id
    expire(path=path)
    ask = {"composite/batch": WHO, "/Soap/m/": ReadMetadata("CaseSettings", "Case")}
    (answer,) = org.send([ask.get(path, Insert("Account", {"Name": f"Renewed {route}"}))])
    assert not isinstance(answer, CnxError)
    assert org._client._session_id != first
    if path == "sobjects/Account":
        assert len(org.send([Query(soql("SELECT Id FROM Account WHERE Name = {}", f"Renewed {route}"))])[0]) == 1
    org.close()


def test_a_session_file_that_was_changed_meanwhile_is_read_again(apps: Apps, expire: Callable[..., None]) -> None:
    org = connect(apps.alias, apps.entry("session"))
    apps.secret("session", apps.session())
    expire()
    assert org.send([WHO]) == [[{"Name": "Northwind Industrial Supply"}]]
    org.close()


def test_a_session_of_which_there_is_no_newer_one(apps: Apps, expire: Callable[..., None]) -> None:
    org = connect(apps.alias, apps.entry("session"))
    expire()
    before = org.api_calls
    (error,) = org.send([WHO])
    assert isinstance(error, SessionExpired)
    assert "put a new session where file:" in error.hint
    assert org.api_calls == before + 1
    org.close()


@pytest.mark.parametrize("route", ["sf", "session"])
def test_the_salesforce_cli_is_asked_for_a_newer_session(
    apps: Apps, sf: FakeCli, expire: Callable[..., None], route: str
) -> None:
    sf.holds(orgs=held(apps))
    entry = cli_entry(apps) if route == "sf" else apps.entry("session", session="sf:acme")
    org = connect(apps.alias, entry)
    sf.holds(orgs=held(apps))
    expire()
    assert org.send([WHO]) == [[{"Name": "Northwind Industrial Supply"}]]
    expire()
    (error,) = org.send([WHO])
    assert isinstance(error, SessionExpired)
    assert "sf org login web --alias acme" in error.hint
    org.close()


def test_a_session_that_is_refused_however_new_it_is(apps: Apps, expire: Callable[..., None]) -> None:
    org = connect(apps.alias, apps.entry("jwt"))
    expire(times=None, path="composite/batch")
    (error,) = org.send([WHO])
    assert isinstance(error, SessionExpired)
    assert "API Access Control" in error.hint
    org.close()


def test_a_login_that_is_refused_when_it_is_renewed(apps: Apps, expire: Callable[..., None]) -> None:
    entry = apps.entry("client_credentials")
    org = connect(apps.alias, entry)
    apps.secret("client", "another-secret-1")
    expire()
    (error,) = org.send([WHO])
    assert isinstance(error, LoginRefused)
    assert "invalid_client" in error.message
    org.close()
