"""Who is logged in, by what, and for how long."""

from __future__ import annotations

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.login import SalesforceLogin

from cnxlib.inventory import PasswordLogin
from cnxlib.secrets import resolve

from .clients import JsforceRows, SimpleRows
from .conftest import Target
from .node import Jsforce, Node, Refused


def test_both_clients_are_the_same_user(js: Jsforce, salesforce: Salesforce, me: str) -> None:
    identity = js("identity")
    assert identity["user_id"] == me
    (user,) = salesforce.query(f"SELECT Username FROM User WHERE Id = '{me}'")["records"]
    assert identity["username"] == user["Username"]
    (organization,) = salesforce.query("SELECT Id FROM Organization")["records"]
    assert identity["organization_id"] == organization["Id"]


def test_every_answer_tells_the_use_of_the_api(salesforce: Salesforce) -> None:
    salesforce.query("SELECT Id FROM Organization")
    first = salesforce.api_usage["api-usage"]
    salesforce.query("SELECT Id FROM Organization")
    assert salesforce.api_usage["api-usage"].total == first.total
    assert salesforce.limits()["DailyApiRequests"]["Max"] == first.total


def test_a_session_that_never_was(node: Node, target: Target) -> None:
    stranger = target.session_id.partition("!")[0] + "!nonsense"
    with pytest.raises(Refused) as caught:
        JsforceRows(node.connect(instanceUrl=target.url, accessToken=stranger)).query("SELECT Id FROM User")
    assert caught.value.code == "INVALID_SESSION_ID"
    with requests.Session() as http, pytest.raises(Refused):
        SimpleRows(Salesforce(session_id=stranger, instance_url=target.url, session=http)).query("SELECT Id FROM User")


@pytest.fixture
def password(target: Target) -> tuple[str, str, str]:
    """Username, password and security token, where the inventory has them."""
    login = target.entry.login
    if not isinstance(login, PasswordLogin):
        pytest.skip("the inventory has no password for this org")
    return login.username, resolve(login.password), resolve(login.security_token) if login.security_token else ""


def test_soap_login_and_logout(
    node: Node, target: Target, salesforce: Salesforce, password: tuple[str, str, str]
) -> None:
    username, secret, token = password
    mine = node.connect(loginUrl=target.url)
    user = mine("login", username, secret + token)
    assert JsforceRows(mine).query(f"SELECT Username FROM User WHERE Id = '{user['id']}'") == [{"Username": username}]
    mine("logout")
    with requests.Session() as http:
        theirs, _ = SalesforceLogin(
            username=username, password=secret, security_token=token, scratch_url=target.url, session=http
        )
    assert JsforceRows(node.connect(instanceUrl=target.url, accessToken=theirs)).query("SELECT Id FROM Organization")
    with pytest.raises(Refused):
        node.connect(loginUrl=target.url)("login", username, "wrong" + token)
    history = salesforce.query(
        f"SELECT Status FROM LoginHistory WHERE UserId = '{user['id']}' ORDER BY LoginTime DESC LIMIT 1"
    )
    assert history["records"][0]["Status"] == "Invalid Password"


@pytest.mark.parametrize("way", ["logoutBySoap", "logoutByOAuth2"])
def test_a_session_that_was_ended(node: Node, target: Target, password: tuple[str, str, str], way: str) -> None:
    username, secret, token = password
    with requests.Session() as http:
        session_id, _ = SalesforceLogin(
            username=username, password=secret, security_token=token, scratch_url=target.url, session=http
        )
        client = Salesforce(session_id=session_id, instance_url=target.url, session=http)
        assert client.query("SELECT Id FROM Organization")["totalSize"] == 1
        node.connect(loginUrl=target.url, instanceUrl=target.url, accessToken=session_id)(way)
        with pytest.raises(Refused) as caught:
            SimpleRows(client).query("SELECT Id FROM Organization")
    assert caught.value.code == "INVALID_SESSION_ID"
