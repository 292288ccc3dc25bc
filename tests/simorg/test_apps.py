"""Apps: those not installed where they are used, API Access Control, introspection, keys and secrets by REST."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simorg.harness import Org
from tests.simorg.test_identity import (
    CALLBACK,
    SECRET,
    XSI,
    allow_password_flow,
    login_statuses,
    make_app,
    metadata,
    password_form,
    running_as,
)


def update(org: Org, kind: str, name: str, inside: str) -> str:
    whole = f'<metadata xmlns:x="{XSI}" x:type="{kind}"><fullName>{name}</fullName>{inside}</metadata>'
    return metadata(org, f"<updateMetadata>{whole}</updateMetadata>")


def create(org: Org, kind: str, name: str, inside: str) -> str:
    whole = f'<metadata xmlns:x="{XSI}" x:type="{kind}"><fullName>{name}</fullName>{inside}</metadata>'
    return metadata(org, f"<createMetadata>{whole}</createMetadata>")


def give_password(org: Org, name: str, password: str = "Valves5Pumps") -> str:
    """A password for a user of the scenario, logging in from an address that the org trusts; returns the user's id."""
    here = "<networkAccess><ipRanges><start>127.0.0.1</start><end>127.0.0.1</end></ipRanges></networkAccess>"
    update(org, "SecuritySettings", "Security", here)
    user: str = org.query(f"SELECT Id FROM User WHERE Username = '{org.user(name)}'")[0]["Id"]
    assert org.call("POST", f"sobjects/User/{user}/password", json={"NewPassword": password}).status_code == 204
    return user


def grant(org: Org, user: str, permission: str) -> None:
    row = {"Name": permission, "Label": permission, f"Permissions{permission}": True}
    made = org.call("POST", "sobjects/PermissionSet", json=row).json()
    held = {"AssigneeId": user, "PermissionSetId": made["id"]}
    assert org.call("POST", "sobjects/PermissionSetAssignment", json=held).status_code == 201


# ---- apps that are not installed


def test_an_app_of_another_org_needs_a_permission(org: Org) -> None:
    key = make_app(org.server.add_org())
    allow_password_flow(org)
    user = give_password(org, "csr1")
    form = password_form(org, key, username=org.user("csr1"), password="Valves5Pumps")
    refused = org.token(**form)
    words = {"error": "invalid_client", "error_description": "app must be installed into org"}
    assert (refused.status_code, refused.json()) == (400, words)
    grant(org, user, "CanApproveUninstalledApps")
    token = org.token(**form).json()["access_token"]
    info = org.call("GET", "/services/oauth2/userinfo", token=token).json()
    assert info["organization_id"] == org.about["org_id"], "logged in where the user is, not where the app is"
    assert login_statuses(org)[-1] == "Success"


def page(org: Org, client: str, redirect: str, name: str, password: str) -> Any:
    form = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect,
        "username": name,
        "password": password,
    }
    url = f"{org.server.url}/services/oauth2/authorize"
    return org.server.http.post(url, data=form, allow_redirects=False)


CUMULUSCI = "3MVG9i1HRpGLXp.or6OVlWVWyn8DXi9xueKNM4npq_AWh.yqswojK9sE5WY7f.biP0w7bNJIENfXc7JMDZGO1"


@pytest.mark.parametrize(
    ("client", "redirect"),
    [("PlatformCLI", "http://localhost:1717/OauthRedirect"), (CUMULUSCI, "http://localhost:7788/callback")],
    ids=["Salesforce CLI", "CumulusCI"],
)
def test_a_command_line_s_own_app(org: Org, client: str, redirect: str) -> None:
    give_password(org, "csr1")
    refused = page(org, client, redirect, org.user("csr1"), "Valves5Pumps")
    assert refused.status_code == 400
    assert "OAUTH_APPROVAL_ERROR_GENERIC" in refused.text
    about = org.about
    back = page(org, client, redirect, about["username"], about["password"])
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    grant_of = {"grant_type": "authorization_code", "client_id": client, "redirect_uri": redirect, "code": code}
    answer = org.token(**grant_of).json()
    info = org.call("GET", "/services/oauth2/userinfo", token=answer["access_token"]).json()
    assert info["preferred_username"] == about["username"]
    again = org.token(grant_type="refresh_token", client_id=client, refresh_token=answer["refresh_token"])
    assert org.call("GET", "limits", token=again.json()["access_token"]).status_code == 200


def make_external_app(org: Org) -> str:
    """An external client app; returns its consumer key."""
    head = "<contactEmail>a@b.example</contactEmail><distributionState>Local</distributionState><label>Eca</label>"
    create(org, "ExternalClientApplication", "Eca", head)
    of_app = "<externalClientApplication>Eca</externalClientApplication>"
    key = f"EcaKey{org.alias}"
    secret = f"<consumerKey>{key}</consumerKey><consumerSecret>{SECRET}</consumerSecret>"
    inside = f"<callbackUrl>{CALLBACK}</callbackUrl>{secret}{of_app}<isPkceRequired>false</isPkceRequired>"
    create(org, "ExtlClntAppGlobalOauthSettings", "Eca_glbl", inside)
    return key


def test_an_external_client_app_is_used_nowhere_but_at_home(org: Org) -> None:
    key = make_external_app(org.server.add_org())
    refused = page(org, key, CALLBACK, org.about["username"], org.about["password"])
    assert (refused.status_code, "OAUTH_EC_APP_NOT_FOUND" in refused.text) == (400, True)


