"""What is selected: SQL columns, and rows in the shape of REST's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import values
from ..schema import Field, SObject
from .ast import Call, Expression, Item, Path, Query
from .parser import malformed
from .scope import Column, Scope, Session

_ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
_FIELDS_LIMIT = 200


@dataclass
class Selection:
    """SQL columns, and how a row of them becomes a row of the answer."""

    scope: Scope
    columns: list[str] = field(default_factory=list)
    cells: list[tuple[tuple[str, ...], str, int, Field | None]] = field(default_factory=list)
    addresses: list[tuple[tuple[str, ...], str, dict[str, int]]] = field(default_factory=list)
    parents: dict[tuple[str, ...], int] = field(default_factory=dict)
    children: list[Query] = field(default_factory=list)

    def add(self, sql: str) -> int:
        """The place of an SQL column."""
        if sql not in self.columns:
            self.columns.append(sql)
        return self.columns.index(sql)

    def shape(self, raw: Sequence[Any], url: str) -> dict[str, Any]:
        """A row of the answer; ``url`` is what its addresses begin with."""
        root = _attributes(self.scope.each, raw[self.parents[()]], url)
        nested: dict[tuple[str, ...], dict[str, Any] | None] = {(): root}
        for relation, place in self.parents.items():
            if relation:
                nested[relation] = self._parent(relation, raw[place], url)
        for relation, name, place, one in self.cells:
            target = self._target(nested, relation)
            if target is not None:
                target[name] = values.shown(one, raw[place]) if one else raw[place]
        for relation, name, parts in self.addresses:
            target = self._target(nested, relation)
            if target is not None:
                found = {part: raw[place] for part, place in parts.items()}
                target[name] = found if any(value is not None for value in found.values()) else None
        return root

    def _parent(self, relation: tuple[str, ...], row_id: Any, url: str) -> dict[str, Any] | None:
        if row_id is None:
            return None
        objects = self.scope.objects(relation)
        each = next((each for each in objects if each.prefix and str(row_id).startswith(each.prefix)), objects[0])
        # A parent behind Name is told by that type, at the address of its own (recorded answers)
        kind = each.name if each.queryable else self.scope.session.org.schema.by_prefix[str(row_id)[:3]]
        return {"attributes": {"type": each.name, "url": f"{url}/sobjects/{kind}/{row_id}"}}

    def _target(
        self, nested: dict[tuple[str, ...], dict[str, Any] | None], relation: tuple[str, ...]
    ) -> dict[str, Any] | None:
        """The part of the answer that a relation leads to, hung into the part before it; ``None``: no such parent."""
        for length in range(1, len(relation) + 1):
            before = nested[relation[: length - 1]]
            if before is None:
                return None
            before.setdefault(relation[length - 1], nested[relation[:length]])
        return nested[relation]


def _attributes(each: SObject, row_id: Any, url: str) -> dict[str, Any]:
    return {"attributes": {"type": each.name, "url": f"{url}/sobjects/{each.name}/{row_id}"}}


def plain(session: Session, scope: Scope, query: Query) -> Selection:
    """The selection of a query that aggregates nothing.

    Raises:
        ApiError: INVALID_FIELD, MALFORMED_QUERY.
    """
    selection = Selection(scope)
    selection.parents[()] = selection.add(f"{scope.root}.Id")
    seen = set()
    for item in query.items:
        if isinstance(item, Query):
            selection.children.append(item)
            continue
        if item.alias and isinstance(item.what, Path):
            raise malformed(session.text, "only aggregate expressions use field aliasing", item.what.at)
        for what in _expanded(session, scope, item, query.limit):
            column = scope.column(what)
            name = item.alias or column.name
            path = (*column.relation, name.lower())
            if path in seen:
                message = f"duplicate field selected: {what}"
                raise session.invalid("INVALID_FIELD", message, what)
            seen.add(path)
            _take(selection, column, name)
    return selection


def _take(selection: Selection, column: Column, name: str) -> None:
    scope = selection.scope
    for length in range(1, len(column.relation) + 1):
        relation = column.relation[:length]
        if relation not in selection.parents:
            selection.parents[relation] = selection.add(scope.ids(relation))
    if column.type != "address" or column.field is None:
        selection.cells.append((column.relation, name, selection.add(column.sql), column.field))
        return
    prefix = column.field.name.removesuffix("Address")
    table = column.sql.rpartition(".")[0]
    places = {}
    for part in _ADDRESS:
        one = column.sobject.field(prefix + part) if column.sobject else None
        places[part[0].lower() + part[1:]] = selection.add(f'{table}."{one.name}"' if one else "NULL")
    selection.addresses.append((column.relation, name, places))


def _expanded(session: Session, scope: Scope, item: Item, limit: int | None) -> list[Expression]:
    """The expression selected, or the fields that FIELDS() stands for."""
    call = item.what
    if not isinstance(call, Call) or call.name.upper() != "FIELDS":
        return [call]
    kind = str(call.arguments[0]).upper() if len(call.arguments) == 1 else ""
    if kind not in ("ALL", "STANDARD", "CUSTOM"):
        raise malformed(session.text, "unexpected token: 'FIELDS'", call.at)
    if kind != "STANDARD" and (limit is None or limit > _FIELDS_LIMIT):
        raise malformed(session.text, f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}", call.at)
    fields = scope.each.fields.values()
    chosen = [one for one in fields if kind == "ALL" or one.custom == (kind == "CUSTOM")]
    visible = [one for one in chosen if scope.sees(one)]
    return [Path((one.name,), call.at) for one in visible]
