"""An org being filled from its scenario, section by section, without Salesforce's rules in the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from .. import languages, packages
from ..metadata.apps import add_connected_app
from ..metadata.record_types import VALUES
from ..org import Org
from ..schema.permissions import PERMISSIONS
from . import access, flags
from .loader import Scenario, username

_SETTINGS = {"CaseSettings": "Case", "OauthOidcSettings": "OauthOidc", "ExternalClientAppSettings": "ExternalClientApp"}

_ALL = frozenset(PERMISSIONS) - {"ApiUserOnly"}  # which takes away: who has it cannot log in to Setup


class Filling:
    """One org being filled; each method writes one section of the scenario."""

    def __init__(self, org: Org, scenario: Scenario) -> None:
        self.org, self.scenario = org, scenario
        self.people = scenario.everybody()
        self.licenses: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.profiles: dict[str, tuple[str, str]] = {}  # by name: ids of the profile and of the set that it owns
        self.users: dict[str, str] = {}
        self.admin = ""

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
        self.admin = next(iter(self.users.values()))
        made = {"CreatedById": self.admin, "LastModifiedById": self.admin}
        self.org.put("Organization", {"Id": self.org.org_id, **self.scenario.organization, **made})
        self._record_types(made)
        self._package()
        self._access()
        for name, app in self.scenario.connected_apps.items():
            self._connected_app(name, app)
        self._accounts()

    def _record_types(self, made: Mapping[str, str]) -> None:
        """Business processes, and the record types that have them."""
        processes: dict[str, str] = {}
        for name, spec in self.scenario.business_processes.items():
            sobject, _, own_name = name.partition(".")
            row = {"TableEnumOrId": sobject, "Name": own_name, "Description": spec.get("Description"), **made}
            processes[name] = self.org.put("BusinessProcess", row)
            values = [{"fullName": value, "default": value == spec["values"][0]} for value in spec["values"]]
            self.org.put_document(VALUES, processes[name], {"values": values})
        for name, spec in self.scenario.record_types.items():
            sobject, _, developer_name = name.partition(".")
            columns = {column: value for column, value in spec.items() if column != "process"}
            process = processes[f"{sobject}.{spec['process']}"] if "process" in spec else None
            row = {"SobjectType": sobject, "DeveloperName": developer_name, "BusinessProcessId": process}
            self.org.put("RecordType", {**row, **columns, **made})

    def _licenses(self) -> None:
        for name, spec in self.scenario.licenses.items():
            key = {"Name": name, "MasterLabel": name, "LicenseDefinitionKey": spec["key"]}
            self.licenses[name] = self.org.put("UserLicense", {**key, "TotalLicenses": spec["total"]})
        for name, spec in self.scenario.permission_set_licenses.items():
            keys = {"DeveloperName": name, "MasterLabel": spec["label"], "PermissionSetLicenseKey": name}
            self.org.put(
                "PermissionSetLicense", {**keys, "TotalLicenses": spec["total"], "IsAvailableForIntegrations": True}
            )

    def _roles(self) -> None:
        for name, spec in self.scenario.roles.items():
            parent = self.roles.get(spec.get("parent", ""))
            row = {"Name": name, "DeveloperName": name.replace(" ", "_"), "ParentRoleId": parent}
            self.roles[name] = self.org.put("UserRole", row)

    def _profiles(self) -> None:
        for number, (name, spec) in enumerate(self.scenario.profiles.items(), 1):
            granted = _ALL if spec["permissions"] == "all" else spec["permissions"]
            columns = {f"Permissions{permission}": True for permission in granted}
            license_id = self.licenses[spec["license"]]
            shown = languages.profile(name, self.scenario.organization["LanguageLocaleKey"])
            profile = self.org.put("Profile", {"Name": shown, "UserLicenseId": license_id, **columns})
            own_name = f"X{profile[:15]}_128_{number:02}"
            own = {"Name": own_name, "Label": own_name[1:], "ProfileId": profile, "LicenseId": license_id}
            custom = {"Type": "Profile", "IsOwnedByProfile": True, "IsCustom": spec.get("custom", False)}
            owned = self.org.put("PermissionSet", {**own, **custom, **columns})
            self.profiles[name] = profile, owned
            access.grant(self.org, owned, spec, all_fields=True)

    def _users(self) -> None:
        organization = self.scenario.organization
        regional = {
            "TimeZoneSidKey": organization["TimeZoneSidKey"],
            "LocaleSidKey": organization["DefaultLocaleSidKey"],
            "LanguageLocaleKey": organization["LanguageLocaleKey"],
            "EmailEncodingKey": "UTF-8",
        }
        rows = [{**self._user(name, spec), **regional} for name, spec in self.people.items()]
        self.users = dict(zip(self.people, self.org.put_many("User", rows), strict=True))
        owned = [(self.users[name], self.profiles[spec["profile"]][1]) for name, spec in self.people.items()]
        held = [{"AssigneeId": user, "PermissionSetId": own} for user, own in owned]
        self.org.put_many("PermissionSetAssignment", held)

    def _user(self, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        address = username(name, self.org.alias)
        return {
            "Username": address,
            "Email": address,
            "FirstName": spec["first"],
            "LastName": spec["last"],
            "Alias": spec.get("alias") or (spec["first"][0] + spec["last"].replace(" ", "")).lower()[:8],
            "CommunityNickname": name,
            "Title": spec.get("title"),
            "ProfileId": self.profiles[spec["profile"]][0],
            "UserRoleId": self.roles.get(spec.get("role", "")),
            "IsActive": spec.get("active", True),
            "LastLoginDate": spec.get("last_login"),
        }

    def _package(self) -> None:
        package = self.scenario.package
        if "installed" in package:
            packages.bring(self.org, package["installed"], user_id=self.admin)
            seats = self.org.rows("PackageLicense")[0]["Id"]
            held = [{"PackageLicenseId": seats, "UserId": self.users[name]} for name in package.get("holders", ())]
            self.org.put_many("UserPackageLicense", held)
        if "under_way" in package:
            packages.start(self.org, package["under_way"], self.admin)

    def _access(self) -> None:
        """Permission sets and groups, and who holds which."""
        for name, spec in self.scenario.permission_sets.items():
            access.add_set(self.org, name, spec, self.licenses, self.admin)
        groups = {
            name: access.add_group(self.org, name, spec) for name, spec in self.scenario.permission_set_groups.items()
        }
        sets = access.sets_by_name(self.org)
        held = []
        for name, spec in self.people.items():
            user = self.users[name]
            held += [{"AssigneeId": user, "PermissionSetId": sets[each]} for each in spec.get("sets", ())]
            for group_id, own in (groups[each] for each in spec.get("groups", ())):
                held.append({"AssigneeId": user, "PermissionSetId": own, "PermissionSetGroupId": group_id})
        self.org.put_many("PermissionSetAssignment", held)

    def _connected_app(self, name: str, app: Mapping[str, Any]) -> None:
        """An app whose key follows from the org's id; its secret is drawn anew, and no API tells it."""
        key = "3MVG9" + hashlib.sha256(f"{self.org.org_id}/{name}".encode()).hexdigest()
        add_connected_app(self.org, name, {**app, "oauthConfig": {**app["oauthConfig"], "consumerKey": key}})

    def _accounts(self) -> None:
        audit = {"OwnerId": self.admin, "CreatedById": self.admin, "LastModifiedById": self.admin}
        for spec in self.scenario.accounts:
            values = {key: value for key, value in spec.items() if key not in ("contacts", "cases")}
            account = self.org.put("Account", values | audit)
            for contact in spec.get("contacts", []):
                self.org.put("Contact", {**contact, "AccountId": account} | audit)
            for case in spec.get("cases", []):
                self.org.put("Case", {**case, "AccountId": account} | audit)
