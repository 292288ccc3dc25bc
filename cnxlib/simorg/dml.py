"""Writing rows as Salesforce does: who may, which fields, which values, then the rules of the object, then the row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import ids, values
from .actor import Actor
from .errors import ApiError, RowError
from .rules import rule
from .rules.base import Row
from .schema import Field, SObject

if TYPE_CHECKING:
    from .org import Org

_STAMPS = {"CreatedDate", "LastModifiedDate", "SystemModstamp", "LoginTime"}
_HIDDEN = (
    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it is"
    " read/write for your profile or permission set."
)


def entity(org: Org, name: str, actor: Actor, tooling: bool) -> SObject:
    """The object of that name, if that API serves it and the actor may know of it.

    Raises:
        ApiError: NOT_FOUND.
    """
    each = org.schema.get(name)
    if each is None or not each.served(tooling) or not readable(each, actor):
        raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
    return each


def readable(each: SObject, actor: Actor) -> bool:
    """Whether the actor may read rows of the object; to others it does not exist."""
    if each.permissionable:
        return actor.may("Read", each.name)
    needs = each.needs.get("read", ())
    return not needs or actor.has(*needs)


def complete(org: Org, each: SObject, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows for seeding, with every column: values by canonical name, defaults, ids, stamps, derived fields."""
    stored = [one for one in each.fields.values() if one.stored]
    now = values.datetime_text(org.now())
    defaults = {one.name: now if one.name in _STAMPS else values.stored(one, one.default) for one in stored}
    each_rule = rule(each.name)
    full = []
    for given in rows:
        row = dict(defaults)
        for name, value in given.items():
            one = each.fields.get(name.lower())
            if one is None or not one.stored:
                raise ValueError(f"{each.name} has no stored field {name}")
            row[one.name] = values.stored(one, value)
        full.append(row)
    unnamed = [row for row in full if not row["Id"]]
    for row, row_id in zip(unnamed, org.new_ids(each.name, len(unnamed)), strict=True):
        row["Id"] = row_id
    for row in full:
        each_rule.derive(org, row)
    return full


def insert(org: Org, sobject: str, given: Mapping[str, Any], actor: Actor, *, tooling: bool = False) -> str:
    """Create a row; see ``Org.insert``."""
    each = entity(org, sobject, actor, tooling)
    if not each.createable:
        raise RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {each.label}")
    each_rule = rule(each.name)
    each_rule.authorise(org, each, "create", actor, given)
    accepted = _accept(org, each, given, actor, "create")
    row: Row = {one.name: values.stored(one, one.default) for one in each.fields.values() if one.stored}
    row |= {
        name: value for name, value in accepted.items() if value is not None or not each.fields[name.lower()].defaulted
    }
    _require(each, row)
    _references(org, each, accepted)
    each_rule.before_insert(org, row, actor)
    now = values.datetime_text(org.now())
    row |= {name: now for name in _STAMPS if name.lower() in each.fields}
    row |= {name: actor.user_id for name in ("CreatedById", "LastModifiedById") if name.lower() in each.fields}
    row["Id"] = org.new_id(each.name)
    each_rule.derive(org, row)
    _unique(org, each, row)
    org.store.insert_many(each.name, [row])
    each_rule.after_insert(org, row, actor)
    _audit(org, each, "create", {}, row, actor)
    return str(row["Id"])


def update(
    org: Org, sobject: str, row_id: str, given: Mapping[str, Any], actor: Actor, *, tooling: bool = False
) -> None:
    """Change a row; see ``Org.update``."""
    each = entity(org, sobject, actor, tooling)
    if not each.updateable:
        raise RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be updated: {each.label}")
    old = existing(org, each, row_id)
    each_rule = rule(each.name)
    each_rule.authorise(org, each, "update", actor, old)
    accepted = _accept(org, each, given, actor, "update")
    missing = [
        one.name
        for one in (each.fields[name.lower()] for name in accepted)
        if one.required and accepted[one.name] is None
    ]
    if missing:
        raise _missing(missing)
    _references(org, each, accepted)
    new = old | accepted
    now = values.datetime_text(org.now())
    new |= {name: now for name in ("LastModifiedDate", "SystemModstamp") if name.lower() in each.fields}
    if "lastmodifiedbyid" in each.fields:
        new["LastModifiedById"] = actor.user_id
    each_rule.before_update(org, old, new, actor)
    each_rule.derive(org, new)
    _unique(org, each, new)
    org.store.update(each.name, old["Id"], {name: value for name, value in new.items() if value != old[name]})
    each_rule.after_update(org, old, new, actor)
    _audit(org, each, "update", old, new, actor)


