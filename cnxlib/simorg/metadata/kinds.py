"""The metadata types that the simulated org has, by name."""

from __future__ import annotations

from .apps import ConnectedApp, ExternalClientApplication, ExternalClientAppPart, GlobalOauthSettings
from .components import CaseSettings, Kind, Settings
from .others import InstalledPackage, RecordType
from .permission_set import PermissionSet

_PARTS = (
    "ExtlClntAppOauthSettings",
    "ExtlClntAppGlobalOauthSettings",
    "ExtlClntAppOauthConfigurablePolicies",
    "ExtlClntAppConfigurablePolicies",
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        CaseSettings("CaseSettings", "settings", "settings", 27, full_name="Case"),
        ConnectedApp("ConnectedApp", "connectedApps", "connectedApp", 30),
        Settings("ExternalClientAppSettings", "settings", "settings", 59, full_name="ExternalClientApp"),
        ExternalClientApplication("ExternalClientApplication", "externalClientApps", "eca", 59, parts=_PARTS),
        ExternalClientAppPart("ExtlClntAppConfigurablePolicies", "extlClntAppPolicies", "ecaPlcy", 59),
        GlobalOauthSettings("ExtlClntAppGlobalOauthSettings", "extlClntAppGlobalOauthSets", "ecaGlblOauth", 59),
        ExternalClientAppPart("ExtlClntAppOauthConfigurablePolicies", "extlClntAppOauthPolicies", "ecaOauthPlcy", 59),
        ExternalClientAppPart("ExtlClntAppOauthSettings", "extlClntAppOauthSettings", "ecaOauth", 59),
        InstalledPackage("InstalledPackage", "installedPackages", "installedPackage", 28),
        Settings("OauthOidcSettings", "settings", "settings", 56, full_name="OauthOidc"),
        PermissionSet("PermissionSet", "permissionsets", "permissionset", 22),
        RecordType("RecordType", "objects", "object", 12),
    )
}
