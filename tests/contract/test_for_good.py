"""What cannot be taken back: users, and the package. On a real org these are left out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from .clients import Components, Rows
from .conftest import Target
from .node import Jsforce, Node, Refused

Unique = Callable[[str], str]
GUIDE = "04t5x000000YKbXAAW"

pytestmark = pytest.mark.simulated_only("what is made here stays for good")


def new_user(rows: Rows, name: str, profile: str = "Standard User") -> dict[str, Any]:
    (found,) = rows.query(f"SELECT Id FROM Profile WHERE Name = '{profile}'")
    (regional,) = rows.query("SELECT TimeZoneSidKey, DefaultLocaleSidKey, LanguageLocaleKey FROM Organization")
    return {
        "Username": f"{name.lower()}@acme.example",
        "LastName": name,
        "Alias": name[-8:],
        "Email": f"{name.lower()}@acme.example",
        "ProfileId": found["Id"],
        "TimeZoneSidKey": regional["TimeZoneSidKey"],
        "LocaleSidKey": regional["DefaultLocaleSidKey"],
        "LanguageLocaleKey": regional["LanguageLocaleKey"],
        "EmailEncodingKey": "UTF-8",
    }


def test_a_user_is_made_logs_in_and_is_deactivated(
    rows: Rows, other_rows: Rows, js: Jsforce, node: Node, target: Target, unique: Unique
) -> None:
    values = new_user(rows, unique("User"))
    user = rows.create("User", values)
    soql = f"SELECT Username, Profile.Name, IsActive FROM User WHERE Id = '{user}'"
    assert other_rows.query(soql) == [
        {"Username": values["Username"], "Profile": {"Name": "Standard User"}, "IsActive": True}
    ]
    with pytest.raises(Refused) as caught:
        other_rows.create("User", {**values, "Alias": "again"})
    assert caught.value.code == "DUPLICATE_USERNAME"

    js("requestPost", f"/sobjects/User/{user}/password", {"NewPassword": "Seals4Pumps"})
    with pytest.raises(Refused) as caught:
        node.connect(loginUrl=target.url)("login", values["Username"], "Seals4Pumps")
    assert "LOGIN_MUST_USE_SECURITY_TOKEN" in caught.value.message, "the password is right, the token is not there"

    with pytest.raises(Refused):
        rows.delete("User", user)
    rows.update("User", user, {"IsActive": False})
    assert other_rows.query(soql)[0]["IsActive"] is False


def test_the_licences_run_out(rows: Rows, other_rows: Rows, unique: Unique) -> None:
    (licence,) = other_rows.query(
        "SELECT Id, TotalLicenses, UsedLicenses FROM UserLicense WHERE Name = 'Salesforce Integration'"
    )
    left, made = licence["TotalLicenses"] - licence["UsedLicenses"], []
    for _ in range(left):
        made.append(rows.create("User", new_user(rows, unique("Robot"), "Minimum Access - API Only Integrations")))
    with pytest.raises(Refused) as caught:
        rows.create("User", new_user(rows, unique("Robot"), "Minimum Access - API Only Integrations"))
    assert caught.value.code == "LICENSE_LIMIT_EXCEEDED"
    for user in made:
        rows.update("User", user, {"IsActive": False})
    (after,) = other_rows.query(f"SELECT UsedLicenses FROM UserLicense WHERE Id = '{licence['Id']}'")
    assert after["UsedLicenses"] == licence["UsedLicenses"]


@pytest.fixture(scope="module")
def package(js: Jsforce, plainly: Any) -> dict[str, Any]:
    """The package, installed; how that ended."""
    request = {"SubscriberPackageVersionKey": GUIDE, "NameConflictResolution": "Block", "SecurityType": "None"}
    made = js("tooling.sobject(PackageInstallRequest).create", {**request, "EnableRss": False})
    end = time.monotonic() + 30
    while True:
        (status,) = plainly.tooling(f"SELECT Status, Errors FROM PackageInstallRequest WHERE Id = '{made['id']}'")
        if status["Status"] != "IN_PROGRESS" or time.monotonic() > end:
            return dict(status)
        time.sleep(0.2)


def test_the_package(package: dict[str, Any], js: Jsforce, plainly: Any) -> None:
    assert package == {"Status": "SUCCESS", "Errors": None}
    fields = "SubscriberPackage.NamespacePrefix, SubscriberPackageVersion.Id"
    (installed,) = js("tooling.query", f"SELECT {fields} FROM InstalledSubscriberPackage")["records"]
    assert installed["SubscriberPackageVersion"]["Id"] == GUIDE
    namespace = installed["SubscriberPackage"]["NamespacePrefix"]
    labels = plainly.query(f"SELECT Label FROM PermissionSet WHERE NamespacePrefix = '{namespace}' ORDER BY Label")
    assert [row["Label"] for row in labels] == [
        "Conexiom Admin User", "Conexiom Read Only", "Conexiom SuperUser", "Conexiom User",
    ]  # fmt: skip
    listed = js("metadata.list", [{"type": "InstalledPackage"}])
    assert [each["fullName"] for each in listed] == [namespace]


def test_a_field_of_the_package_may_be_said_again_but_not_changed(
    package: dict[str, Any], js: Jsforce, components: Components, other_components: Components
) -> None:
    """What CumulusCI's metadata tasks do: they retrieve a whole object, change a part and deploy all of it."""
    listed = [each["fullName"] for each in js("metadata.list", [{"type": "CustomField"}])]
    (name,) = [each for each in listed if each.endswith("__Conexiom_ID__c")]
    same = {element: each for element, each in (components.read("CustomField", name) or {}).items() if each is not None}
    components.update("CustomField", {**same, "inlineHelpText": "Found in Conexiom"})
    after = other_components.read("CustomField", name) or {}
    assert (after["label"], after["inlineHelpText"]) == (same["label"], "Found in Conexiom")
    with pytest.raises(Refused) as caught:
        components.update("CustomField", {**same, "description": "Ours now"})
    assert caught.value.code == "CANNOT_MODIFY_MANAGED_OBJECT"
    assert "field=Description, state=installed: newValue='Ours now'" in caught.value.message


