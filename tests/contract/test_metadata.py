"""Components other than permission sets: fields, record types, settings, apps; one client writes, the other reads."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import quote

import pytest

from .clients import Components, JsforceComponents, Rows
from .node import Jsforce, Refused

Unique = Callable[[str], str]
Tidy = Callable[..., None]


def test_a_custom_field_and_access_to_it(
    components: Components, rows: Rows, other_components: Components, other_rows: Rows, me: str,
    unique: Unique, tidy: Tidy,
) -> None:  # fmt: skip
    name = f"{unique('Number')}__c"
    field = {
        "fullName": f"Account.{name}",
        "label": name,
        "type": "Text",
        "length": 20,
        "externalId": True,
        "unique": True,
    }
    components.create("CustomField", {**field, "caseSensitive": False})
    tidy(components.delete, "CustomField", f"Account.{name}")
    found = other_components.read("CustomField", f"Account.{name}")
    assert found is not None
    assert (found["type"], int(found["length"]), found["label"]) == ("Text", 20, name)
    told = other_rows.tooling(
        "SELECT IsFlsEnabled, MasterLabel FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account'"
        f" AND QualifiedApiName = '{name}'"
    )
    assert told == [{"IsFlsEnabled": True, "MasterLabel": name}]

    access = unique("Access")
    granted = [{"field": f"Account.{name}", "readable": True, "editable": True}]
    objects = {"object": "Account", "allowRead": True, "allowCreate": True, "allowEdit": True, "allowDelete": True}
    objects |= {"modifyAllRecords": False, "viewAllRecords": False}
    components.create(
        "PermissionSet",
        {"fullName": access, "label": access, "fieldPermissions": granted, "objectPermissions": [objects]},
    )
    tidy(components.delete, "PermissionSet", access)
    (made,) = other_rows.query(f"SELECT Id FROM PermissionSet WHERE Name = '{access}'")
    assigned = rows.create("PermissionSetAssignment", {"AssigneeId": me, "PermissionSetId": made["Id"]})
    tidy(rows.delete, "PermissionSetAssignment", assigned)

    described = {each["name"]: each for each in other_rows.describe("Account")["fields"]}
    assert (described[name]["externalId"], described[name]["unique"], described[name]["length"]) == (True, True, 20)
    account = unique("Known")
    for phone in ("1", "2"):
        rows.upsert("Account", name, "A-17", {"Name": account, "Phone": phone})
    (row,) = other_rows.query(f"SELECT Id, Name, Phone FROM Account WHERE {name} = 'A-17'")
    tidy(rows.delete, "Account", row["Id"])
    assert (row["Name"], row["Phone"]) == (account, "2")
    with pytest.raises(Refused) as caught:
        other_rows.create("Account", {"Name": unique("Double"), name: "A-17"})
    assert caught.value.code == "DUPLICATE_VALUE"


def test_a_record_type(components: Components, other_components: Components, rows: Rows, unique: Unique) -> None:
    name = unique("Order")
    # A record type can be switched off, and deleted in Setup alone
    components.create("RecordType", {"fullName": f"Account.{name}", "label": name, "active": True})
    components.update("RecordType", {"fullName": f"Account.{name}", "label": f"{name} 2", "active": False})
    found = other_components.read("RecordType", f"Account.{name}")
    assert found is not None
    assert (found["label"], found["active"]) == (f"{name} 2", False)
    soql = f"SELECT Name, SobjectType, IsActive FROM RecordType WHERE DeveloperName = '{name}'"
    assert rows.query(soql) == [{"Name": f"{name} 2", "SobjectType": "Account", "IsActive": False}]


def test_a_record_type_of_cases_has_a_process(
    components: Components, other_components: Components, rows: Rows, unique: Unique
) -> None:
    name, process = unique("Inquiry"), unique("Support")
    status = next(each for each in rows.describe("Case")["fields"] if each["name"] == "Status")
    values = [
        {"fullName": quote(each["value"], safe=" "), "default": each["defaultValue"]}
        for each in status["picklistValues"]
        if each["active"]
    ]
    made = {"fullName": f"Case.{name}", "label": name, "active": True}
    with pytest.raises(Refused, match="businessProcess"):
        components.create("RecordType", made)
    components.create("BusinessProcess", {"fullName": f"Case.{process}", "isActive": True, "values": values})
    found = other_components.read("BusinessProcess", f"Case.{process}")
    assert found is not None
    assert found["isActive"] is True
    assert len(found["values"]) == len(values)
    # Both stay: a record type that is no longer used can be deleted in Setup alone, and it keeps its process
    components.create("RecordType", {**made, "businessProcess": process})
    components.update("RecordType", {**made, "active": False, "businessProcess": process})
    told = other_components.read("RecordType", f"Case.{name}")
    assert told is not None
    assert (told["businessProcess"], told["active"]) == (process, False)
    (row,) = rows.query(f"SELECT BusinessProcessId FROM RecordType WHERE DeveloperName = '{name}'")
    assert rows.query(f"SELECT Id FROM BusinessProcess WHERE Name = '{process}'") == [{"Id": row["BusinessProcessId"]}]


def test_settings_are_changed_and_put_back(components: Components, other_components: Components, tidy: Tidy) -> None:
    before = other_components.read("OauthOidcSettings", "OauthOidc")
    assert before is not None
    blocked = before.get("blockOAuthUsrAgtFlow", False)
    tidy(components.update, "OauthOidcSettings", {"fullName": "OauthOidc", "blockOAuthUsrAgtFlow": blocked})
    components.update("OauthOidcSettings", {"fullName": "OauthOidc", "blockOAuthUsrAgtFlow": not blocked})
    after = other_components.read("OauthOidcSettings", "OauthOidc")
    assert after is not None
    assert after["blockOAuthUsrAgtFlow"] is not blocked
    assert after.get("blockOAuthUnPwFlow", False) is before.get("blockOAuthUnPwFlow", False)


def test_email_to_case_never_goes_off(components: Components, other_components: Components) -> None:
    def on() -> bool:
        found = other_components.read("CaseSettings", "Case")
        assert found is not None
        return bool(found.get("emailToCase", {}).get("enableEmailToCase", False))

    if not on():
        return
    off = {"fullName": "Case", "emailToCase": {"enableEmailToCase": False}}
    with pytest.raises(Refused):
        components.update("CaseSettings", off)
    assert on()


def test_a_connected_app(
    components: Components, other_components: Components, rows: Rows, unique: Unique, tidy: Tidy
) -> None:
    name, key, secret = unique("App"), secrets.token_hex(16), secrets.token_hex(16)
    oauth = {
        "callbackUrl": "https://portal.example/login",
        "consumerKey": key,
        "consumerSecret": secret,
        "scopes": ["Api", "RefreshToken"],
        "isAdminApproved": True,
        "isConsumerSecretOptional": False,
        "isIntrospectAllTokens": False,
        "isSecretRequiredForRefreshToken": True,
    }
    app = {"fullName": name, "label": name, "contactEmail": "admin@acme.example", "oauthConfig": oauth}
    try:
        components.create("ConnectedApp", app)
    except Refused as refused:
        if "enable connected app creation" in refused.message:
            pytest.skip("this org makes no connected apps any more")
        raise
    tidy(components.delete, "ConnectedApp", name)
    found = other_components.read("ConnectedApp", name)
    assert found is not None
    assert (found["label"], found["oauthConfig"]["consumerKey"]) == (name, key)
    assert "consumerSecret" not in found["oauthConfig"]
    assert rows.query(f"SELECT Name FROM ConnectedApplication WHERE Name = '{name}'") == [{"Name": name}]
    with pytest.raises(Refused):
        other_components.create("ConnectedApp", {**app, "fullName": unique("Thief")})


def test_a_component_takes_another_name(
    components: Components, other_components: Components, js: Jsforce, unique: Unique, tidy: Tidy
) -> None:
    old, new = unique("Old"), unique("New")
    components.create("PermissionSet", {"fullName": old, "label": old})
    tidy(components.delete, "PermissionSet", old)
    tidy(components.delete, "PermissionSet", new)
    assert js("metadata.rename", "PermissionSet", old, new)["success"]
    assert other_components.read("PermissionSet", old) is None
    assert other_components.read("PermissionSet", new) is not None


@pytest.mark.parametrize("kind", ["PermissionSet", "Profile", "CustomObject", "CaseSettings", "OauthOidcSettings"])
def test_every_kind_is_told_of(js: Jsforce, kind: str) -> None:
    described = {each["xmlName"] for each in js("metadata.describe", "62.0")["metadataObjects"]}
    assert (kind if not kind.endswith("Settings") else "Settings") in described


REFUSED = [
    ("Nope", {"fullName": "A", "label": "A"}),
    ("CustomField", {"fullName": "Nope__c.A__c", "label": "A", "type": "Text", "length": 5}),
    ("PermissionSet", {"fullName": "9 is no name", "label": "A"}),
    ("PermissionSet", {"fullName": "CnxWithoutLabel"}),
    (
        "PermissionSet",
        {"fullName": "CnxBadField", "label": "A", "fieldPermissions": [{"field": "Case.Nope", "editable": False}]},
    ),
]


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(js: Jsforce, kind: str, value: dict[str, object], tidy: Tidy) -> None:
    components = JsforceComponents(js)
    tidy(components.delete, kind, str(value["fullName"]))
    with pytest.raises(Refused):
        components.create(kind, value)
