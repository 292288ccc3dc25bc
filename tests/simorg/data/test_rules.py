"""What the org refuses when rows are written, and what it does by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cnxlib.simorg.errors import ApiError
from cnxlib.simorg.orgs import Orgs

from .conftest import Subject, new_subject


def refused(code: str, write: Callable[..., Any], *arguments: Any, **values: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        write(*arguments, **values)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.fixture
def own_set(subject: Subject) -> str:
    return subject.insert("PermissionSet", Name="Minimum", Label="Minimum")


class TestFields:
    def test_required(self, subject: Subject) -> None:
        error = refused("REQUIRED_FIELD_MISSING", subject.insert, "User", Username="a@b.co", Alias="a", LastName="")
        assert "LastName" in error.fields
        assert "ProfileId" in error.fields
        assert error.message.startswith("Required fields are missing: [LastName, ")

    def test_required_stays(self, subject: Subject) -> None:
        account = subject.insert("Account", Name="A")
        refused("REQUIRED_FIELD_MISSING", subject.org.update, "Account", account, {"Name": None}, subject.admin)

    @pytest.mark.parametrize(
        ("code", "values"),
        [
            ("INVALID_FIELD", {"Name": "A", "Nope": 1}),
            ("STRING_TOO_LONG", {"Name": "A" * 256}),
            ("INVALID_FIELD_FOR_INSERT_UPDATE", {"Name": "A", "CreatedDate": "2020-01-01T00:00:00Z"}),
            ("INVALID_FIELD_FOR_INSERT_UPDATE", {"Name": "A", "Id": "001000000000001"}),
            ("MALFORMED_ID", {"Name": "A", "ParentId": "nope"}),
            ("FIELD_INTEGRITY_EXCEPTION", {"Name": "A", "ParentId": "500000000000001AAA"}),
            ("INVALID_CROSS_REFERENCE_KEY", {"Name": "A", "ParentId": "001000000000001AAA"}),
            ("JSON_PARSER_ERROR", {"Name": "A", "NumberOfEmployees": "many"}),
            ("JSON_PARSER_ERROR", {"Name": ["A"]}),
        ],
    )
    def test_values(self, subject: Subject, code: str, values: dict[str, Any]) -> None:
        refused(code, subject.insert, "Account", **values)
        assert not subject.query("SELECT Id FROM Account WHERE Name LIKE 'A%' AND CreatedDate > 2030-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("value", "told"), [(True, "VALUE_TRUE value true "), ({"a": 1}, "START_OBJECT value { "), (["a"], "value [ ")]
    )
    def test_a_value_of_another_type_is_told_as_json(self, subject: Subject, value: Any, told: str) -> None:
        with pytest.raises(ApiError, match=re.escape(told)):
            subject.insert("Account", Name=value)

    def test_restricted_picklist(self, subject: Subject) -> None:
        refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", subject.new_user, "x", LocaleSidKey="xx_XX")

    def test_picklists_that_are_not_restricted_take_any_value(self, subject: Subject) -> None:
        account = subject.insert("Account", Name="A", Rating="hot", Industry="Something else")
        assert subject.org.get("Account", account, ["Rating", "Industry"]) == {
            "Rating": "Hot",
            "Industry": "Something else",
        }

    def test_references_by_external_id(self, subject: Subject) -> None:
        username = subject.user("csr1")["Username"]
        account = subject.insert("Account", Name="A", Owner={"Username": username})
        assert subject.org.get("Account", account)["OwnerId"] == subject.user("csr1")["Id"]
        refused("INVALID_FIELD", subject.insert, "Account", Name="A", Owner={"Username": "nobody@x.example"})

    def test_objects_that_cannot_be_made_or_deleted(self, subject: Subject) -> None:
        refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", subject.insert, "Organization", Name="A")
        user = subject.user("csr1")["Id"]
        refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", subject.org.delete, "User", user, subject.admin)

    def test_rows_that_are_not_there(self, subject: Subject) -> None:
        refused("INVALID_CROSS_REFERENCE_KEY", subject.org.update, "Account", "001000000000001AAA", {}, subject.admin)
        account = subject.insert("Account", Name="A")
        subject.org.delete("Account", account, subject.admin)
        refused("ENTITY_IS_DELETED", subject.org.delete, "Account", account, subject.admin)


class TestUsers:
    def test_a_new_user_holds_the_profiles_set_and_takes_a_seat(self, subject: Subject) -> None:
        before = subject.org.rows("UserLicense", Name="Salesforce")[0]["UsedLicenses"]
        user = subject.new_user("fresh")
        assert subject.org.rows("UserLicense", Name="Salesforce")[0]["UsedLicenses"] == before + 1
        (row,) = subject.query(
            f"SELECT PermissionSet.Profile.Name FROM PermissionSetAssignment WHERE AssigneeId = '{user}'"
        )
        assert row["PermissionSet"]["Profile"]["Name"] == "Standard User"
        assert subject.org.get("User", user)["Name"] == "Fresh"

    def test_usernames_are_unique_among_all_orgs(self, subject: Subject, orgs: Orgs) -> None:
        elsewhere = new_subject(orgs).user("csr1")["Username"]
        error = refused("DUPLICATE_USERNAME", subject.new_user, "x", Username=elsewhere.upper())
        assert error.fields == ("Username",)

    def test_a_username_looks_like_an_address(self, subject: Subject) -> None:
        refused("INVALID_EMAIL_ADDRESS", subject.new_user, "x", Username="nobody")
        refused("INVALID_EMAIL_ADDRESS", subject.new_user, "x", Email="nobody@")

    def test_seats_run_out(self, subject: Subject) -> None:
        licence = subject.org.rows("UserLicense", Name="Salesforce")[0]
        subject.org.put(
            "UserLicense",
            {**{k: licence[k] for k in ("Id", "Name", "MasterLabel")}, "TotalLicenses": licence["UsedLicenses"]},
        )
        refused("LICENSE_LIMIT_EXCEEDED", subject.new_user, "one")
        idle = subject.new_user("idle", IsActive=False)
        refused("LICENSE_LIMIT_EXCEEDED", subject.org.update, "User", idle, {"IsActive": True}, subject.admin)
        subject.org.update("User", subject.user("csr1")["Id"], {"IsActive": False}, subject.admin)
        subject.org.update("User", idle, {"IsActive": True}, subject.admin)

    def test_another_profile_is_another_set(self, subject: Subject) -> None:
        user = subject.user("csr1")["Id"]
        profile = subject.org.rows("Profile", Name="Standard User")[0]["Id"]
        subject.org.update("User", user, {"ProfileId": profile}, subject.admin)
        rows = subject.query(f"SELECT PermissionSet.ProfileId FROM PermissionSetAssignment WHERE AssigneeId = '{user}'")
        assert [row["PermissionSet"]["ProfileId"] for row in rows] == [profile]

    def test_who_may_manage_users(self, subject: Subject) -> None:
        clerk = subject.actor("csr1")
        refused(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            subject.org.update,
            "User",
            subject.user("csr2")["Id"],
            {"Title": "x"},
            clerk,
        )
        subject.org.update("User", clerk.user_id, {"Phone": "1"}, clerk)
        refused(
            "INSUFFICIENT_ACCESS_OR_READONLY", subject.org.update, "User", clerk.user_id, {"IsActive": False}, clerk
        )


class TestPermissionSets:
    def test_names_are_unique(self, subject: Subject, own_set: str) -> None:
        error = refused("DUPLICATE_MASTER_LABEL", subject.insert, "PermissionSet", Name="minimum", Label="Minimum")
        assert [each.code for each in error.all()] == ["DUPLICATE_MASTER_LABEL", "DUPLICATE_DEVELOPER_NAME"]
        refused("DUPLICATE_DEVELOPER_NAME", subject.insert, "PermissionSet", Name="Minimum", Label="Other")

    @pytest.mark.parametrize("name", ["1st", "a__b", "a_", "a b", "ä"])
    def test_api_names(self, subject: Subject, name: str) -> None:
        refused("FIELD_INTEGRITY_EXCEPTION", subject.insert, "PermissionSet", Name=name, Label="X")

    def test_system_permissions_need_one_another(self, subject: Subject, own_set: str) -> None:
        error = refused(
            "FIELD_INTEGRITY_EXCEPTION",
            subject.org.update,
            "PermissionSet",
            own_set,
            {"PermissionsModifyAllData": True},
            subject.admin,
        )
        assert error.message == "Permission Modify All Data depends on permission(s): View All Data"

    @pytest.mark.parametrize(
        ("granted", "message"),
        [
            ({"PermissionsEdit": True}, "Permission Edit Cases depends on permission(s): Read Cases"),
            ({"PermissionsCreate": True}, "Permission Create Cases depends on permission(s): Read Cases"),
            (
                {"PermissionsRead": True, "PermissionsDelete": True},
                "Permission Delete Cases depends on permission(s): Edit Cases",
            ),
            ({}, "You must enable at least one permission."),
        ],
    )
    def test_object_permissions_need_one_another(
        self, subject: Subject, own_set: str, granted: dict[str, bool], message: str
    ) -> None:
        error = refused(
            "FIELD_INTEGRITY_EXCEPTION",
            subject.insert,
            "ObjectPermissions",
            ParentId=own_set,
            SobjectType="Case",
            **granted,
        )
        assert error.message == message

    def test_objects_and_fields_that_take_no_permission(self, subject: Subject, own_set: str) -> None:
        code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        refused(code, subject.insert, "ObjectPermissions", ParentId=own_set, SobjectType="User", PermissionsRead=True)
        for field in ("Case.Status", "Case.OwnerId", "Account.Name", "Case.Nope", "Account.Subject", "Subject"):
            row = {"ParentId": own_set, "SobjectType": "Case", "Field": field, "PermissionsRead": True}
            refused(code, subject.insert, "FieldPermissions", **row)

    def test_field_permissions(self, subject: Subject, own_set: str) -> None:
        row = {"ParentId": own_set, "SobjectType": "Case", "Field": "case.subject"}
        error = refused("FIELD_INTEGRITY_EXCEPTION", subject.insert, "FieldPermissions", **row, PermissionsEdit=True)
        assert error.message == "Permission Edit Case.Subject depends on permission(s): Read Case.Subject"
        made = subject.insert("FieldPermissions", **row, PermissionsEdit=True, PermissionsRead=True)
        assert subject.org.get("FieldPermissions", made)["Field"] == "Case.Subject"
        refused("DUPLICATE_VALUE", subject.insert, "FieldPermissions", **row, PermissionsRead=True)

    def test_a_row_that_grants_nothing_more_is_gone(self, subject: Subject, own_set: str) -> None:
        made = subject.insert("ObjectPermissions", ParentId=own_set, SobjectType="Case", PermissionsRead=True)
        subject.org.update("ObjectPermissions", made, {"PermissionsRead": False}, subject.admin)
        assert subject.org.rows("ObjectPermissions", ParentId=own_set) == []

    def test_tabs(self, subject: Subject, own_set: str) -> None:
        subject.insert("PermissionSetTabSetting", ParentId=own_set, Name="standard-Case", Visibility="DefaultOn")
        code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        refused(
            code,
            subject.insert,
            "PermissionSetTabSetting",
            ParentId=own_set,
            Name="standard-Account",
            Visibility="Visible",
        )
        refused(
            "INVALID_CROSS_REFERENCE_KEY",
            subject.insert,
            "PermissionSetTabSetting",
            ParentId=own_set,
            Name="x",
            Visibility="DefaultOn",
        )

    def test_the_licence_of_a_set_is_fixed(self, subject: Subject, own_set: str) -> None:
        licence = subject.org.rows("UserLicense", Name="Salesforce")[0]["Id"]
        code = "INVALID_FIELD_FOR_INSERT_UPDATE"
        refused(code, subject.org.update, "PermissionSet", own_set, {"LicenseId": licence}, subject.admin)

    def test_deleting_a_set(self, subject: Subject, own_set: str) -> None:
        subject.insert("ObjectPermissions", ParentId=own_set, SobjectType="Case", PermissionsRead=True)
        held = subject.insert("PermissionSetAssignment", PermissionSetId=own_set, AssigneeId=subject.admin.user_id)
        refused("DELETE_FAILED", subject.org.delete, "PermissionSet", own_set, subject.admin)
        subject.org.delete("PermissionSetAssignment", held, subject.admin)
        subject.org.delete("PermissionSet", own_set, subject.admin)
        assert subject.org.rows("ObjectPermissions", ParentId=own_set) == []
        profile_set = subject.org.rows("PermissionSet", IsOwnedByProfile=True)[0]["Id"]
        refused("DELETE_FAILED", subject.org.delete, "PermissionSet", profile_set, subject.admin)

    def test_profiles_and_their_sets_grant_the_same(self, subject: Subject) -> None:
        profile = subject.org.rows("Profile", Name="Customer Service")[0]["Id"]
        (owned,) = subject.org.rows("PermissionSet", ProfileId=profile)
        subject.org.update("Profile", profile, {"PermissionsExportReport": True}, subject.admin)
        assert subject.org.get("PermissionSet", owned["Id"])["PermissionsExportReport"]
        subject.org.update("PermissionSet", owned["Id"], {"PermissionsExportReport": False}, subject.admin)
        assert not subject.org.get("Profile", profile)["PermissionsExportReport"]

    def test_who_may_write_them(self, subject: Subject, own_set: str) -> None:
        clerk = subject.actor("service.manager")
        refused("INSUFFICIENT_ACCESS_OR_READONLY", subject.insert, "PermissionSet", clerk, Name="X", Label="X")
        refused(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            subject.insert, "PermissionSetAssignment", clerk, PermissionSetId=own_set, AssigneeId=clerk.user_id,
        )  # fmt: skip


class TestAssignments:
    def test_once(self, subject: Subject, own_set: str) -> None:
        user = subject.user("csr1")["Id"]
        subject.insert("PermissionSetAssignment", PermissionSetId=own_set, AssigneeId=user)
        error = refused(
            "DUPLICATE_VALUE",
            subject.insert,
            "PermissionSetAssignment",
            PermissionSetId=own_set[:15],
            AssigneeId=user[:15],
        )
        assert (
            error.message == f"Duplicate PermissionSetAssignment. Assignee: {user[:15]}; Permission Set: {own_set[:15]}"
        )

    def test_a_licence_that_does_not_allow_it(self, subject: Subject, own_set: str) -> None:
        subject.insert("ObjectPermissions", ParentId=own_set, SobjectType="Account", PermissionsRead=True)
        robot = subject.new_user("robot", "Minimum Access - API Only Integrations")
        row = {"PermissionSetId": own_set, "AssigneeId": robot}
        error = refused("FIELD_INTEGRITY_EXCEPTION", subject.insert, "PermissionSetAssignment", **row)
        assert error.message == (
            'Can\'t assign permission set "Minimum" to user "Robot".'
            " The user license doesn't allow the permission: Read Accounts"
        )
        licence = subject.org.rows("PermissionSetLicense", DeveloperName="SalesforceAPIIntegrationPsl")[0]["Id"]
        held = subject.insert("PermissionSetLicenseAssign", PermissionSetLicenseId=licence, AssigneeId=robot)
        subject.insert("PermissionSetAssignment", **row)
        refused("FIELD_INTEGRITY_EXCEPTION", subject.org.delete, "PermissionSetLicenseAssign", held, subject.admin)

    def test_a_set_bound_to_a_licence(self, subject: Subject) -> None:
        licence = subject.org.rows("UserLicense", Name="Salesforce")[0]["Id"]
        bound = subject.insert("PermissionSet", Name="Bound", Label="Bound", LicenseId=licence)
        robot = subject.new_user("robot", "Minimum Access - API Only Integrations")
        refused(
            "FIELD_INTEGRITY_EXCEPTION",
            subject.insert,
            "PermissionSetAssignment",
            PermissionSetId=bound,
            AssigneeId=robot,
        )
        subject.insert("PermissionSetAssignment", PermissionSetId=bound, AssigneeId=subject.user("csr1")["Id"])

    def test_seats_of_permission_set_licences(self, subject: Subject) -> None:
        (licence,) = subject.org.rows("PermissionSetLicense", DeveloperName="SalesforceAPIIntegrationPsl")
        keys = {name: licence[name] for name in ("Id", "DeveloperName", "MasterLabel", "PermissionSetLicenseKey")}
        subject.org.put("PermissionSetLicense", {**keys, "TotalLicenses": 1})
        row = {"PermissionSetLicenseId": licence["Id"]}
        subject.insert("PermissionSetLicenseAssign", **row, AssigneeId=subject.user("csr1")["Id"])
        refused(
            "LICENSE_LIMIT_EXCEEDED",
            subject.insert,
            "PermissionSetLicenseAssign",
            **row,
            AssigneeId=subject.user("csr2")["Id"],
        )

    def test_the_profiles_set_is_neither_given_nor_taken(self, subject: Subject) -> None:
        user = subject.user("csr1")["Id"]
        (held,) = subject.org.rows("PermissionSetAssignment", AssigneeId=user)
        refused("FIELD_INTEGRITY_EXCEPTION", subject.org.delete, "PermissionSetAssignment", held["Id"], subject.admin)
        other = subject.org.rows("PermissionSet", IsOwnedByProfile=True)[0]["Id"]
        refused(
            "FIELD_INTEGRITY_EXCEPTION",
            subject.insert,
            "PermissionSetAssignment",
            PermissionSetId=other,
            AssigneeId=user,
        )

    def test_what_has_expired_grants_nothing(self, subject: Subject, own_set: str) -> None:
        subject.org.update(
            "PermissionSet", own_set, {"PermissionsExportReport": True, "PermissionsRunReports": True}, subject.admin
        )
        user = subject.user("auditor")["Id"]
        until = (subject.org.now() + timedelta(hours=1)).isoformat()
        held = subject.insert("PermissionSetAssignment", PermissionSetId=own_set, AssigneeId=user, ExpirationDate=until)
        assert subject.actor("auditor").has("ExportReport")
        assert subject.org.get("PermissionSetAssignment", held)["IsActive"] is True
        subject.org.store.update("PermissionSetAssignment", held, {"ExpirationDate": "2020-01-01T00:00:00.000+0000"})
        assert not subject.actor("auditor").has("ExportReport")
        assert (
            subject.query(f"SELECT IsActive FROM PermissionSetAssignment WHERE Id = '{held}'")[0]["IsActive"] is False
        )

    def test_a_group_grants_what_its_sets_do_less_what_is_muted(self, subject: Subject, own_set: str) -> None:
        subject.insert(
            "ObjectPermissions", ParentId=own_set, SobjectType="Case", PermissionsRead=True, PermissionsEdit=True
        )
        group = subject.insert("PermissionSetGroup", DeveloperName="Team", MasterLabel="Team")
        subject.insert("PermissionSetGroupComponent", PermissionSetGroupId=group, PermissionSetId=own_set)
        subject.insert("PermissionSetAssignment", PermissionSetGroupId=group, AssigneeId=subject.user("auditor")["Id"])
        assert subject.actor("auditor").may("Edit", "Case")
        muting = subject.insert("MutingPermissionSet", DeveloperName="Quiet", MasterLabel="Quiet")
        subject.org.put("ObjectPermissions", {"ParentId": muting, "SobjectType": "Case", "PermissionsEdit": True})
        subject.insert("PermissionSetGroupComponent", PermissionSetGroupId=group, PermissionSetId=muting)
        auditor = subject.actor("auditor")
        assert (auditor.may("Read", "Case"), auditor.may("Edit", "Case")) == (True, False)
        (row,) = subject.query(
            "SELECT PermissionSet.Type, PermissionSetGroup.Status FROM PermissionSetAssignment"
            " WHERE PermissionSetGroupId != null"
        )
        assert (row["PermissionSet"]["Type"], row["PermissionSetGroup"]["Status"]) == ("Group", "Updated")

    def test_exactly_one_of_set_and_group(self, subject: Subject, own_set: str) -> None:
        refused("REQUIRED_FIELD_MISSING", subject.insert, "PermissionSetAssignment", AssigneeId=subject.admin.user_id)


class TestData:
    def test_cases_are_numbered_and_closed_by_their_status(self, subject: Subject) -> None:
        case = subject.insert("Case", Subject="x")
        row = subject.org.get("Case", case)
        assert (row["CaseNumber"], row["Status"], row["IsClosed"], row["OwnerId"]) == (
            "00001004",
            "New",
            False,
            subject.admin.user_id,
        )
        subject.org.update("Case", case, {"Status": "Closed"}, subject.admin)
        row = subject.org.get("Case", case)
        assert row["IsClosed"]
        assert row["ClosedDate"]

    def test_object_and_field_permissions_are_enforced(self, subject: Subject) -> None:
        clerk = subject.actor("csr1")
        account = subject.org.rows("Account")[0]["Id"]
        refused("INSUFFICIENT_ACCESS_OR_READONLY", subject.org.update, "Account", account, {"Phone": "1"}, clerk)
        refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", subject.insert, "Account", clerk, Name="A")
        case = subject.insert("Case", clerk, Subject="x")
        assert subject.org.get("Case", case)["CreatedById"] == clerk.user_id
        for row in subject.org.rows("FieldPermissions", Field="Case.Subject"):
            subject.org.update("FieldPermissions", row["Id"], {"PermissionsEdit": False}, subject.admin)
        error = refused("INVALID_FIELD_FOR_INSERT_UPDATE", subject.insert, "Case", subject.actor("csr1"), Subject="x")
        assert error.fields == ("Subject",)


def test_writes_to_setup_leave_a_trail(subject: Subject, own_set: str) -> None:
    subject.insert("PermissionSetAssignment", PermissionSetId=own_set, AssigneeId=subject.user("csr1")["Id"])
    subject.new_user("fresh")
    rows = subject.query("SELECT Action, Display, CreatedBy.Username FROM SetupAuditTrail ORDER BY Id")
    assert [row["Action"] for row in rows] == ["PermSetCreate", "PermSetAssign", "createduser"]
    assert rows[0]["CreatedBy"]["Username"] == subject.user("admin")["Username"]
    assert subject.user("csr1")["Username"] in rows[1]["Display"]


def test_user_entity_access_agrees_with_what_is_enforced(subject: Subject) -> None:
    for user in subject.org.rows("User", IsActive=True):
        actor = subject.org.actor(user["Id"])
        rows = subject.query(
            "SELECT EntityDefinitionId, IsReadable, IsCreatable, IsEditable, IsDeletable FROM UserEntityAccess"
            f" WHERE UserId = '{user['Id']}' AND EntityDefinitionId IN ('Account', 'Case') LIMIT 2",
            tooling=True,
        )
        for row in rows:
            words = {"Read": "IsReadable", "Create": "IsCreatable", "Edit": "IsEditable", "Delete": "IsDeletable"}
            expected = {column: actor.may(word, row["EntityDefinitionId"]) for word, column in words.items()}
            assert {column: row[column] for column in words.values()} == expected


def test_the_master_record_type_is_none(subject: Subject) -> None:
    master = {"RecordTypeId": "012000000000000AAA"}
    made = subject.insert("Account", Name="A", **master)
    assert subject.org.get("Account", made)["RecordTypeId"] is None
    own = subject.insert("RecordType", Name="Order", DeveloperName="Orders", SobjectType="Account")
    subject.org.update("Account", made, {"RecordTypeId": own}, subject.admin)
    assert subject.org.get("Account", made)["RecordTypeId"] == own
    subject.org.update("Account", made, {"RecordTypeId": "012000000000000"}, subject.admin)
    assert subject.org.get("Account", made)["RecordTypeId"] is None


def test_a_record_type_of_another_object_or_switched_off(subject: Subject) -> None:
    own = subject.insert("RecordType", Name="Order", DeveloperName="Orders", SobjectType="Account")
    error = refused("INVALID_CROSS_REFERENCE_KEY", subject.insert, "Case", Subject="A", RecordTypeId=own)
    assert error.message == f"Record Type ID: this ID value isn't valid for the user: {own}"
    subject.org.update("RecordType", own, {"IsActive": False}, subject.admin)
    refused("INVALID_CROSS_REFERENCE_KEY", subject.insert, "Account", Name="A", RecordTypeId=own)


def test_a_process_is_of_its_record_type_s_object(subject: Subject) -> None:
    process = subject.insert("BusinessProcess", Name="Support", TableEnumOrId="Case")
    given = {"Name": "Order", "DeveloperName": "Orders", "BusinessProcessId": process}
    refused("FIELD_INTEGRITY_EXCEPTION", subject.insert, "RecordType", SobjectType="Account", **given)
    made = subject.insert("RecordType", SobjectType="Case", **given)
    (row,) = subject.query("SELECT BusinessProcess.Name FROM RecordType")
    assert (made[:3], row["BusinessProcess"]["Name"]) == ("012", "Support")


def test_nobody_is_above_himself(subject: Subject) -> None:
    boss, clerk = subject.new_user("boss"), subject.new_user("clerk")
    subject.org.update("User", clerk, {"ManagerId": boss}, subject.admin)
    own = refused("FIELD_INTEGRITY_EXCEPTION", subject.org.update, "User", boss, {"ManagerId": boss}, subject.admin)
    assert own.message == "A user can't be his or her own manager"
    below = refused("FIELD_INTEGRITY_EXCEPTION", subject.org.update, "User", boss, {"ManagerId": clerk}, subject.admin)
    assert "itself or a child record" in below.message
    assert subject.org.get("User", boss)["ManagerId"] is None


def test_a_standard_profile_keeps_its_name(subject: Subject) -> None:
    standard = subject.org.rows("Profile", Name="Standard User")[0]["Id"]
    rename = {"Name": "Sales Rep Baseline"}
    refused("INSUFFICIENT_ACCESS_OR_READONLY", subject.org.update, "Profile", standard, rename, subject.admin)
    license_id = subject.org.rows("UserLicense", Name="Salesforce")[0]["Id"]
    custom = subject.insert("Profile", Name="Desk", UserLicenseId=license_id)
    subject.org.update("Profile", custom, rename, subject.admin)
    assert subject.org.get("Profile", custom)["Name"] == "Sales Rep Baseline"
