"""Replacing a credential after it was handed over: once for each occasion that is named.

An occasion ("password@CHG-4711") makes it idempotent: what is asked again under the same name is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import NotYet
from cnxlib.history import Made
from cnxlib.model import ManualStep, Observation
from cnxlib.resources.connected_app import key_name, secret_name
from cnxlib.resources.password import password_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, Query, SetPassword, soql

KIND = "rotation"
GUIDE = ("G9.2",)


class Rotation:
    """Credentials to be replaced.

    Parameters
    ----------
    occasions:
        "password@NAME" and "consumer_secret@NAME".
    username:
        The integration user.
    app:
        Name of the connected app.
    me:
        Who is logged in where.
    """

    batch = 1

    def __init__(self, occasions: Sequence[str], username: str, app: str, me: Identity) -> None:
        self._occasions, self._username, self._app, self._me = tuple(occasions), username, app, me

    def observe(self) -> Asking[Observation]:
        """Which occasions the records know; the consumer secret is left to a person."""
        passwords = [one for one in self._occasions if one.startswith("password@")]
        secrets = [one for one in self._occasions if one not in passwords]
        steps = [self._by_hand(one) for one in secrets]
        if not passwords:
            return Observation(manual=(*steps, self._again()))
        users, made = yield [self._user(), Made(KIND)]
        if not users:
            raise NotYet(
                f"There is no integration user {self._username} whose password could be another one",
                phase="02_integration_user",
                guide=GUIDE,
            )
        state = {"username": self._username, "password": "another one, in the store"}
        items = [
            Item(KIND, one, state if one in made else None, state, GUIDE, reversible=False, found=made.get(one, ""))
            for one in passwords
        ]
        return Observation(tuple(items), manual=(*steps, self._again()))

    def _user(self) -> Query:
        return Query(soql("SELECT Id FROM User WHERE Username = {} AND IsActive = true", self._username))

    def _by_hand(self, occasion: str) -> ManualStep:
        # Metadata API takes no consumer key on an update of a ConnectedApp, and tells no secret. For external client
        # apps there is a REST resource that stages credentials; it is off by default, and opening it to hand secrets
        # out is a decision of its own.
        key, secret = (f"age:{self._me.org_id}/{name(self._app)}" for name in (key_name, secret_name))
        return ManualStep(
            f"rotate_{occasion.partition('@')[0]}",
            ("G3.4",),
            f"Replace key and secret of the app {self._app} ({occasion}): in App Manager choose View, Manage Consumer "
            f"Details, generate them anew and apply. Then keep them as {key} and {secret}: `cnx secrets set`, with the "
            "name that is after age:.",
            url=f"{self._me.url}/lightning/setup/NavigationMenus/home",
        )

    def _again(self) -> ManualStep:
        return ManualStep(
            "hand_over_again",
            ("G9.2", "G3.4"),
            f"Conexiom's connection needs the new credentials ({', '.join(self._occasions)}): apply this phase again "
            "without rotate, which hands them over.",
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Draw a password, set it, keep it. Cut off before it is on record, the next run sets yet another."""
        (users,) = yield [self._user()]
        user_id = str(users[0]["Id"])
        yield [SetPassword(user_id, password_name(self._username))]
        return [Done(user_id) for _ in changes]
