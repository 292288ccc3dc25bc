"""Who calls, and what that user may do: the union of the profile's own set and the active assignments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError, insufficient_access
from .schema.permissions import PERMISSIONS
from .store import quote

if TYPE_CHECKING:
    from .schema import Field, SObject
    from .store import Store

# A user's sets: of active assignments that have not expired. Groups are assigned through their own set (Type =
# 'Group').
SETS_OF_USER = (
    "SELECT a.PermissionSetId FROM PermissionSetAssignment a WHERE a.org = ?1 AND a.AssigneeId = ?2"
    " AND (a.ExpirationDate IS NULL OR a.ExpirationDate > strftime('%Y-%m-%dT%H:%M:%f+0000', 'now'))"
)
OBJECT_ACCESS = ("Create", "Read", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")


@dataclass(frozen=True)
class Actor:
    """A user with the permissions of this moment.

    ``permissions`` are metadata names (``ApiEnabled``). ``objects`` has the object permissions by object name;
    ``readable`` and ``editable`` the fields, as ``Account.Phone``, on which a set grants field-level security.
    ``language`` is the user's (LanguageLocaleKey). ``unbound`` is the org itself, which nothing is hidden from.
    """

    user_id: str
    session_id: str | None = None
    permissions: frozenset[str] = frozenset()
    objects: dict[str, frozenset[str]] = field(default_factory=dict, compare=False)
    readable: frozenset[str] = frozenset()
    editable: frozenset[str] = frozenset()
    language: str = "en_US"
    unbound: bool = False

    @classmethod
    def all_permissions(cls, user_id: str, session_id: str | None = None) -> Actor:
        """An actor that may do everything: for what the org does by itself."""
        return cls(user_id, session_id, frozenset(PERMISSIONS), unbound=True)

    def has(self, *names: str) -> bool:
        """Whether the user has one of these permissions."""
        return any(name in self.permissions for name in names)

    def require(self, *names: str) -> None:
        """Refuse a user who has none of these permissions.

        Raises:
            ApiError: INSUFFICIENT_ACCESS_OR_READONLY.
        """
        if names and not self.has(*names):
            raise insufficient_access()

    def may(self, access: str, sobject: str) -> bool:
        """Whether the user has `Read`, `Create`, `Edit` or `Delete` on the rows of a permissionable object."""
        if self.has("ModifyAllData") or (access == "Read" and self.has("ViewAllData")):
            return True
        granted = self.objects.get(sobject, frozenset())
        return access in granted or (access in ("Read", "Edit", "Delete") and "ModifyAllRecords" in granted)

    def sees(self, each: SObject, one: Field) -> bool:
        """Whether the user may read a field of an object whose rows the user may read.

        View All Data and Modify All Data are about rows: they open no field. A new custom field is hidden from the
        administrator who deployed it, until a profile or permission set grants it (Help, "Field-Level Security").
        """
        guard = each.guard(one)
        return guard is None or self.unbound or f"{each.name}.{guard}" in self.readable

    def edits(self, each: SObject, one: Field) -> bool:
        """Whether the user may write a field of an object whose rows the user may write."""
        guard = each.guard(one)
        return guard is None or self.unbound or f"{each.name}.{guard}" in self.editable


def load(store: Store, user_id: str, session_id: str | None = None) -> Actor:
    """The actor for a user.

    Raises:
        ApiError: INVALID_SESSION_ID where there is no such active user.
    """
    sql = 'SELECT IsActive, LanguageLocaleKey FROM "User" WHERE org = ? AND Id = ?'
    active = store.fetch(sql, [store.org, user_id])
    if not active or not active[0][0]:
        raise ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)
    language = str(active[0][1] or "en_US")
    names = list(PERMISSIONS)
    sets = f"org = ?1 AND Id IN ({SETS_OF_USER})"
    columns = ", ".join(f"max({quote('Permissions' + name)})" for name in names)
    granted = store.fetch(f"SELECT {columns} FROM PermissionSet WHERE {sets}", [store.org, user_id])[0]
    permissions = frozenset(name for name, value in zip(names, granted, strict=True) if value)
    fields = _fields(store, user_id)
    return Actor(
        user_id,
        session_id,
        permissions,
        _objects(store, user_id),
        frozenset(name for name, read, _ in fields if read),
        frozenset(name for name, _, edit in fields if edit),
        language,
    )


def _objects(store: Store, user_id: str) -> dict[str, frozenset[str]]:
    columns = ", ".join(f"max(Permissions{name})" for name in OBJECT_ACCESS)
    rows: Iterable[tuple[object, ...]] = store.fetch(
        f"SELECT SobjectType, {columns} FROM ObjectPermissions WHERE org = ?1 AND ParentId IN ({SETS_OF_USER})"
        " GROUP BY SobjectType",
        [store.org, user_id],
    )
    return {str(row[0]): frozenset(n for n, value in zip(OBJECT_ACCESS, row[1:], strict=True) if value) for row in rows}


def _fields(store: Store, user_id: str) -> list[tuple[str, bool, bool]]:
    """Each field that a set names, with whether it may be read and written."""
    rows: Iterable[tuple[Any, ...]] = store.fetch(
        "SELECT Field, max(PermissionsRead), max(PermissionsEdit) FROM FieldPermissions"
        f" WHERE org = ?1 AND ParentId IN ({SETS_OF_USER}) GROUP BY Field",
        [store.org, user_id],
    )
    return [(str(name), bool(read), bool(edit)) for name, read, edit in rows]
