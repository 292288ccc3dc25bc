"""How what is no row is taken back: the package, connected apps, settings, record types of a permission set.

Source: Metadata API, deleteMetadata and updateMetadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import NotYet, SalesforceError, StepFailed
from cnxlib.history import PastStep
from cnxlib.resources.connected_app import find_consumer
from cnxlib.resources.external_client_app import parts
from cnxlib.resources.package import conexiom_package, version_text
from cnxlib.resources.setting import Setting
from cnxlib.resources.undo import Found, Going, said
from cnxlib.resources.undo_kinds import CHANGED, GONE_FOR_GOOD, deletion, put_back, together
from cnxlib.rounds import Asking
from cnxlib.salesforce import DeleteMetadata, ReadMetadata, WriteMetadata


class PackageRemoval:
    """The package: uninstalled on request, after everything else.

    Parameters
    ----------
    include:
        Whether it was asked for.
    """

    def __init__(self, include: bool) -> None:
        self._include = include
        self._namespace = ""

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Whether the version that the run installed is there still."""
        (step,) = steps
        if step.op == "update":
            return Found(left=((said(step), "Salesforce installs no older version over a newer one"),))
        try:
            package = yield from conexiom_package()
        except NotYet:
            return Found()
        if not self._include:
            return Found(left=((said(step), "the package is removed only where that is asked for (include_package)"),))
        now = version_text(package.version)
        if now != (step.after or {}).get("version"):
            return Found(left=((said(step), CHANGED.format(f"version {now}")),))
        self._namespace = package.namespace
        return Found((deletion(step, requires=tuple(item.id for item in going.items)),))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Uninstall it.

        Documented for InstalledPackage is destructiveChanges.xml; that deleteMetadata takes it too is [R].
        """
        try:
            yield [DeleteMetadata("InstalledPackage", self._namespace)]
        except SalesforceError as error:
            raise StepFailed(
                f"Salesforce did not uninstall the package: {error.message}",
                guide=("G1.1",),
                hint="Take away what it names, or uninstall it by hand: Setup, Installed Packages, Uninstall.",
            ) from None
        return [Done() for _ in changes]


class Apps:
    """Connected apps: one with the key that this store made is deleted, another's is left alone."""

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Compare each app's key with the one that was drawn for it."""
        found = []
        for step in steps:
            consumer = yield from find_consumer(step.key)
            if consumer.component is None:
                continue
            if step.op == "update":
                found.append(put_back(step, _shown(consumer.component)))
            elif step.op == "create" and consumer.key:
                found.append(Found((deletion(step),)))
            else:
                found.append(Found(left=((said(step), "the app that is there has another key than the run's"),)))
        return together(found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Delete, or write the old values into the app as it is now."""
        for change in changes:
            if change.op == "delete":
                yield [DeleteMetadata("ConnectedApp", change.key)]
                continue
            (component,) = yield [ReadMetadata("ConnectedApp", change.key)]
            after = change.after or {}
            # "You cannot provide a Consumer Key" on update; the secret is never read back either.
            oauth = {n: v for n, v in component["oauthConfig"].items() if n not in ("consumerKey", "consumerSecret")}
            if "callbackUrl" in after:
                oauth["callbackUrl"] = "\n".join(after["callbackUrl"])
            if "scopes" in after:
                oauth["scopes"] = list(after["scopes"])
            rest = {name: after[name] for name in ("contactEmail",) if name in after}
            yield [WriteMetadata("update", "ConnectedApp", {**component, "oauthConfig": oauth, **rest})]
        return [Done() for _ in changes]


def _shown(component: Mapping[str, Any]) -> dict[str, Any]:
    """An app's properties in the shape in which its changes are on record."""
    oauth = component.get("oauthConfig", {})
    urls = [line.strip() for line in oauth.get("callbackUrl", "").splitlines() if line.strip()]
    return {
        "callbackUrl": urls,
        "scopes": sorted(oauth.get("scopes", [])),
        "contactEmail": component.get("contactEmail", ""),
    }


class ExternalApps:
    """External Client Apps: one with the key that this store made is deleted, with its parts."""

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Compare each app's key with the one that was drawn for it."""
        found = []
        for step in steps:
            head, _, _ = yield from parts(step.key)
            if head is None:
                continue
            consumer = yield from find_consumer(step.key)
            if step.op != "create":
                why = f"put its old values back by hand: {dict(step.before or {})}"
                found.append(Found(left=((said(step), why),)))
            elif consumer.external and consumer.key:
                found.append(Found((deletion(step),)))
            else:
                found.append(Found(left=((said(step), "the app that is there has another key than the run's"),)))
        return together(found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Delete the heads; their parts go with them."""
        for change in changes:
            yield [DeleteMetadata("ExternalClientApplication", change.key)]
        return [Done() for _ in changes]


class Switches:
    """Settings, switched back where they are as the run left them.

    Parameters
    ----------
    settings:
        Those that there are, by the name that people call them.
    """

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._settings = settings

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read each of them."""
        found = []
        for step in steps:
            if not step.reversible:
                found.append(Found(left=((said(step), GONE_FOR_GOOD),)))
            elif step.key not in self._settings:
                found.append(Found(left=((said(step), "how that is taken back is not known here"),)))
            else:
                seen = yield from self._settings[step.key].meant(bool((step.before or {}).get("value"))).observe()
                found.append(Found(seen.items))
        return together(found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Switch them back."""
        for change in changes:
            yield from self._settings[change.key].meant(bool((change.after or {})["value"])).apply([change], ids)
        return [Done() for _ in changes]


class RecordTypes:
    """Record types that a permission set made available, in a set that the run did not make."""

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read which are available."""
        steps = [step for step in steps if step.key.partition("/")[0] not in going.sets and step.op == "create"]
        if not steps:
            return Found()
        components = yield [ReadMetadata("PermissionSet", step.key.partition("/")[0]) for step in steps]
        items = []
        for step, component in zip(steps, components, strict=True):
            name = step.key.partition("/")[2]
            visible = (component or {}).get("recordTypeVisibilities", ())
            if any(one["recordType"] == name and one.get("visible") for one in visible):
                items.append(Item(step.kind, step.key, {"visible": True}, None, step.guide))
        return Found(tuple(items))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Write the sets as they are now, without them."""
        for set_name in dict.fromkeys(change.key.partition("/")[0] for change in changes):
            taken = {change.key.partition("/")[2] for change in changes if change.key.partition("/")[0] == set_name}
            (component,) = yield [ReadMetadata("PermissionSet", set_name)]
            visibilities = [
                {**one, "visible": False} if one["recordType"] in taken else one
                for one in component.get("recordTypeVisibilities", ())
            ]
            yield [WriteMetadata("update", "PermissionSet", {**component, "recordTypeVisibilities": visibilities})]
        return [Done() for _ in changes]
