"""A connected app: the single sign-on of users into Conexiom's portal (authorization-code flow).

Source: Metadata API, ConnectedApp. Key and secret are drawn here and supplied at creation: Salesforce tells nobody the
secret of an app afterwards by any API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.model import ManualStep, Observation
from cnxlib.resources.app import App, callback_table, left_at_the_doors, lines, secret_step, wait_until_known
from cnxlib.rounds import Asking
from cnxlib.salesforce import MakeSecret, ReadMetadata, Secret, SecretHeld, SecretMatches, WriteMetadata


def key_name(app: str) -> str:
    """Name under which the store keeps an app's consumer key."""
    return f"app/{app}/consumer_key"


def secret_name(app: str) -> str:
    """Name under which the store keeps an app's consumer secret."""
    return f"app/{app}/consumer_secret"


def global_settings_name(app: str) -> str:
    """Name of the component that holds an External Client App's key, as the runbook names it."""
    return f"{app}_glbloauth"


@dataclass(frozen=True)
class Consumer:
    """An app and the references to its key and secret, "" where the store does not hold those of this very app.

    Parameters
    ----------
    component:
        The ConnectedApp, None where there is none.
    key, secret:
        References.
    external:
        Whether key and secret are those of an External Client App.
    """

    component: Mapping[str, Any] | None
    key: str
    secret: str
    external: bool = False


def find_consumer(name: str) -> Asking[Consumer]:
    """The app `name`; what a failed creation left in the store is not of an app that was made since."""
    component, key, secret = yield [
        ReadMetadata("ConnectedApp", name),
        SecretHeld(key_name(name)),
        SecretHeld(secret_name(name)),
    ]
    if not (key and secret):
        return Consumer(component, "", "")
    external = component is None
    if component is None:
        (settings,) = yield [ReadMetadata("ExtlClntAppGlobalOauthSettings", global_settings_name(name))]
        told = (settings or {}).get("consumerKey", "")
    else:
        told = component.get("oauthConfig", {}).get("consumerKey", "")
    (same,) = yield [SecretMatches(key_name(name), told)]
    return Consumer(component, key, secret, external) if same else Consumer(component, "", "")


def state_of(component: Mapping[str, Any]) -> dict[str, Any]:
    """What is managed of a connected app."""
    oauth = component.get("oauthConfig", {})
    return {
        "callbackUrl": lines(oauth.get("callbackUrl", "")),
        "scopes": sorted(oauth.get("scopes", [])),
        "contactEmail": component.get("contactEmail", ""),
    }


class ConnectedApp:
    """A connected app with a callback URL and the guide's scopes."""

    batch = 1

    def __init__(self, app: App) -> None:
        self._app = app

    def observe(self) -> Asking[Observation]:
        """Compare the app with what is wanted, and ask OAuth's doors about one that lacks nothing."""
        app = self._app
        found = yield from find_consumer(app.name)
        if found.component is None:
            return Observation((self._item(None, app.new()),))
        actual = state_of(found.component)
        desired = app.state(actual["callbackUrl"], actual["scopes"])
        if app.contact_email:
            desired["contactEmail"] = app.contact_email
        item = self._item(actual, desired)
        steps: tuple[ManualStep, ...] = ()
        if not found.secret:
            steps = (secret_step(app, "it was made elsewhere, and no API tells its secret"),)
        if item.change() is None:
            key = found.component.get("oauthConfig", {}).get("consumerKey", "")
            steps += yield from left_at_the_doors(app, key, found.secret)
        return Observation((item,), steps, callback_table(actual["callbackUrl"], app.callback_url))

    def _item(self, actual: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> Item:
        return Item("connected_app", self._app.name, actual, desired, self._app.guide)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Create the app with a key and a secret that are in the store before, or bring it up to date; wait for it."""
        (change,) = changes
        yield from self.write(change)
        yield from self.wait()
        return [Done()]

    def write(self, change: Change) -> Asking[None]:
        """Create or update the app."""
        after = change.after or {}
        yield from (write_values(self._app.name, after) if change.op == "update" else self._create(after))

    def wait(self) -> Asking[None]:
        """Wait until OAuth's doors know the app."""
        found = yield from find_consumer(self._app.name)
        key = (found.component or {}).get("oauthConfig", {}).get("consumerKey", "")
        if key:
            yield from wait_until_known(self._app, key, found.secret)

    def _create(self, after: Mapping[str, Any]) -> Asking[None]:
        name = self._app.name
        key, secret = yield from draw(name)
        component = {
            "fullName": name,
            "label": name,
            "contactEmail": after["contactEmail"],
            "oauthConfig": {
                "callbackUrl": "\n".join(after["callbackUrl"]),
                "consumerKey": key,
                "consumerSecret": secret,
                "scopes": list(after["scopes"]),
            },
        }
        yield [WriteMetadata("create", "ConnectedApp", component)]


def write_values(name: str, after: Mapping[str, Any]) -> Asking[None]:
    """Write values, as `state_of` reads them, into the app as it is now; all else in it stays."""
    (component,) = yield [ReadMetadata("ConnectedApp", name)]
    # "You cannot provide a Consumer Key" on update; the secret is never read back either.
    oauth = {n: v for n, v in component["oauthConfig"].items() if n not in ("consumerKey", "consumerSecret")}
    if "callbackUrl" in after:
        oauth["callbackUrl"] = "\n".join(after["callbackUrl"])
    if "scopes" in after:
        oauth["scopes"] = list(after["scopes"])
    rest = {n: after[n] for n in ("contactEmail",) if n in after}
    yield [WriteMetadata("update", "ConnectedApp", {**component, "oauthConfig": oauth, **rest})]


def draw(name: str) -> Asking[tuple[Secret, Secret]]:
    """A key and a secret for a new app, kept in the store before anything is sent."""
    (key,) = yield [MakeSecret(key_name(name))]
    (secret,) = yield [MakeSecret(secret_name(name))]
    return key, secret
