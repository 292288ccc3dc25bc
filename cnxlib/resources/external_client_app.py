"""An External Client App: single sign-on by the authorization-code flow, where connected apps cannot be made any more.

Source: Metadata API, ExternalClientApplication and the ExtlClntApp types; a deployment makes all of its parts at once.
External Client Apps have no username-password flow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import StepFailed, StillRunning
from cnxlib.model import ManualStep, Observation
from cnxlib.resources.app import App, callback_table, left_at_the_doors, lines, secret_step, wait_until_known
from cnxlib.resources.connected_app import draw, find_consumer, global_settings_name
from cnxlib.rounds import Asking, Pause, Progress
from cnxlib.salesforce import Component, Deploy, Get, ReadMetadata, Secret

_HEAD, _GLOBAL, _SCOPES = "ExternalClientApplication", "ExtlClntAppGlobalOauthSettings", "ExtlClntAppOauthSettings"
_POLICIES, _OAUTH_POLICIES = "ExtlClntAppConfigurablePolicies", "ExtlClntAppOauthConfigurablePolicies"

# Folder and ending of each type's file, and what the runbook adds to the app's name (as Salesforce's tools do [R]).
_FILES = {
    _HEAD: ("externalClientApps", "eca", ""),
    _GLOBAL: ("extlClntAppGlobalOauthSets", "ecaGlblOauth", "_glbloauth"),
    _SCOPES: ("extlClntAppOauthSettings", "ecaOauth", "_oauth"),
    _POLICIES: ("extlClntAppPolicies", "ecaPlcy", "_plcy"),
    _OAUTH_POLICIES: ("extlClntAppOauthPolicies", "ecaOauthPlcy", "_oauthPlcy"),
}
_DEPLOY_SECONDS = 600.0


class ExternalClientApp:
    """An External Client App with a callback URL and the guide's scopes."""

    batch = 1

    def __init__(self, app: App) -> None:
        self._app = app

    def observe(self) -> Asking[Observation]:
        """Compare the app with what is wanted, and ask OAuth's doors about one that lacks nothing."""
        app = self._app
        head, settings, scopes = yield from parts(app.name)
        if head is None:
            return Observation((self._item(None, app.new()),))
        if settings is None or scopes is None:
            return Observation(manual=(self._unreadable(),))
        actual = state_of(head, settings, scopes)
        desired = app.state(actual["callbackUrl"], actual["scopes"])
        if app.contact_email:
            desired["contactEmail"] = app.contact_email
        item = self._item(actual, desired)
        found = yield from find_consumer(app.name)
        secret = found.secret if found.external else ""
        steps: tuple[ManualStep, ...] = ()
        if not secret:
            steps = (secret_step(app, "the one that is held here, if any, is not this app's"),)
        if item.change() is None:
            steps += yield from left_at_the_doors(app, settings.get("consumerKey", ""), secret)
        return Observation((item,), steps, callback_table(actual["callbackUrl"], app.callback_url))

    def _item(self, actual: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> Item:
        return Item("external_client_app", self._app.name, actual, desired, self._app.guide)

    def _unreadable(self) -> ManualStep:
        app = self._app
        return ManualStep(
            "compare_app",
            app.guide,
            f"The External Client App {app.name} was made elsewhere, and its OAuth settings have names of their own. "
            f"See that it has the callback URL {app.callback_url} and the scopes {app.scopes_said}, and share its "
            "key and secret with Conexiom's Customer Success team.",
            url=f"{app.me.url}/lightning/setup/ManageExternalClientApplication/home",
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Deploy the app's parts, all or none, and wait until OAuth's doors know it.

        Raises
        ------
        StepFailed
            Salesforce refused a part.
        StillRunning
            Salesforce is still deploying after ten minutes.
        """
        (change,) = changes
        after = change.after or {}
        if change.op == "update":
            yield from self.put(after)
        else:
            yield from self._create(after)
        _, settings, _ = yield from parts(self._app.name)
        found = yield from find_consumer(self._app.name)
        key = (settings or {}).get("consumerKey", "")
        if key:
            yield from wait_until_known(self._app, key, found.secret if found.external else "")
        return [Done()]

    def put(self, after: Mapping[str, Any]) -> Asking[None]:
        """Deploy the parts of an app that is there with other values, as read by `state_of`; waits for no door.

        Raises as `apply` does.
        """
        yield from self._deploy((yield from self._changed(after)))

    def _create(self, after: Mapping[str, Any]) -> Asking[None]:
        key, secret = yield from draw(self._app.name)
        try:
            yield from self._deploy(self._new(after, key, secret))
        except PartRefused as error:
            if error.type != _GLOBAL:
                raise
            # Sources disagree whether key and secret may be given [R]. Where that was it, Salesforce draws its own;
            # where it was not, this is refused as well, and says why.
            yield from self._deploy(self._new(after))

    def _new(
        self, after: Mapping[str, Any], key: Secret | None = None, secret: Secret | None = None
    ) -> list[Component]:
        name = self._app.name
        owner = {"externalClientApplication": name, "label": name}
        given = {"consumerKey": key, "consumerSecret": secret} if key and secret else {}
        return [
            self._part(_HEAD, {"label": name, "contactEmail": after["contactEmail"], "distributionState": "Local"}),
            self._part(
                _GLOBAL,
                # PKCE is asked for by default; the connected app of the guide takes who sends no challenge, too.
                {**owner, **given, "callbackUrl": "\n".join(after["callbackUrl"]), "isPkceRequired": False},
            ),
            self._part(_SCOPES, {**owner, "commaSeparatedOauthScopes": ", ".join(after["scopes"])}),
            self._part(_POLICIES, {**owner, "isEnabled": True, "isOauthPluginEnabled": True}),
            self._part(_OAUTH_POLICIES, {**owner, "permittedUsersPolicyType": "AllSelfAuthorized"}),
        ]

    def _changed(self, after: Mapping[str, Any]) -> Asking[list[Component]]:
        head, settings, scopes = yield from parts(self._app.name)
        changed = []
        if "contactEmail" in after:
            changed.append(self._part(_HEAD, {**(head or {}), "contactEmail": after["contactEmail"]}))
        if "callbackUrl" in after:
            changed.append(self._part(_GLOBAL, {**(settings or {}), "callbackUrl": "\n".join(after["callbackUrl"])}))
        if "scopes" in after:
            changed.append(
                self._part(_SCOPES, {**(scopes or {}), "commaSeparatedOauthScopes": ", ".join(after["scopes"])})
            )
        # A file holds the whole component; a key is fixed, and a secret is never read back.
        fixed = ("fullName", "consumerSecret")
        return [
            Component(
                one.type,
                one.full_name,
                one.path,
                {k: v for k, v in one.properties.items() if _plain(v) and k not in fixed},
            )
            for one in changed
        ]

    def _part(self, type: str, properties: Mapping[str, Any]) -> Component:
        folder, ending, added = _FILES[type]
        name = self._app.name + added
        return Component(type, name, f"{folder}/{name}.{ending}", properties)

    def _deploy(self, components: Sequence[Component]) -> Asking[None]:
        (id,) = yield [Deploy(components)]
        (started,) = yield [Pause(0)]
        now, pause = started, 0.5
        while True:
            (answer,) = yield [Get(f"metadata/deployRequest/{id}?includeDetails=true")]
            result = answer["deployResult"]
            if result.get("done"):
                break
            if now - started > _DEPLOY_SECONDS:
                raise StillRunning(
                    f"Salesforce is still deploying the app after {_DEPLOY_SECONDS / 60:.0f} minutes ({id})",
                    guide=self._app.guide,
                    hint="Look at Setup, Deployment Status; when it has ended, run again.",
                )
            total = result.get("numberComponentsTotal") or 0
            share = (result.get("numberComponentsDeployed") or 0) / total if total else None
            yield [Progress("Salesforce is deploying the External Client App", share)]
            (now,) = yield [Pause(pause)]
            pause = min(5.0, pause * 1.5)
        if not result.get("success"):
            raise PartRefused(self._app, result)


class PartRefused(StepFailed):
    """Salesforce refused a part of the app; `type` is the metadata type of the first one."""

    def __init__(self, app: App, result: Mapping[str, Any]) -> None:
        listed = (result.get("details") or {}).get("componentFailures") or []
        failures = [listed] if isinstance(listed, Mapping) else listed
        said = "; ".join(f"{one.get('fullName')}: {one.get('problem')}" for one in failures)
        super().__init__(
            f"Salesforce refused the External Client App {app.name}: "
            f"{said or result.get('errorMessage') or result.get('status')}",
            guide=app.guide,
            hint="Mend what Salesforce names and run again; or make the app by hand, with route=manual.",
        )
        self.type = str(failures[0].get("componentType", "")) if failures else ""


def parts(name: str) -> Asking[tuple[dict[str, Any] | None, dict[str, Any] | None, dict[str, Any] | None]]:
    """The app's head, global OAuth settings (callback URLs, key) and OAuth settings (scopes), None where missing."""
    head, settings, scopes = yield [
        ReadMetadata(_HEAD, name),
        ReadMetadata(_GLOBAL, global_settings_name(name)),
        ReadMetadata(_SCOPES, f"{name}_oauth"),
    ]
    return head, settings, scopes


def state_of(head: Mapping[str, Any], settings: Mapping[str, Any], scopes: Mapping[str, Any]) -> dict[str, Any]:
    """What is managed of an External Client App."""
    listed = scopes.get("commaSeparatedOauthScopes", "").split(",")
    return {
        "callbackUrl": lines(settings.get("callbackUrl", "")),
        "scopes": sorted(name.strip() for name in listed if name.strip()),
        "contactEmail": head.get("contactEmail", ""),
    }


def _plain(value: Any) -> bool:
    return isinstance(value, str | bool | int)
