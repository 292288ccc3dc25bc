"""Logging in: OAuth, SOAP, sessions, passwords, and the LoginHistory that tells refused logins apart."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.simorg.harness import Org

KEY, SECRET = "ConexiomTestKey", "ConexiomTestSecret1"
CALLBACK = "https://portal.example/login"


def make_app(
    org: Org, *, key: str = "", extra: str = "", scopes: tuple[str, ...] = ("Full", "Api", "RefreshToken")
) -> str:
    """A connected app made through the Metadata API; returns its consumer key."""
    key = key or KEY + org.alias
    oauth = (
        f"<callbackUrl>{CALLBACK}</callbackUrl><consumerKey>{key}</consumerKey><consumerSecret>{SECRET}</consumerSecret>"
        f"{extra}" + "".join(f"<scopes>{each}</scopes>" for each in scopes)
    )
    head = "<fullName>App</fullName><contactEmail>a@b.example</contactEmail><label>App</label>"
    component = f"{head}<oauthConfig>{oauth}</oauthConfig>"
    metadata(
        org, f'<createMetadata><metadata xmlns:x="{XSI}" x:type="ConnectedApp">{component}</metadata></createMetadata>'
    )
    return key


def running_as(username: str) -> str:
    user = f"<oauthClientCredentialUser>{username}</oauthClientCredentialUser>"
    return f"<isClientCredentialEnabled>true</isClientCredentialEnabled>{user}"


XSI = "http://www.w3.org/2001/XMLSchema-instance"


def metadata(org: Org, body: str) -> str:
    answer = org.soap("m/62.0", body, org.about["access_token"])
    assert "<success>true</success>" in answer.text, answer.text
    return answer.text


def allow_password_flow(org: Org) -> None:
    component = "<fullName>OauthOidc</fullName><blockOAuthUnPwFlow>false</blockOAuthUnPwFlow>"
    metadata(
        org,
        f'<updateMetadata><metadata xmlns:x="{XSI}" x:type="OauthOidcSettings">{component}</metadata></updateMetadata>',
    )


def password_form(org: Org, key: str, **changed: str) -> dict[str, str]:
    form = {
        "grant_type": "password",
        "client_id": key,
        "client_secret": SECRET,
        "username": org.about["username"],
        "password": org.about["password"] + org.about["security_token"],
    }
    return form | changed


def login_statuses(org: Org) -> list[str]:
    return [row["Status"] for row in org.query("SELECT Status FROM LoginHistory ORDER BY LoginTime, Id")]


def soap_login(org: Org, username: str, password: str, door: str = "u/59.0") -> str:
    return org.soap(door, f"<login><username>{username}</username><password>{password}</password></login>").text


def code_of(text: str) -> str:
    found = re.search(r"<faultcode>(.*?)</faultcode>", text)
    return found[1] if found else ""


# ---- OAuth


def test_password_flow_where_it_is_allowed(org: Org) -> None:
    key = make_app(org)
    allow_password_flow(org)
    answer = org.token(**password_form(org, key)).json()
    assert answer["token_type"] == "Bearer"
    assert answer["instance_url"] == org.server.url
    assert answer["id"].startswith(f"{org.server.url}/id/{org.about['org_id']}/005")
    rows = org.query(
        "SELECT Username, LastLoginDate FROM User WHERE LastLoginDate != null", token=answer["access_token"]
    )
    assert [row["Username"] for row in rows] == [org.about["username"]]


def test_a_blocked_flow_and_a_wrong_password_differ_in_login_history_alone(org: Org) -> None:
    key = make_app(org)
    blocked = org.token(**password_form(org, key))
    allow_password_flow(org)
    wrong = org.token(**password_form(org, key, password="nonsense1"))
    untrusted = org.token(**password_form(org, key, password=org.about["password"]))
    refusal = {"error": "invalid_grant", "error_description": "authentication failure"}
    assert [(each.status_code, each.json()) for each in (blocked, wrong, untrusted)] == [(400, refusal)] * 3
    expected = ["Username-Password Flow Disabled", "Invalid Password", "Failed: API security token required"]
    assert login_statuses(org) == expected


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "nobody"}, "invalid_client_id"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"username": "nobody@nowhere.example"}, "invalid_grant"),
    ],
)
def test_refused_grants(org: Org, changed: dict[str, str], error: str) -> None:
    key = make_app(org)
    allow_password_flow(org)
    answer = org.token(**password_form(org, key, **changed))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("endpoint", ["token", "introspect"])
def test_credentials_are_taken_from_a_post_alone(org: Org, method: str, endpoint: str) -> None:
    form = {"grant_type": "password", "client_id": "x", "username": org.about["username"]}
    answer = org.server.http.request(method, f"{org.server.url}/services/oauth2/{endpoint}", params=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_client_credentials_run_as_the_app_s_user(org: Org) -> None:
    key = make_app(org, extra=running_as(org.user("csr1")))
    basic = base64.b64encode(f"{key}:{SECRET}".encode()).decode()
    answer = org.server.http.post(
        f"{org.server.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}"},
    ).json()
    info = org.call("GET", "/services/oauth2/userinfo", token=answer["access_token"]).json()
    assert info["preferred_username"] == org.user("csr1")
    assert "full" not in answer["scope"].split()


def test_client_credentials_without_a_user(org: Org) -> None:
    answer = org.token(grant_type="client_credentials", client_id=make_app(org), client_secret=SECRET).json()
    assert answer == {"error": "invalid_grant", "error_description": "no client credentials user enabled"}


def test_client_credentials_need_a_scope_that_the_flow_has(org: Org) -> None:
    key = make_app(org, extra=running_as(org.user("csr1")), scopes=("Full", "Web"))
    answer = org.token(grant_type="client_credentials", client_id=key, client_secret=SECRET)
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": "no valid scopes defined"}


@pytest.mark.parametrize("grant", ["client_credentials", "authorization_code"])
def test_the_token_endpoint_takes_no_scope(org: Org, grant: str) -> None:
    key = make_app(org, extra=running_as(org.user("csr1")))
    answer = org.token(grant_type=grant, client_id=key, client_secret=SECRET, scope="api")
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": "scope parameter not supported"}


def test_authorization_code_with_pkce_then_refresh_then_revocation(org: Org) -> None:
    key = make_app(org)
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": key,
        "redirect_uri": CALLBACK,
        "state": "s1",
        "code_challenge": challenge,
    }
    url = f"{org.server.url}/services/oauth2/authorize"
    assert 'name="password"' in org.server.http.get(url, params=query).text
    person = {"username": org.about["username"], "password": org.about["password"]}
    redirect = org.server.http.post(url, data=query | person, allow_redirects=False)
    back = urlsplit(redirect.headers["Location"])
    answer = parse_qs(back.query)
    assert (f"{back.scheme}://{back.netloc}{back.path}", answer["state"]) == (CALLBACK, ["s1"])
    form = {"grant_type": "authorization_code", "client_id": key, "client_secret": SECRET, "redirect_uri": CALLBACK}
    code = {"code": answer["code"][0]}
    granted = org.token(**form, **code, code_verifier=verifier).json()
    assert org.token(**form, **code, code_verifier=verifier).json()["error"] == "invalid_grant", "a code works once"
    refreshing = {"grant_type": "refresh_token", "client_id": key, "refresh_token": granted["refresh_token"]}
    fresh = org.token(**refreshing).json()["access_token"]
    assert org.call("GET", "/services/oauth2/userinfo", token=fresh).status_code == 200
    org.server.http.post(f"{org.server.url}/services/oauth2/revoke", data={"token": granted["refresh_token"]})
    assert org.token(**refreshing).json()["error"] == "invalid_grant"


def test_authorization_never_redirects_where_the_app_did_not_say(org: Org) -> None:
    query = {"response_type": "code", "client_id": make_app(org), "redirect_uri": "https://evil.example/"}
    answer = org.server.http.get(f"{org.server.url}/services/oauth2/authorize", params=query, allow_redirects=False)
    assert (answer.status_code, answer.json()["error"]) == (400, "redirect_uri_mismatch")


def test_a_revoked_session_is_over(org: Org) -> None:
    token = org.about["access_token"]
    assert org.server.http.post(f"{org.server.url}/services/oauth2/revoke", data={"token": token}).status_code == 200
    answer = org.call("GET", "query", params={"q": "SELECT Id FROM User"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert org.call("GET", "/services/oauth2/userinfo").status_code == 403


def test_the_identity_url_tells_who_it_is(org: Org) -> None:
    user_id = org.query(f"SELECT Id FROM User WHERE Username = '{org.user('csr1')}'")[0]["Id"]
    found = org.call("GET", f"/id/{org.about['org_id']}/{user_id}", params={"version": "latest"}).json()
    assert (found["username"], found["organization_id"]) == (org.user("csr1"), org.about["org_id"])
    assert found["urls"]["rest"] == f"{org.server.url}/services/data/v68.0/"


def test_userinfo_and_the_identity_url_in_detail(org: Org) -> None:
    about = org.call("GET", "/services/oauth2/userinfo").json()
    assert about["sub"] == f"{org.server.url}/id/{org.about['org_id']}/{about['user_id']}"
    assert (about["utcOffset"], about["zoneinfo"]) == (-5 * 3600 * 1000, "America/Toronto")
    assert (about["user_type"], about["is_salesforce_integration_user"]) == ("STANDARD", False)
    own = org.call("GET", about["sub"].removeprefix(org.server.url)).json()
    assert (own["asserted_user"], own["user_id"]) == (True, about["user_id"])
    users = {row["Username"]: row["Id"] for row in org.query("SELECT Username, Id FROM User")}
    other = org.call("GET", f"/id/{org.about['org_id']}/{users[org.user('csr1')]}").json()
    assert other["asserted_user"] is False
    for path, token, status, text in [
        (f"/id/{org.about['org_id']}/{users[org.user('former.csr')]}", "", 404, "Inactive"),
        (f"/id/{org.about['org_id']}/005000000000001", "", 404, "Bad_Id"),
        (f"/id/00D000000000001/{about['user_id']}", "", 403, "Wrong_Org"),
        (f"/id/{org.about['org_id']}/{about['user_id']}", "nonsense", 403, "Bad_OAuth_Token"),
    ]:
        answer = org.call("GET", path, token=token)
        assert (answer.status_code, answer.text) == (status, text)
    nobody = org.server.http.get(f"{org.server.url}/services/oauth2/userinfo")
    assert (nobody.status_code, nobody.text) == (403, "Missing_OAuth_Token")


@pytest.fixture(scope="module")
def signer() -> tuple[rsa.RSAPrivateKey, str]:
    """A private key and the certificate that goes with it, as the app's metadata holds it."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return key, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def assertion(org: Org, key: rsa.RSAPrivateKey, consumer_key: str, **changed: Any) -> str:
    claims = {
        "iss": consumer_key,
        "sub": org.user("csr1"),
        "aud": "https://login.salesforce.com",
        "exp": datetime.now(UTC).timestamp() + 120,
    }

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    head = part(b'{"alg":"RS256"}') + "." + part(json.dumps(claims | changed).encode())
    return f"{head}.{part(key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def test_a_certificate_that_is_none_is_refused_at_the_write(org: Org, signer: tuple[rsa.RSAPrivateKey, str]) -> None:
    key, certificate = signer
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for text in ("nonsense", public.decode(), certificate[:300]):
        oauth = (
            f"<oauthConfig><callbackUrl>https://x.example</callbackUrl><certificate>{text}</certificate></oauthConfig>"
        )
        app = (
            '<createMetadata><metadata xsi:type="ConnectedApp" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<fullName>Signs</fullName><contactEmail>a@b.example</contactEmail><label>S</label>{oauth}</metadata>"
            "</createMetadata>"
        )
        assert "no X.509 certificate" in org.soap("m/62.0", app, org.about["access_token"]).text
    assert org.query("SELECT Id FROM ConnectedApplication WHERE Name = 'S'") == []


