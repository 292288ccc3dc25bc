"""Whether a user may log in with a password: the rules that SOAP login and the OAuth flows share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from ..org import Org
from . import history, passwords, policy


def find_user(org: Org, username: str) -> dict[str, Any] | None:
    """The org's user of that username, whatever its case."""
    return next(iter(org.rows("User", Username=username)), None) if username else None


def address(request: Request) -> str:
    """Where a request comes from, as LoginHistory's SourceIp tells it."""
    return request.client.host if request.client else "127.0.0.1"


def verify(org: Org, user: Mapping[str, Any], given: str, address: str) -> str:
    """The LoginHistory status of an attempt, which is counted where the password is wrong.

    `given` is the password, with the security token after it unless the client's `address` is trusted.
    """
    if not user["IsActive"]:
        return history.INACTIVE
    if policy.locked_out(org, user["Id"]):
        return history.LOCKED_OUT
    password_right, token_right = passwords.check(org, user["Id"], given)
    if not password_right:
        policy.count_failure(org, user["Id"])
        return history.INVALID_PASSWORD
    if not policy.address_allowed(org, user, address):
        return history.RESTRICTED_IP
    if not token_right and not policy.address_trusted(org, user, address):
        return history.TOKEN_REQUIRED
    policy.forget_failures(org, user["Id"])
    return history.SUCCESS
