"""What the Security settings and profiles say of logging in: addresses, lockout, sessions, users for the API alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cnxlib.simorg.identity import history, logins, passwords, policy, sessions
from cnxlib.simorg.org import Org as SimOrg
from cnxlib.simorg.orgs import Orgs
from cnxlib.simorg.scenarios.seed import Seeder
from tests.simorg.harness import Org
from tests.simorg.test_identity import code_of, login_statuses, make_app, soap_login

XSI = "http://www.w3.org/2001/XMLSchema-instance"
HERE = "<ipRanges><start>127.0.0.1</start><end>127.0.0.1</end></ipRanges>"
ELSEWHERE = "<ipRanges><start>10.1.0.0</start><end>10.1.255.255</end></ipRanges>"


def update(org: Org, kind: str, name: str, inside: str) -> str:
    whole = f'<metadata xmlns:x="{XSI}" x:type="{kind}"><fullName>{name}</fullName>{inside}</metadata>'
    answer = org.soap("m/62.0", f"<updateMetadata>{whole}</updateMetadata>", org.about["access_token"])
    return answer.text


def test_an_address_that_the_org_trusts_needs_no_security_token(org: Org) -> None:
    username, password = org.about["username"], org.about["password"]
    one = f"<networkAccess>{ELSEWHERE}</networkAccess>"
    assert "<success>true</success>" in update(org, "SecuritySettings", "Security", one)
    assert code_of(soap_login(org, username, password)) == "sf:LOGIN_MUST_USE_SECURITY_TOKEN"
    both = f"<networkAccess>{ELSEWHERE}{HERE}</networkAccess>"
    assert "<success>true</success>" in update(org, "SecuritySettings", "Security", both)
    assert "<sessionId>" in soap_login(org, username, password)


@pytest.mark.parametrize(
    "inside",
    [
        "<ipRanges><start>10.0.0.9</start><end>10.0.0.1</end></ipRanges>",
        "<ipRanges><start>nonsense</start><end>10.0.0.1</end></ipRanges>",
        "<ipRanges><start>10.0.0.1</start><end>::1</end></ipRanges>",
        "<ipRanges/>",
    ],
)
def test_what_is_no_range_of_addresses_is_refused(org: Org, inside: str) -> None:
    text = update(org, "SecuritySettings", "Security", f"<networkAccess>{inside}</networkAccess>")
    assert "FIELD_INTEGRITY_EXCEPTION" in text


def test_a_profile_says_from_where_its_users_log_in(org: Org) -> None:
    username, password = org.about["username"], org.about["password"]
    there = "<loginIpRanges><endAddress>10.1.255.255</endAddress><startAddress>10.1.0.0</startAddress></loginIpRanges>"
    here = "<loginIpRanges><endAddress>127.0.0.9</endAddress><startAddress>127.0.0.1</startAddress></loginIpRanges>"
    update(org, "Profile", "Admin", there)
    token = org.about["security_token"]
    assert code_of(soap_login(org, username, password + token)) == "sf:LOGIN_DURING_RESTRICTED_DOMAIN"
    update(org, "Profile", "Admin", here)
    assert "<sessionId>" in soap_login(org, username, password), "no token is asked for within the profile's range"
    assert login_statuses(org) == ["Restricted IP", "Success"]


def test_wrong_passwords_lock_a_user_out_until_the_password_is_set(org: Org) -> None:
    policies = "<passwordPolicies><maxLoginAttempts>ThreeAttempts</maxLoginAttempts></passwordPolicies>"
    update(org, "SecuritySettings", "Security", policies + f"<networkAccess>{HERE}</networkAccess>")
    user = org.query(f"SELECT Id FROM User WHERE Username = '{org.user('csr1')}'")[0]["Id"]
    address = f"sobjects/User/{user}/password"
    assert org.call("POST", address, json={"NewPassword": "Valves5Pumps"}).status_code == 204
    for _ in range(3):
        assert code_of(soap_login(org, org.user("csr1"), "wrong1234")) == "sf:INVALID_LOGIN"
    locked = soap_login(org, org.user("csr1"), "Valves5Pumps")
    assert code_of(locked) == "sf:INVALID_LOGIN", "the words do not tell a locked user from a wrong password"
    assert login_statuses(org) == ["Invalid Password"] * 3 + ["Password Lockout"]
    assert org.call("POST", address, json={"NewPassword": "Seals4Pumps"}).status_code == 204
    assert "<sessionId>" in soap_login(org, org.user("csr1"), "Seals4Pumps")


def test_a_user_for_the_api_alone_cannot_log_in_by_the_page(org: Org) -> None:
    user = org.query(f"SELECT Id FROM User WHERE Username = '{org.user('csr1')}'")[0]["Id"]
    org.call("POST", f"sobjects/User/{user}/password", json={"NewPassword": "Valves5Pumps"})
    made = org.call("POST", "sobjects/PermissionSet", json={"Name": "A", "Label": "A", "PermissionsApiUserOnly": True})
    row = {"AssigneeId": user, "PermissionSetId": made.json()["id"]}
    form = {
        "response_type": "code",
        "client_id": make_app(org),
        "redirect_uri": "https://portal.example/login",
        "username": org.user("csr1"),
        "password": "Valves5Pumps",
    }
    url = f"{org.server.url}/services/oauth2/authorize"
    assert org.server.http.post(url, data=form, allow_redirects=False).status_code == 302
    assert org.call("POST", "sobjects/PermissionSetAssignment", json=row).status_code == 201
    assert org.server.http.post(url, data=form, allow_redirects=False).status_code == 200, "the form again"


# ---- by the clock


@pytest.fixture
def inside() -> SimOrg:
    """An org in this process, whose documents can be aged."""
    return Orgs(Seeder()).add("inside", "fresh")


def test_a_session_lives_as_long_as_the_settings_say(inside: SimOrg) -> None:
    assert policy.session_lifetime(inside) == timedelta(hours=2)
    inside.put_document("SecuritySettings", "Security", {"sessionSettings": {"sessionTimeout": "FifteenMinutes"}})
    assert policy.session_lifetime(inside) == timedelta(minutes=15)
    user = inside.rows("User")[0]["Id"]
    token = sessions.open_session(inside, user)
    assert sessions.about(inside, token) is not None
    for key, value in inside.documents(sessions.KIND).items():
        inside.put_document(sessions.KIND, key, {**value, "expires": "2020-01-01T00:00:00+00:00"})
    assert sessions.about(inside, token) is None


@pytest.mark.parametrize(("interval", "over"), [("FifteenMinutes", True), ("Forever", False)])
def test_a_lockout_is_over_after_its_interval_or_never(inside: SimOrg, interval: str, over: bool) -> None:
    policies = {"maxLoginAttempts": "ThreeAttempts", "lockoutInterval": interval}
    inside.put_document("SecuritySettings", "Security", {"passwordPolicies": policies})
    user = inside.rows("User")[0]
    passwords.store(inside, user["Id"], password="Seals4Pumps", security_token="x" * 24)
    for _ in range(3):
        assert logins.verify(inside, user, "wrong", "10.0.0.1") == history.INVALID_PASSWORD
    assert logins.verify(inside, user, "Seals4Pumps" + "x" * 24, "10.0.0.1") == history.LOCKED_OUT
    found = inside.document(policy.FAILURES, user["Id"])
    assert found is not None
    if over:
        inside.put_document(policy.FAILURES, user["Id"], {**found, "until": "2020-01-01T00:00:00+00:00"})
    expected = history.SUCCESS if over else history.LOCKED_OUT
    assert logins.verify(inside, user, "Seals4Pumps" + "x" * 24, "10.0.0.1") == expected


def test_without_a_limit_nobody_is_locked_out(inside: SimOrg) -> None:
    inside.put_document("SecuritySettings", "Security", {"passwordPolicies": {"maxLoginAttempts": "NoLimit"}})
    user = inside.rows("User")[0]
    for _ in range(15):
        assert logins.verify(inside, user, "wrong", "10.0.0.1") == history.INVALID_PASSWORD
