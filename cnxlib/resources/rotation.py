"""Replacing a credential after it was handed over: once for each occasion that is named.

An occasion ("password@CHG-4711") makes it idempotent: what is asked again under the same name is not done again.

The password is replaced here. Key and secret of the app are replaced by a person, in Setup: a ConnectedApp takes no
consumer key on an update and tells no secret (Metadata API), and no other API replaces them. For External Client Apps
there is a REST resource that stages and rotates them (Salesforce Help, Stage, Rotate, and Delete OAuth Credentials for
an External Client App). It is closed unless an org opens its apps' secrets to the REST API, all of them and for good;
to open it for one rotation would make the org less safe than the clicks that it saves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import NotYet
from cnxlib.history import AskedBefore, Confirmation, Made
from cnxlib.model import ManualStep, Observation
from cnxlib.resources.connected_app import key_name, secret_name
from cnxlib.resources.password import password_name
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, Query, ReadMetadata, SetPassword, soql

KIND = "rotation"
GUIDE = ("G9.2",)


_AGAIN = "hand_over_again"


def left_by_rotation(phase: str, *, handing_over: bool) -> Asking[Observation]:
    """What a rotation left to people and nobody has confirmed: asked on by runs that rotate nothing.

    Parameters
    ----------
    phase:
        Id of the phase.
    handing_over:
        Whether this very run hands the new credentials over, so that it need not be asked for.
    """
    names = ["rotate_consumer_secret", *([] if handing_over else [_AGAIN])]
    asked = yield [AskedBefore(phase, name) for name in names]
    steps = [one.step for one in asked if one]
    said = (yield [Confirmation(phase, step.step, step.digest) for step in steps]) if steps else []
    return Observation(manual=tuple(step for step, confirmed in zip(steps, said, strict=True) if not confirmed))


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
        external = bool(secrets) and (yield from self._is_external())
        steps = [self._by_hand(one, external) for one in secrets]
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

    def _is_external(self) -> Asking[bool]:
        connected, head = yield [
            ReadMetadata("ConnectedApp", self._app),
            ReadMetadata("ExternalClientApplication", self._app),
        ]
        return connected is None and head is not None

    def _by_hand(self, occasion: str, external: bool) -> ManualStep:
        key, secret = (f"age:{self._me.org_id}/{name(self._app)}" for name in (key_name, secret_name))
        if external:
            page = "/lightning/setup/ManageExternalClientApplication/home"
            clicks = (
                f"Setup → External Client App Manager → {self._app} → Settings → OAuth Settings → Consumer Key and "
                "Secret: there stage new ones and rotate to them. The old ones work for 30 days more, unless you "
                "remove them."
            )
        else:
            page = "/lightning/setup/NavigationMenus/home"
            clicks = (
                f"Setup → App Manager → {self._app} → View → Manage Consumer Details: under Staged Consumer Details "
                "generate new ones, then apply them, which ends the old ones at once."
            )
        return ManualStep(
            f"rotate_{occasion.partition('@')[0]}",
            ("G3.4",),
            f"Replace key and secret of the app {self._app} ({occasion}); no API does it. {clicks} Then keep them as "
            f"{key} and {secret}: `cnx secrets set`, with the name that is after age:.",
            url=f"{self._me.url}{page}",
        )

    def _again(self) -> ManualStep:
        return ManualStep(
            _AGAIN,
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
