"""What hangs below a permission set as rows of one shape: object permissions, field permissions, tab settings.

Source: Object Reference, ObjectPermissions, FieldPermissions, PermissionSetTabSetting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.changes import Change, Item
from cnxlib.engine import Done
from cnxlib.errors import serving
from cnxlib.model import Observation
from cnxlib.resources.bearer import Bearer
from cnxlib.resources.row_batches import insert_rows
from cnxlib.resources.row_updates import update_each
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql


class Grants:
    """Rows of one sObject below one permission set, keyed by one column.

    A profile's rows are read in the same way, and written by `cnxlib.resources.profile.ProfileGrants`.

    Parameters
    ----------
    kind:
        Kind of the items, such as "object_permissions".
    sobject, key_column:
        The rows' object, and the column that tells them apart.
    bearer:
        The permission set, by API name, or whatever bears the permissions.
    wanted:
        By key: the columns and values wanted. Others are left alone.
    defaults:
        By key or for all: columns that a new row needs besides.
    guide:
        Ids of the guide's steps, by key.
    """

    batch = 200

    def __init__(
        self,
        kind: str,
        sobject: str,
        key_column: str,
        bearer: str | Bearer,
        wanted: Mapping[str, Mapping[str, Any]],
        guide: Mapping[str, tuple[str, ...]],
        defaults: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._kind, self._sobject, self._key_column = kind, sobject, key_column
        self._bearer = bearer if isinstance(bearer, Bearer) else Bearer(bearer)
        self._wanted, self._guide, self._defaults = wanted, guide, defaults or {}

    def observe(self) -> Asking[Observation]:
        """Read the rows of the wanted keys, whatever they hold."""
        if not self._wanted:
            return Observation()
        managed = list(dict.fromkeys(column for columns in self._wanted.values() for column in columns))
        keys = soql(f"{self._key_column} IN {{}}", sorted(self._wanted))
        columns = ", ".join((self._key_column, *managed))
        query = f"SELECT Id, {columns} FROM {self._sobject} WHERE {self._bearer.of_rows} AND {keys}"
        with serving(*dict.fromkeys(step for steps in self._guide.values() for step in steps)):
            (rows,) = yield [Query(query)]
        found = {str(row[self._key_column]): row for row in rows}
        return Observation(tuple(self._item(key, found.get(key)) for key in self._wanted))

    def _item(self, key: str, row: Mapping[str, Any] | None) -> Item:
        wanted = self._wanted[key]
        actual = None if row is None else {column: row[column] for column in wanted}
        return Item(
            self._kind,
            f"{self._bearer.name}/{key}",
            actual,
            wanted,
            self._guide.get(key, ()),
            requires=(self._bearer.id,),
            found="" if row is None else str(row["Id"]),
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Create the missing rows in one collection, then bring the others up one by one."""
        done: dict[str, Done] = {}
        new = [change for change in changes if change.op == "create"]
        if new:
            rows = [self._row(change, ids) for change in new]
            results = yield from insert_rows(self._sobject, rows)
            done |= {change.id: one for change, one in zip(new, results, strict=True)}
        done |= yield from update_each(self._sobject, changes, ids)
        return [done[change.id] for change in changes]

    def _row(self, change: Change, ids: Mapping[str, str]) -> dict[str, Any]:
        key = self._key(change)
        return {
            "ParentId": ids[self._bearer.id],
            self._key_column: key,
            **self._defaults.get(key, {}),
            **(change.after or {}),
        }

    def _key(self, change: Change) -> str:
        return change.key.removeprefix(f"{self._bearer.name}/")


_RIGHTS = ("Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")


def object_permissions(
    bearer: str | Bearer,
    wanted: Mapping[str, Sequence[str]],
    guide: Mapping[str, tuple[str, ...]],
    made_by: type[Grants] = Grants,
) -> Grants:
    """Object permissions of a set, or of whatever bears them.

    Parameters
    ----------
    bearer:
        API name of the set, or the bearer.
    wanted:
        By sObject the rights: "Read", "Create", "Edit". Salesforce asks for Read beside every other.
    guide:
        By sObject the ids of the guide's steps.
    made_by:
        The class that writes them.
    """
    columns = {sobject: {f"Permissions{right}": True for right in rights} for sobject, rights in wanted.items()}
    defaults = {sobject: {f"Permissions{right}": False for right in _RIGHTS} for sobject in wanted}
    return made_by("object_permissions", "ObjectPermissions", "SobjectType", bearer, columns, guide, defaults)


def tab_settings(set_name: str, visible: Sequence[str], guide: tuple[str, ...]) -> Grants:
    """Tabs that a set makes Available and Visible (PermissionSetTabSetting.Visibility DefaultOn): "standard-Case"."""
    wanted = {tab: {"Visibility": "DefaultOn"} for tab in visible}
    steps = dict.fromkeys(visible, guide)
    return Grants("tab_setting", "PermissionSetTabSetting", "Name", set_name, wanted, steps)
