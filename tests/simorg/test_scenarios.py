"""Each scenario's org loads, and shows by its APIs what sets it apart."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnxlib.simorg.scenarios import loader
from tests.simorg.harness import Org, Server

GUIDE = "04t5x000000YKbXAAW"


def installed(org: Org) -> list[tuple[int, int]]:
    versions = "SubscriberPackageVersion.MajorVersion, SubscriberPackageVersion.MinorVersion"
    rows = tooling(org, f"SELECT {versions} FROM InstalledSubscriberPackage")
    found = [row["SubscriberPackageVersion"] for row in rows]
    return [(each["MajorVersion"], each["MinorVersion"]) for each in found]


def tooling(org: Org, soql: str) -> list[dict[str, Any]]:
    answer = org.call("GET", "tooling/query", params={"q": soql})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["records"]
    return found


def refused(answer: Any) -> str:
    assert answer.status_code >= 400, answer.text
    code: str = answer.json()[0]["errorCode"]
    return code


@pytest.mark.parametrize("name", loader.names())
def test_each_scenario_opens_and_brings_the_parameters_of_a_complete_set_up(server: Server, name: str) -> None:
    org = server.add_org(name)
    (found,) = org.query("SELECT Name FROM Organization")
    assert found["Name"]
    entry = yaml.safe_load(Path(server.ready["inventory"]).read_text("utf-8"))["orgs"][org.alias]
    assert entry["simulated"]
    assert [phase[:2] for phase in entry["parameters"]] == [f"{number:02}" for number in range(1, 10)]
    assert entry["parameters"]["03_connected_app"]["callback_url"].startswith("https://")


def test_modern_creates_no_connected_app_and_has_no_soap_login(server: Server) -> None:
    org = server.add_org("modern")
    app = (
        '<createMetadata><metadata xsi:type="ConnectedApp" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        "<fullName>A</fullName><contactEmail>a@b.example</contactEmail><label>A</label></metadata></createMetadata>"
    )
    assert "To enable connected app creation" in org.soap("m/62.0", app, org.about["access_token"]).text
    login = f"<login><username>{org.about['username']}</username><password>x</password></login>"
    assert "INVALID_OPERATION" in org.soap("u/62.0", login).text


def test_record_types(server: Server) -> None:
    org = server.add_org("record-types")
    rows = org.query("SELECT DeveloperName FROM RecordType WHERE SobjectType = 'Case' AND IsActive = true")
    assert len(rows) == 3
    infos = org.call("GET", "sobjects/Case/describe").json()["recordTypeInfos"]
    assert [info["developerName"] for info in infos if not info["active"]] == ["Fax_Order"]
    made = org.call("POST", "sobjects/PermissionSet", json={"Name": "Returns", "Label": "Returns"}).json()["id"]
    part = (
        "<recordTypeVisibilities><recordType>Case.Return</recordType><visible>true</visible></recordTypeVisibilities>"
    )
    update = (
        '<updateMetadata><metadata xsi:type="PermissionSet" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<fullName>Returns</fullName><label>Returns</label>{part}</metadata></updateMetadata>"
    )
    assert "<success>true</success>" in org.soap("m/62.0", update, org.about["access_token"]).text
    read = "<readMetadata><type>PermissionSet</type><fullNames>Returns</fullNames></readMetadata>"
    assert "Case.Return" in org.soap("m/62.0", read, org.about["access_token"]).text
    assert made.startswith("0PS")


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("older-package", (1, 8), "NO_ERRORS_DETECTED"),
        ("converged", (1, 9), "NO_ERRORS_DETECTED"),
        ("newer-package", (2, 0), "CANNOT_INSTALL_EARLIER_VERSION"),
    ],
)
def test_the_package_that_is_installed(server: Server, name: str, version: tuple[int, int], status: str) -> None:
    org = server.add_org(name)
    assert installed(org) == [version]
    (found,) = tooling(org, f"SELECT InstallValidationStatus FROM SubscriberPackageVersion WHERE Id = '{GUIDE}'")
    assert found["InstallValidationStatus"] == status


def test_sets_that_are_bound_to_no_licence(server: Server) -> None:
    select = "SELECT LicenseId FROM PermissionSet WHERE NamespacePrefix != null"
    bound = [row["LicenseId"] for row in server.add_org("converged").query(select)]
    assert len(bound) == 4 and all(bound)
    assert [row["LicenseId"] for row in server.add_org("integration-licence").query(select)] == [None] * 4


def test_no_licences(server: Server) -> None:
    org = server.add_org("no-licences")
    (profile,) = org.query(
        "SELECT Id, UserLicense.TotalLicenses, UserLicense.UsedLicenses FROM Profile WHERE Name = 'Standard User'"
    )
    assert profile["UserLicense"]["TotalLicenses"] == profile["UserLicense"]["UsedLicenses"]
    user = {
        "Username": f"late@{org.alias}.example",
        "Email": "late@acme.example",
        "LastName": "Late",
        "Alias": "late",
        "ProfileId": profile["Id"],
        "TimeZoneSidKey": "America/Toronto",
        "LocaleSidKey": "en_CA",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    }
    assert refused(org.call("POST", "sobjects/User", json=user)) == "LICENSE_LIMIT_EXCEEDED"
    (seats,) = org.query("SELECT Id, AllowedLicenses, UsedLicenses FROM PackageLicense")
    assert (seats["AllowedLicenses"], seats["UsedLicenses"]) == (2, 2)
    (csr,) = org.query(f"SELECT Id FROM User WHERE Username = '{org.user('csr1')}'")
    seat = {"PackageLicenseId": seats["Id"], "UserId": csr["Id"]}
    assert refused(org.call("POST", "sobjects/UserPackageLicense", json=seat)) == "LICENSE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("name", "sandbox", "edition"),
    [
        ("fresh", False, "Developer Edition"),
        ("sandbox", True, "Enterprise Edition"),
        ("production", False, "Enterprise Edition"),
    ],
)
def test_kinds_of_orgs(server: Server, name: str, sandbox: bool, edition: str) -> None:
    (found,) = server.add_org(name).query("SELECT IsSandbox, OrganizationType, TrialExpirationDate FROM Organization")
    assert (found["IsSandbox"], found["OrganizationType"], found["TrialExpirationDate"]) == (sandbox, edition, None)


def test_who_logs_in_as_a_limited_admin_may_look_and_not_touch(server: Server) -> None:
    org = server.add_org("limited-admin")
    assert org.about["username"] == org.user("support.admin")
    assert org.query("SELECT Id FROM PermissionSet")
    install = {"SubscriberPackageVersionKey": GUIDE, "NameConflictResolution": "Block", "SecurityType": "None"}
    for path, row in {
        "sobjects/PermissionSet": {"Name": "Mine", "Label": "Mine"},
        "tooling/sobjects/PackageInstallRequest": install,
    }.items():
        assert refused(org.call("POST", path, json=row)) == "INSUFFICIENT_ACCESS_OR_READONLY", path
    read = "<readMetadata><type>CaseSettings</type><fullNames>Case</fullNames></readMetadata>"
    assert "INSUFFICIENT_ACCESS" in org.soap("m/62.0", read, org.about["access_token"]).text


def test_translated_labels_and_messages_follow_the_user_and_names_and_codes_do_not(server: Server) -> None:
    org = server.add_org("translated")
    soql = (
        "SELECT QualifiedApiName, MasterLabel, Label FROM FieldDefinition"
        " WHERE EntityDefinition.QualifiedApiName = 'Case' AND QualifiedApiName = 'Subject' LIMIT 1"
    )
    (field,) = tooling(org, soql)
    assert (field["QualifiedApiName"], field["MasterLabel"], field["Label"]) == ("Subject", "Subject", "Betreff")
    described = org.call("GET", "sobjects/Case/describe").json()
    labels = {field["name"]: field["label"] for field in described["fields"]}
    assert (described["name"], described["label"], labels["Priority"]) == ("Case", "Kundenvorgang", "Priorität")
    (own,) = org.query("SELECT Label FROM PermissionSet WHERE Name = 'Minimum_Permissions_for_Conexiom'")
    assert own["Label"] == "Mindestberechtigungen für Conexiom"
    assert org.query("SELECT Id FROM Profile WHERE Name = 'Systemadministrator'")
    profiles = "<listMetadata><queries><type>Profile</type></queries></listMetadata>"
    assert "<fullName>Admin</fullName>" in org.soap("m/62.0", profiles, org.about["access_token"]).text
    answer = org.call("POST", "sobjects/PermissionSet", json={"Name": "NoLabel"})
    assert answer.json() == [
        {"message": "Erforderliche Felder fehlen: [Label]", "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["Label"]}
    ]
    off = (
        '<updateMetadata><metadata xsi:type="RecordType" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        "<fullName>Case.Nowhere</fullName><active>true</active><label>N</label></metadata></updateMetadata>"
    )
    said = org.soap("m/62.0", off, org.about["access_token"]).text
    assert "Kein Element des Typs RecordType" in said
    assert "<statusCode>INVALID_CROSS_REFERENCE_KEY</statusCode>" in said
    admin = org.call("GET", "").json()["identity"].rpartition("/")[2]
    assert org.call("PATCH", f"sobjects/User/{admin}", json={"LanguageLocaleKey": "en_US"}).status_code == 204
    assert tooling(org, soql)[0]["Label"] == "Subject"


@pytest.fixture(scope="module")
def company(server: Server) -> Org:
    start = time.monotonic()
    org = server.add_org("many-users")
    assert time.monotonic() - start < 20, "some two seconds on an idle machine"
    return org


def test_there_are_ten_thousand_and_they_can_be_paged_through(company: Org) -> None:
    (counted,) = company.query("SELECT count(Id) n, count_distinct(Username) names FROM User")
    assert (counted["n"], counted["names"]) == (10_000, 10_000)
    page = company.call("GET", "query", params={"q": "SELECT Username FROM User WHERE IsActive = true"}).json()
    names = [row["Username"] for row in page["records"]]
    while not page["done"]:
        page = company.call("GET", page["nextRecordsUrl"]).json()
        names += [row["Username"] for row in page["records"]]
    assert len(names) == len(set(names)) == page["totalSize"]
    assert 9_000 < len(names) < 10_000, "some are inactive"


def test_a_group_grants_what_its_sets_grant_less_what_it_mutes(company: Org) -> None:
    grants = "SELECT PermissionsRead, PermissionsCreate, PermissionsEdit FROM ObjectPermissions WHERE SobjectType ="
    (alone,) = company.query(f"{grants} 'Account' AND Parent.Name = 'Account_Care'")
    (muted,) = company.query(f"{grants} 'Account' AND Parent.Name = 'Service_Desk'")
    for row in (alone, muted):
        row.pop("attributes")
    assert list(alone.values()) == [True, True, True]
    assert list(muted.values()) == [True, False, False]
    rights = "SELECT PermissionsExportReport, PermissionsRunReports FROM PermissionSet WHERE Name ="
    (group,) = company.query(f"{rights} 'Service_Desk'")
    assert (group["PermissionsExportReport"], group["PermissionsRunReports"]) == (False, True)


def test_what_a_user_may_do_follows_from_profile_sets_and_groups(company: Org) -> None:
    access = {}
    for number in (1, 2, 3):  # the profile alone; in the group; with the set
        name = company.user(f"csr{number:05}")
        (user,) = company.query(f"SELECT Id FROM User WHERE Username = '{name}'")
        soql = (
            "SELECT IsReadable, IsEditable FROM UserEntityAccess"
            f" WHERE UserId = '{user['Id']}' AND EntityDefinitionId = 'Account' LIMIT 1"
        )
        (found,) = tooling(company, soql)
        access[number] = (found["IsReadable"], found["IsEditable"])
    assert access == {1: (True, False), 2: (True, False), 3: (True, True)}


def test_a_scenario_is_the_same_at_every_reset(server: Server) -> None:
    org = server.add_org("converged")

    def state() -> Any:
        shown = server.http.get(f"{server.url}/_sim/orgs/{org.alias}/snapshot").text
        moments = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
        objects = yaml.load(shown, Loader=yaml.CSafeLoader)
        for rows in objects["objects"].values():
            for row in rows:
                for moment in moments:
                    row.pop(moment, None)
        return objects

    before = state()
    assert org.call("POST", "sobjects/Account", json={"Name": "New"}).status_code == 201
    assert state() != before
    assert server.http.post(f"{server.url}/_sim/orgs/{org.alias}/reset").status_code == 200
    assert state() == before
