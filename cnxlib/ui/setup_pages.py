"""Where in Setup a person would make a change by hand: kind of change → page of the org.

The addresses are those of Lightning Experience, below the org's own address. None of them is part of a documented API:
they are what the browser shows there, as public tools link them; one that Salesforce moved answers with "page not
found" and does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnxlib.model import Check


@dataclass(frozen=True)
class Page:
    """A page of Setup.

    Parameters
    ----------
    name:
        What it is called there.
    path:
        Its address below the org's; "" where it is none of Salesforce's pages.
    """

    name: str
    path: str

    def address(self, url: str) -> str:
        """Its address in the org at `url`; "" where that, or the page's own, is not known."""
        return f"{url.rstrip('/')}{self.path}" if url and self.path else ""


_SETS = Page("Permission Sets", "/lightning/setup/PermSets/home")
_USERS = Page("Users", "/lightning/setup/ManageUsers/home")
_PROFILES = Page("Profiles", "/lightning/setup/EnhancedProfiles/home")
_APPS = Page("App Manager", "/lightning/setup/NavigationMenus/home")
_EXTERNAL_APPS = Page("External Client App Manager", "/lightning/setup/ManageExternalClientApplication/home")
_PACKAGES = Page("Installed Packages", "/lightning/setup/ImportedPackage/home")

PAGES: Mapping[str, Page] = {
    "assignment": _SETS,
    "connected_app": _APPS,
    "external_client_app": _EXTERNAL_APPS,
    "field_permissions": _SETS,
    "object_permissions": _SETS,
    "package": _PACKAGES,
    "password": _USERS,
    "permission_set": _SETS,
    "permission_set_licence": _USERS,
    "profile": _PROFILES,
    "record_type": _SETS,
    "rotation": _APPS,
    "rotation:password": _USERS,
    "sealed_credentials": _APPS,
    "setting:Allow OAuth Username-Password Flows": Page(
        "OAuth and OpenID Connect Settings", "/lightning/setup/OauthAndOpenIdConnectSettings/home"
    ),
    "setting:Email-to-Case": Page("Email-to-Case", "/lightning/setup/EmailToCase/home"),
    "support_mail": Page("your own mail program", ""),
    "tab_setting": _SETS,
    "user": _USERS,
}
"""By kind, or by kind and key where the key decides (of a key such as "password@CHG-4711", what is before the "@")."""

_INSTALL = "/packaging/installPackage.apexp"


def page_of(kind: str, key: str = "") -> Page | None:
    """The page for a change of `kind`; None where none is known."""
    return PAGES.get(f"{kind}:{key.partition('@')[0]}") or PAGES.get(kind)


def install_page(checks: Sequence[Check]) -> Page | None:
    """The guide's link for installing by hand (G1.3), where the checks tell it: it names the version."""
    for check in checks:
        before, found, version = check.detail.partition(_INSTALL)
        if found and before.startswith("https://"):
            return Page("the guide's install link", f"{_INSTALL}{version}")
    return None
