"""How what is no row is taken back: the package, connected apps, settings, record types of a permission set.

Source: Metadata API, deleteMetadata and updateMetadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import NotYet, SalesforceError
from cnxlib.history import PastStep
from cnxlib.model import ManualStep
from cnxlib.resources.app import App
from cnxlib.resources.connected_app import find_consumer, write_values
from cnxlib.resources.connected_app import state_of as connected_state
from cnxlib.resources.external_client_app import ExternalClientApp, parts, state_of
from cnxlib.resources.package import conexiom_package, version_text
from cnxlib.resources.seats import PAGE
from cnxlib.resources.setting import Setting
from cnxlib.resources.undo import PASSING, UNKNOWN_HERE, Found, Going, said
from cnxlib.resources.undo_kinds import CHANGED, GONE_FOR_GOOD, deletion, put_back, removed, together
from cnxlib.rounds import Asking
from cnxlib.salesforce import DeleteMetadata, Identity, ReadMetadata, WriteMetadata

BY_HAND = "look at it in Setup, External Client App Manager"


class PackageRemoval:
    """The package: uninstalled on request, after everything else.

    What Salesforce refuses to uninstall is left to a person, with the reason that it gives.

    Parameters
    ----------
    include:
        Whether it was asked for.
    url:
        Address of the org.
    """

    def __init__(self, include: bool, url: str) -> None:
        self._include, self._url = include, url
        self._namespace = ""
        self._refusal = ""

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Whether the version that the run installed is there still."""
        (step,) = steps
        if step.op == "delete":
            return removed(steps)
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
        if self._refusal:
            return Found(manual=(self._by_hand(package.name),))
        self._namespace = package.namespace
        return Found((deletion(step, requires=tuple(item.id for item in going.items)),))

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Uninstall it.

        Documented for InstalledPackage is destructiveChanges.xml; that deleteMetadata takes it too is [R].
        """
        try:
            yield [DeleteMetadata("InstalledPackage", self._namespace)]
        except PASSING:
            raise
        except SalesforceError as error:
            self._refusal = error.message
            return [Done(left=f"Salesforce did not uninstall the package: {error.message}") for _ in changes]
        return [Done() for _ in changes]

    def _by_hand(self, name: str) -> ManualStep:
        return ManualStep(
            "uninstall_package",
            ("G1.1",),
            f"Uninstall the package {name}: Salesforce refused it, and says: {self._refusal.rstrip('. ')}. Take away "
            "what it names: what of your own uses a field, object or class of the package (fields on page layouts, "
            "flows, reports, permission sets and their assignments). Then Setup → Installed Packages → Uninstall, "
            "where Salesforce lists all that is in the way and offers to keep a copy of the data; or undo again.",
            url=f"{self._url}{PAGE}",
            closed_by="reading",
        )


class Apps:
    """Connected apps: one with the key that this store made is deleted, another's is left alone."""

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Compare each app's key with the one that was drawn for it."""
        found = [removed(steps)]
        for step in (one for one in steps if one.op != "delete"):
            consumer = yield from find_consumer(step.key)
            if consumer.component is None:
                continue
            if step.op == "update":
                found.append(put_back(step, connected_state(consumer.component)))
            else:
                found.append(_with_its_key(step, bool(consumer.key)))
        return together(found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Delete, or write the old values into the app as it is now."""
        for change in changes:
            if change.op == "delete":
                yield [DeleteMetadata("ConnectedApp", change.key)]
                continue
            yield from write_values(change.key, change.after or {})
        return [Done() for _ in changes]


def _with_its_key(step: PastStep, same: bool) -> Found:
    """An app that the run created: deleted where it has the `same` key still, for else it is another's."""
    if same:
        return Found((deletion(step),))
    return Found(left=((said(step), "the app that is there has another key than the run's"),))


class ExternalApps:
    """External Client Apps: one with the key that this store made is deleted, with its parts.

    Parameters
    ----------
    me:
        Who is logged in where.
    """

    def __init__(self, me: Identity) -> None:
        self._me = me

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Compare each app's key with the one that was drawn for it."""
        found = [removed(steps)]
        for step in (one for one in steps if one.op != "delete"):
            head, settings, scopes = yield from parts(step.key)
            if head is None:
                continue
            consumer = yield from find_consumer(step.key)
            if step.op == "update" and settings is not None and scopes is not None:
                found.append(put_back(step, state_of(head, settings, scopes)))
            elif step.op == "update":
                found.append(Found(left=((said(step), "its OAuth settings are not as the run left them: " + BY_HAND),)))
            else:
                found.append(_with_its_key(step, consumer.external and bool(consumer.key)))
        return together(found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Delete the heads, with which their parts go; or deploy the parts with the old values."""
        for change in changes:
            if change.op == "delete":
                yield [DeleteMetadata("ExternalClientApplication", change.key)]
            else:
                yield from ExternalClientApp(App(change.key, "", "", self._me, change.guide)).put(change.after or {})
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
                found.append(Found(left=((said(step), UNKNOWN_HERE),)))
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
    """Record types that a permission set or a profile makes available, in one that the run did not make."""

    def __init__(self) -> None:
        self._of_profiles: set[str] = set()

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read which are available."""
        steps = [step for step in steps if step.key.partition("/")[0] not in going.sets]
        taken, steps = removed(steps), [step for step in steps if step.op == "create"]
        if not steps:
            return taken
        names = list(dict.fromkeys(step.key.partition("/")[0] for step in steps))
        answers = yield [ReadMetadata(type, name) for type in ("PermissionSet", "Profile") for name in names]
        sets = dict(zip(names, answers[: len(names)], strict=True))
        profiles = dict(zip(names, answers[len(names) :], strict=True))
        self._of_profiles = {name for name in names if sets[name] is None and profiles[name] is not None}
        items = []
        for step in steps:
            bearer, _, name = step.key.partition("/")
            component = profiles[bearer] if bearer in self._of_profiles else sets[bearer]
            visible = (component or {}).get("recordTypeVisibilities", ())
            if any(one["recordType"] == name and one.get("visible") for one in visible):
                items.append(Item(step.kind, step.key, {"visible": True}, None, step.guide))
        return Found(tuple(items), taken.left)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Write the sets as they are now, without them; of a profile, them alone."""
        for bearer in dict.fromkeys(change.key.partition("/")[0] for change in changes):
            taken = {change.key.partition("/")[2] for change in changes if change.key.partition("/")[0] == bearer}
            type = "Profile" if bearer in self._of_profiles else "PermissionSet"
            (component,) = yield [ReadMetadata(type, bearer)]
            listed = component.get("recordTypeVisibilities", ())
            hidden = [{**one, "visible": False} for one in listed if one["recordType"] in taken]
            if type == "Profile":
                whole = {"fullName": bearer, "recordTypeVisibilities": hidden}
            else:
                others = [one for one in listed if one["recordType"] not in taken]
                whole = {**component, "recordTypeVisibilities": [*others, *hidden]}
            yield [WriteMetadata("update", type, whole)]
        return [Done() for _ in changes]
