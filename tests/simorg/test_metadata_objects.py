"""Profiles, custom fields and settings by CRUD calls, each write read back by REST; nonsense deployed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.metadata import SfdcMetadataApi

from cnxlib.simorg.metadata import xml_files
from cnxlib.simorg.metadata.components import Settings
from cnxlib.simorg.metadata.deployment import Deployment, Options
from cnxlib.simorg.metadata.kinds import DEPLOY_ORDER, KINDS
from cnxlib.simorg.orgs import Orgs
from cnxlib.simorg.scenarios.seed import Seeder
from tests.simorg.harness import Org, Server
from tests.simorg.test_bad_input import component

VERSION = "62.0"


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Any]:
    org = server.add_org()
    url = f"{server.url}/services/Soap/m/{VERSION}/"
    with requests.Session() as session, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", server.ready["ca_cert"])
        made = SfdcMetadataApi(
            session, org.about["access_token"], server.url.removeprefix("https://"), url, {}, VERSION
        )
        made.org = org
        yield made
        made._client.transport.session.close()


@pytest.fixture
def org(client: Any) -> Org:
    found: Org = client.org
    found.server.http.post(f"{found.server.url}/_sim/orgs/{found.alias}/reset")
    return found


@pytest.fixture
def api(client: Any, org: Org) -> Any:
    return client


def region(api: Any, **changed: Any) -> Any:
    return api.CustomField(
        **{"fullName": "Account.Region__c", "label": "Region", "type": "Text", "length": 40, **changed}
    )


def make(api: Any, *fields: Any) -> None:
    """Create fields and let administrators see and edit them, whom a new field is hidden from too."""
    api.CustomField.create(list(fields))
    granted = [api.ProfileFieldLevelSecurity(field=f.fullName, readable=True, editable=True) for f in fields]
    api.Profile.update([api.Profile(fullName="Admin", fieldPermissions=granted)])


# ---- custom fields


def test_a_custom_field_is_made_used_changed_and_deleted(api: Any, org: Org) -> None:
    make(api, region(api))
    account = org.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    assert org.call("PATCH", f"sobjects/Account/{account}", json={"Region__c": "North"}).status_code == 204
    assert org.query(f"SELECT Region__c FROM Account WHERE Id = '{account}'")[0]["Region__c"] == "North"
    too_long = org.call("PATCH", f"sobjects/Account/{account}", json={"Region__c": "x" * 41})
    assert too_long.json()[0]["errorCode"] == "STRING_TOO_LONG"
    api.CustomField.update([region(api, label="Sales region", length=60)])
    found = api.CustomField.read(["Account.Region__c"])
    assert (found.label, found.length, found.type) == ("Sales region", 60, "Text")
    where = "EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName = 'Region__c'"
    assert [row["Label"] for row in org.query(f"SELECT Label FROM FieldDefinition WHERE {where}")] == ["Sales region"]
    api.CustomField.delete(["Account.Region__c"])
    assert org.query(f"SELECT Label FROM FieldDefinition WHERE {where}") == []
    gone = org.call("GET", "query", params={"q": "SELECT Region__c FROM Account"})
    assert gone.json()[0]["errorCode"] == "INVALID_FIELD"
    make(api, region(api))
    assert org.query(f"SELECT Region__c FROM Account WHERE Id = '{account}'")[0]["Region__c"] is None


@pytest.mark.parametrize(
    ("changed", "value", "stored"),
    [
        ({"type": "Checkbox", "length": None, "defaultValue": "true"}, False, False),
        ({"type": "Number", "length": None, "precision": 18, "scale": 2}, 2.5, 2.5),
        ({"type": "Date", "length": None}, "2026-11-23", "2026-11-23"),
        ({"type": "Email", "length": None}, "a@b.example", "a@b.example"),
        ({"type": "LongTextArea", "length": 300, "visibleLines": 3}, "x" * 300, "x" * 300),
    ],
)
def test_fields_of_other_types(api: Any, org: Org, changed: dict[str, Any], value: Any, stored: Any) -> None:
    make(api, region(api, **changed))
    account = org.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    assert org.call("PATCH", f"sobjects/Account/{account}", json={"Region__c": value}).status_code == 204
    assert org.query(f"SELECT Region__c FROM Account WHERE Id = '{account}'")[0]["Region__c"] == stored


def test_a_picklist_and_a_lookup(api: Any, org: Org) -> None:
    values = [{"fullName": name, "default": False, "label": name} for name in ("Gold", "Silver")]
    definition = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
    make(api, region(api, type="Picklist", length=None, valueSet=definition))
    account = org.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    refused = org.call("PATCH", f"sobjects/Account/{account}", json={"Region__c": "Lead"})
    assert refused.json()[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert org.call("PATCH", f"sobjects/Account/{account}", json={"Region__c": "Gold"}).status_code == 204
    buyer = {"type": "Lookup", "length": None, "referenceTo": "Contact", "relationshipName": "Bought"}
    make(api, region(api, fullName="Account.Buyer__c", label="Buyer", **buyer))
    contact = org.query("SELECT Id, LastName FROM Contact LIMIT 1")[0]
    org.call("PATCH", f"sobjects/Account/{account}", json={"Buyer__c": contact["Id"]})
    found = org.query(f"SELECT Buyer__r.LastName FROM Account WHERE Id = '{account}'")[0]
    assert found["Buyer__r"]["LastName"] == contact["LastName"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fullName": "Account.Region"}, "must end with __c"),
        ({"fullName": "Account.9Region__c"}, "must begin with a letter"),
        ({"fullName": "Nowhere.Region__c"}, "no CustomObject named Nowhere found"),
        ({"label": ""}, "non-empty label"),
        ({"length": None}, "Must specify 'length' for a CustomField of type Text"),
        ({"length": 256}, "Length must be between"),
        ({"type": "Checkbox", "defaultValue": "false"}, "Can not specify 'length' for a CustomField of type Checkbox"),
        ({"type": "Summary"}, "Cannot add a field of type Summary"),
        ({"type": "Number", "length": None}, "Must specify 'precision'"),
        ({"type": "Picklist", "length": None}, "Must specify a valueSet"),
        (
            {"type": "Lookup", "length": None, "referenceTo": "Nowhere", "relationshipName": "X"},
            "no CustomObject named Nowhere found",
        ),
    ],
)
def test_a_field_that_is_refused(api: Any, org: Org, changed: dict[str, Any], message: str) -> None:
    before = len(org.call("GET", "sobjects/Account/describe").json()["fields"])
    with pytest.raises(Exception, match=message):
        api.CustomField.create([region(api, **changed)])
    assert len(org.call("GET", "sobjects/Account/describe").json()["fields"]) == before


def test_a_field_of_a_type_stays_and_a_name_is_taken_once(api: Any) -> None:
    api.CustomField.create([region(api)])
    with pytest.raises(Exception, match="already a field named Region__c on Account"):
        api.CustomField.create([region(api)])
    with pytest.raises(Exception, match="Cannot change the type"):
        api.CustomField.update([region(api, type="Date", length=None)])
    with pytest.raises(Exception, match=r"no CustomField named Account\.Absent__c found"):
        api.CustomField.delete(["Account.Absent__c"])


def test_an_object_with_its_fields(api: Any) -> None:
    api.CustomObject.update(
        [api.CustomObject(fullName="Account", enableFeeds=True, fields=[region(api, fullName="Region__c")])]
    )
    found = api.CustomObject.read(["Account"])
    assert found.enableFeeds is True
    fields = {each.fullName: each for each in found.fields}
    assert (fields["Region__c"].length, fields["Phone"].type) == (40, None)
    with pytest.raises(Exception, match="Cannot delete standard object"):
        api.CustomObject.delete(["Account"])


# ---- profiles


def test_a_profile_is_changed_in_what_is_named_alone(api: Any, org: Org) -> None:
    before = api.Profile.read(["Sales Basic"])
    assert {each.name for each in before.userPermissions} >= {"ApiEnabled"}
    granted = {"allowRead": True, "allowCreate": True, "allowEdit": True, "object": "Case"}
    api.Profile.update(
        [
            api.Profile(
                fullName="Sales Basic",
                objectPermissions=[granted],
                fieldPermissions=[{"field": "Case.Subject", "readable": True, "editable": False}],
                tabVisibilities=[{"tab": "standard-Case", "visibility": "DefaultOff"}],
                userPermissions=[{"name": "RunReports", "enabled": True}],
            )
        ]
    )
    after = api.Profile.read(["Sales Basic"])
    assert {each.name for each in after.userPermissions} == {each.name for each in before.userPermissions} | {
        "RunReports"
    }
    profile = "Parent.Profile.Name = 'Sales Basic'"
    rows = org.query(f"SELECT SobjectType, PermissionsCreate FROM ObjectPermissions WHERE {profile}")
    assert {row["SobjectType"]: row["PermissionsCreate"] for row in rows} == {
        "Account": False,
        "Contact": False,
        "Case": True,
    }
    assert org.query("SELECT PermissionsRunReports FROM Profile WHERE Name = 'Sales Basic'")[0]["PermissionsRunReports"]
    api.Profile.update(
        [api.Profile(fullName="Sales Basic", tabVisibilities=[{"tab": "standard-Case", "visibility": "Hidden"}])]
    )
    tabs = {each.tab for each in api.Profile.read(["Sales Basic"]).tabVisibilities}
    assert tabs == {"standard-Account", "standard-Contact"}


def test_a_profile_is_made_renamed_and_deleted(api: Any, org: Org) -> None:
    api.Profile.create([api.Profile(fullName="Desk", custom=True, userLicense="Salesforce", description="At the desk")])
    row = org.query("SELECT Description, UserLicense.Name FROM Profile WHERE Name = 'Desk'")[0]
    assert (row["Description"], row["UserLicense"]["Name"]) == ("At the desk", "Salesforce")
    api.Profile.rename("Desk", "Front Desk")
    assert api.Profile.read(["Front Desk"]).custom is True
    api.Profile.delete(["Front Desk"])
    assert org.query("SELECT Id FROM Profile WHERE Name = 'Front Desk'") == []
    with pytest.raises(Exception, match="Cannot delete standard profile"):
        api.Profile.delete(["Admin"])
    with pytest.raises(Exception, match="Cannot rename standard profile"):
        api.Profile.rename("Admin", "Boss")
    with pytest.raises(Exception, match=r"Required fields are missing: \[userLicense\]"):
        api.Profile.create([api.Profile(fullName="Bare")])


# ---- nonsense, deployed


@pytest.mark.parametrize("seed", range(3))
def test_random_components_leave_messages_and_no_defect(seed: int) -> None:
    chance = random.Random(seed)
    org = Orgs(Seeder()).add(f"random{seed}", "fresh")
    actor = org.actor(org.rows("User", Name="Maya Lindqvist")[0]["Id"])
    ns = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
    files: dict[str, bytes] = {}
    members: dict[str, list[str]] = {}
    for number in range(60):
        kind = KINDS[chance.choice(DEPLOY_ORDER)]
        name = chance.choice(["Case", "Account", "Admin", "cnxsf", "a b", "ns__X", f"New{number}"])
        name = kind.full_name if isinstance(kind, Settings) else name
        members.setdefault(kind.listed, []).append(name)
        files[kind.file(name)] = f"<{kind.name} {ns}>{component(kind.name, chance)}</{kind.name}>".encode()
    files["package.xml"] = xml_files.write_manifest({name: set(names) for name, names in members.items()}, VERSION)
    run = Deployment(org, actor, Options(singlePackage=True), 62)
    run.run(files)
    assert run.failures
    assert all(each["problem"] for each in run.failures)


def test_every_type_has_its_place_in_the_order_of_a_deployment() -> None:
    assert set(DEPLOY_ORDER) == {name for name, kind in KINDS.items() if not kind.element}
