"""The app for single sign-on by the route that fits: connected app, External Client App, or a person's work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import (
    Duplicate,
    LicenceExhausted,
    LimitExceeded,
    NotFound,
    SalesforceError,
    SessionExpired,
    StepFailed,
    Temporary,
    serving,
)
from cnxlib.history import Confirmation, LeftToPeople
from cnxlib.model import ManualStep, Observation
from cnxlib.resources import connected_app, external_client_app
from cnxlib.resources.app import App, callback_table, left_at_the_doors
from cnxlib.resources.app_texts import to_conexiom, to_salesforce
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, ReadMetadata, soql

Route = Literal["auto", "connected_app", "external_client_app"]
Accepts = Literal["unknown", "connected_app", "external_client_app"]

CONNECTED, EXTERNAL = "connected_app", "external_client_app"
_HELP = "https://help.salesforce.com/s/support"
_OF_ITS_OWN = (Temporary, LimitExceeded, SessionExpired, Duplicate, LicenceExhausted, NotFound)
"""Refusals that have a meaning of their own, whatever was to be created."""


class SignOnApp:
    """An existing app of either kind, else a new one.

    Parameters
    ----------
    app:
        What is wanted of it.
    route:
        How it is made; "auto" makes a connected app unless Conexiom accepts an External Client App.
    accepts:
        What Conexiom said that they accept.
    phase:
        Id of the phase, by which it is confirmed that Salesforce has enabled the creation.
    """

    batch = 1

    def __init__(self, app: App, route: Route, accepts: Accepts, phase: str) -> None:
        self._app, self._route, self._accepts, self._phase = app, route, accepts, phase
        self._connected = connected_app.ConnectedApp(app)
        self._external = external_client_app.ExternalClientApp(app)
        self._refused = ""
        """What Salesforce said when it would not create a connected app just now, and when."""

    def observe(self) -> Asking[Observation]:
        """Compare the app that is there, or is to be; where Salesforce refused to create one, say who does what.

        Where an app of that label is there under another API name, none is made beside it.

        No setting that the Metadata API has tells whether an org creates connected apps (ConnectedAppSettings and
        ExternalClientAppSettings do not), so the refusal is kept: until somebody confirms that it was enabled.
        """
        with serving("G3.2"):
            connected, external = yield [
                ReadMetadata("ConnectedApp", self._app.name),
                ReadMetadata("ExternalClientApplication", self._app.name),
            ]
            if connected is None and external is None and self._route != "external_client_app":
                (others,) = yield [_labelled(self._app)]
                if others:
                    return Observation(_not_there(self._app, None, None, ()), (_compare(self._app),))
        observation = yield from self._fitting(connected is not None, external is not None)
        return replace(
            observation, items=(*observation.items, *_not_there(self._app, connected, external, observation.items))
        )

    def _fitting(self, connected: bool, external: bool) -> Asking[Observation]:
        if self._by_external(connected, external):
            observation = yield from self._external.observe()
            if external and self._accepts == "unknown":
                return replace(
                    observation,
                    manual=(*observation.manual, self._ask_conexiom()),
                    documents=(to_conexiom(self._app),),
                )
            return observation
        if not connected:
            refused = yield from self._refusal()
            if refused:
                return self._blocked(refused)
        return (yield from self._connected.observe())

    def _refusal(self) -> Asking[str]:
        """What Salesforce said to the newest attempt, and when; "" where another one is due."""
        (left,) = yield [LeftToPeople("connected_app")]
        newest = max(left.values(), key=lambda one: one.at, default=None)
        if newest is None:
            return self._refused
        refused = f"{newest.why} ({newest.at[:10]} {newest.at[11:19]} UTC)"
        step = self._enable(refused)
        (confirmed,) = yield [Confirmation(self._phase, step.step, step.digest)]
        return "" if confirmed and confirmed.at > newest.at else refused

    def _by_external(self, connected: bool, external: bool) -> bool:
        if self._route != "auto":
            return self._route == "external_client_app"
        if connected:
            return False
        return self._accepts == "external_client_app" or (external and self._accepts == "unknown")

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Make the app; a connected app that Salesforce will not create is left to people.

        Raises
        ------
        StepFailed
            Salesforce refused it for another reason.
        """
        (change,) = changes
        if change.kind == "external_client_app":
            return (yield from self._external.apply(changes, ids))
        try:
            yield from self._connected.write(change)
        except SalesforceError as error:
            if change.op != "create" or isinstance(error, _OF_ITS_OWN):
                raise
            said = error.message
            if not (yield from self._is_blocked(error)):
                raise StepFailed(
                    f"Salesforce refused the connected app {self._app.name}: {said}",
                    guide=self._app.guide,
                    hint="Mend what Salesforce names and run again. The user needs Customize Application and Modify "
                    "Metadata. Or make the app by hand: the runbook then finds it.",
                ) from None
            self._refused = f"{said} ({datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC)"
            return [Done(left=said)]
        yield from self._connected.wait()
        return [Done()]

    def _is_blocked(self, error: SalesforceError) -> Asking[bool]:
        """Whether a refused creation means that the org makes no connected apps any more (most, since Spring '26).

        The code of that refusal is not published [R]. What is known: it blames no value that was given, and it meets
        users who have the permission.
        """
        if error.fields or not error.code:
            return False
        user = self._app.me.user_id
        (held,) = yield [
            Query(
                soql(
                    "SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {} "
                    "AND PermissionSet.PermissionsCustomizeApplication = true LIMIT 1",
                    user,
                )
            )
        ]
        return bool(held)

    def _blocked(self, refused: str) -> Observation:
        steps, documents = [self._enable(refused)], [to_salesforce(self._app, refused)]
        if self._accepts == "unknown":
            steps.append(self._ask_conexiom(refused))
            documents.append(to_conexiom(self._app))
        return Observation(manual=tuple(steps), documents=tuple(documents))

    def _enable(self, refused: str) -> ManualStep:
        return ManualStep(
            "enable_creation",
            ("G3.2",),
            f"Salesforce does not let the connected app {self._app.name} be created: {refused}. Search Setup for "
            "External Client App Settings: where that page offers Allow creation of connected apps, switch it on; else "
            "have Salesforce Customer Support enable it (to-salesforce-support.txt is the text). Then confirm this "
            "step and plan again: the runbook tries once more.",
            url=_HELP,
        )

    def _ask_conexiom(self, refused: str = "") -> ManualStep:
        said = f" Asked because of: {refused}." if refused else ""
        return ManualStep(
            "ask_conexiom",
            ("G3.2", "G3.3"),
            "Ask Conexiom which kind of app they accept (to-conexiom.txt is the text), then set conexiom_accepts to "
            "connected_app or external_client_app: an External Client App can be made at once." + said,
        )


