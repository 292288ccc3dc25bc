"""What Salesforce refuses, and does by itself, when rows of an object are written."""

from __future__ import annotations

from .assignments import AssignmentRule
from .base import Rule
from .crm import CaseRule, DataRule, RecordTypeRule
from .groups import ComponentRule, GroupRule
from .install import InstallRule
from .licences import Seats
from .permissions import FieldPermissionsRule, ObjectPermissionsRule, PermissionSetRule, TabSettingRule
from .queues import GroupOfUsersRule, QueueObjectRule
from .users import ProfileRule, RoleRule, UserRule

__all__ = ["RULES", "Rule", "rule"]

RULES: dict[str, Rule] = {
    "User": UserRule(),
    "UserRole": RoleRule(),
    "Profile": ProfileRule(),
    "PermissionSet": PermissionSetRule(),
    "ObjectPermissions": ObjectPermissionsRule(),
    "FieldPermissions": FieldPermissionsRule(),
    "PermissionSetTabSetting": TabSettingRule(),
    "PermissionSetAssignment": AssignmentRule(),
    "PermissionSetGroup": GroupRule(),
    "PermissionSetGroupComponent": ComponentRule(),
    "PermissionSetLicenseAssign": Seats(
        "PermissionSetLicense", "PermissionSetLicenseId", "TotalLicenses", "Manage Users"
    ),
    "UserPackageLicense": Seats("PackageLicense", "PackageLicenseId", "AllowedLicenses", "Manage Users"),
    "Account": DataRule("Account"),
    "Contact": DataRule("Contact"),
    "Case": CaseRule("Case"),
    "RecordType": RecordTypeRule(),
    "Group": GroupOfUsersRule(),
    "QueueSobject": QueueObjectRule(),
    "PackageInstallRequest": InstallRule(),
}
_NONE = Rule()


def rule(sobject: str) -> Rule:
    """The rule of an object; one that does nothing where there is none."""
    return RULES.get(sobject, _NONE)
