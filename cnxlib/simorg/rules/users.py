"""Users, roles and profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..actor import Actor
from ..errors import RowError, insufficient_access
from ..schema import SObject
from ..schema.permissions import PERMISSIONS
from ..values import is_email
from .base import Row, Rule, Trail, depends, refuse_cycle
from .licences import take_seat

if TYPE_CHECKING:
    from ..org import Org

_TAKEN = (
    "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be"
    " unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the"
    " user's email address)."
)
# What users may change about themselves without Manage Users (Object Reference, User)
_OWN = frozenset(
    [
        "FirstName",
        "LastName",
        "CompanyName",
        "Division",
        "Department",
        "Title",
        "Street",
        "City",
        "State",
        "PostalCode",
        "Country",
        "Email",
        "SenderEmail",
        "SenderName",
        "Phone",
        "Fax",
        "MobilePhone",
        "CommunityNickname",
        "TimeZoneSidKey",
        "LocaleSidKey",
        "LanguageLocaleKey",
        "EmailEncodingKey",
        "AboutMe",
        "EmployeeNumber",
    ]
)
# What changes with every update, or with these
_FOLLOWS = {"Name", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}


def profile_set(org: Org, profile_id: str) -> str:
    """The id of the set that a profile owns."""
    return str(org.rows("PermissionSet", ProfileId=profile_id, IsOwnedByProfile=True)[0]["Id"])


class UserRule(Rule):
    """A user takes a seat of the licence, has a username of no other org's, and holds the profile's set."""

    def authorise(self, org: Org, each: SObject, call: str, actor: Actor, row: Mapping[str, Any]) -> None:
        """Users may change the most of their own row."""
        if call == "update" and row["Id"] == actor.user_id:
            return
        super().authorise(org, each, call, actor, row)

    def derive(self, org: Org, row: Row) -> None:
        """The name, and a nickname where none is given."""
        row["Name"] = " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)
        if not row.get("CommunityNickname"):
            row["CommunityNickname"] = f"User{org.store.next_number('nickname')}"

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Username and seat."""
        self._username(org, row)
        if row["IsActive"]:
            take_seat(org, row["ProfileId"])

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Hold the profile's set."""
        org.put(
            "PermissionSetAssignment", {"AssigneeId": row["Id"], "PermissionSetId": profile_set(org, row["ProfileId"])}
        )

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """Username and seat, and what users may change about themselves."""
        changed = {name for name in new if new[name] != old[name]}
        if not actor.has("ManageUsers", "ManageInternalUsers") and not changed <= _OWN | _FOLLOWS:
            raise insufficient_access()
        if "IsActive" in changed and new["Id"] == actor.user_id:
            # External users alone deactivate themselves; [R: code and text]
            raise RowError("FIELD_INTEGRITY_EXCEPTION", "You can't deactivate your own user.", ["IsActive"])
        if "ManagerId" in changed:
            self._manager(org, new)
        if new["Username"].lower() != old["Username"].lower():
            self._username(org, new)
        if new["IsActive"] and (not old["IsActive"] or "ProfileId" in changed):
            take_seat(org, new["ProfileId"])

    def after_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """Hold the set of the new profile in place of the old one's."""
        if new["ProfileId"] != old["ProfileId"]:
            for row in org.rows(
                "PermissionSetAssignment", AssigneeId=new["Id"], PermissionSetId=profile_set(org, old["ProfileId"])
            ):
                org.store.delete("PermissionSetAssignment", row["Id"])
            self.after_insert(org, new, actor)

    def duplicate(self, org: Org, row: Row, names: tuple[str, ...], other: str) -> RowError:
        """A username, nickname or federation id that is taken."""
        if names == ("Username",):
            return RowError("DUPLICATE_USERNAME", _TAKEN, ["Username"])
        if names == ("CommunityNickname",):
            return RowError(
                "DUPLICATE_COMM_NICKNAME", "Another user has already selected this nickname.", ["CommunityNickname"]
            )
        return super().duplicate(org, row, names, other)

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """Creation, activation, and changes of profile, role and e-mail."""
        user = new["Username"]
        if call == "create":
            return [("createduser", "Manage Users", f"Created new user {new['Name']}")]
        trail: list[Trail] = []
        if old["IsActive"] != new["IsActive"]:
            verb = "activated" if new["IsActive"] else "deactivated"
            trail.append((f"{verb}user", "Manage Users", f"{verb.capitalize()} user {new['Name']}"))
        if old["ProfileId"] != new["ProfileId"]:
            before, after = (org.get("Profile", row["ProfileId"])["Name"] for row in (old, new))
            trail.append(
                ("changedprofileforuser", "Manage Users", f"Changed profile for user {user} from {before} to {after}")
            )
        if old["Email"] != new["Email"]:
            trail.append(
                ("changedemail", "Manage Users", f"Changed email from {old['Email']} to {new['Email']} for user {user}")
            )
        if old["Username"] != new["Username"]:
            trail.append(("changedusername", "Manage Users", f"Changed username from {old['Username']} to {user}"))
        if old["UserRoleId"] != new["UserRoleId"]:
            trail.append(("changedroleforuser", "Manage Users", f"Changed role for user {user}"))
        return trail

    def _manager(self, org: Org, row: Row) -> None:
        """Refuse a user's own self and those below as manager (users' reports of both messages). [R: codes]"""
        if row["ManagerId"] == row["Id"]:
            raise RowError("FIELD_INTEGRITY_EXCEPTION", "A user can't be his or her own manager", ["ManagerId"])
        try:
            refuse_cycle(org, "User", row, "ManagerId")
        except RowError:
            text = "You cannot set a hierarchy field to point to itself or a child record"
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text, ["ManagerId"]) from None

    def _username(self, org: Org, row: Row) -> None:
        if not is_email(row["Username"]):
            text = "Username: The username must be in the form of an email address (for example, john@acme.com)."
            raise RowError("INVALID_EMAIL_ADDRESS", text, ["Username"])  # [R: code]
        if org.directory and org.directory.username_taken(row["Username"], except_user=row.get("Id")):
            raise RowError("DUPLICATE_USERNAME", _TAKEN, ["Username"])


