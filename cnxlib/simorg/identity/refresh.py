"""Refresh tokens: `5Aep861...`, kept by their hash in the org's documents of kind `_RefreshToken`."""

from __future__ import annotations

import hashlib
import secrets

from ..org import Org, Orgs
from .problems import OAuthError

KIND = "_RefreshToken"


def issue(org: Org, user_id: str, client_key: str) -> str:
    """A new refresh token of the user for one app."""
    token = "5Aep861" + secrets.token_urlsafe(60)
    org.put_document(KIND, _name(token), {"user": user_id, "client": client_key})
    return token


def redeem(org: Org, token: str, client_key: str) -> str:
    """The id of the user whose token it is.

    Raises:
        OAuthError: invalid_grant, for a token that is unknown, revoked, or another app's.
    """
    found = org.document(KIND, _name(token))
    if found is None or found["client"] != client_key:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    user_id: str = found["user"]
    if not org.get("User", user_id, ["IsActive"])["IsActive"]:
        raise OAuthError("invalid_grant", "inactive user")
    return user_id


def drop(orgs: Orgs, token: str) -> bool:
    """Revoke a refresh token; False when no org has it."""
    for org in orgs.live():
        if org.document(KIND, _name(token)) is not None:
            org.drop_document(KIND, _name(token))
            return True
    return False


def _name(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
