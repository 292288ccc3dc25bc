"""Collections: up to 200 rows in one request, each with a result of its own (REST API, "Use sObject Collections")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import dml, ids
from .calls import Answer, Call
from .errors import ApiError, RowError
from .schema import Field, SObject
from .sobjects import by_external, created, external

MAX_ROWS = 200
MAX_DUPLICATES = 12
"""How often an update may name the same row (SOAP API, update); [R] that this counts for each row by itself."""

Write = Callable[[Mapping[str, Any]], dict[str, Any]]

_TOO_OFTEN = (
    f"Maximum number of duplicate updates in one batch ({MAX_DUPLICATES} allowed). Attempt to update Id more than once"
    " in this Api call: "
)
_ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class _Undo(Exception):
    """Takes back what a request with allOrNone has written."""


def _rows(call: Call) -> list[Mapping[str, Any]]:
    records = call.body.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise ApiError("JSON_PARSER_ERROR", "The request body must hold a list of records", ["records"])
    return _bounded(records)


def _bounded(rows: Sequence[Any]) -> list[Any]:
    if len(rows) > MAX_ROWS:
        text = f"record limit reached. cannot submit more than {MAX_ROWS} records in this operation"
        raise ApiError("EXCEEDED_ID_LIMIT", text)
    return list(rows)


def _all_or_none(value: object) -> bool:
    return str(value).lower() == "true"


def _type(row: Mapping[str, Any]) -> str:
    attributes = row.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str) or not name:
        raise RowError("INVALID_TYPE", "Object type must be specified in the attributes of each record")  # [R: text]
    return name


def _entity(call: Call, name: str) -> SObject:
    """The object of a row; here an unknown one is the row's error, not the request's."""
    try:
        return dml.entity(call.org, name, call.actor, call.tooling)
    except ApiError:
        raise RowError("INVALID_TYPE", f"sObject type '{name}' is not supported.") from None


def _id(row: Mapping[str, Any], call_name: str) -> str:
    value = next((value for name, value in row.items() if name.lower() == "id"), None)
    if not value:
        raise RowError("MISSING_ARGUMENT", f"Id not specified in an {call_name} call")
    if not ids.is_id(value):
        raise RowError("MALFORMED_ID", f"malformed id {value}", ["Id"])
    return ids.to18(str(value))


def create(call: Call) -> Answer:
    """POST: create rows, of several objects if need be."""
    setup = _Mixing()

    def write(row: Mapping[str, Any]) -> dict[str, Any]:
        each = setup.passed(_entity(call, _type(row)))
        if any(name.lower() == "id" for name in row):
            raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
        return created(call.org.insert(each.name, row, call.actor, tooling=call.tooling))

    return _write(call, _rows(call), write, _all_or_none(call.body.get("allOrNone")))


def update(call: Call) -> Answer:
    """PATCH: update rows by the Id in each."""
    setup = _Mixing()
    times: Counter[str] = Counter()

    def write(row: Mapping[str, Any]) -> dict[str, Any]:
        each = setup.passed(_entity(call, _type(row)))
        row_id = _id(row, "update")
        times[row_id] += 1
        if times[row_id] > MAX_DUPLICATES:
            raise RowError("DUPLICATE_VALUE", _TOO_OFTEN + row_id[:15])
        values = {name: value for name, value in row.items() if name.lower() != "id"}
        call.org.update(each.name, row_id, values, call.actor, tooling=call.tooling)
        return created(row_id)

    return _write(call, _rows(call), write, _all_or_none(call.body.get("allOrNone")))


def upsert(call: Call, name: str, field: str) -> Answer:
    """PATCH `…/{T}/{field}`: update the rows whose external id is known, create the others."""
    each = dml.entity(call.org, name, call.actor, call.tooling)
    one = external(call, each, field)
    rows = _rows(call)
    times = Counter(_key(one, row) for row in rows)

    def write(row: Mapping[str, Any]) -> dict[str, Any]:
        values = {key: value for key, value in row.items() if key.lower() not in (one.name.lower(), "id")}
        value = next((value for key, value in row.items() if key.lower() == one.name.lower()), None)
        if value is not None and times[_key(one, row)] > 1:
            # All rows of the key are refused (SOAP API, upsert; Help, "Duplicate Id Specified")
            text = f"Duplicate {'id' if one.is_id else 'external id'} specified: {value}"
            raise RowError("DUPLICATE_VALUE", text, [one.name])
        if value is None and one.type != "id":
            raise RowError("MISSING_ARGUMENT", f"{one.name} not specified", [one.name])
        found = by_external(call, each, one, str(value)) if value is not None else None
        if found is not None:
            call.org.update(each.name, found, values, call.actor, tooling=call.tooling)
            return {**created(found), "created": False}
        if one.type == "id" and value is not None:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["Id"])
        full = values if one.type == "id" else {**values, one.name: value}
        return {**created(call.org.insert(each.name, full, call.actor, tooling=call.tooling)), "created": True}

    return _write(call, rows, write, _all_or_none(call.body.get("allOrNone")))


def _key(one: Field, row: Mapping[str, Any]) -> str:
    """The external id of a row, as it is compared."""
    value = str(next((value for key, value in row.items() if key.lower() == one.name.lower()), ""))
    return ids.to18(value) if one.is_id and ids.is_id(value) else value.casefold()


def delete(call: Call) -> Answer:
    """DELETE `?ids=…`: delete rows, of several objects if need be."""
    given = [part.strip() for part in call.params.get("ids", "").split(",") if part.strip()]
    if not given:
        raise ApiError("MISSING_ARGUMENT", "The ids parameter is required")  # [R: text]
    setup = _Mixing()

    def write(row: Mapping[str, Any]) -> dict[str, Any]:
        row_id = _id(row, "delete")
        name = call.org.schema.by_prefix.get(row_id[:3])
        if name is None:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        call.org.delete(setup.passed(_entity(call, name)).name, row_id, call.actor, tooling=call.tooling)
        return created(row_id)

    return _write(call, [{"Id": each} for each in _bounded(given)], write, _all_or_none(call.params.get("allOrNone")))


def retrieve(call: Call, name: str) -> Answer:
    """POST `{ids, fields}`, or GET: the rows in the order of the ids, null for one that is not there."""
    if call.method == "POST":
        wanted, fields = _texts(call.body.get("ids")), _texts(call.body.get("fields"))
    else:
        wanted, fields = call.params.get("ids", "").split(","), call.params.get("fields", "").split(",")
    each = dml.entity(call.org, name, call.actor, call.tooling)
    if not all(field.strip().replace(".", "").replace("_", "").isalnum() for field in fields):
        raise ApiError("INVALID_FIELD", f"No such column '{', '.join(fields)}' on entity '{each.name}'")
    if len(wanted) > MAX_BATCH:
        raise ApiError(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MAX_BATCH} records in this operation"
        )
    known = [ids.to18(value) for value in wanted if ids.is_id(value)]
    if len(known) != len(wanted):
        bad = next(value for value in wanted if not ids.is_id(value))
        raise ApiError("MALFORMED_ID", f"malformed id {bad}", ["Id"])
    listed = "','".join(known)
    text = f"SELECT {', '.join(fields)} FROM {each.name} WHERE Id IN ('{listed}')"
    found = call.org.run_query(text, call.actor, tooling=call.tooling, version=call.version).records if known else []
    by_id = {row["attributes"]["url"].rpartition("/")[2]: row for row in found}
    return Answer(body=[by_id.get(row_id) for row_id in known])


MAX_BATCH = 2000
"""Rows that one retrieve may ask for."""


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise ApiError("JSON_PARSER_ERROR", "ids and fields must be lists of strings")
    return value


class _Mixing:
    """Refuses setup objects after others in one transaction, and the other way round (Apex guide, mixed DML)."""

    def __init__(self) -> None:
        self._first: SObject | None = None

    def passed(self, each: SObject) -> SObject:
        """The object, if its rows may be written beside those before."""
        self._first = self._first or each
        if self._first.setup != each.setup:
            text = (
                "DML operation on setup object is not permitted after you have updated a non-setup object "
                f"(or vice versa): {each.name}, original object: {self._first.name}"
            )
            raise RowError("MIXED_DML_OPERATION", text)
        return each


def _write(call: Call, rows: Iterable[Mapping[str, Any]], write: Write, all_or_none: bool) -> Answer:
    results: list[dict[str, Any]] = []
    try:
        with call.org.transaction():
            for row in rows:
                try:
                    results.append(write(row))
                except ApiError as error:
                    results.append(_failed(row, error))
            if all_or_none and not all(each["success"] for each in results):
                raise _Undo
    except _Undo:
        results = [_failed({}, _ROLLED_BACK) if each["success"] else each for each in results]
    return Answer(body=results)


def _failed(row: Mapping[str, Any], error: ApiError) -> dict[str, Any]:
    known = {"id": row["Id"]} if row.get("Id") else {}
    return {**known, "success": False, "errors": [each.item() for each in error.all()]}
