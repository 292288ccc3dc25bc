"""The Metadata API through simple-salesforce's own client, unmodified, over TLS; zeep reads the answers by the WSDL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.metadata import SfdcMetadataApi

from tests.simorg.harness import Org, Server

VERSION = "62.0"
OAUTH = {"callbackUrl": "https://portal.example/login", "scopes": ["Full", "Web"]}


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Any]:
    """One client for all tests here: reading the WSDL takes it a second."""
    org = server.add_org()
    url = f"{server.url}/services/Soap/m/{VERSION}/"
    # zeep makes an HTTP session of its own, which learns of a CA from the environment alone
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
    found.server.http.post(f"{found.server.url}/_sim/stats/reset")
    return found


@pytest.fixture
def api(client: Any, org: Org) -> Any:
    return client


def app(api: Any, name: str = "Conexiom", **oauth: Any) -> Any:
    return api.ConnectedApp(fullName=name, label=name, contactEmail="a@b.example", oauthConfig=OAUTH | oauth)


# ---- settings


def test_email_to_case_goes_on_and_never_off_again(api: Any, org: Org) -> None:
    assert api.CaseSettings.read(["Case"]).emailToCase.enableEmailToCase is False
    api.CaseSettings.update([api.CaseSettings(fullName="Case", emailToCase={"enableEmailToCase": True})])
    found = api.CaseSettings.read(["Case"]).emailToCase
    assert found.enableEmailToCase is True
    assert found.enableHtmlEmail is False, "what was not sent stays as it was"
    with pytest.raises(Exception, match=r"Email to case cannot be disabled once it has been enabled\."):
        api.CaseSettings.update([api.CaseSettings(fullName="Case", emailToCase={"enableEmailToCase": False})])
    assert api.CaseSettings.read(["Case"]).emailToCase.enableEmailToCase is True
    assert org.stats()["writes"] == 2


def test_reading_is_no_write(api: Any, org: Org) -> None:
    api.OauthOidcSettings.read(["OauthOidc"])
    api.list_metadata([api.ListMetadataQuery(type="ConnectedApp")])
    api.describe_metadata()
    assert org.stats() | {"by_kind": {}} == {"requests": 3, "writes": 0, "by_kind": {}}


def test_the_password_flow_is_blocked_until_it_is_not(api: Any) -> None:
    assert api.OauthOidcSettings.read(["OauthOidc"]).blockOAuthUnPwFlow is True
    api.OauthOidcSettings.update([api.OauthOidcSettings(fullName="OauthOidc", blockOAuthUnPwFlow=False)])
    found = api.OauthOidcSettings.read(["OauthOidc"])
    assert (found.blockOAuthUnPwFlow, found.blockOAuthUsrAgtFlow) == (False, True)


# ---- connected apps


def test_a_connected_app_is_made_read_and_listed(api: Any, org: Org) -> None:
    api.ConnectedApp.create([app(api, consumerKey=f"ConsumerKey{org.alias}", consumerSecret="Secret123")])
    found = api.ConnectedApp.read(["Conexiom"])
    assert (found.fullName, found.label, found.oauthConfig.scopes) == ("Conexiom", "Conexiom", ["Full", "Web"])
    assert (found.oauthConfig.consumerKey, found.oauthConfig.consumerSecret) == (f"ConsumerKey{org.alias}", None)
    rows = org.query("SELECT Id, Name FROM ConnectedApplication")
    listed = api.list_metadata([api.ListMetadataQuery(type="ConnectedApp")])
    assert [(each.fullName, each.id) for each in listed] == [("Conexiom", row["Id"]) for row in rows]


def test_a_key_is_made_where_none_is_given(api: Any) -> None:
    api.ConnectedApp.create([app(api)])
    assert len(api.ConnectedApp.read(["Conexiom"]).oauthConfig.consumerKey) >= 8


def test_a_consumer_key_is_unique_over_all_orgs(api: Any, org: Org) -> None:
    other = org.server.add_org()
    component = (
        "<fullName>Taken</fullName><contactEmail>a@b.example</contactEmail><label>Taken</label><oauthConfig>"
        f"<callbackUrl>https://x.example</callbackUrl><consumerKey>Unique{org.alias}</consumerKey></oauthConfig>"
    )
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    call = f'<createMetadata><metadata xmlns:x="{xsi}" x:type="ConnectedApp">{component}</metadata></createMetadata>'
    assert "<success>true</success>" in other.soap("m/62.0", call, other.about["access_token"]).text
    with pytest.raises(Exception, match="The consumer key is already taken"):
        api.ConnectedApp.create([app(api, consumerKey=f"Unique{org.alias}")])
    assert org.query("SELECT Id FROM ConnectedApplication") == [], "a refused component leaves nothing"


@pytest.mark.parametrize(
    ("oauth", "message"),
    [
        ({"consumerKey": "short"}, "between 8 and 256"),
        ({"consumerKey": "not-alphanumeric"}, "between 8 and 256"),
        ({"consumerSecret": "x" * 257}, "between 8 and 256"),
        ({"callbackUrl": "http://insecure.example"}, "callback URL"),
    ],
)
def test_an_app_that_is_refused(api: Any, oauth: dict[str, str], message: str) -> None:
    with pytest.raises(Exception, match=message):
        api.ConnectedApp.create([app(api, **oauth)])


def test_an_update_may_not_give_a_key(api: Any) -> None:
    api.ConnectedApp.create([app(api)])
    api.ConnectedApp.update([app(api, callbackUrl="https://elsewhere.example")])
    assert api.ConnectedApp.read(["Conexiom"]).oauthConfig.callbackUrl == "https://elsewhere.example"
    with pytest.raises(Exception, match="You cannot provide a Consumer Key"):
        api.ConnectedApp.update([app(api, consumerKey="AnotherKey1")])


def test_names_are_developer_names_and_taken_once(api: Any) -> None:
    api.ConnectedApp.create([app(api)])
    with pytest.raises(Exception, match="DUPLICATE_DEVELOPER_NAME"):
        api.ConnectedApp.create([app(api)])
    with pytest.raises(Exception, match=r"FIELD_INTEGRITY_EXCEPTION.*API Name"):
        api.ConnectedApp.create([app(api, name="not a name")])


def test_each_component_of_a_call_stands_by_itself(api: Any) -> None:
    with pytest.raises(Exception, match="Bad__Name"):
        api.ConnectedApp.create([app(api, name="First"), app(api, name="Bad__Name"), app(api, name="Last")])
    assert [each.fullName for each in api.ConnectedApp.read(["First", "Bad__Name", "Last"])] == ["First", None, "Last"]


def test_delete_and_upsert(api: Any) -> None:
    api.ConnectedApp.upsert([app(api)])
    api.ConnectedApp.upsert([app(api, callbackUrl="https://two.example")])
    assert api.ConnectedApp.read(["Conexiom"]).oauthConfig.callbackUrl == "https://two.example"
    api.ConnectedApp.delete(["Conexiom"])
    assert api.ConnectedApp.read(["Conexiom"]).fullName is None
    with pytest.raises(Exception, match="no ConnectedApp named Conexiom found"):
        api.ConnectedApp.delete(["Conexiom"])


# ---- external client apps


def test_an_external_client_app_and_its_parts(api: Any) -> None:
    head = api.ExternalClientApplication(
        fullName="Conexiom", label="Conexiom", contactEmail="a@b.example", distributionState="Local"
    )
    oauth = api.ExtlClntAppOauthSettings(
        fullName="Conexiom_oauth",
        externalClientApplication="Conexiom",
        commaSeparatedOauthScopes="Full, Web",
        label="o",
    )
    with pytest.raises(Exception, match="no ExternalClientApplication named Conexiom found"):
        api.ExtlClntAppOauthSettings.create([oauth])
    api.ExternalClientApplication.create([head])
    api.ExtlClntAppOauthSettings.create([oauth])
    api.ExtlClntAppGlobalOauthSettings.create(
        [
            api.ExtlClntAppGlobalOauthSettings(
                fullName="Conexiom_global",
                externalClientApplication="Conexiom",
                callbackUrl="https://portal.example",
                label="g",
            )
        ]
    )
    found = api.ExtlClntAppGlobalOauthSettings.read(["Conexiom_global"])
    assert (found.isPkceRequired, found.consumerSecret) == (True, None)
    assert found.consumerKey
    api.ExternalClientApplication.delete(["Conexiom"])
    assert api.ExtlClntAppGlobalOauthSettings.read(["Conexiom_global"]).fullName is None


def test_an_external_client_app_lacks_what_it_needs(api: Any) -> None:
    with pytest.raises(Exception, match=r"REQUIRED_FIELD_MISSING.*contactEmail"):
        api.ExternalClientApplication.create(
            [api.ExternalClientApplication(fullName="Bare", label="Bare", distributionState="Local")]
        )


# ---- permission sets


def permission_set(api: Any, **parts: Any) -> Any:
    return api.PermissionSet(fullName="Desk", label="Desk", **parts)


def object_access(**granted: bool) -> dict[str, Any]:
    off = dict.fromkeys(
        ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords"), False
    )
    return {"object": "Case", **off, **granted}


FULL = {
    "userPermissions": [{"name": "ApiEnabled", "enabled": True}],
    "objectPermissions": [object_access(allowRead=True, allowEdit=True)],
    "fieldPermissions": [{"field": "Case.Subject", "readable": True, "editable": True}],
    "tabSettings": [{"tab": "standard-Case", "visibility": "Visible"}],
}


def test_a_permission_set_is_the_rows_that_rest_shows(api: Any, org: Org) -> None:
    api.PermissionSet.create([permission_set(api, **FULL)])
    row = org.query("SELECT Id, Label, PermissionsApiEnabled FROM PermissionSet WHERE Name = 'Desk'")[0]
    assert (row["Label"], row["PermissionsApiEnabled"]) == ("Desk", True)
    where = f"WHERE ParentId = '{row['Id']}'"
    assert org.query(f"SELECT PermissionsEdit FROM ObjectPermissions {where}")[0]["PermissionsEdit"] is True
    assert org.query(f"SELECT Field FROM FieldPermissions {where}")[0]["Field"] == "Case.Subject"
    assert org.query(f"SELECT Visibility FROM PermissionSetTabSetting {where}")[0]["Visibility"] == "DefaultOn"
    found = api.PermissionSet.read(["Desk"])
    assert [(each.name, each.enabled) for each in found.userPermissions] == [("ApiEnabled", True)]
    assert [(each.tab, each.visibility) for each in found.tabSettings] == [("standard-Case", "Visible")]


def test_an_update_switches_off_what_it_leaves_out(api: Any, org: Org) -> None:
    api.PermissionSet.create([permission_set(api, **FULL)])
    api.PermissionSet.update([permission_set(api, objectPermissions=[object_access(allowRead=True)])])
    found = api.PermissionSet.read(["Desk"])
    assert (found.userPermissions, found.fieldPermissions, found.tabSettings) == ([], [], [])
    assert [(each.allowRead, each.allowEdit) for each in found.objectPermissions] == [(True, False)]


def field(name: str) -> dict[str, Any]:
    return {"fieldPermissions": [{"field": name, "readable": True, "editable": True}]}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (field("Case.Status"), "You cannot deploy to a required field: Case.Status"),
        (field("Case.Nothing"), "no CustomField named Case.Nothing found"),
        ({"objectPermissions": [object_access(allowEdit=True)]}, "depends on permission"),
        (
            {"recordTypeVisibilities": [{"recordType": "Case.Nothing", "visible": True}]},
            "no RecordType named Case.Nothing found",
        ),
        ({"license": "No such licence"}, "no UserLicense named"),
    ],
)
def test_a_permission_set_that_is_refused_leaves_nothing(
    api: Any, parts: dict[str, Any], message: str, org: Org
) -> None:
    with pytest.raises(Exception, match=message):
        api.PermissionSet.create([permission_set(api, **parts)])
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Desk'") == []


def processed(api: Any, name: str = "Case.Support", *values: str) -> Any:
    """A business process of these values of Status."""
    named = [api.PicklistValue(fullName=value, default=False) for value in values or ("New", "Closed")]
    return api.BusinessProcess(fullName=name, isActive=True, values=named)


def record_type(api: Any, **changed: Any) -> Any:
    given = {"fullName": "Case.Orders", "label": "Orders", "active": True, "businessProcess": "Support"}
    return api.RecordType(**{**given, **changed})


def test_record_types_can_be_assigned(api: Any) -> None:
    api.BusinessProcess.create([processed(api)])
    api.RecordType.create([record_type(api)])
    api.PermissionSet.create(
        [permission_set(api, recordTypeVisibilities=[{"recordType": "Case.Orders", "visible": True}])]
    )
    found = api.PermissionSet.read(["Desk"]).recordTypeVisibilities
    assert [(each.recordType, each.visible) for each in found] == [("Case.Orders", True)]


def test_a_record_type_is_renamed_and_switched_off(api: Any, org: Org) -> None:
    api.BusinessProcess.create([processed(api)])
    api.RecordType.create([record_type(api)])
    api.RecordType.update([record_type(api, label="Old orders", active=False)])
    api.RecordType.rename("Case.Orders", "Case.OldOrders")
    assert api.RecordType.read(["Case.OldOrders"]).businessProcess == "Support"
    found = org.query(
        "SELECT Name, DeveloperName, IsActive, BusinessProcess.Name FROM RecordType WHERE SobjectType = 'Case'"
    )
    assert [(row["Name"], row["DeveloperName"], row["IsActive"], row["BusinessProcess"]["Name"]) for row in found] == [
        ("Old orders", "OldOrders", False, "Support")
    ]
    with pytest.raises(Exception, match="Cannot delete record type through API"):
        api.RecordType.delete(["Case.OldOrders"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"businessProcess": None}, "Required field is missing: businessProcess"),
        ({"businessProcess": "Nothing"}, "no BusinessProcess named Case.Nothing found"),
        ({"businessProcess": "Case.Support"}, "no BusinessProcess named Case.Case.Support found"),
        ({"fullName": "Account.Orders"}, "businessProcess is not allowed in record types of Account"),
    ],
)
def test_record_types_of_cases_have_a_process_and_others_none(
    api: Any, org: Org, changed: dict[str, Any], message: str
) -> None:
    api.BusinessProcess.create([processed(api)])
    with pytest.raises(Exception, match=message):
        api.RecordType.create([record_type(api, **changed)])
    api.RecordType.create([record_type(api, fullName="Account.Orders", businessProcess=None)])
    assert [row["SobjectType"] for row in org.query("SELECT SobjectType FROM RecordType")] == ["Account"]


def test_a_business_process(api: Any, org: Org) -> None:
    api.BusinessProcess.create([processed(api, "Case.Bulk Orders", "New", "Working")])
    changed = processed(api, "Case.Bulk Orders", "New", "Closed")
    changed.isActive, changed.description = False, "Many at once"
    api.BusinessProcess.update([changed])
    found = api.BusinessProcess.read(["Case.Bulk Orders"])
    assert (found.isActive, found.description) == (False, "Many at once")
    assert [each.fullName for each in found["values"]] == ["New", "Closed"]
    (row,) = org.query("SELECT Name, TableEnumOrId, IsActive FROM BusinessProcess")
    assert (row["Name"], row["TableEnumOrId"], row["IsActive"]) == ("Bulk Orders", "Case", False)
    api.BusinessProcess.rename("Case.Bulk Orders", "Case.Support")
    api.RecordType.create([record_type(api)])
    with pytest.raises(Exception, match="is used by the record type Orders"):
        api.BusinessProcess.delete(["Case.Support"])
    api.BusinessProcess.create([processed(api, "Case.Unused")])
    api.BusinessProcess.delete(["Case.Unused"])
    assert len(org.query("SELECT Id FROM BusinessProcess")) == 1


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("Case.Support", ["Nowhere"], "Picklist value: Nowhere in picklist: Status not found"),
        ("Account.Support", ["New"], "Account has no business processes"),
        ("Nothing.Support", ["New"], "no CustomObject named Nothing found"),
        ("Case.", ["New"], "fullName"),
        ("Case.Taken", ["New"], "already used by another BusinessProcess"),
    ],
)
def test_a_business_process_that_is_refused(api: Any, org: Org, name: str, values: list[str], message: str) -> None:
    api.BusinessProcess.create([processed(api, "Case.Taken")])
    with pytest.raises(Exception, match=message):
        api.BusinessProcess.create([processed(api, name, *values)])
    with pytest.raises(Exception, match="Required field is missing: values"):
        api.BusinessProcess.update([api.BusinessProcess(fullName="Case.Taken", isActive=True)])
    assert [row["Name"] for row in org.query("SELECT Name FROM BusinessProcess")] == ["Taken"]


# ---- the door


def test_a_type_that_is_not_there_is_a_fault(org: Org) -> None:
    answer = org.soap("m/62.0", "<readMetadata><type>Nonsense</type></readMetadata>", org.about["access_token"])
    assert "<faultcode>sf:INVALID_TYPE</faultcode>" in answer.text


def test_a_type_is_not_there_before_its_first_version(org: Org) -> None:
    body = "<readMetadata><type>OauthOidcSettings</type><fullNames>OauthOidc</fullNames></readMetadata>"
    assert "sf:INVALID_TYPE" in org.soap("m/55.0", body, org.about["access_token"]).text
    assert "blockOAuthUnPwFlow" in org.soap("m/56.0", body, org.about["access_token"]).text


def test_more_than_ten_components_are_a_fault(org: Org) -> None:
    names = "<fullNames>x</fullNames>" * 11
    answer = org.soap(
        "m/62.0", f"<readMetadata><type>ConnectedApp</type>{names}</readMetadata>", org.about["access_token"]
    )
    assert "sf:EXCEEDED_ID_LIMIT" in answer.text


def test_no_session_is_a_fault(org: Org) -> None:
    assert "<faultcode>sf:INVALID_SESSION_ID</faultcode>" in org.soap("m/62.0", "<describeMetadata/>").text


@pytest.mark.parametrize("suffix", ["", "/", "/00D000000000001"])
def test_the_door_s_addresses(org: Org, suffix: str) -> None:
    answer = org.soap(
        f"m/62.0{suffix}",
        "<describeMetadata><asOfVersion>62.0</asOfVersion></describeMetadata>",
        org.about["access_token"],
    )
    assert "<xmlName>ConnectedApp</xmlName>" in answer.text
