"""sObject trees: rows with their children, nested, in one request (REST API, "sObject Tree")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import dml
from .calls import Answer, Call
from .errors import ApiError, RowError
from .schema import SObject

MAX_ROWS, MAX_LEVELS, MAX_OBJECTS = 200, 5, 5
"""Rows in all, levels below one another, and different objects that one request may hold."""


@dataclass(frozen=True)
class _Node:
    """One row to be made: below `parent`, to which its field `link` will refer."""

    sobject: SObject
    reference: str
    values: Mapping[str, Any]
    level: int
    parent: _Node | None = None
    link: str = ""
    made: dict[str, str] = field(default_factory=dict)


class _Refused(Exception):
    """Takes back what was made before the row that was refused."""

    def __init__(self, node: _Node, error: ApiError) -> None:
        self.node, self.error = node, error


def create(call: Call, name: str) -> Answer:
    """POST `composite/tree/T`: make all rows, or none and tell the first that was refused."""
    nodes = list(_nodes(call, dml.entity(call.org, name, call.actor, call.tooling), call.body, None, ""))
    _bounded(nodes)
    try:
        with call.org.transaction():
            for node in nodes:
                _make(call, node)
    except _Refused as refused:
        errors = [each.item() for each in refused.error.all()]
        return Answer(400, {"hasErrors": True, "results": [{"referenceId": refused.node.reference, "errors": errors}]})
    results = [{"referenceId": node.reference, "id": node.made["id"]} for node in nodes]
    return Answer(201, {"hasErrors": False, "results": results})


def _nodes(call: Call, each: SObject, body: object, parent: _Node | None, link: str) -> Iterator[_Node]:
    """The rows of a `records` list and those below them, parents first.

    Raises:
        ApiError: JSON_PARSER_ERROR, INVALID_FIELD: what is there is no list of rows with a type and a reference.
    """
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        raise ApiError("JSON_PARSER_ERROR", "A list of records is required", ["records"])
    level = parent.level + 1 if parent else 1
    if level > MAX_LEVELS:
        raise ApiError("INVALID_INPUT", f"Trees of records are at most {MAX_LEVELS} levels deep")  # [R: words]
    for record in records:
        attributes = record.get("attributes")
        kind, reference = (
            (attributes.get("type"), attributes.get("referenceId")) if isinstance(attributes, dict) else (None, None)
        )
        if str(kind).lower() != each.name.lower() or not isinstance(reference, str) or not reference:
            text = f"attributes must have the type {each.name} and a referenceId"  # [R: words]
            raise ApiError("INVALID_INPUT", text)
        below = {link.name.lower(): link for link in call.org.schema.children(each.name)}
        own = {key: value for key, value in record.items() if key != "attributes" and key.lower() not in below}
        node = _Node(each, reference, own, level, parent, link)
        yield node
        for key, value in record.items():
            if found := below.get(key.lower()):
                child = dml.entity(call.org, found.sobject, call.actor, call.tooling)
                yield from _nodes(call, child, value, node, found.field)


def _bounded(nodes: list[_Node]) -> None:
    """Refuse a tree that is too large, and references that are not unique (sObject Tree, limits)."""
    if len(nodes) > MAX_ROWS:
        text = f"record limit reached. cannot submit more than {MAX_ROWS} records in this operation"
        raise ApiError("EXCEEDED_ID_LIMIT", text)
    if len({node.sobject.name for node in nodes}) > MAX_OBJECTS:
        text = f"Trees hold records of at most {MAX_OBJECTS} objects"  # [R: words]
        raise ApiError("INVALID_INPUT", text)
    if len({node.reference for node in nodes}) < len(nodes):
        raise ApiError("INVALID_INPUT", "Duplicate ReferenceId provided in the request.")  # [R: words]


def _make(call: Call, node: _Node) -> None:
    link = {node.link: node.parent.made["id"]} if node.parent else {}
    try:
        if any(name.lower() == "id" for name in node.values):
            raise RowError("INVALID_FIELD", "The Id field should not be specified in the sobject data.", ["Id"])
        node.made["id"] = call.org.insert(node.sobject.name, {**node.values, **link}, call.actor, tooling=call.tooling)
    except ApiError as error:
        raise _Refused(node, error) from error
