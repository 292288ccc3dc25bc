"""Whether the integration user really gets a token by the username-password flow, and if not, why.

The token endpoint answers a blocked flow as it answers a wrong password (invalid_grant): LoginHistory tells them apart.
"""

from __future__ import annotations

from typing import Any

from cnxlib.model import ManualStep, Observation, Table
from cnxlib.resources.connected_app import find_consumer
from cnxlib.resources.password import password_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, Query, ReadMetadata, Secret, SecretHeld, TokenDoor, soql

STEP = "api_login"
_GUIDE = ("G4.1",)

# LoginHistory.Status as people met it: Salesforce documents no list, and whether it is translated is not known. So each
# of these words is [R]. Words that are not here are shown as they are, and the user is not said to be proven.
_TOKEN_WANTED = "Failed: API security token required"  # [R]
_WRONG_PASSWORD = "Invalid Password"  # [R]
_BLOCKED = "Username-Password Flow Disabled"  # [R]
_REMEDIES = {
    _WRONG_PASSWORD: "The password that is held here is not the user's: somebody set another one. Set a new one, and "
    "tell Conexiom. It is not tried again meanwhile, so that the user is not locked out.",
    _BLOCKED: "Salesforce blocks the flow, though the switch is on: a change takes some minutes; else ask Salesforce.",
    "Restricted IP": "This machine's address is outside the user's login IP ranges: add Conexiom's to them.",
    "Password Lockout": "The user is locked out: unlock it (Setup, Users).",
    "User is Inactive": "The user is not active: activate it (Setup, Users).",
}


def prove_login(username: str, app: str, me: Identity, not_now: str = "") -> Asking[Observation]:
    """Ask for a token as Conexiom will, where all is there for it; a token that is given is revoked at once.

    Parameters
    ----------
    username:
        The integration user.
    app:
        Name of the connected app.
    me:
        Who is logged in where.
    not_now:
        Why nobody is to log in, "" where the user is to: each login, refused or not, stays in its LoginHistory.
    """
    settings, users, password = yield [
        ReadMetadata("OauthOidcSettings", "OauthOidc"),
        Query(soql("SELECT Id, IsActive, LastPasswordChangeDate FROM User WHERE Username = {}", username)),
        SecretHeld(password_name(username)),
    ]
    consumer = yield from find_consumer(app)
    if (settings or {}).get("blockOAuthUnPwFlow"):
        return _told(username, "not asked", "the flow is off")
    if consumer.external:
        return _told(username, "not asked", f"{app} is an External Client App, and these have no such flow")
    if not users:
        return _told(username, "not asked", "there is no such user")
    missing = [what for what, held in (("its password", password), ("the app's secret", consumer.secret)) if not held]
    if missing:
        return _told(username, "not asked", f"{' and '.join(missing)} not held here")
    (before,) = yield [Query(_history(users[0]["Id"], 5))]
    if _known_wrong(before, users[0].get("LastPasswordChangeDate") or ""):
        return _left(username, me, _WRONG_PASSWORD)
    if not_now:
        return _told(username, "not asked", not_now)
    form = (
        ("grant_type", "password"),
        ("client_id", Secret(consumer.key)),
        ("client_secret", Secret(consumer.secret)),
        ("username", username),
        ("password", Secret(password)),
    )
    (code,) = yield [TokenDoor(form)]
    if not code:
        return _told(username, "proven", "Salesforce gave a token, which was revoked at once", (STEP,))
    (after,) = yield [Query(_history(users[0]["Id"], 1))]
    fresh = bool(after) and after[0] not in before
    status = str(after[0]["Status"]) if fresh else ""
    if status == _TOKEN_WANTED:
        return _told(
            username, "proven", "flow and password are right; from here a security token is wanted as well", (STEP,)
        )
    return _left(username, me, status or code)


def _history(user_id: str, most: int) -> str:
    # Another LIMIT makes it another query: within a phase one and the same is answered from memory.
    text = "SELECT Id, LoginTime, Status, LoginType FROM LoginHistory WHERE UserId = {} ORDER BY LoginTime DESC LIMIT "
    return soql(text, user_id) + str(most)


def _known_wrong(history: list[dict[str, Any]], changed: str) -> bool:
    """Whether the newest login since the password was set failed because of it: each more counts to a lockout."""
    return bool(history) and history[0]["Status"] == _WRONG_PASSWORD and str(history[0]["LoginTime"]) > changed


def _told(username: str, result: str, why: str, done: tuple[str, ...] = ()) -> Observation:
    columns = ("User", "Login by the username-password flow", "Why")
    table = Table("Login as Conexiom's integration does it", columns, ((username, result, why),))
    return Observation(tables=(table,), done=done)


def _left(username: str, me: Identity, status: str) -> Observation:
    remedy = _REMEDIES.get(status, "Setup, Login History shows more.")
    step = ManualStep(
        STEP,
        _GUIDE,
        f"{username} gets no token by the username-password flow; Salesforce says: {status}. {remedy}",
        url=f"{me.url}/lightning/setup/OrgLoginHistory/home",
        closed_by="decision",
        as_it_is=f"{username} gets no token by the username-password flow ({status})",
    )
    return Observation(manual=(step,), tables=_told(username, "refused", status).tables)