def test_organization_wide_defaults_are_told_by_tooling_too(components: Components, other_rows: Rows) -> None:
    """CumulusCI waits for it; a real org shares all its rows anew meanwhile."""
    models = (
        "SELECT InternalSharingModel, ExternalSharingModel FROM EntityDefinition WHERE QualifiedApiName = 'Contact'"
    )
    (before,) = other_rows.tooling(models)
    for model in ("Private", before["InternalSharingModel"]):
        components.update("CustomObject", {"fullName": "Contact", "sharingModel": model})
        assert other_rows.tooling(models) == [{**before, "InternalSharingModel": model}]


FAULTS = [
    ("http_503", "SERVER_UNAVAILABLE"),
    ("lock_row", "UNABLE_TO_LOCK_ROW"),
    ("request_limit", "REQUEST_LIMIT_EXCEEDED"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=[fault for fault, _ in FAULTS])
def test_a_write_that_a_fault_strikes_changes_nothing(
    rows: Rows, other_rows: Rows, sim: Any, target: Target, unique: Unique, fault: str, code: str
) -> None:
    name = unique("Struck")
    order = {"kind": fault, "match": {"method": "POST", "path": "/sobjects/Account"}, "times": None}
    sim.control("PUT", f"orgs/{target.alias}/faults", [order])
    try:
        with pytest.raises(Refused) as caught:
            rows.create("Account", {"Name": name})
    finally:
        sim.control("PUT", f"orgs/{target.alias}/faults", [])
    assert code in (caught.value.code, caught.value.message) or code in str(caught.value)
    assert other_rows.query(f"SELECT Id FROM Account WHERE Name = '{name}'") == []
