"""simple-salesforce, unmodified and over TLS: both ways to log in, reading and writing, each write read back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound
from simple_salesforce.login import SalesforceLogin

from tests.simorg.harness import Org


@pytest.fixture
def http(org: Org) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = org.server.ready["ca_cert"]
        yield session


@pytest.fixture
def salesforce(org: Org, http: requests.Session) -> Salesforce:
    return Salesforce(session_id=org.about["access_token"], instance_url=org.server.url, session=http)


def test_password_login_then_a_query(org: Org, http: requests.Session) -> None:
    session_id, instance = SalesforceLogin(
        username=org.about["username"],
        password=org.about["password"],
        security_token=org.about["security_token"],
        scratch_url=org.server.url,
        session=http,
    )
    client = Salesforce(session_id=session_id, instance=instance, session=http)
    found = client.query_all("SELECT Name, IsSandbox FROM Organization")["records"]
    assert [(row["Name"], row["IsSandbox"]) for row in found] == [("Northwind Industrial Supply", False)]


def test_rows_are_made_changed_read_and_deleted(salesforce: Salesforce) -> None:
    made = salesforce.PermissionSet.create({"Name": "Sealing", "Label": "Sealing"})
    assert salesforce.PermissionSet.update(made["id"], {"Label": "Seals"}) == 204
    assert salesforce.PermissionSet.get(made["id"])["Label"] == "Seals"
    assert salesforce.PermissionSet.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.PermissionSet.get(made["id"])


def test_a_refusal_is_what_the_client_expects(salesforce: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        salesforce.PermissionSet.create({"Name": "NoLabel"})
    assert caught.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"


def test_tooling_and_describe(salesforce: Salesforce) -> None:
    found = salesforce.toolingexecute(
        "query?q=SELECT+QualifiedApiName+FROM+EntityDefinition+WHERE+QualifiedApiName='Case'"
    )
    assert found["records"][0]["QualifiedApiName"] == "Case"
    fields = {field["name"]: field for field in salesforce.Case.describe()["fields"]}
    assert (fields["Status"]["permissionable"], fields["Subject"]["permissionable"]) == (False, True)


def test_mdapi_reads_what_rest_wrote(org: Org, salesforce: Salesforce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org.server.ready["ca_cert"])
    made = salesforce.PermissionSet.create({"Name": "Both", "Label": "Both ways", "PermissionsApiEnabled": True})
    access = {"ParentId": made["id"], "SobjectType": "Account", "PermissionsRead": True, "PermissionsEdit": True}
    salesforce.ObjectPermissions.create(access)
    found = salesforce.mdapi.PermissionSet.read(["Both"])
    assert (found.label, [each.name for each in found.userPermissions]) == ("Both ways", ["ApiEnabled"])
    assert [(each.object, each.allowEdit, each.allowCreate) for each in found.objectPermissions] == [
        ("Account", True, False)
    ]
    salesforce.mdapi._client.transport.session.close()