def delete(org: Org, sobject: str, row_id: str, actor: Actor, *, tooling: bool = False) -> None:
    """Delete a row; see ``Org.delete``."""
    each = entity(org, sobject, actor, tooling)
    if not each.deletable:
        raise RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be deleted: {each.label}")
    row = existing(org, each, row_id)
    each_rule = rule(each.name)
    each_rule.authorise(org, each, "delete", actor, row)
    each_rule.before_delete(org, row, actor)
    trail = each_rule.audit(org, "delete", row, {})
    if each.soft_delete:
        now = values.datetime_text(org.now())
        org.store.update(each.name, row["Id"], {"IsDeleted": 1, "SystemModstamp": now})
    else:
        org.store.delete(each.name, row["Id"])
    each_rule.after_delete(org, row, actor)
    _write_trail(org, trail, actor)


def existing(org: Org, each: SObject, row_id: str) -> Row:
    """The row to be changed.

    Raises:
        RowError: MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY, ENTITY_IS_DELETED.
    """
    if not ids.is_id(row_id):
        raise RowError("MALFORMED_ID", f"{each.label} ID: id value of incorrect type: {row_id}", ["Id"])
    found = org.store.select(each, {"Id": ids.to18(row_id)})
    if not found:
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if each.soft_delete and found[0]["IsDeleted"]:
        raise RowError("ENTITY_IS_DELETED", "entity is deleted", status=404)
    stored = {one.name for one in each.fields.values() if one.stored}
    return {name: value for name, value in found[0].items() if name in stored}


def _accept(org: Org, each: SObject, given: Mapping[str, Any], actor: Actor, call: str) -> Row:
    """The values a client may write, checked one by one, by canonical name."""
    accepted: Row = {}
    refused = []
    for name, value in given.items():
        if name.lower() == "attributes":
            continue
        one = each.field(name)
        if one is None and isinstance(value, Mapping):
            one, value = _by_external_id(org, each, name, value)
        if one is None or not actor.sees(each, one):
            raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {each.name}")
        if not (one.createable if call == "create" else one.updateable) or not actor.edits(each, one):
            refused.append(one.name)
        else:
            found = values.coerce(one, value)
            # [R] who names the master record type, as describe does, has said "none": rows are read back without one
            accepted[one.name] = None if one.refers == ("RecordType",) and found == ids.MASTER_RECORD_TYPE else found
    if refused:
        raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", _HIDDEN.format(", ".join(refused)), refused)
    return accepted


def _by_external_id(org: Org, each: SObject, name: str, value: Mapping[str, Any]) -> tuple[Field | None, Any]:
    """The reference field of a relationship given as ``{"Owner": {"Username": ...}}``, and the id of that row."""
    one = next((f for f in each.fields.values() if f.relationship and f.relationship.lower() == name.lower()), None)
    keys = [key for key in value if key.lower() != "attributes"]
    if one is None or len(keys) != 1:
        return None, None
    for target in one.refers:
        parent = org.schema.get(target)
        key = parent.field(keys[0]) if parent else None
        if parent and key and (key.unique or key.external_id or key.name == "Id"):
            found = org.rows(parent.name, **{key.name: value[keys[0]]})
            if len(found) == 1:
                return one, found[0]["Id"]
            text = f"Foreign key external ID: {value[keys[0]]} not found for field {key.name} in entity {parent.name}"
            raise RowError("INVALID_FIELD", text)
    return None, None


def _missing(names: list[str]) -> RowError:
    return RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def _require(each: SObject, row: Row) -> None:
    missing = [one.name for one in each.fields.values() if one.required and row.get(one.name) is None]
    if missing:
        raise _missing(missing)


def _references(org: Org, each: SObject, accepted: Row) -> None:
    """Refuse ids of rows of another object, and of none."""
    for name, value in accepted.items():
        one = each.fields[name.lower()]
        if not one.refers or value is None:
            continue
        target = org.schema.by_prefix.get(value[:3])
        if target not in one.refers:
            # MALFORMED_ID says the same of what is no id at all; both are recorded in users' reports
            text = f"{one.label}: id value of incorrect type: {value}"
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text, [name])
        parent = org.schema[target]
        found = org.store.select(parent, {"Id": value})
        if not found or (parent.soft_delete and found[0]["IsDeleted"]):
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [name])


def _unique(org: Org, each: SObject, row: Row) -> None:
    single = [(one.name,) for one in each.fields.values() if one.unique]
    for names in [*single, *each.uniques]:
        if any(row.get(name) is None for name in names):
            continue
        for other in org.store.select(each, {name: row[name] for name in names}, ["Id"]):
            if other["Id"] != row["Id"]:
                raise rule(each.name).duplicate(org, row, names, other["Id"])


def _audit(org: Org, each: SObject, call: str, old: Row, new: Row, actor: Actor) -> None:
    _write_trail(org, rule(each.name).audit(org, call, old, new), actor)


def _write_trail(org: Org, trail: Iterable[tuple[str, str, str]], actor: Actor) -> None:
    """Rows of the setup audit trail."""
    for action, section, display in trail:
        trace(org, actor.user_id, action, section, display)


def trace(org: Org, user_id: str, action: str, section: str, display: str) -> None:
    """Write one row of the setup audit trail; for the doors whose writes are no rows too (settings, connected apps)."""
    org.put("SetupAuditTrail", {"Action": action, "Section": section, "Display": display[:255], "CreatedById": user_id})
