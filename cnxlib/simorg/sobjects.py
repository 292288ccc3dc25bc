"""Single rows at the REST and Tooling doors: create, read, update, delete, and upsert by an external id."""

from __future__ import annotations

import re
from typing import Any

from . import dml, ids
from .calls import Answer, Call
from .errors import ApiError, RowError, not_found
from .schema import Field, SObject
from .values import stored

_ELSEWHERE = {"compactlayouts", "defaultvalues", "describe", "listviews", "quickactions", "relevantitems"}
"""What stands after an object's name at Salesforce, is no key of a row, and is not simulated."""

_FIELDS = re.compile(r"\w+(?:\.\w+)*(?:\s*,\s*\w+(?:\.\w+)*)*")


def _entity(call: Call, name: str) -> SObject:
    return dml.entity(call.org, name, call.actor, call.tooling)


def created(row_id: str) -> dict[str, Any]:
    """The body of a success."""
    return {"id": row_id, "success": True, "errors": []}


def create(call: Call, name: str) -> Answer:
    """POST a new row."""
    each = _entity(call, name)
    row_id = call.org.insert(each.name, _without_id(call.body), call.actor, tooling=call.tooling)
    return Answer(201, created(row_id), {"Location": f"{call.base}/sobjects/{each.name}/{row_id}"})


def create_at(call: Call, name: str, last: str) -> Answer:
    """POST to `sobjects/T/Id`: a new row too, as if upserted by its Id."""
    if last.lower() != "id":
        raise not_found()
    return create(call, name)


def _without_id(values: dict[str, Any]) -> dict[str, Any]:
    if any(name.lower() == "id" for name in values):
        raise RowError("INVALID_FIELD", "The Id field should not be specified in the sobject data.", ["Id"])
    return values


def read(call: Call, name: str, row_id: str) -> Answer:
    """GET a row: all fields the caller may see, or those of `fields`."""
    each = _entity(call, name)
    return Answer(body=row(call, each, _key(call, each, row_id)))


def _key(call: Call, each: SObject, row_id: str) -> str:
    """The id in 18 characters, of a row that is there.

    Raises:
        ApiError: NOT_FOUND, ENTITY_IS_DELETED.
    """
    if not ids.is_id(row_id):
        raise _no_key(row_id)
    found = call.org.get(each.name, row_id)
    if each.soft_delete and found["IsDeleted"]:
        raise ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404)
    return str(found["Id"])


def row(call: Call, each: SObject, row_id: str) -> dict[str, Any]:
    """The row as it is answered.

    Raises:
        ApiError: INVALID_FIELD, NOT_FOUND.
    """
    wanted = call.params.get("fields", "").strip() or "FIELDS(ALL)"
    if wanted != "FIELDS(ALL)" and not _FIELDS.fullmatch(wanted):
        raise ApiError("INVALID_FIELD", f"No such column '{wanted}' on sobject of type {each.name}")
    text = f"SELECT {wanted} FROM {each.name} WHERE Id = '{row_id}' LIMIT 1"
    found = call.org.run_query(text, call.actor, tooling=call.tooling, version=call.version).records
    if not found:
        raise not_found()
    return found[0]


def update(call: Call, name: str, row_id: str) -> Answer:
    """PATCH a row."""
    each = _entity(call, name)
    call.org.update(each.name, _key(call, each, row_id), _without_id(call.body), call.actor, tooling=call.tooling)
    return Answer(204)


def delete(call: Call, name: str, row_id: str) -> Answer:
    """DELETE a row."""
    each = _entity(call, name)
    call.org.delete(each.name, _key(call, each, row_id), call.actor, tooling=call.tooling)
    return Answer(204)


def external(call: Call, each: SObject, name: str) -> Field:
    """The field by which rows are known outside, if the caller may see it.

    Raises:
        ApiError: NOT_FOUND.
    """
    one = each.field(name)
    if one is None or not (one.external_id or one.unique or one.type == "id") or not call.actor.sees(each, one):
        raise _no_key(name)
    return one


def _no_key(name: str) -> ApiError:
    if name.lower() in _ELSEWHERE:
        return not_found()
    return ApiError("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}", status=404)


def by_external(call: Call, each: SObject, one: Field, value: str) -> str | None:
    """The id of the row with that external id, or `None`.

    Raises:
        ApiError: MULTIPLE_CHOICES (300): several rows have it.
    """
    if one.is_id and not ids.is_id(value):
        return None
    found = call.org.rows(each.name, **{one.name: stored(one, value)})
    alive = [item for item in found if not (each.soft_delete and item["IsDeleted"])]
    if len(alive) > 1:
        raise ApiError(
            "MULTIPLE_CHOICES", f"{one.name}: more than one record found for external id field", [one.name], 300
        )
    return str(alive[0]["Id"]) if alive else None


def read_by(call: Call, name: str, field: str, value: str) -> Answer:
    """GET a row by an external id, or what a row's relationship leads to."""
    each = _entity(call, name)
    if ids.is_id(field) and each.field(field) is None:
        return _related(call, each, field, value)
    found = by_external(call, each, external(call, each, field), value)
    if found is None:
        raise not_found()
    return Answer(body=row(call, each, found))


def _related(call: Call, each: SObject, row_id: str, relationship: str) -> Answer:
    """The parent that a relationship leads to, or the children."""
    key = _key(call, each, row_id)
    wanted = call.params.get("fields", "").strip() or "FIELDS(ALL)"
    if wanted != "FIELDS(ALL)" and not _FIELDS.fullmatch(wanted):
        raise ApiError("INVALID_FIELD", f"No such column '{wanted}'")
    one = next(
        (f for f in each.fields.values() if f.relationship and f.relationship.lower() == relationship.lower()), None
    )
    if one is not None:
        parent_id = call.org.get(each.name, key, [one.name])[one.name]
        if parent_id is None:
            raise not_found()
        parent = call.org.schema[call.org.schema.by_prefix.get(parent_id[:3], one.refers[0])]
        return Answer(body=row(call, parent, parent_id))
    link = next((c for c in call.org.schema.children(each.name) if c.name.lower() == relationship.lower()), None)
    if link is None:
        raise not_found()
    text = f"SELECT {wanted} FROM {link.sobject} WHERE {link.field} = '{key}' LIMIT 200"
    found = call.org.run_query(text, call.actor, tooling=call.tooling, version=call.version)
    return Answer(body={"totalSize": found.total, "done": True, "records": found.records})


def upsert(call: Call, name: str, field: str, value: str) -> Answer:
    """PATCH by an external id: update the row that has it, or create one."""
    each = _entity(call, name)
    one = external(call, each, field)
    found = by_external(call, each, one, value)
    values = _without_id(call.body)
    if any(key.lower() == one.name.lower() for key in values) and one.type != "id":
        raise RowError(
            "INVALID_FIELD", f"The {one.name} field should not be specified in the sobject data.", [one.name]
        )
    if found is not None:
        call.org.update(each.name, found, values, call.actor, tooling=call.tooling)
        return Answer(200, {**created(found), "created": False})
    if one.type == "id" or call.params.get("updateOnly", "").lower() == "true":
        raise not_found()
    row_id = call.org.insert(each.name, {**values, one.name: value}, call.actor, tooling=call.tooling)
    return Answer(201, {**created(row_id), "created": True})


def delete_by(call: Call, name: str, field: str, value: str) -> Answer:
    """DELETE a row by an external id."""
    each = _entity(call, name)
    found = by_external(call, each, external(call, each, field), value)
    if found is None:
        raise not_found()
    call.org.delete(each.name, found, call.actor, tooling=call.tooling)
    return Answer(204)
