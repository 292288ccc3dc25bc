"""How what a profile was given is taken back: system permissions, object and field permissions.

Source: Metadata API, Profile. The rows below a profile can be read, not written; an update of the component changes
what it names and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnxlib.changes import Change
from cnxlib.engine import Done
from cnxlib.history import PastStep
from cnxlib.resources.profile import ELEMENTS, ProfileGrants, profile_bearer
from cnxlib.resources.undo import Found, Going, said
from cnxlib.resources.undo_kinds import Rows, put_back, read_rows, together
from cnxlib.rounds import Asking
from cnxlib.salesforce import ReadMetadata, WriteMetadata


class Profiles(Rows):
    """Profiles: one that the run created stays, for so does the user who has it; and all that is in it."""

    def __init__(self) -> None:
        super().__init__("Profile")

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read those that the run changed."""
        made = [step for step in steps if step.op == "create"]
        going.sets |= {step.key for step in made}
        others = yield from super().observe([step for step in steps if step.op != "create"], going)
        why = "it stays with the user who has it, whom Salesforce does not delete"
        return together([others, Found(left=tuple((said(step), why) for step in made))])

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Put system permissions back as they were."""
        for change in changes:
            permissions = [
                {"enabled": bool(value), "name": column.removeprefix("Permissions")}
                for column, value in (change.after or {}).items()
            ]
            yield [WriteMetadata("update", "Profile", {"fullName": change.key, "userPermissions": permissions})]
        return [Done() for _ in changes]


class Rights(Rows):
    """Object or field permissions: rows below a permission set, or parts of a profile that was there before.

    Parameters
    ----------
    kind:
        "object_permissions" or "field_permissions".
    sobject, key_column:
        The rows' object, and the column that tells them apart.
    """

    def __init__(self, kind: str, sobject: str, key_column: str) -> None:
        super().__init__(sobject, below_a_set=True)
        self._kind, self._key_column = kind, key_column
        self._of_profiles: dict[str, str] = {}

    def observe(self, steps: Sequence[PastStep], going: Going) -> Asking[Found]:
        """Read the rows by their ids, and the profiles whole."""
        steps = [step for step in steps if step.key.partition("/")[0] not in going.sets]
        changed = [step.id for step in steps if step.op == "update" and step.id]
        rows = yield from read_rows(self._sobject, changed, ("Parent.IsOwnedByProfile",))
        # A row that a run made below a set has an id on record; a part of a profile has none.
        of_profiles = [
            step
            for step in steps
            if (step.op != "delete" and not step.id)
            or (step.op == "update" and step.id in rows and rows[step.id]["Parent"]["IsOwnedByProfile"])
        ]
        below_sets = yield from super().observe([step for step in steps if step not in of_profiles], going)
        inside = yield from self._inside(of_profiles)
        return together([below_sets, inside])

    def _inside(self, steps: Sequence[PastStep]) -> Asking[Found]:
        """What profiles grant of what the run gave them."""
        if not steps:
            return Found()
        names = {step.key: step.key.partition("/")[0] for step in steps}
        reads = [ReadMetadata("Profile", name) for name in sorted(set(names.values()))]
        components = dict(zip(sorted(set(names.values())), (yield reads), strict=True))
        element, named, columns = ELEMENTS[self._kind]
        found = []
        for step in steps:
            component = components[names[step.key]]
            if component is not None:
                self._of_profiles[step.key] = names[step.key]
                key = step.key.removeprefix(f"{names[step.key]}/")
                part: Mapping[str, Any] = next((one for one in component.get(element, ()) if one[named] == key), {})
                now = {column: bool(part.get(columns[column])) for column in step.after or {}}
                # Where the profile granted nothing before the run, all of it was off.
                before = {**dict.fromkeys(step.after or {}, False), **(step.before or {})}
                found.append(put_back(replace(step, op="update", before=before), now))
        return together(found)

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Write profiles by the Metadata API, all else as rows."""
        done: dict[str, Done] = {}
        for name in sorted({self._of_profiles[change.key] for change in changes if change.key in self._of_profiles}):
            own = [change for change in changes if self._of_profiles.get(change.key) == name]
            grants = ProfileGrants(self._kind, self._sobject, self._key_column, profile_bearer(name), {}, {})
            results = yield from grants.apply(own, ids)
            done |= {change.id: result for change, result in zip(own, results, strict=True)}
        rest = [change for change in changes if change.key not in self._of_profiles]
        results = yield from super().apply(rest, ids)
        done |= {change.id: result for change, result in zip(rest, results, strict=True)}
        return [done[change.id] for change in changes]
