"""What hangs below a permission set as rows of one shape: object permissions, field permissions, tab settings.

Source: Object Reference, ObjectPermissions, FieldPermissions, PermissionSetTabSetting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnxlib.engine import Done
from cnxlib.errors import CnxError
from cnxlib.model import Change, Item, Observation
from cnxlib.resources.permission_set import set_id
from cnxlib.rounds import Asking
from cnxlib.salesforce import InsertRows, Query, Update, soql
from cnxlib.salesforce.rows import row_error

PARENT = "Parent.Name = {set} AND Parent.IsOwnedByProfile = false AND Parent.NamespacePrefix = null"


class Grants:
    """Rows of one sObject below one permission set, keyed by one column.

    Parameters
    ----------
    kind:
        Kind of the items, such as "object_permissions".
    sobject, key_column:
        The rows' object, and the column that tells them apart.
    set_name:
        API name of the permission set.
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
        set_name: str,
        wanted: Mapping[str, Mapping[str, Any]],
        guide: Mapping[str, tuple[str, ...]],
        defaults: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._kind, self._sobject, self._key_column, self._set_name = kind, sobject, key_column, set_name
        self._wanted, self._guide, self._defaults = wanted, guide, defaults or {}

    def observe(self) -> Asking[Observation]:
        """Read the rows of the wanted keys, whatever they hold."""
        if not self._wanted:
            return Observation()
        managed = list(dict.fromkeys(column for columns in self._wanted.values() for column in columns))
        query = soql(
            f"SELECT Id, {', '.join((self._key_column, *managed))} FROM {self._sobject} "
            f"WHERE {PARENT} AND {self._key_column} IN {{keys}}",
            set=self._set_name,
            keys=sorted(self._wanted),
        )
        (rows,) = yield [Query(query)]
        found = {str(row[self._key_column]): row for row in rows}
        return Observation(tuple(self._item(key, found.get(key)) for key in self._wanted))

    def _item(self, key: str, row: Mapping[str, Any] | None) -> Item:
        wanted = self._wanted[key]
        actual = None if row is None else {column: row[column] for column in wanted}
        return Item(
            self._kind,
            f"{self._set_name}/{key}",
            actual,
            wanted,
            self._guide.get(key, ()),
            requires=(set_id(self._set_name),),
            found="" if row is None else str(row["Id"]),
        )

    def apply(self, changes: Sequence[Change], ids: Mapping[str, str]) -> Asking[Sequence[Done]]:
        """Create the missing rows in one collection, then bring the others up one by one."""
        done: dict[str, Done] = {}
        new = [change for change in changes if change.op == "create"]
        if new:
            rows = [self._row(change, ids) for change in new]
            (results,) = yield [InsertRows(self._sobject, rows)]
            for change, result in zip(new, results, strict=True):
                done[change.id] = Done(result.id, row_error(result))
        for change in changes:
            if change.op == "update":
                try:
                    yield [Update(self._sobject, ids[change.id], change.after or {})]
                    done[change.id] = Done()
                except CnxError as error:
                    done[change.id] = Done(error=error)
        return [done[change.id] for change in changes]

    def _row(self, change: Change, ids: Mapping[str, str]) -> dict[str, Any]:
        key = change.key.removeprefix(f"{self._set_name}/")
        parent = ids[set_id(self._set_name)]
        return {"ParentId": parent, self._key_column: key, **self._defaults.get(key, {}), **(change.after or {})}


_RIGHTS = ("Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")


def object_permissions(
    set_name: str, wanted: Mapping[str, Sequence[str]], guide: Mapping[str, tuple[str, ...]]
) -> Grants:
    """Object permissions of a set.

    Parameters
    ----------
    set_name:
        API name of the set.
    wanted:
        By sObject the rights: "Read", "Create", "Edit". Salesforce asks for Read beside every other.
    guide:
        By sObject the ids of the guide's steps.
    """
    columns = {sobject: {f"Permissions{right}": True for right in rights} for sobject, rights in wanted.items()}
    defaults = {sobject: {f"Permissions{right}": False for right in _RIGHTS} for sobject in wanted}
    return Grants("object_permissions", "ObjectPermissions", "SobjectType", set_name, columns, guide, defaults)


def tab_settings(set_name: str, visible: Sequence[str], guide: tuple[str, ...]) -> Grants:
    """Tabs that a set makes Available and Visible (PermissionSetTabSetting.Visibility DefaultOn): "standard-Case"."""
    wanted = {tab: {"Visibility": "DefaultOn"} for tab in visible}
    steps = dict.fromkeys(visible, guide)
    return Grants("tab_setting", "PermissionSetTabSetting", "Name", set_name, wanted, steps)