class RoleRule(Rule):
    """Roles form a tree."""

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """No role stands above itself."""
        if new["ParentRoleId"] != old["ParentRoleId"]:
            refuse_cycle(org, "UserRole", new, "ParentRoleId")


class ProfileRule(Rule):
    """A profile grants by the set it owns, which has the same permissions."""

    def before_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """The user type follows the licence."""
        row["UserType"] = row.get("UserType") or "Standard"

    def after_insert(self, org: Org, row: Row, actor: Actor) -> None:
        """Make the set that the profile owns."""
        set_id = org.new_id("PermissionSet")
        # The API name of a profile's own set is X00e and the profile's id, as queries of real orgs show it
        org.put("PermissionSet", {
            "Id": set_id, "Name": f"X{row['Id'][:15]}", "Label": row["Id"][:15],
            "ProfileId": row["Id"], "IsOwnedByProfile": True,
            "IsCustom": True, "Type": "Profile", "LicenseId": row["UserLicenseId"], **_permissions(row),
        })  # fmt: skip

    def before_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """System permissions need one another; a standard profile keeps its name (Help, "Edit Profiles"). [R: text]"""
        if new["Name"] != old["Name"] and not org.get("PermissionSet", profile_set(org, new["Id"]))["IsCustom"]:
            text = f"Cannot rename standard profile: {old['Name']}"
            raise RowError("INSUFFICIENT_ACCESS_OR_READONLY", text, ["Name"])
        check_dependencies(new)

    def after_update(self, org: Org, old: Row, new: Row, actor: Actor) -> None:
        """Grant the same in the profile's set."""
        org.store.update("PermissionSet", profile_set(org, new["Id"]), _permissions(new))

    def before_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """Refuse while a user has the profile. [R: text]"""
        if org.rows("User", ProfileId=row["Id"]):
            raise RowError("DELETE_FAILED", "You can't delete a profile that's assigned to users.")

    def after_delete(self, org: Org, row: Row, actor: Actor) -> None:
        """The profile's set goes with it."""
        org.store.delete("PermissionSet", profile_set(org, row["Id"]))

    def audit(self, org: Org, call: str, old: Row, new: Row) -> list[Trail]:
        """Which profile."""
        name = (new or old)["Name"]
        return [(f"{call}dprofile", "Manage Users", f"{call.capitalize()}d profile {name}")]


def _permissions(row: Row) -> Row:
    return {f"Permissions{name}": row[f"Permissions{name}"] for name in PERMISSIONS}


def check_dependencies(row: Row) -> None:
    """Refuse a system permission without those it needs.

    Raises:
        RowError: FIELD_INTEGRITY_EXCEPTION.
    """
    for name, permission in PERMISSIONS.items():
        if row.get(f"Permissions{name}"):
            missing = [PERMISSIONS[each].label for each in permission.requires if not row.get(f"Permissions{each}")]
            if missing:
                raise depends(permission.label, missing, f"Permissions{name}")
