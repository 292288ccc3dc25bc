"""Facts about the Metadata API: which settings can be read, and what is told of them."""

from __future__ import annotations

from typing import Any

from cnxlib.probe.fact import fact
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, ReadMetadata


def _told(type_name: str, full_name: str, *path: str) -> Asking[str]:
    """Whether the component is told, with the property at the end of `path`."""
    (value,) = yield [ReadMetadata(type_name, full_name)]
    if value is None:
        return "no such component"
    found: Any = value
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return "told" if found is not None else "read, without that property"


@fact(expected="told", source="Metadata API, CaseSettings")
def email_to_case_can_be_read(me: Identity) -> Asking[str | None]:
    """CaseSettings Case tells emailToCase.enableEmailToCase, in an org that never used it too."""
    return (yield from _told("CaseSettings", "Case", "emailToCase", "enableEmailToCase"))


@fact(expected="told", source="Metadata API, OauthOidcSettings (API 56 and later)")
def password_flow_can_be_read(me: Identity) -> Asking[str | None]:
    """OauthOidcSettings OauthOidc tells blockOAuthUnPwFlow."""
    return (yield from _told("OauthOidcSettings", "OauthOidc", "blockOAuthUnPwFlow"))


@fact(expected="told", source="Metadata API, ExternalClientAppSettings")
def app_secrets_by_rest_can_be_read(me: Identity) -> Asking[str | None]:
    """ExternalClientAppSettings ExternalClientApp tells enableClientSecretInRestApiAccess."""
    path = "enableClientSecretInRestApiAccess"
    return (yield from _told("ExternalClientAppSettings", "ExternalClientApp", path))


@fact(expected="the key and no secret", source="Metadata API, ConnectedApp")
def connected_apps_keep_their_secret(me: Identity) -> Asking[str | None]:
    """Reading a connected app tells its consumer key, and never its secret (looked at in one named Conexiom)."""
    (app,) = yield [ReadMetadata("ConnectedApp", "Conexiom")]
    if app is None or "oauthConfig" not in app:
        return None
    oauth = app["oauthConfig"]
    told = [word for word, name in (("key", "consumerKey"), ("secret", "consumerSecret")) if oauth.get(name)]
    return "the key and no secret" if told == ["key"] else " and ".join(told) or "neither"
