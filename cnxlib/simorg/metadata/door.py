"""The Metadata API's SOAP door: `/services/Soap/m/XX.0`, with a trailing slash or the org id after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import dml, soap
from ..errors import ApiError
from ..gate import ALIAS, BODY
from ..identity import sessions
from ..org import Actor, Org
from ..soap import METADATA, Call, SoapFault
from . import schema
from .components import Kind
from .kinds import KINDS

MAX_COMPONENTS = 10
"""Components that one CRUD call may carry (Metadata API, CRUD-based calls)."""

MAX_QUERIES = 3
"""Queries that one listMetadata call may carry."""


@dataclass(frozen=True)
class _Context:
    org: Org
    actor: Actor
    call: Call
    version: int


def routes() -> list[Route]:
    """The door."""
    return [Route("/services/Soap/m/{rest:path}", serve, methods=["POST"])]


def serve(request: Request) -> Response:
    """Answer one metadata call, or a fault."""
    try:
        version = soap.api_version(request.path_params["rest"].split("/")[0])
        call = soap.parse(request.scope[BODY])
        try:
            org, actor = sessions.resolve(request.app.state.orgs, call.session_id or "")
        except ApiError as error:
            raise SoapFault(
                "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session"
            ) from error
        request.scope[ALIAS] = org.alias
        handle = _CALLS.get(call.name)
        if handle is None:
            raise SoapFault(
                "Client",
                f"No operation available for request {{{METADATA}}}{call.name}, please check the WSDL for the service.",
            )
        if not actor.has("ApiEnabled"):
            raise SoapFault("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
        if not actor.has("ModifyMetadata", "ModifyAllData"):
            message = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
            raise SoapFault("INSUFFICIENT_ACCESS", message)
        org.settle()
        with org.lock:
            results = handle(_Context(org, actor, call, int(float(version))))
        return soap.answer(call.name, METADATA, results)
    except SoapFault as fault:
        return fault.response(METADATA)


def _read(context: _Context) -> str:
    kind = _kind(context, soap.text(context.call.element, "type") or "")
    names = soap.texts(context.call.element, "fullNames")
    _bounded(names)
    records = []
    for name in names:
        value = kind.read(context.org, name)
        if value is None:
            records.append('<records xsi:nil="true"/>')
        else:
            content: dict[str, soap.Value] = {"fullName": name, **schema.to_xml(value, kind.name)}
            records.append(soap.xml("records", content, f' xsi:type="{kind.name}"'))
    return f"<result>{''.join(records)}</result>"


def _create(context: _Context) -> str:
    def create(kind: Kind, name: str, value: dict[str, Any]) -> bool:
        kind.create(context.org, context.actor, name, value, context.version)
        return True

    return _save(context, create)


def _update(context: _Context) -> str:
    def update(kind: Kind, name: str, value: dict[str, Any]) -> bool:
        kind.update(context.org, context.actor, name, value, context.version)
        return False

    return _save(context, update)


def _upsert(context: _Context) -> str:
    def upsert(kind: Kind, name: str, value: dict[str, Any]) -> bool:
        created = name not in kind.names(context.org)
        (kind.create if created else kind.update)(context.org, context.actor, name, value, context.version)
        return created

    return _save(context, upsert, tell_created=True)


def _delete(context: _Context) -> str:
    kind = _kind(context, soap.text(context.call.element, "type") or "")
    names = soap.texts(context.call.element, "fullNames")
    _bounded(names)
    results: list[soap.Value] = []
    for name in names:
        _, errors = _attempt(context.org, partial(_deleted, context, kind, name))
        results.append({"errors": errors, "fullName": name, "success": not errors})
    return soap.xml("result", results)


def _list(context: _Context) -> str:
    queries = [element for element in context.call.element if soap.local(element) == "queries"]
    if len(queries) > MAX_QUERIES:
        raise SoapFault("EXCEEDED_ID_LIMIT", f"listMetadata takes at most {MAX_QUERIES} queries")
    found = ""
    for query in queries:
        name = soap.text(query, "type") or ""
        if name not in KINDS:
            raise SoapFault("INVALID_TYPE", f"Unknown type:{name}")
        kind = _kind(context, name)
        for full_name, id_ in sorted(kind.names(context.org).items()):
            found += soap.xml("result", _properties(context.org, kind, full_name, id_))
    return found


def _describe(context: _Context) -> str:
    version = soap.text(context.call.element, "asOfVersion") or ""
    limit = int(float(soap.api_version(version))) if version else context.version
    objects: list[soap.Value] = [
        {
            "directoryName": kind.directory,
            "inFolder": False,
            "metaFile": False,
            "suffix": kind.suffix,
            "xmlName": kind.name,
        }
        for kind in KINDS.values()
        if kind.since <= limit
    ]
    result: dict[str, soap.Value] = {
        "metadataObjects": objects,
        "organizationNamespace": "",
        "partialSaveAllowed": True,
        "testRequired": False,
    }
    return soap.xml("result", result)


_CALLS: dict[str, Callable[[_Context], str]] = {
    "readMetadata": _read,
    "createMetadata": _create,
    "updateMetadata": _update,
    "upsertMetadata": _upsert,
    "deleteMetadata": _delete,
    "listMetadata": _list,
    "describeMetadata": _describe,
}


def _save(context: _Context, write: Callable[[Kind, str, dict[str, Any]], bool], *, tell_created: bool = False) -> str:
    """Write each component of the call by itself; one that is refused does not undo the others."""
    components = [element for element in context.call.element if soap.local(element) == "metadata"]
    _bounded(components)
    parsed = [_component(context, element) for element in components]
    if len({kind.name for kind, _, _ in parsed}) > 1:
        raise SoapFault("INVALID_TYPE", "All components of one call must be of the same type")
    results = ""
    for kind, name, value in parsed:
        created, errors = _attempt(context.org, partial(_written, context, write, kind, name, value))
        told: dict[str, soap.Value] = {"created": bool(created)} if tell_created else {}
        results += soap.xml("result", {**told, "errors": errors, "fullName": name, "success": not errors})
    return results


def _written(
    context: _Context, write: Callable[[Kind, str, dict[str, Any]], bool], kind: Kind, name: str, value: dict[str, Any]
) -> bool:
    if not name:
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [fullName]", ["fullName"])
    created = write(kind, name, value)
    _trace(context, "created" if created else "changed", kind, name)
    return created


def _deleted(context: _Context, kind: Kind, name: str) -> None:
    kind.delete(context.org, context.actor, name)
    _trace(context, "deleted", kind, name)


def _trace(context: _Context, verb: str, kind: Kind, name: str) -> None:
    """A row of the setup audit trail. [R] the words that Salesforce has for each kind of component."""
    if not kind.as_rows:
        display = f"{verb.capitalize()} {kind.name} {name}"
        dml.trace(context.org, context.actor.user_id, f"{verb}{kind.name}"[:40], "Metadata API", display)


def _component(context: _Context, element: Element) -> tuple[Kind, str, dict[str, Any]]:
    name = element.get(f"{{{soap.XSI}}}type", "").rpartition(":")[2]
    if not name:
        raise SoapFault("Client", "Element metadata must have an xsi:type")
    kind = _kind(context, name)
    return kind, soap.text(element, "fullName") or "", schema.from_xml(element, kind.name)


def _attempt(org: Org, work: Callable[[], object]) -> tuple[object, list[soap.Value]]:
    """Do `work` in a transaction: what it returned, and the Errors of the Metadata API, none where it succeeded."""
    try:
        with org.transaction():
            return work(), []
    except ApiError as error:
        return None, [
            {"fields": list(each.fields), "message": each.message, "statusCode": each.code} for each in error.all()
        ]


def _kind(context: _Context, name: str) -> Kind:
    kind = KINDS.get(name)
    if kind is None or kind.since > context.version:
        raise SoapFault("INVALID_TYPE", "This type of metadata is not available for this organization")
    return kind


def _bounded(items: Sequence[object]) -> None:
    if len(items) > MAX_COMPONENTS:
        message = f"record limit reached. cannot submit more than {MAX_COMPONENTS} records into this call"
        raise SoapFault("EXCEEDED_ID_LIMIT", message)


def _properties(org: Org, kind: Kind, name: str, id_: str) -> dict[str, soap.Value]:
    """FileProperties of one component."""
    organization = org.rows("Organization")[0]
    maker = org.rows("User", Id=organization["CreatedById"])
    maker_name = str(maker[0]["Name"]) if maker else ""
    moment = str(organization["CreatedDate"]).replace("+0000", "Z")
    namespace, separator, _ = name.partition("__")
    return {
        "createdById": organization["CreatedById"],
        "createdByName": maker_name,
        "createdDate": moment,
        "fileName": f"{kind.directory}/{name}.{kind.suffix}",
        "fullName": name,
        "id": id_,
        "lastModifiedById": organization["CreatedById"],
        "lastModifiedByName": maker_name,
        "lastModifiedDate": moment,
        "manageableState": "installed" if separator else "unmanaged",
        "namespacePrefix": namespace if separator else None,
        "type": kind.name,
    }