def made_by_hand(app: App, step: ManualStep) -> Asking[Observation]:
    """`step` is left to a person until an app of either kind is there that has what the guide asks for."""
    connected, external, rows = yield [
        ReadMetadata("ConnectedApp", app.name),
        ReadMetadata("ExternalClientApplication", app.name),
        _labelled(app),
    ]
    actual: dict[str, Any] = {}
    kind = key = ""
    if connected is not None:
        kind, actual = CONNECTED, connected_app.state_of(connected)
        key = connected.get("oauthConfig", {}).get("consumerKey", "")
    elif external is not None:
        head, settings, scopes = yield from external_client_app.parts(app.name)
        if head is not None and settings is not None and scopes is not None:
            kind, actual = EXTERNAL, external_client_app.state_of(head, settings, scopes)
            key = settings.get("consumerKey", "")
    items: tuple[Item, ...] = (Item.left_alone(kind, app.name, actual, app.guide),) if actual else ()
    items += _not_there(app, connected, external, items)
    if not actual:
        return Observation(items, (_compare(app) if rows or external is not None else step,))
    tables = callback_table(actual["callbackUrl"], app.callback_url)
    if lacking := app.lacks(actual):
        said = f"The app {app.name} lacks {' and '.join(lacking)}: add what is missing."
        return Observation(items, (replace(step, what=said),), tables)
    return Observation(items, (yield from left_at_the_doors(app, key, "")), tables)


def _not_there(app: App, connected: Any, external: Any, items: Sequence[Item]) -> tuple[Item, ...]:
    """The fact that an app of a kind is not there, where `items` do not tell it: who deleted one is found out by it."""
    told = {item.kind for item in items}
    absent = [kind for kind, one in ((CONNECTED, connected), (EXTERNAL, external)) if one is None and kind not in told]
    return tuple(Item.left_alone(kind, app.name, None, app.guide) for kind in absent)


def _labelled(app: App) -> Query:
    """Rows of the apps of that label: ConnectedApplication has no API name (Object Reference)."""
    return Query(soql("SELECT Id FROM ConnectedApplication WHERE Name = {}", app.name))


def _compare(app: App) -> ManualStep:
    return ManualStep(
        "compare_app",
        app.guide,
        f"There is an app {app.name} with other API names, so that its settings cannot be compared here. In App "
        "Manager choose View: give its API name as app_name, and it is compared and kept up to date from then on. Or "
        f"see yourself that it has the callback URL {app.callback_url} and the scopes {app.scopes_said}, and share its "
        "consumer key and secret with Conexiom's Customer Success team. If it is another's, rename it there.",
        url=app.app_manager(),
    )
