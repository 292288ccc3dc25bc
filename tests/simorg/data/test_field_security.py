"""Field-level security: it hides custom fields from everybody, administrators too, until something grants them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cnxlib.simorg.actor import Actor
from cnxlib.simorg.errors import ApiError
from tests.simorg.data.conftest import Http, Subject

FIELD = "Region__c"
TEXT = {"is": "string(40) create update nillable permissionable externalId", "label": "Region"}


@pytest.fixture
def deployed(subject: Subject) -> Subject:
    """An org to which somebody deployed a custom field, and nothing else."""
    subject.org.add_field("Account", FIELD, TEXT)
    return subject


def described(http: Http) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in http.call("GET", "sobjects/Account/describe").json()["fields"]}


def grant(subject: Subject, *, edit: bool) -> None:
    owned = subject.query("SELECT Id FROM PermissionSet WHERE Profile.Name = 'System Administrator'")[0]["Id"]
    values = {"SobjectType": "Account", "Field": f"Account.{FIELD}", "PermissionsRead": True, "PermissionsEdit": edit}
    subject.insert("FieldPermissions", ParentId=owned, **values)


def test_a_field_that_nothing_grants_is_hidden_from_the_administrator(deployed: Subject, http: Http) -> None:
    assert FIELD not in described(http)
    assert FIELD not in http.call("GET", f"sobjects/Account/{account(deployed)}").json()
    for text in (f"SELECT {FIELD} FROM Account", f"SELECT Id FROM Account WHERE {FIELD} = 'x'"):
        with pytest.raises(ApiError, match=f"No such column '{FIELD}' on entity 'Account'") as caught:
            deployed.query(text)
        assert caught.value.code == "INVALID_FIELD"
    answer = http.call("POST", "sobjects/Account", {"Name": "A", FIELD: "North"})
    assert answer.code == "INVALID_FIELD"
    assert answer.json()[0]["message"] == f"No such column '{FIELD}' on sobject of type Account"
    assert http.call("PATCH", f"sobjects/Account/{FIELD}/7", {"Name": "A"}).code == "NOT_FOUND"


def test_setup_shows_it_anyway(deployed: Subject) -> None:
    for tooling in (True, False):
        text = f"SELECT IsFlsEnabled FROM FieldDefinition WHERE DurableId = 'Account.{FIELD}'"
        assert [row["IsFlsEnabled"] for row in deployed.query(text, tooling=tooling)] == [True]


def test_a_grant_in_the_profile_opens_it(deployed: Subject, http: Http) -> None:
    grant(deployed, edit=False)
    assert not described(http)[FIELD]["updateable"]
    assert deployed.query(f"SELECT {FIELD} FROM Account LIMIT 1")[0][FIELD] is None
    assert http.call("POST", "sobjects/Account", {"Name": "A", FIELD: "N"}).code == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_grant_in_an_assigned_set_opens_it(deployed: Subject, http: Http) -> None:
    made = deployed.insert("PermissionSet", Name="Regions", Label="Regions")
    deployed.insert(
        "FieldPermissions",
        ParentId=made,
        SobjectType="Account",
        Field=f"Account.{FIELD}",
        PermissionsRead=True,
        PermissionsEdit=True,
    )
    assert FIELD not in described(http)
    deployed.insert("PermissionSetAssignment", PermissionSetId=made, AssigneeId=deployed.admin.user_id)
    assert http.call("POST", "sobjects/Account", {"Name": "A", FIELD: "North"}).status == 201
    assert deployed.query(f"SELECT Name FROM Account WHERE {FIELD} = 'north'")[0]["Name"] == "A"


def test_view_all_data_opens_rows_and_no_field(subject: Subject) -> None:
    csr = subject.actor("csr1")
    sees = replace(csr, permissions=csr.permissions | {"ViewAllData", "ModifyAllData"}, readable=frozenset())
    assert subject.query("SELECT Id FROM Account", sees)
    with pytest.raises(ApiError, match="No such column 'Phone'"):
        subject.query("SELECT Phone FROM Account", sees)


def test_the_org_itself_is_not_bound(deployed: Subject) -> None:
    itself = Actor.all_permissions(deployed.admin.user_id)
    made = deployed.insert("Account", itself, Name="A", **{FIELD: "North"})
    assert deployed.query(f"SELECT {FIELD} FROM Account WHERE Id = '{made}'", itself)[0][FIELD] == "North"


def test_the_administrator_sees_every_field_of_a_new_org(subject: Subject, http: Http) -> None:
    for name in ("Account", "Contact", "Case"):
        shown = {one["name"] for one in http.call("GET", f"sobjects/{name}/describe").json()["fields"]}
        assert shown == {one.name for one in subject.org.schema[name].fields.values()}


def account(subject: Subject) -> str:
    return str(subject.query("SELECT Id FROM Account LIMIT 1")[0]["Id"])
