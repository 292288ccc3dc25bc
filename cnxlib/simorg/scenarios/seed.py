"""Fills an empty org from its scenario, row by row, without Salesforce's rules in the way."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..identity import passwords, sessions
from ..org import Org
from ..schema.permissions import PERMISSIONS
from . import flags
from .loader import Scenario, load, username

_LETTERS = {
    "C": "PermissionsCreate",
    "R": "PermissionsRead",
    "E": "PermissionsEdit",
    "D": "PermissionsDelete",
    "V": "PermissionsViewAllRecords",
    "M": "PermissionsModifyAllRecords",
}
_SETTINGS = {"CaseSettings": "Case", "OauthOidcSettings": "OauthOidc", "ExternalClientAppSettings": "ExternalClientApp"}


@dataclass(frozen=True)
class Login:
    """What one needs to log in to an org as its administrator."""

    username: str
    password: str
    security_token: str
    access_token: str


class Seeder:
    """Fills orgs, and remembers how to log in to each: after a reset the same password, token and session are good."""

    def __init__(self) -> None:
        self._logins: dict[str, Login] = {}

    def __call__(self, org: Org) -> None:
        """Fill an empty org."""
        scenario = load(org.scenario, org.alias)
        _Filling(org, scenario).fill()
        self._apply(org, self._logins.get(org.alias) or self._new(org, scenario))

    def login(self, org: Org) -> Login:
        """How to log in to the org."""
        return self._logins[org.alias]

    def adopt(self, org: Org, kept: Login | None) -> None:
        """Take over an org that a state file brought, with the login that was kept beside it (None: with a new one)."""
        if org.alias not in self._logins:
            self._apply(org, kept or self._new(org, load(org.scenario, org.alias)))

    def _new(self, org: Org, scenario: Scenario) -> Login:
        alphabet = string.ascii_letters + string.digits
        password = "".join(secrets.choice(alphabet) for _ in range(14)) + "7x"
        return Login(
            username(scenario.users[0], org.alias), password, passwords.new_security_token(), sessions.new_token(org)
        )

    def _apply(self, org: Org, login: Login) -> None:
        user_id = org.rows("User", Username=login.username)[0]["Id"]
        passwords.store(org, user_id, password=login.password, security_token=login.security_token)
        sessions.open_session(org, user_id, token=login.access_token)
        self._logins[org.alias] = login


class _Filling:
    """One org being filled; each method writes one section of the scenario."""

    def __init__(self, org: Org, scenario: Scenario) -> None:
        self.org, self.scenario = org, scenario
        self.licenses: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.profiles: dict[
            str, tuple[str, str]
        ] = {}  # name -> ids of the profile and of the permission set that it owns

    def fill(self) -> None:
        """Write everything."""
        flags.write(self.org, self.scenario.flags)
        self.org.put_document("PackageInstall", "options", self.scenario.package)
        for name, value in self.scenario.settings.items():
            self.org.put_document(name, _SETTINGS[name], value)
        self._licenses()
        self._roles()
        self._profiles()
        self._users()
        admin = self.org.rows("User", Username=username(self.scenario.users[0], self.org.alias))[0]["Id"]
        self.org.put(
            "Organization",
            {"Id": self.org.org_id, **self.scenario.organization, "CreatedById": admin, "LastModifiedById": admin},
        )
        self._accounts(admin)

    def _licenses(self) -> None:
        for name, spec in self.scenario.licenses.items():
            row = {
                "Name": name,
                "MasterLabel": name,
                "LicenseDefinitionKey": spec["key"],
                "TotalLicenses": spec["total"],
            }
            self.licenses[name] = self.org.put("UserLicense", row)
        for name, spec in self.scenario.permission_set_licenses.items():
            keys = {"DeveloperName": name, "MasterLabel": spec["label"], "PermissionSetLicenseKey": name}
            self.org.put(
                "PermissionSetLicense", {**keys, "TotalLicenses": spec["total"], "IsAvailableForIntegrations": True}
            )

    def _roles(self) -> None:
        for name, spec in self.scenario.roles.items():
            row = {
                "Name": name,
                "DeveloperName": name.replace(" ", "_"),
                "ParentRoleId": self.roles.get(spec.get("parent", "")),
            }
            self.roles[name] = self.org.put("UserRole", row)

    def _profiles(self) -> None:
        for number, (name, spec) in enumerate(self.scenario.profiles.items(), 1):
            granted = PERMISSIONS if spec["permissions"] == "all" else spec["permissions"]
            columns = {f"Permissions{permission}": True for permission in granted}
            license_id = self.licenses[spec["license"]]
            profile = self.org.put("Profile", {"Name": name, "UserLicenseId": license_id, **columns})
            own_name = f"X{profile[:15]}_128_{number:02}"
            own = {
                "Name": own_name,
                "Label": own_name[1:],
                "ProfileId": profile,
                "LicenseId": license_id,
                "Type": "Profile",
            }
            owned = self.org.put(
                "PermissionSet", {**own, "IsOwnedByProfile": True, "IsCustom": spec.get("custom", False), **columns}
            )
            self.profiles[name] = profile, owned
            self._access(owned, spec)

    def _access(self, parent: str, spec: Mapping[str, Any]) -> None:
        """Object permissions, field-level security and tabs of one profile."""
        for sobject, letters in spec.get("objects", {}).items():
            granted = {_LETTERS[letter]: True for letter in letters}
            self.org.put("ObjectPermissions", {"ParentId": parent, "SobjectType": sobject, **granted})
            fields = [field for field in self.org.schema[sobject].fields.values() if field.permissionable]
            rows = [
                {
                    "ParentId": parent,
                    "SobjectType": sobject,
                    "Field": f"{sobject}.{field.name}",
                    "PermissionsRead": True,
                    "PermissionsEdit": "E" in letters and (field.updateable or field.type == "address"),
                }
                for field in fields
            ]
            self.org.put_many("FieldPermissions", rows)
        tabs = [{"ParentId": parent, "Name": tab, "Visibility": "DefaultOn"} for tab in spec.get("tabs", [])]
        self.org.put_many("PermissionSetTabSetting", tabs)

    def _users(self) -> None:
        organization = self.scenario.organization
        regional = {
            "TimeZoneSidKey": organization["TimeZoneSidKey"],
            "LocaleSidKey": organization["DefaultLocaleSidKey"],
            "LanguageLocaleKey": organization["LanguageLocaleKey"],
            "EmailEncodingKey": "UTF-8",
        }
        rows = [
            {
                "Username": username(spec, self.org.alias),
                "Email": username(spec, self.org.alias),
                "FirstName": spec["first"],
                "LastName": spec["last"],
                "Name": f"{spec['first']} {spec['last']}",
                "Alias": (spec["first"][0] + spec["last"]).lower()[:8],
                "CommunityNickname": spec["name"],
                "Title": spec.get("title"),
                "ProfileId": self.profiles[spec["profile"]][0],
                "UserRoleId": self.roles.get(spec.get("role", "")),
                "IsActive": spec.get("active", True),
                **regional,
            }
            for spec in self.scenario.users
        ]
        ids = self.org.put_many("User", rows)
        owned = [self.profiles[spec["profile"]][1] for spec in self.scenario.users]
        held = [{"AssigneeId": user, "PermissionSetId": own} for user, own in zip(ids, owned, strict=True)]
        self.org.put_many("PermissionSetAssignment", held)

    def _accounts(self, owner: str) -> None:
        audit = {"OwnerId": owner, "CreatedById": owner, "LastModifiedById": owner}
        for spec in self.scenario.accounts:
            children = {"contacts", "cases"}
            account = self.org.put(
                "Account", {key: value for key, value in spec.items() if key not in children} | audit
            )
            for contact in spec.get("contacts", []):
                name = f"{contact['FirstName']} {contact['LastName']}"
                self.org.put("Contact", {**contact, "Name": name, "AccountId": account} | audit)
            for case in spec.get("cases", []):
                self.org.put("Case", {**case, "AccountId": account, "IsClosed": case["Status"] == "Closed"} | audit)