def test_jwt_bearer(org: Org, signer: tuple[rsa.RSAPrivateKey, str]) -> None:
    key, certificate = signer
    consumer_key = make_app(org, extra=f"<certificate>{certificate}</certificate>")
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    answer = org.token(**grant, assertion=assertion(org, key, consumer_key)).json()
    info = org.call("GET", "/services/oauth2/userinfo", token=answer["access_token"]).json()
    assert info["preferred_username"] == org.user("csr1")
    in_milliseconds = (datetime.now(UTC).timestamp() + 300) * 1000  # as the Salesforce CLI has it
    assert org.token(**grant, assertion=assertion(org, key, consumer_key, exp=in_milliseconds)).status_code == 200
    stranger = rsa.generate_private_key(65537, 2048)
    refused = [
        assertion(org, stranger, consumer_key),
        assertion(org, key, "nobody"),
        assertion(org, key, consumer_key, exp=1),
        assertion(org, key, consumer_key, aud="https://elsewhere.example"),
        assertion(org, key, consumer_key, sub=org.user("former.csr")),
        "a.b.c",
        "",
    ]
    for each in refused:
        answer = org.token(**grant, assertion=each)
        assert (answer.status_code, answer.json()["error"] in ("invalid_grant", "invalid_client_id")) == (400, True), (
            each
        )


