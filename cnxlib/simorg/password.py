"""A user's password at the REST door: `sobjects/User/{id}/password`."""

from __future__ import annotations

from . import dml, ids
from .calls import Answer, Call
from .errors import ApiError, not_found
from .identity import passwords


def _user(call: Call, user_id: str) -> dict[str, object]:
    """The user, whose password the caller may change.

    Raises:
        ApiError: NOT_FOUND; INSUFFICIENT_ACCESS (403).
    """
    if not ids.is_id(user_id):
        raise not_found()
    user = call.org.get("User", user_id)
    if not passwords.may_set(call.actor, user_id):
        raise ApiError("INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id", status=403)
    return user


def state(call: Call, user_id: str) -> Answer:
    """Whether the password has expired."""
    _user(call, user_id)
    return Answer(body={"isExpired": False})


def change(call: Call, user_id: str) -> Answer:
    """Set a password."""
    user = _user(call, user_id)
    new = call.body.get("NewPassword")
    if not isinstance(new, str) or not new:
        raise ApiError("INVALID_NEW_PASSWORD", "The new password is missing", ["NewPassword"])
    passwords.set_password(call.org, str(user["Id"]), new)
    dml.trace(
        call.org, call.actor.user_id, "changedpassword", "Manage Users", f"Changed password for user {user['Username']}"
    )
    return Answer(204)


def forget(call: Call, user_id: str) -> Answer:
    """Have a new password made; Salesforce also sends it to the user by e-mail."""
    user = _user(call, user_id)
    new = passwords.reset(call.org, str(user["Id"]))
    dml.trace(
        call.org, call.actor.user_id, "resetpassword", "Manage Users", f"Reset password for user {user['Username']}"
    )
    return Answer(body={"NewPassword": new})
