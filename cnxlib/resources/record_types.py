"""Record types of Case that a permission set or a profile makes available.

Source: Metadata API, PermissionSet.recordTypeVisibilities and Profile.recordTypeVisibilities; no rows hold them. A
PermissionSet written at API ≥ 40 switches off what it leaves out, so that component is read whole and written back
whole with the record types added. A Profile changes only in what is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import ParameterError, serving
from cnxlib.model import Check, Observation
from cnxlib.resources.bearer import Bearer
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, ReadMetadata, WriteMetadata

_TYPES = Query(
    "SELECT DeveloperName, NamespacePrefix FROM RecordType WHERE SobjectType = 'Case' AND IsActive = true "
    "ORDER BY DeveloperName"
)


def check_record_types() -> Asking[Check]:
    """Which record types Case has: with one or none there is nothing to assign."""
    with serving("G2.4"):
        (rows,) = yield [_TYPES]
    said = ", ".join(_full_name(row) for row in rows)
    return Check("record types of Case", True, "info", detail=said or "none, so none to assign", guide=("G2.4",))


class CaseRecordTypes:
    """Record types of Case for a permission set or a profile, where Case has several.

    Parameters
    ----------
    bearer:
        The permission set or the profile.
    wanted:
        API names (DeveloperName) of the record types; none means all active ones.
    after:
        Ids of the items in it that must be written before it is read whole.
    guide:
        Ids of the guide's steps.
    """

    batch = 200

    def __init__(self, bearer: Bearer, wanted: Sequence[str], after: Sequence[str], guide: tuple[str, ...]) -> None:
        self._bearer, self._wanted = bearer, tuple(wanted)
        self._after, self._guide = tuple(after), guide

    def observe(self) -> Asking[Observation]:
        """Nothing where Case has one record type or none: there is nothing to choose then."""
        with serving(*self._guide):
            types, component = yield [_TYPES, self._component]
        active = {row["DeveloperName"]: _full_name(row) for row in types}
        unknown = [name for name in self._wanted if name not in active]
        if unknown:
            raise ParameterError(
                f"case_record_types: Case has no active record type {', '.join(unknown)}",
                guide=self._guide,
                hint=f"There are: {', '.join(active) or 'none'}. Give API names.",
            )
        if len(active) < 2:
            return Observation()
        visible = {
            one["recordType"] for one in (component or {}).get("recordTypeVisibilities", ()) if one.get("visible")
        }
        return Observation(tuple(self._item(active[name], visible) for name in self._wanted or active))

    def _item(self, full_name: str, visible: set[str]) -> Item:
        state = {"visible": True}
        actual = state if full_name in visible else None
        requires = (self._bearer.id, *self._after)
        return Item("record_type", f"{self._bearer.name}/{full_name}", actual, state, self._guide, requires=requires)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Add the record types to the set or the profile as it is now."""
        (component,) = yield [self._component]
        present = {one["recordType"]: one for one in component.get("recordTypeVisibilities", ())}
        names = sorted(change.key.removeprefix(f"{self._bearer.name}/") for change in changes)
        if self._bearer.kind == "profile":
            # Which one is the default stays: every element has to say it (ProfileRecordTypeVisibility.default). That a
            # further one may say false beside a default that is not sent is [R]; where not, Salesforce refuses it.
            whole = {"fullName": self._bearer.name}
            added = [{"default": False, **present.get(name, {}), "recordType": name, "visible": True} for name in names]
        else:
            whole = component
            added = [{"recordType": name, "visible": True} for name in names]
            added = [*(one for name, one in present.items() if name not in names), *added]
        yield [WriteMetadata("update", self._bearer.metadata_type, {**whole, "recordTypeVisibilities": added})]
        return [Done() for _ in changes]

    @property
    def _component(self) -> ReadMetadata:
        return ReadMetadata(self._bearer.metadata_type, self._bearer.name)


def _full_name(row: Mapping[str, str]) -> str:
    prefix = f"{row['NamespacePrefix']}__" if row["NamespacePrefix"] else ""
    return f"Case.{prefix}{row['DeveloperName']}"
