"""The Conexiom package: which versions there are, installing one over a while, and what it brings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from .. import ids, values
from .conditions import BAD_KEY, NOT_THERE, REFUSED, options, pass_one, struck

if TYPE_CHECKING:
    from ..org import Org


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Any]:
    """The package's description, conexiom.yaml."""
    text = (files(__package__) / "conexiom.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def prepare(org: Org) -> None:
    """Give the org's database the function by which its queries see what faults change."""
    org.store.connection.create_function("install_fault", 1, struck)


def publish(org: Org) -> None:
    """Let the org see the package and its versions, as any org can."""
    about = catalogue()
    org.put("SubscriberPackage", about["package"])
    settings = {"settings": [
        {"remoteSiteName": site["name"], "url": site["url"], "secure": True} for site in about["remote_sites"]
    ]}  # fmt: skip
    for version in about["versions"]:
        org.put("SubscriberPackageVersion", {
            **version, "SubscriberPackageId": about["package"]["Id"], "PublisherName": about["publisher"],
            "RemoteSiteSettings": complex_text(settings),
        })  # fmt: skip


def complex_text(value: Any) -> str:
    """A complex value as its column holds it."""
    return json.dumps(value, sort_keys=True)


def number(version: dict[str, Any]) -> tuple[int, ...]:
    """A version as a tuple that can be compared."""
    return tuple(version[name] for name in ("MajorVersion", "MinorVersion", "PatchVersion", "BuildNumber"))


def installed_version(org: Org) -> dict[str, Any] | None:
    """The version of the package that the org has."""
    found = org.rows("InstalledSubscriberPackage")
    return org.get("SubscriberPackageVersion", found[0]["SubscriberPackageVersionId"]) if found else None


def start(org: Org, version_id: str, user_id: str) -> None:
    """Ask for an installation as it stands, without Salesforce's rules: what a scenario finds under way."""
    request_id = org.put("PackageInstallRequest", {"SubscriberPackageVersionKey": version_id, "CreatedById": user_id})
    begin(org, org.get("PackageInstallRequest", request_id), None)


def begin(org: Org, request: dict[str, Any], key: str | None) -> None:
    """Start the clock of a request to install. What will go wrong is decided here, and told when the time is over."""
    chosen = options(org)
    error = obstacle(org, request["SubscriberPackageVersionKey"], key)
    due = org.now() + timedelta(seconds=float(chosen["seconds"]))
    org.store.update("PackageInstallRequest", request["Id"], {"Status": chosen["running"]})
    org.store.put_document("_install", request["Id"], {"due": values.datetime_text(due), "error": error})


def obstacle(org: Org, version_id: str, key: str | None) -> str | None:
    """The error that installing the version with this key ends with now, ``None`` for success.

    An error that passes is taken off: asking counts as trying.
    """
    chosen = options(org)
    found = org.rows("SubscriberPackageVersion", Id=version_id)
    if not found:
        return NOT_THERE
    if chosen.get("installation_key") and key != chosen["installation_key"]:
        return f"{BAD_KEY} specified for package version {found[0]['Id']}"
    return REFUSED.get(found[0]["InstallValidationStatus"]) or chosen.get("error") or pass_one(org)


def settle(org: Org) -> None:
    """Finish the requests whose time is over."""
    for request_id, plan in org.store.documents("_install").items():
        if org.now() < datetime.fromisoformat(plan["due"]):
            continue
        with org.transaction():
            org.store.drop_document("_install", request_id)
            if plan["error"]:
                errors = complex_text({"errors": [{"message": plan["error"]}]})
                org.store.update("PackageInstallRequest", request_id, {"Status": "ERROR", "Errors": errors})
                continue
            request = org.get("PackageInstallRequest", request_id)
            bring(org, request["SubscriberPackageVersionKey"], request["SecurityType"], request["CreatedById"])
            org.store.update("PackageInstallRequest", request_id, {"Status": "SUCCESS"})


def bring(org: Org, version_id: str, security: str = "None", user_id: str | None = None) -> None:
    """Put into the org what the package holds, or what is new in this version of it.

    Args:
        org: the org.
        version_id: a version of the catalogue.
        security: whose profiles get access: ``None`` administrators', ``Full`` all.
        user_id: who installs; the profile of this user is an administrator's whatever it grants.
    """
    about = catalogue()
    namespace = about["package"]["NamespacePrefix"]
    record = {"SubscriberPackageId": about["package"]["Id"], "SubscriberPackageVersionId": ids.to18(version_id)}
    found = org.rows("InstalledSubscriberPackage", SubscriberPackageId=about["package"]["Id"])
    org.put(
        "InstalledSubscriberPackage",
        {**record, "Id": found[0]["Id"] if found else org.new_id("InstalledSubscriberPackage")},
    )
    if not found:
        _bring_fields(org, about, namespace)
        _bring_sets(org, about, namespace, user_id)
        seats = options(org).get("seats", about["seats"])
        org.put(
            "PackageLicense",
            {"NamespacePrefix": namespace, "AllowedLicenses": seats, "IsProvisioned": True, "Status": "Active"},
        )
        _grant_profiles(org, about, namespace, security, user_id)


def _bring_fields(org: Org, about: dict[str, Any], namespace: str) -> None:
    for sobject, fields in about["fields"].items():
        for name, description in fields.items():
            org.add_field(sobject, f"{namespace}__{name}", {**description, "namespace": namespace})


def _qualified(name: str, namespace: str) -> str:
    sobject, _, field = name.partition(".")
    return f"{sobject}.{namespace}__{field}"


def _grant(org: Org, set_id: str, fields: Iterable[tuple[str, str]]) -> None:
    for name, access in fields:
        org.put("FieldPermissions", {
            "ParentId": set_id, "SobjectType": name.partition(".")[0], "Field": name,
            "PermissionsRead": True, "PermissionsEdit": access == "edit",
        })  # fmt: skip


def _bring_sets(org: Org, about: dict[str, Any], namespace: str, user_id: str | None) -> None:
    name = options(org).get("license", about["license"])
    licence = org.rows("UserLicense", Name=name) if name else []
    for each in about["permission_sets"]:
        set_id = org.put("PermissionSet", {
            "Name": each["Name"], "Label": each["Label"], "NamespacePrefix": namespace, "CreatedById": user_id,
            "LicenseId": licence[0]["Id"] if licence else None,
        })  # fmt: skip
        _grant(org, set_id, ((_qualified(name, namespace), access) for name, access in each["fields"].items()))


def _grant_profiles(org: Org, about: dict[str, Any], namespace: str, security: str, user_id: str | None) -> None:
    """Field-level security on what the package brought, in the profiles' own sets.

    "Admins Only" is the profile of who installs and every profile with Customize Application: all fields are visible
    and editable there (Help, "Determine Which Users Can Access a Package"). [R] whether "All Users" leaves out standard
    profiles; here it is every profile.
    """
    fields = [(f"{sobject}.{namespace}__{name}", "edit") for sobject, each in about["fields"].items() for name in each]
    installer = org.get("User", user_id, ["ProfileId"])["ProfileId"] if user_id else None
    for each in org.rows("PermissionSet", IsOwnedByProfile=True):
        admin = each["PermissionsCustomizeApplication"] or each["ProfileId"] == installer
        if security.lower() == "full" or admin:
            _grant(org, each["Id"], fields)
