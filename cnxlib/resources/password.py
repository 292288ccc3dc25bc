"""A user's password: set once, kept in the secret store, never read back.

Source: REST API, sObject User Password. Salesforce tells nobody a password, so what can be observed is whether this
store holds one and whether the user ever logged in. A user who did has a password that somebody knows: it stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.model import Observation
from cnxlib.resources.user import user_id
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, SecretHeld, SetPassword, soql


def password_name(username: str) -> str:
    """Name under which the store keeps a user's password, within its org."""
    return f"user/{username}/password"


class Password:
    """A password of this runbook's making for a user nobody has used yet.

    Parameters
    ----------
    username:
        The user.
    guide:
        Ids of the guide's steps.
    """

    batch = 1

    def __init__(self, username: str, guide: tuple[str, ...]) -> None:
        self._username, self._guide = username, guide

    def observe(self) -> Asking[Observation]:
        """A stored password, or a user who has logged in, means that there is nothing to do."""
        users, reference = yield [
            Query(soql("SELECT Id, LastLoginDate FROM User WHERE Username = {}", self._username)),
            SecretHeld(password_name(self._username)),
        ]
        known = bool(users) and bool(reference or users[0]["LastLoginDate"])
        state = {"password": "set"}
        item = Item(
            "password",
            self._username,
            state if known else None,
            state,
            self._guide,
            reversible=False,
            requires=(user_id(self._username),),
        )
        return Observation((item,))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Draw one, set it, keep it. Cut off in between, nothing is kept, and the next run sets another."""
        (users,) = yield [Query(soql("SELECT Id FROM User WHERE Username = {}", self._username))]
        yield [SetPassword(users[0]["Id"], password_name(self._username))]
        return [Done()]