# ---- SOAP


def test_soap_login_and_logout(org: Org) -> None:
    about = org.about
    text = soap_login(org, about["username"], about["password"] + about["security_token"])
    session = re.search(r"<sessionId>(.*?)</sessionId>", text)
    assert session is not None, text
    assert f"{org.server.url}/services/Soap/m/59.0/{about['org_id'][:15]}" in text
    assert org.call("GET", "limits", token=session[1]).status_code == 200
    org.soap("u/59.0", "<logout/>", session[1])
    assert org.call("GET", "limits", token=session[1]).status_code == 401


def test_refused_soap_logins(org: Org) -> None:
    username, password, token = (org.about[name] for name in ("username", "password", "security_token"))
    assert code_of(soap_login(org, username, password)) == "sf:LOGIN_MUST_USE_SECURITY_TOKEN"
    assert code_of(soap_login(org, username, "wrong" + token)) == "sf:INVALID_LOGIN"
    assert code_of(soap_login(org, "nobody@nowhere.example", password)) == "sf:INVALID_LOGIN"
    assert code_of(soap_login(org, username, password + token, "u/65.0")) == "soapenv:Client", (
        "login() ended with version 64"
    )
    assert code_of(soap_login(org, username, password + token, "u/12.0")) == "sf:UNSUPPORTED_API_VERSION"
    assert login_statuses(org) == ["Failed: API security token required", "Invalid Password"]


