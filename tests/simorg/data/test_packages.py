"""Installing the package: what goes on meanwhile, what it brings, and how it fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cnxlib.simorg import ids, packages
from cnxlib.simorg.errors import ApiError
from cnxlib.simorg.org import Org
from cnxlib.simorg.packages.conditions import REFUSED

from .conftest import Http, Subject

GUIDE, OLDER, NEWER = "04t5x000000YKbXAAW", "04t5x000000YKaOAAW", "04t5x000000YKcgAAG"


class Clock:
    """An org's clock that the test moves."""

    def __init__(self, subject: Subject) -> None:
        self.now = datetime.now(UTC)
        subject.org.now = lambda: self.now

    def pass_by(self, seconds: float = 60) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(subject: Subject) -> Clock:
    return Clock(subject)


def request(http: Http, version: str = GUIDE, **more: Any) -> str:
    body = {
        "SubscriberPackageVersionKey": version,
        "NameConflictResolution": "Block",
        "SecurityType": "None",
        "EnableRss": False,
        **more,
    }
    answer = http.call("POST", "tooling/sobjects/PackageInstallRequest", body)
    assert answer.status == 201, answer.content
    return str(answer.json()["id"])


def state(http: Http, request_id: str) -> dict[str, Any]:
    found: dict[str, Any] = http.call("GET", f"tooling/sobjects/PackageInstallRequest/{request_id}").json()
    return found


def namespace(http: Http) -> str:
    text = "SELECT SubscriberPackage.NamespacePrefix FROM InstalledSubscriberPackage"
    return str(http.query(text, "tooling/query")["records"][0]["SubscriberPackage"]["NamespacePrefix"])


def test_the_fields_that_the_salesforce_cli_asks_of_a_version(http: Http) -> None:
    wanted = (
        "AppExchangeDescription,AppExchangeLogoUrl,AppExchangePackageName,AppExchangePublisherName,BuildNumber,"
        "CspTrustedSites,Dependencies,Description,Id,InstallValidationStatus,IsBeta,IsDeprecated,IsManaged,"
        "IsOrgDependent,IsPasswordProtected,IsSecurityReviewed,MajorVersion,MinorVersion,Name,Package2ContainerOptions,"
        "PatchVersion,PostInstallUrl,Profiles,PublisherName,ReleaseNotesUrl,ReleaseState,RemoteSiteSettings,"
        "SubscriberPackageId"
    )
    text = f"SELECT {wanted} FROM SubscriberPackageVersion WHERE Id ='{GUIDE}'"
    (found,) = http.query(text, "tooling/query")["records"]
    assert found.keys() == {"attributes", *wanted.split(",")}
    assert (found["IsManaged"], found["IsOrgDependent"]) == (True, False)


def test_installing_takes_a_while_and_brings_what_the_guide_names(http: Http, subject: Subject, clock: Clock) -> None:
    request_id = request(http)
    assert request_id.startswith("0Hf")
    assert state(http, request_id)["Status"] == "IN_PROGRESS"
    assert http.query("SELECT Id FROM InstalledSubscriberPackage", "tooling/query")["totalSize"] == 0
    clock.pass_by()
    assert state(http, request_id)["Status"] == "SUCCESS"
    prefix = namespace(http)
    text = f"SELECT Label FROM PermissionSet WHERE NamespacePrefix = '{prefix}' ORDER BY Label"
    labels = [row["Label"] for row in http.query(text)["records"]]
    assert labels == ["Conexiom Admin User", "Conexiom Read Only", "Conexiom SuperUser", "Conexiom User"]
    (field,) = http.query(
        "SELECT QualifiedApiName, NamespacePrefix, IsFlsEnabled FROM FieldDefinition"
        " WHERE EntityDefinition.QualifiedApiName = 'Account' AND MasterLabel = 'Conexiom ID' LIMIT 50",
        "tooling/query",
    )["records"]
    assert (field["NamespacePrefix"], field["IsFlsEnabled"]) == (prefix, True)
    name = field["QualifiedApiName"]
    assert name in {each["name"] for each in http.call("GET", "sobjects/Account/describe").json()["fields"]}
    account = subject.insert("Account", Name="A", **{name: "17"})
    assert http.call("PATCH", f"sobjects/Account/{name}/17", {"Phone": "1"}).json()["id"] == account
    assert (
        http.query(f"SELECT Status, AllowedLicenses FROM PackageLicense WHERE NamespacePrefix = '{prefix}'")[
            "totalSize"
        ]
        == 1
    )
    granted = subject.query(
        "SELECT Parent.Profile.Name FROM FieldPermissions"
        f" WHERE Field = 'Account.{name}' AND Parent.IsOwnedByProfile = true"
    )
    assert [row["Parent"]["Profile"]["Name"] for row in granted] == ["System Administrator"]


