"""Which apps a user may log in by: those of the org, and with a permission those that it has not installed."""

from __future__ import annotations

from ..org import Actor
from .clients import Client
from .problems import OAuthError

UNINSTALLED = ("CanApproveUninstalledApps", "UseAnyApiClient")
"""Permissions one of which a user needs to log in by a connected app that the org has not installed (since September
2025; Help, "Prepare for Connected App Usage Restrictions Change")."""

GENERIC = "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured during authentication. Please try again."
"""What the page says of a connected app that is not installed, as users have reported it."""

NOT_FOUND = "OAUTH_EC_APP_NOT_FOUND : External client app is not installed in this org"
"""What the page says of an external client app that is not installed."""


def problem(actor: Actor, client: Client) -> str:
    """Why the user may not log in to the client's org by it, in the page's words; empty where the user may."""
    if client.installed:
        return ""
    if client.external:
        return NOT_FOUND  # no permission helps: such an app is used where it is installed, and nowhere else
    return "" if actor.has(*UNINSTALLED) else GENERIC


def admit(actor: Actor, client: Client) -> None:
    """Refuse a login by an app that is not installed, at the token endpoint.

    Raises:
        OAuthError: the words are those that users have reported; [R] the error codes.
    """
    if problem(actor, client):
        if client.external:
            raise OAuthError("invalid_grant", "External client app is not installed in this org")
        raise OAuthError("invalid_client", "app must be installed into org")