def test_a_password_set_by_soap_or_by_rest_is_good_for_logging_in(org: Org) -> None:
    csr = org.query(f"SELECT Id FROM User WHERE Username = '{org.user('csr1')}'")[0]["Id"]
    org.soap(
        "u/59.0",
        f"<setPassword><userId>{csr}</userId><password>Seals4Pumps</password></setPassword>",
        org.about["access_token"],
    )
    assert code_of(soap_login(org, org.user("csr1"), "Seals4Pumps")) == "sf:LOGIN_MUST_USE_SECURITY_TOKEN", (
        "right, but for the token"
    )
    assert org.call("POST", f"sobjects/User/{csr}/password", json={"NewPassword": "Valves5Pumps"}).status_code == 204
    assert code_of(soap_login(org, org.user("csr1"), "Valves5Pumps")) == "sf:LOGIN_MUST_USE_SECURITY_TOKEN"
    assert code_of(soap_login(org, org.user("csr1"), "Seals4Pumps")) == "sf:INVALID_LOGIN"


def test_a_weak_password_is_refused(org: Org) -> None:
    csr = org.query(f"SELECT Id FROM User WHERE Username = '{org.user('csr1')}'")[0]["Id"]
    answer = org.soap(
        "u/59.0",
        f"<setPassword><userId>{csr}</userId><password>short1</password></setPassword>",
        org.about["access_token"],
    )
    assert code_of(answer.text) == "sf:INVALID_NEW_PASSWORD"


def test_a_user_without_api_enabled_is_refused(org: Org) -> None:
    auditor = org.query(f"SELECT Id FROM User WHERE Username = '{org.user('auditor')}'")[0]["Id"]
    body = f"<setPassword><userId>{auditor}</userId><password>Ledger2026</password></setPassword>"
    org.soap("u/59.0", body, org.about["access_token"])
    token = org.token(
        grant_type="client_credentials",
        client_id=make_app(org, extra=running_as(org.user("auditor"))),
        client_secret=SECRET,
    ).json()["access_token"]
    answer = org.call("GET", "query", token=token, params={"q": "SELECT Id FROM User"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")


def test_a_session_opens_a_browser_once(org: Org) -> None:
    def ask(**options: Any) -> requests.Response:
        return org.call("GET", "/services/oauth2/singleaccess", **options)

    door = ask(params={"redirect_uri": "/lightning/setup/ManageUsers/home"}).json()["frontdoor_uri"]
    page = org.server.http.get(door)
    assert page.status_code == 200
    assert org.about["username"] in page.text
    assert "/lightning/setup/ManageUsers/home" in page.text
    assert org.server.http.get(door).status_code == 401, "an address is good once"
    assert ask(token="00D000000000001!expired").status_code == 403
    assert ask(params={"redirect_uri": "https://elsewhere.example/"}).json()["error"] == "invalid_request"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer 00D000000000001!nonsense", "Bearer nonsense"])
def test_no_session_no_answer(org: Org, header: str) -> None:
    answer = org.server.http.get(f"{org.server.url}/services/data/v62.0/limits", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()[0]["errorCode"] in ("INVALID_SESSION_ID", "INVALID_AUTH_HEADER")
