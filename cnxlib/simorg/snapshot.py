"""The whole state of an org as canonical JSON, for comparing: sorted, and without anything secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .org import Org

_SECRET = re.compile(r"password|passwd|secret|token|hash|salt|private", re.IGNORECASE)
# Made from the schema, which is made of the standard one and the CustomField documents, or from what is told anyway
_DERIVED = frozenset(
    {"CaseSettings", "EntityDefinition", "FieldDefinition", "Name", "TabDefinition", "UserEntityAccess"}
)


def masked(value: Any, key: str = "") -> Any:
    """The value, or "set" / "unset" where its key says that it is a secret."""
    if isinstance(value, dict):
        return {name: masked(each, name) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return [masked(each, key) for each in value]
    if _SECRET.search(key) and not isinstance(value, bool):
        return "set" if value else "unset"
    return value


def snapshot(org: Org) -> dict[str, Any]:
    """Rows by object and id, documents by kind and name.

    Kinds that start with ``_`` are left out: sessions, hashes, bookkeeping.
    """
    objects = {}
    for each in sorted(org.schema.objects.values(), key=lambda each: each.name):
        if each.name not in _DERIVED:
            rows = org.rows(each.name)
            if rows:
                objects[each.name] = [{name: row[name] for name in sorted(row)} for row in rows]
    documents = {
        kind: {name: masked(value) for name, value in org.store.documents(kind).items()}
        for kind in org.store.kinds()
        if not kind.startswith("_")
    }
    return {
        "alias": org.alias,
        "org_id": org.org_id,
        "scenario": org.scenario,
        "objects": objects,
        "documents": documents,
    }
