"""Refresh tokens: `5Aep861...`, kept by their hash in the org's documents of kind `_RefreshToken`."""

from __future__ import annotations

import hashlib
import secrets

from ..org import Org
from ..orgs import Orgs
from .problems import OAuthError

KIND = "_RefreshToken"


def issue(org: Org, user_id: str, client_key: str) -> str:
    """A new refresh token of the user for one app."""
    token = "5Aep861" + secrets.token_urlsafe(60)
    org.put_document(KIND, _name(token), {"user": user_id, "client": client_key})
    return token


def find(orgs: Orgs, token: str, client_key: str) -> tuple[Org, str] | None:
    """The org in which an app's token is, and the id of the user whose it is; None for a token that is no more."""
    for org in orgs.live():
        found = org.document(KIND, _name(token))
        if found is not None and found["client"] == client_key:
            return org, str(found["user"])
    return None


def redeem(orgs: Orgs, token: str, client_key: str) -> tuple[Org, str]:
    """The org and the id of the user whose token it is.

    Raises:
        OAuthError: invalid_grant, for a token that is unknown, revoked, or another app's.
    """
    found = find(orgs, token, client_key)
    if found is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    org, user_id = found
    if not org.get("User", user_id, ["IsActive"])["IsActive"]:
        raise OAuthError("invalid_grant", "inactive user")
    return found


def drop(orgs: Orgs, token: str) -> bool:
    """Revoke a refresh token; False when no org has it."""
    for org in orgs.live():
        if org.document(KIND, _name(token)) is not None:
            org.drop_document(KIND, _name(token))
            return True
    return False


def _name(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
