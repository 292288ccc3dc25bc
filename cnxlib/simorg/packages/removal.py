"""Uninstalling the package: everything that it brought goes, with what was granted and written in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actor import Actor
from ..rules import rule

if TYPE_CHECKING:
    from ..org import Org


def obstacle(org: Org, namespace: str) -> str | None:
    """Why the package cannot be uninstalled: what stays must not refer to what goes (Packaging guide). [R: texts]

    Packaged permission sets that somebody holds, or that are part of a group, are in the way.
    """
    for each in org.rows("PermissionSet", NamespacePrefix=namespace):
        if org.rows("PermissionSetAssignment", PermissionSetId=each["Id"]):
            return f"Unable to uninstall package: permission set {each['Label']} is assigned to users."
        if org.rows("PermissionSetGroupComponent", PermissionSetId=each["Id"]):
            return f"Unable to uninstall package: permission set {each['Label']} is part of a permission set group."
    return None


def remove(org: Org, namespace: str, actor: Actor) -> None:
    """Take away fields with their values and permissions, sets, licences, and the record of the installation."""
    for each in list(org.schema.objects.values()):
        for one in [one for one in each.fields.values() if one.namespace == namespace]:
            org.drop_field(each.name, one.name)
    for row in org.rows("PermissionSet", NamespacePrefix=namespace):
        org.store.delete("PermissionSet", row["Id"])
        rule("PermissionSet").after_delete(org, row, actor)
    for licence in org.rows("PackageLicense", NamespacePrefix=namespace):
        for seat in org.rows("UserPackageLicense", PackageLicenseId=licence["Id"]):
            org.store.delete("UserPackageLicense", seat["Id"])
        org.store.delete("PackageLicense", licence["Id"])
    (package,) = org.rows("SubscriberPackage", NamespacePrefix=namespace)
    for installed in org.rows("InstalledSubscriberPackage", SubscriberPackageId=package["Id"]):
        org.store.delete("InstalledSubscriberPackage", installed["Id"])
