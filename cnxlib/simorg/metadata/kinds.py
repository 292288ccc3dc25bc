"""The metadata types that the simulated org has, by name."""

from __future__ import annotations

from .apps import ConnectedApp, ExternalClientApplication, ExternalClientAppPart, GlobalOauthSettings
from .components import Kind, Settings
from .installed_package import InstalledPackage
from .objects import CustomField, CustomObject
from .permission_set import PermissionSet
from .profile import Profile
from .record_types import BusinessProcess, RecordType
from .settings import CaseSettings, SecuritySettings

_PARTS = (
    "ExtlClntAppOauthSettings",
    "ExtlClntAppGlobalOauthSettings",
    "ExtlClntAppOauthConfigurablePolicies",
    "ExtlClntAppConfigurablePolicies",
)

_FIELD = CustomField("CustomField", "objects", "object", 10)
_PROCESS = BusinessProcess("BusinessProcess", "objects", "object", 17)
_RECORD_TYPE = RecordType("RecordType", "objects", "object", 12)

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
        Profile("Profile", "profiles", "profile", 10),
        SecuritySettings("SecuritySettings", "settings", "settings", 27, full_name="Security"),
        Settings("ConnectedAppSettings", "settings", "settings", 50, full_name="ConnectedApp"),
        CustomObject("CustomObject", "objects", "object", 10, parts=(_FIELD, _PROCESS, _RECORD_TYPE)),
        _FIELD,
        _PROCESS,
        _RECORD_TYPE,
    )
}

DEPLOY_ORDER = (
    "InstalledPackage",
    "CustomObject",
    *sorted(name for name, kind in KINDS.items() if kind.listed == "Settings"),
    "ConnectedApp",
    "ExternalClientApplication",
    *_PARTS,
    "Profile",
    "PermissionSet",
)
"""The order in which a deployment writes: what others refer to comes first."""
