"""Passwords and security tokens of the simulated users.

Only salted hashes are kept, in the org's documents of kind `_Credential`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from typing import Any

from ..errors import ApiError
from ..ids import to18
from ..org import Actor, Org
from . import policy

KIND = "_Credential"

_ALPHANUMERIC = string.ascii_letters + string.digits
_TOKEN_LENGTH = 24
_MIN_LENGTH = 8  # Salesforce's default password policy: 8 characters, letters and digits


def set_password(org: Org, user_id: str, new: str) -> str:
    """Give the user a new password; returns the new security token, which Salesforce would send to the user by e-mail.

    Raises:
        ApiError: INVALID_NEW_PASSWORD: too short, without a letter or a digit, holding the username, or in use.
    """
    user = org.get("User", user_id, ["Id", "Username"])
    _check_policy(org, user, new)
    token = new_security_token()
    store(org, user["Id"], password=new, security_token=token)
    return token


def store(org: Org, user_id: str, *, password: str, security_token: str) -> None:
    """Keep the hashes of a password and a security token, whatever the policy says (scenarios seed with it)."""
    salt = secrets.token_bytes(16)
    record = {"salt": salt.hex(), "password": _digest(salt, password), "security_token": _digest(salt, security_token)}
    org.put_document(KIND, to18(user_id), record)
    policy.forget_failures(org, to18(user_id))


def reset(org: Org, user_id: str) -> str:
    """Replace the password by a new one and return it (REST: DELETE on the password; SOAP: resetPassword)."""
    fresh = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(14)) + "a1"
    store(org, user_id, password=fresh, security_token=new_security_token())
    return fresh


def may_set(actor: Actor, user_id: str) -> bool:
    """Whether the caller may set that user's password: one's own, or anybody's with Manage Users or Reset Passwords."""
    return actor.user_id == to18(user_id) or actor.has("ManageUsers", "ResetPasswords")


def is_set(org: Org, user_id: str) -> bool:
    """Whether the user has a password at all; a new user has none until one is set."""
    return org.document(KIND, to18(user_id)) is not None


def check(org: Org, user_id: str, given: str) -> tuple[bool, bool]:
    """Compare what a client sent with the user's password: `(password is right, security token is right too)`.

    Clients append the security token to the password. The bare password answers `(True, False)`; followed by a wrong
    token it is simply a wrong password, `(False, False)`.
    """
    record: dict[str, Any] | None = org.document(KIND, to18(user_id))
    if record is None:
        return False, False
    salt = bytes.fromhex(record["salt"])
    if hmac.compare_digest(_digest(salt, given), record["password"]):
        return True, False
    password, token = given[:-_TOKEN_LENGTH], given[-_TOKEN_LENGTH:]
    both = hmac.compare_digest(_digest(salt, token), record["security_token"]) and hmac.compare_digest(
        _digest(salt, password), record["password"]
    )
    return both, both


def new_security_token() -> str:
    """A security token as Salesforce e-mails it: 24 letters and digits."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_TOKEN_LENGTH))


def _digest(salt: bytes, text: str) -> str:
    # A simulated password guards nothing: few rounds, so that a hundred orgs start quickly.
    return hashlib.scrypt(text.encode(), salt=salt, n=1 << 10, r=8, p=1).hex()


def _check_policy(org: Org, user: dict[str, Any], new: str) -> None:
    if len(new) < _MIN_LENGTH:
        raise ApiError("INVALID_NEW_PASSWORD", f"Your password must be at least {_MIN_LENGTH} characters long.")
    if not (any(c.isalpha() for c in new) and any(c.isdigit() for c in new)):
        raise ApiError("INVALID_NEW_PASSWORD", "Your password must have a mix of letters and numbers.")
    if user["Username"].lower() in new.lower():
        raise ApiError("INVALID_NEW_PASSWORD", "Your password cannot equal or contain your user name.")
    if check(org, user["Id"], new)[0]:
        raise ApiError("INVALID_NEW_PASSWORD", "invalid repeated password")
