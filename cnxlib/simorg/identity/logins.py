"""Whether a user may log in with a password: the rules that SOAP login and the OAuth flows share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..org import Org
from ..scenarios import flags
from . import history, passwords


def find_user(org: Org, username: str) -> dict[str, Any] | None:
    """The org's user of that username, whatever its case."""
    return next(iter(org.rows("User", Username=username)), None) if username else None


def verify(org: Org, user: Mapping[str, Any], given: str) -> str:
    """The LoginHistory status of an attempt.

    `given` is the password, with the security token after it unless the client's address is trusted.
    """
    if not user["IsActive"]:
        return history.INACTIVE
    password_right, token_right = passwords.check(org, user["Id"], given)
    if not password_right:
        return history.INVALID_PASSWORD
    if not token_right and not flags.read(org).trusted_ip:
        return history.TOKEN_REQUIRED
    return history.SUCCESS