def test_security_type_full_is_for_all_profiles(http: Http, subject: Subject, clock: Clock) -> None:
    request(http, SecurityType="Full")
    clock.pass_by()
    name = f"Account.{namespace(http)}__Conexiom_ID__c"
    rows = subject.query(f"SELECT Id FROM FieldPermissions WHERE Field = '{name}' AND Parent.IsOwnedByProfile = true")
    assert len(rows) == len(subject.org.rows("Profile"))


def test_the_sets_of_the_package_are_the_packages(http: Http, subject: Subject, clock: Clock) -> None:
    request(http)
    clock.pass_by()
    packaged = subject.org.rows("PermissionSet", NamespacePrefix=namespace(http))[0]["Id"]
    for write in (
        lambda: subject.org.update("PermissionSet", packaged, {"Label": "Mine"}, subject.admin),
        lambda: subject.org.delete("PermissionSet", packaged, subject.admin),
        lambda: subject.insert("ObjectPermissions", ParentId=packaged, SobjectType="Case", PermissionsRead=True),
    ):
        with pytest.raises(ApiError, match="MANAGED_OBJECT"):
            write()
    subject.insert("PermissionSetAssignment", PermissionSetId=packaged, AssigneeId=subject.admin.user_id)


def test_one_at_a_time(http: Http, clock: Clock) -> None:
    request(http)
    answer = http.call("POST", "tooling/sobjects/PackageInstallRequest", {"SubscriberPackageVersionKey": GUIDE})
    assert answer.code == "UNABLE_TO_LOCK_ROW"


def test_upgrading_keeps_what_there_is_and_an_earlier_version_is_refused(
    http: Http, subject: Subject, clock: Clock
) -> None:
    request(http)
    clock.pass_by()
    held = subject.insert(
        "PermissionSetAssignment",
        PermissionSetId=subject.org.rows("PermissionSet", Label="Conexiom User")[0]["Id"],
        AssigneeId=subject.admin.user_id,
    )
    upgrade = request(http, NEWER)
    clock.pass_by()
    assert state(http, upgrade)["Status"] == "SUCCESS"
    assert len(subject.org.rows("InstalledSubscriberPackage")) == 1
    assert subject.org.get("PermissionSetAssignment", held)
    text = f"SELECT InstallValidationStatus FROM SubscriberPackageVersion WHERE Id = '{OLDER}'"
    assert (
        http.query(text, "tooling/query")["records"][0]["InstallValidationStatus"] == "CANNOT_INSTALL_EARLIER_VERSION"
    )
    earlier = request(http, OLDER)
    clock.pass_by()
    assert state(http, earlier)["Status"] == "ERROR"
    assert packages.number(packages.installed_version(subject.org) or {})[:2] == (2, 0)


@pytest.mark.parametrize(
    ("options", "body", "message"),
    [
        ({"error": "Missing Organization Feature: ServiceCloud null"}, {}, "Missing Organization Feature"),
        ({"passing": ["This package is not yet available"]}, {}, "not yet available"),
        ({"validation": "NAMESPACE_COLLISION"}, {}, "namespace"),
        ({}, {"version": "04t000000000001AAA"}, "doesn't yet exist or has been deleted"),
        ({"error": "The post install script failed."}, {}, "The post install script failed."),
        ({"installation_key": "open sesame"}, {}, "Invalid InstallationKey"),
        ({"installation_key": "open sesame"}, {"Password": "wrong"}, "Invalid InstallationKey"),
    ],
)
def test_failures(
    http: Http, subject: Subject, clock: Clock, options: dict[str, Any], body: dict[str, Any], message: str
) -> None:
    subject.org.put_document("PackageInstall", "options", options)
    request_id = request(http, **body)
    assert state(http, request_id)["Status"] == "IN_PROGRESS"
    clock.pass_by()
    found = state(http, request_id)
    assert found["Status"] == "ERROR"
    assert message in found["Errors"]["errors"][0]["message"]
    assert subject.org.rows("InstalledSubscriberPackage") == []


def test_the_installation_key_opens_and_is_not_kept(http: Http, subject: Subject, clock: Clock) -> None:
    subject.org.put_document("PackageInstall", "options", {"installation_key": "open sesame"})
    request_id = request(http, Password="open sesame")
    assert state(http, request_id)["Password"] is None
    clock.pass_by()
    assert state(http, request_id)["Status"] == "SUCCESS"
    assert "open sesame" not in str(subject.org.rows("PackageInstallRequest"))


