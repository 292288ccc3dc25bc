"""A connected app: the single sign-on of users into Conexiom's portal (authorization-code flow).

Source: Metadata API, ConnectedApp. Key and secret are drawn here and supplied at creation: Salesforce tells nobody the
secret of an app afterwards by any API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnxlib.engine import Done
from cnxlib.errors import LimitExceeded, SalesforceError, SessionExpired, StepFailed, Temporary
from cnxlib.model import Change, Item, ManualStep, Observation
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, MakeSecret, Query, ReadMetadata, SecretHeld, SecretMatches, WriteMetadata, soql

SCOPES = ("Full", "Web")
"""ConnectedAppOauthAccessScope of "Full access" and "Provide access to your data via the Web"."""


def key_name(app: str) -> str:
    """Name under which the store keeps an app's consumer key."""
    return f"app/{app}/consumer_key"


def secret_name(app: str) -> str:
    """Name under which the store keeps an app's consumer secret."""
    return f"app/{app}/consumer_secret"


@dataclass(frozen=True)
class Consumer:
    """An app and the references to its key and secret, "" where the store does not hold those of this very app."""

    component: Mapping[str, Any] | None
    key: str
    secret: str


def find_consumer(name: str) -> Asking[Consumer]:
    """The connected app `name`; what a failed creation left in the store is not of an app that was made since."""
    component, key, secret = yield [
        ReadMetadata("ConnectedApp", name),
        SecretHeld(key_name(name)),
        SecretHeld(secret_name(name)),
    ]
    if component is None or not (key and secret):
        return Consumer(component, "", "")
    (same,) = yield [SecretMatches(key_name(name), component.get("oauthConfig", {}).get("consumerKey", ""))]
    return Consumer(component, key, secret) if same else Consumer(component, "", "")


def made_by_hand(name: str, step: ManualStep) -> Asking[Observation]:
    """`step` is left to a person until an app of that name is there, of whichever kind Setup made it."""
    (rows,) = yield [Query(soql("SELECT Id FROM ConnectedApplication WHERE Name = {}", name))]
    return Observation(manual=() if rows else (step,))


class ConnectedApp:
    """A connected app with a callback URL and the guide's scopes.

    Parameters
    ----------
    name:
        Label and API name.
    callback_url:
        Where Conexiom's portal receives the users.
    contact_email:
        "" means the e-mail of who is logged in, and leaves another one in an existing app alone.
    me:
        Who is logged in where.
    guide:
        Ids of the guide's steps.
    """

    batch = 1

    def __init__(self, name: str, callback_url: str, contact_email: str, me: Identity, guide: tuple[str, ...]) -> None:
        self._name, self._callback_url, self._me = name, callback_url, me
        self._contact_email, self._guide = contact_email, guide

    def observe(self) -> Asking[Observation]:
        """Compare the app with what is wanted; further scopes and callback URLs in it are left alone."""
        found = yield from find_consumer(self._name)
        component = found.component
        if component is None:
            email = self._contact_email or self._me.email
            return Observation((self._item(None, {**self._wanted([], []), "contactEmail": email}),))
        oauth = component.get("oauthConfig", {})
        urls, scopes = _lines(oauth.get("callbackUrl", "")), list(oauth.get("scopes", []))
        actual = {"callbackUrl": urls, "scopes": sorted(scopes), "contactEmail": component.get("contactEmail", "")}
        desired = self._wanted(urls, scopes)
        if self._contact_email:
            desired["contactEmail"] = self._contact_email
        return Observation((self._item(actual, desired),), manual=() if found.secret else (self._reveal(),))

    def _wanted(self, urls: list[str], scopes: list[str]) -> dict[str, Any]:
        return {
            "callbackUrl": urls if self._callback_url in urls else [*urls, self._callback_url],
            "scopes": sorted({*scopes, *SCOPES}),
        }

    def _item(self, actual: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> Item:
        return Item("connected_app", self._name, actual, desired, self._guide)

    def _reveal(self) -> ManualStep:
        return ManualStep(
            "consumer_secret",
            ("G3.4",),
            f"The connected app {self._name} was made elsewhere, and Salesforce tells no API its secret: in App "
            "Manager choose View, Manage Consumer Details, and share key and secret with Conexiom's Customer Success "
            "team.",
            url=f"{self._me.url}/lightning/setup/NavigationMenus/home",
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Create the app with a key and a secret that are in the store before, or bring it up to date."""
        (change,) = changes
        after = change.after or {}
        if change.op == "update":
            yield from self._update(after)
            return [Done()]
        (key,) = yield [MakeSecret(key_name(self._name))]
        (secret,) = yield [MakeSecret(secret_name(self._name))]
        component = {
            "fullName": self._name,
            "label": self._name,
            "contactEmail": after["contactEmail"],
            "oauthConfig": {
                "callbackUrl": "\n".join(after["callbackUrl"]),
                "consumerKey": key,
                "consumerSecret": secret,
                "scopes": list(after["scopes"]),
            },
        }
        try:
            yield [WriteMetadata("create", "ConnectedApp", component)]
        except (Temporary, LimitExceeded, SessionExpired):
            raise
        except SalesforceError as error:
            # Creation is blocked in most orgs since Spring '26. The code of that refusal is not published [R], so
            # every refusal of the component itself is told with that remedy beside Salesforce's own words.
            raise StepFailed(
                f"Salesforce refused the connected app {self._name}: {error.message}",
                guide=self._guide,
                hint="Where the org no longer allows new connected apps, ask Salesforce Customer Support to enable it "
                "(a case in Help), or make the app by hand and run again: the runbook then finds it.",
            ) from None
        return [Done()]

    def _update(self, after: Mapping[str, Any]) -> Asking[None]:
        (component,) = yield [ReadMetadata("ConnectedApp", self._name)]
        oauth = dict(component["oauthConfig"])
        # "You cannot provide a Consumer Key" on update; the secret is never read back either.
        for fixed in ("consumerKey", "consumerSecret"):
            oauth.pop(fixed, None)
        if "callbackUrl" in after:
            oauth["callbackUrl"] = "\n".join(after["callbackUrl"])
        if "scopes" in after:
            oauth["scopes"] = list(after["scopes"])
        wanted = {**component, "oauthConfig": oauth, **{k: after[k] for k in ("contactEmail",) if k in after}}
        yield [WriteMetadata("update", "ConnectedApp", wanted)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