# ---- API Access Control


def test_api_access_control_takes_sessions_of_approved_apps_alone(org: Org) -> None:
    approved = running_as(org.user("csr1")) + "<isAdminApproved>true</isAdminApproved>"
    key = make_app(org, extra=approved)
    by_app = org.token(grant_type="client_credentials", client_id=key, client_secret=SECRET).json()["access_token"]
    user = give_password(org, "csr1")
    login = f"<login><username>{org.user('csr1')}</username><password>Valves5Pumps</password></login>"
    by_password = org.soap("u/59.0", login).text.split("<sessionId>")[1].split("<")[0]
    assert org.call("GET", "limits", token=by_password).status_code == 200
    update(
        org,
        "ConnectedAppSettings",
        "ConnectedApp",
        "<enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly>",
    )
    refused = org.call("GET", "limits", token=by_password)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert refused.json()[0]["message"] == "This session is not valid for use with the REST API"
    assert "sf:INVALID_SESSION_ID" in org.soap("m/62.0", "<describeMetadata/>", by_password).text
    assert org.call("GET", "limits", token=by_app).status_code == 200
    grant(org, user, "UseAnyApiClient")
    assert org.call("GET", "limits", token=by_password).status_code == 200


# ---- introspection


def test_introspection_tells_an_app_of_its_own_tokens(org: Org) -> None:
    key = make_app(org, extra=running_as(org.user("csr1")))
    token = org.token(grant_type="client_credentials", client_id=key, client_secret=SECRET).json()["access_token"]
    url = f"{org.server.url}/services/oauth2/introspect"

    def ask(given: str, **form: str) -> Any:
        return org.server.http.post(url, data={"token": given, "client_id": key, "client_secret": SECRET, **form})

    found = ask(token).json()
    assert (found["active"], found["username"], found["client_id"]) == (True, org.user("csr1"), key)
    assert found["sub"].startswith(f"{org.server.url}/id/{org.about['org_id']}/005")
    assert found["iat"] == found["nbf"] < found["exp"]
    assert ask(org.about["access_token"]).json() == {"active": False}, "a session of no app"
    assert ask("nonsense").json() == {"active": False}
    org.server.http.post(f"{org.server.url}/services/oauth2/revoke", data={"token": token})
    assert ask(token).json() == {"active": False}
    assert ask(token, client_secret="wrong").json()["error"] == "invalid_client"
    other = make_app(org.server.add_org())
    fresh = org.token(grant_type="client_credentials", client_id=key, client_secret=SECRET).json()["access_token"]
    assert ask(fresh, client_id=other).json() == {"active": False}, "another app's token"


# ---- keys and secrets by REST


def test_keys_and_secrets_where_the_org_lets_them_be_read(org: Org) -> None:
    key = make_external_app(org)
    apps = org.call("GET", "apps/oauth/usage").json()["apps"]
    assert [(each["developerName"], each["usersCount"]) for each in apps] == [("Eca", 0)]
    address = f"apps/oauth/credentials/{apps[0]['identifier']}"
    assert org.call("GET", address).status_code == 403, "off by default"
    setting = "<enableClientSecretInRestApiAccess>true</enableClientSecretInRestApiAccess>"
    update(org, "ExternalClientAppSettings", "ExternalClientApp", setting)
    (consumer,) = org.call("GET", address).json()["consumers"]
    assert consumer["key"] == key
    one = org.call("GET", f"{address}/{consumer['id']}").json()
    assert (one["key"], "secret" in one) == (key, False)
    both = org.call("GET", f"{address}/{consumer['id']}", params={"part": "keyandsecret"}).json()
    assert (both["key"], both["secret"]) == (key, SECRET)
    assert org.call("GET", f"/services/data/v59.0/{address}").status_code == 404
    assert org.call("GET", "apps/oauth/credentials/0xI000000000001").status_code == 404
    assert org.call("GET", f"{address}/{consumer['id']}", params={"part": "all"}).status_code == 400


def test_a_secret_is_shown_to_who_may_view_client_secrets(org: Org) -> None:
    make_external_app(org)
    setting = "<enableClientSecretInRestApiAccess>true</enableClientSecretInRestApiAccess>"
    update(org, "ExternalClientAppSettings", "ExternalClientApp", setting)
    address = f"apps/oauth/credentials/{org.call('GET', 'apps/oauth/usage').json()['apps'][0]['identifier']}"
    consumer = org.call("GET", address).json()["consumers"][0]["id"]
    give_password(org, "service.manager")
    login = f"<login><username>{org.user('service.manager')}</username><password>Valves5Pumps</password></login>"
    token = org.soap("u/59.0", login).text.split("<sessionId>")[1].split("<")[0]
    assert org.call("GET", f"{address}/{consumer}", token=token).status_code == 200
    refused = org.call("GET", f"{address}/{consumer}", token=token, params={"part": "secret"})
    assert refused.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


@pytest.mark.parametrize("params", [{"page": "x"}, {"pageSize": "0"}, {"page": "-1"}, {"pageSize": "9999999999"}])
def test_pages_that_are_none(org: Org, params: dict[str, str]) -> None:
    assert org.call("GET", "apps/oauth/usage", params=params).status_code == 400
