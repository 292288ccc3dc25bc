"""Whether the integration user really gets a token by the username-password flow, and if not, why.

The token endpoint answers a blocked flow as it answers a wrong password (invalid_grant): LoginHistory tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnxlib.changes import Change
from cnxlib.engine import Done
from cnxlib.history import AskedBefore
from cnxlib.model import ManualStep, Observation, Table
from cnxlib.resources.connected_app import Consumer, find_consumer
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
_SUCCESS = "Success"  # [R]
_BY_OAUTH = "Remote Access 2.0"  # [R]
_REMEDIES = {
    _WRONG_PASSWORD: "The password that is held here is not the user's: somebody set another one. Set a new one, and "
    "tell Conexiom. It is not tried again meanwhile, so that the user is not locked out.",
    _BLOCKED: "Salesforce blocks the flow, though the switch is on: a change takes some minutes; else ask Salesforce.",
    "Restricted IP": "This machine's address is outside the user's login IP ranges: add Conexiom's to them.",
    "Password Lockout": "The user is locked out: unlock it (Setup, Users).",
    "User is Inactive": "The user is not active: activate it (Setup, Users).",
}


class LoginProof:
    """The integration user asks for a token as Conexiom will; one that is given is revoked at once.

    Each login, refused or not, stays in the user's LoginHistory. So nobody logs in where the history tells already what
    would come of it, and within a run once, as long as all that it rests on reads the same.

    Parameters
    ----------
    username:
        The integration user.
    app:
        Name of the connected app.
    me:
        Who is logged in where.
    not_now:
        Why nobody is to log in, "" where the user is to.
    left_in:
        Id of the phase whose newest apply or verify tells what is left, where nobody is to log in; "" for none.
    """

    batch = 1

    def __init__(self, username: str, app: str, me: Identity, not_now: str = "", left_in: str = "") -> None:
        self._username, self._app, self._me = username, app, me
        self._not_now, self._left_in = not_now, left_in
        self._tried: tuple[object, Observation] | None = None

    def observe(self) -> Asking[Observation]:
        """What came of a login, as the history or another one tells; else why there is none."""
        username = self._username
        settings, users, password = yield [
            ReadMetadata("OauthOidcSettings", "OauthOidc"),
            Query(soql("SELECT Id, IsActive, LastPasswordChangeDate FROM User WHERE Username = {}", username)),
            SecretHeld(password_name(username)),
        ]
        consumer = yield from find_consumer(self._app)
        if (settings or {}).get("blockOAuthUnPwFlow"):
            return self._told("not asked", "the flow is off")
        if consumer.external:
            return self._told("not asked", f"{self._app} is an External Client App, and these have no such flow")
        if not users:
            return self._told("not asked", "there is no such user")
        held = (("its password", password), ("the app's secret", consumer.secret))
        missing = [what for what, reference in held if not reference]
        if missing:
            return self._told("not asked", f"{' and '.join(missing)} not held here")
        (before,) = yield [Query(_history(users[0]["Id"], 5))]
        changed = str(users[0].get("LastPasswordChangeDate") or "")
        known = _known(before, changed, active=bool(users[0]["IsActive"]))
        if known is not None:
            told = f" (its login history told so on {str(known['LoginTime'])[:10]}: nobody logged in for it again)"
            return self._found(str(known["Status"]), told)
        if self._not_now:
            return (yield from self._left(changed))
        rests_on = (users, password, consumer.key, consumer.secret)
        if self._tried is None or self._tried[0] != rests_on:
            self._tried = rests_on, (yield from self._log_in(str(users[0]["Id"]), password, consumer, before))
        return self._tried[1]

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """There is never anything to apply."""
        yield from ()
        return [Done() for _ in changes]

    def _left(self, changed: str) -> Asking[Observation]:
        """The step that the newest run left, unless the password was changed since."""
        told = self._told("not asked", self._not_now)
        if not self._left_in:
            return told
        (asked,) = yield [AskedBefore(self._left_in, STEP)]
        return replace(told, manual=(asked.step,)) if asked and asked.at > changed else told

    def _log_in(
        self, user_id: str, password: str, consumer: Consumer, before: list[dict[str, Any]]
    ) -> Asking[Observation]:
        form = (
            ("grant_type", "password"),
            ("client_id", Secret(consumer.key)),
            ("client_secret", Secret(consumer.secret)),
            ("username", self._username),
            ("password", Secret(password)),
        )
        (code,) = yield [TokenDoor(form)]
        if not code:
            return self._told("proven", "Salesforce gave a token, which was revoked at once", done=(STEP,))
        (after,) = yield [Query(_history(user_id, 1))]
        fresh = bool(after) and after[0] not in before
        return self._found((str(after[0]["Status"]) if fresh else "") or code)

    def _found(self, status: str, how: str = "") -> Observation:
        """What a refusal means, by the status that the login history gives it."""
        if status == _TOKEN_WANTED:
            why = f"flow and password are right; from here a security token is wanted as well{how}"
            return self._told("proven", why, done=(STEP,))
        remedy = _REMEDIES.get(status, "Setup, Login History shows more.")
        step = ManualStep(
            STEP,
            _GUIDE,
            f"{self._username} gets no token by the username-password flow; Salesforce says: {status}. {remedy}",
            url=f"{self._me.url}/lightning/setup/OrgLoginHistory/home",
            closed_by="decision",
            as_it_is=f"{self._username} gets no token by the username-password flow ({status})",
        )
        return replace(self._told("refused", f"{status}{how}"), manual=(step,))

    def _told(self, result: str, why: str, done: tuple[str, ...] = ()) -> Observation:
        columns = ("User", "Login by the username-password flow", "Why")
        table = Table("Login as Conexiom's integration does it", columns, ((self._username, result, why),))
        return Observation(tables=(table,), done=done)


def _history(user_id: str, most: int) -> str:
    # Another LIMIT makes it another query: within a phase one and the same is answered from memory.
    text = "SELECT Id, LoginTime, Status, LoginType FROM LoginHistory WHERE UserId = {} ORDER BY LoginTime DESC LIMIT "
    return soql(text, user_id) + str(most)


def _known(history: list[dict[str, Any]], changed: str, *, active: bool) -> dict[str, Any] | None:
    """The login since the password was set that another one would only repeat, None without one.

    A wrong password stays wrong, and each more counts to a lockout. A security token stays wanted from an active user,
    also where somebody logged in with one meanwhile. What else refuses a login may be mended without a trace here.
    """
    since = [row for row in history if str(row["LoginTime"]) > changed]
    if since and (since[0]["Status"], since[0]["LoginType"]) == (_WRONG_PASSWORD, _BY_OAUTH):
        return since[0]
    refused = next((row for row in since if row["Status"] != _SUCCESS), None)
    if refused is None or not active or (refused["Status"], refused["LoginType"]) != (_TOKEN_WANTED, _BY_OAUTH):
        return None
    return refused