def test_who_may_install(http: Http) -> None:
    body = {"SubscriberPackageVersionKey": GUIDE}
    answer = http.call("POST", "tooling/sobjects/PackageInstallRequest", body, headers={"X-User": "service.manager"})
    assert answer.code == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_what_is_no_package_version(http: Http) -> None:
    answer = http.call(
        "POST", "tooling/sobjects/PackageInstallRequest", {"SubscriberPackageVersionKey": "033000000000001AAA"}
    )
    assert answer.code == "INVALID_ID_FIELD"


def test_a_version_tells_that_it_asks_for_a_key(http: Http, subject: Subject) -> None:
    text = f"SELECT IsPasswordProtected FROM SubscriberPackageVersion WHERE Id = '{GUIDE}'"
    assert http.query(text, "tooling/query")["records"][0]["IsPasswordProtected"] is False
    subject.org.put_document("PackageInstall", "options", {"installation_key": "open sesame"})
    assert http.query(text, "tooling/query")["records"][0]["IsPasswordProtected"] is True


def test_a_scenario_may_begin_with_the_package() -> None:
    org = Org(ids.org_id("began"), "began", "x", lambda org: packages.bring(org, OLDER))
    assert packages.number(packages.installed_version(org) or {})[:2] == (1, 8)
    assert len(org.rows("FieldDefinition", MasterLabel="Conexiom ID")) == 1


@pytest.mark.parametrize("status", sorted(REFUSED))
def test_every_status_of_a_version_is_told_and_installing_despite_it_fails(
    http: Http, subject: Subject, clock: Clock, status: str
) -> None:
    subject.org.put_document("PackageInstall", "options", {"validation": status})
    text = f"SELECT InstallValidationStatus FROM SubscriberPackageVersion WHERE Id = '{GUIDE}'"
    assert http.query(text, "tooling/query")["records"][0]["InstallValidationStatus"] == status
    request_id = request(http)
    clock.pass_by()
    found = state(http, request_id)
    assert found["Status"] == "ERROR"
    assert found["Errors"]["errors"][0]["message"] == REFUSED[status]


def test_errors_that_pass_are_over_after_as_many_requests(http: Http, subject: Subject, clock: Clock) -> None:
    passing = ["This package is not yet available", "unable to obtain exclusive access to this record"]
    subject.org.put_document("PackageInstall", "options", {"passing": passing})
    ended = []
    for _ in range(3):
        request_id = request(http)
        clock.pass_by()
        errors = state(http, request_id)["Errors"]
        ended.append(errors and errors["errors"][0]["message"])
    assert ended == [*passing, None]
    assert namespace(http)


def test_a_status_that_is_unknown_while_it_runs(http: Http, subject: Subject, clock: Clock) -> None:
    subject.org.put_document("PackageInstall", "options", {"running": "UNKNOWN"})
    request_id = request(http)
    assert state(http, request_id)["Status"] == "UNKNOWN"
    clock.pass_by()
    assert state(http, request_id)["Status"] == "SUCCESS"


def test_the_sets_of_the_package_are_for_holders_of_its_licence(http: Http, subject: Subject, clock: Clock) -> None:
    request(http)
    clock.pass_by()
    packaged = subject.org.rows("PermissionSet", NamespacePrefix=namespace(http))[0]
    assert subject.org.get("UserLicense", packaged["LicenseId"])["Name"] == "Salesforce"
    bot = subject.new_user("bot", "Minimum Access - API Only Integrations")
    with pytest.raises(ApiError, match="Can't assign permission set"):
        subject.insert("PermissionSetAssignment", PermissionSetId=packaged["Id"], AssigneeId=bot)


def test_a_scenario_may_begin_with_an_installation_under_way(clock: Clock, subject: Subject, http: Http) -> None:
    packages.start(subject.org, GUIDE, subject.admin.user_id)
    answer = http.call("POST", "tooling/sobjects/PackageInstallRequest", {"SubscriberPackageVersionKey": GUIDE})
    assert answer.code == "UNABLE_TO_LOCK_ROW"
    text = f"SELECT Status FROM PackageInstallRequest WHERE SubscriberPackageVersionKey = '{GUIDE}'"
    assert [row["Status"] for row in http.query(text, "tooling/query")["records"]] == ["IN_PROGRESS"]
    clock.pass_by()
    assert [row["Status"] for row in http.query(text, "tooling/query")["records"]] == ["SUCCESS"]
