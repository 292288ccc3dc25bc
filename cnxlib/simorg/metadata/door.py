"""The Metadata API's SOAP door: `/services/Soap/m/XX.0`, with a trailing slash or the org id after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias
from xml.etree.ElementTree import Element

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import soap
from ..errors import ApiError
from ..gate import ALIAS, BODY
from ..identity import sessions
from ..org import Actor, Org
from ..soap import METADATA, SoapFault
from . import file_calls, properties, schema, value_types, writing
from .components import Kind, Value
from .context import Context
from .kinds import KINDS
from .objects import CustomObject

MAX_COMPONENTS = 10
"""Components that one CRUD call may carry (Metadata API, CRUD-based calls)."""

MAX_QUERIES = 3
"""Queries that one listMetadata call may carry."""


_Write: TypeAlias = Callable[[Org, Actor, Kind, str, Value, int], bool]


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
            sessions.check_app(request.app.state.orgs, org, actor, call.session_id or "")
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
            results = handle(Context(org, actor, call, int(float(version))))
        return soap.answer(call.name, METADATA, results)
    except SoapFault as fault:
        return fault.response(METADATA)


def _read(context: Context) -> str:
    kind = context.kind(soap.text(context.call.element, "type") or "")
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


def _create(context: Context) -> str:
    return _save(context, writing.create)


def _update(context: Context) -> str:
    return _save(context, writing.update)


def _upsert(context: Context) -> str:
    return _save(context, writing.upsert, tell_created=True)


def _delete(context: Context) -> str:
    kind = context.kind(soap.text(context.call.element, "type") or "")
    names = soap.texts(context.call.element, "fullNames")
    _bounded(names)
    results: list[soap.Value] = []
    for name in names:
        work = partial(writing.delete, context.org, context.actor, kind, name)
        _, errors = writing.attempt(context.org, work)
        results.append({"errors": errors, "fullName": name, "success": not errors})
    return soap.xml("result", results)


def _rename(context: Context) -> str:
    element = context.call.element
    kind = context.kind(soap.text(element, "type") or "")
    old, new = soap.text(element, "oldFullName") or "", soap.text(element, "newFullName") or ""
    _, errors = writing.attempt(context.org, partial(writing.rename, context.org, context.actor, kind, old, new))
    return soap.xml("result", {"errors": errors, "fullName": old if errors else new, "success": not errors})


def _list(context: Context) -> str:
    queries = [element for element in context.call.element if soap.local(element) == "queries"]
    if len(queries) > MAX_QUERIES:
        raise SoapFault("EXCEEDED_ID_LIMIT", f"listMetadata takes at most {MAX_QUERIES} queries")
    found = ""
    for query in queries:
        name = soap.text(query, "type") or ""
        kinds = [kind for kind in KINDS.values() if name in (kind.name, kind.listed) and kind.since <= context.version]
        if not kinds:
            raise SoapFault("INVALID_TYPE", f"Unknown type:{name}")
        for kind in kinds:
            for full_name, id_ in sorted(kind.names(context.org).items()):
                found += soap.xml("result", properties.of_component(context.org, kind, full_name, id_))
    return found


def _describe(context: Context) -> str:
    version = soap.text(context.call.element, "asOfVersion") or ""
    limit = int(float(soap.api_version(version))) if version else context.version
    described: dict[str, soap.Value] = {}
    for kind in KINDS.values():
        if kind.since <= limit and not kind.element:
            parts = [part.name for part in kind.parts if part.since <= limit] if isinstance(kind, CustomObject) else []
            described[kind.listed] = {
                "childXmlNames": list(parts),
                "directoryName": kind.directory,
                "inFolder": False,
                "metaFile": False,
                "suffix": kind.suffix,
                "xmlName": kind.listed,
            }
    result: dict[str, soap.Value] = {
        "metadataObjects": list(described.values()),
        "organizationNamespace": "",
        "partialSaveAllowed": True,
        "testRequired": False,
    }
    return soap.xml("result", result)


def _describe_value_type(context: Context) -> str:
    """The type is named with its namespace: `{http://soap.sforce.com/2006/04/metadata}CaseSettings`."""
    name = (soap.text(context.call.element, "type") or "").rpartition("}")[2]
    return soap.xml("result", value_types.describe(context.kind(name)))


_CALLS: dict[str, Callable[[Context], str]] = {
    "cancelDeploy": file_calls.cancel_deploy,
    "checkDeployStatus": file_calls.check_deploy_status,
    "checkRetrieveStatus": file_calls.check_retrieve_status,
    "checkStatus": file_calls.check_status,
    "deploy": file_calls.deploy,
    "deployRecentValidation": file_calls.deploy_recent_validation,
    "retrieve": file_calls.retrieve,
    "describeValueType": _describe_value_type,
    "renameMetadata": _rename,
    "readMetadata": _read,
    "createMetadata": _create,
    "updateMetadata": _update,
    "upsertMetadata": _upsert,
    "deleteMetadata": _delete,
    "listMetadata": _list,
    "describeMetadata": _describe,
}


def _save(context: Context, write: _Write, *, tell_created: bool = False) -> str:
    """Write each component of the call by itself; one that is refused does not undo the others."""
    components = [element for element in context.call.element if soap.local(element) == "metadata"]
    _bounded(components)
    parsed = [_component(context, element) for element in components]
    if len({kind.name for kind, _, _ in parsed}) > 1:
        raise SoapFault("INVALID_TYPE", "All components of one call must be of the same type")
    results = ""
    for kind, name, value in parsed:
        work = partial(write, context.org, context.actor, kind, name, value, context.version)
        created, errors = writing.attempt(context.org, work)
        told: dict[str, soap.Value] = {"created": bool(created)} if tell_created else {}
        results += soap.xml("result", {**told, "errors": errors, "fullName": name, "success": not errors})
    return results


def _component(context: Context, element: Element) -> tuple[Kind, str, Value]:
    name = element.get(f"{{{soap.XSI}}}type", "").rpartition(":")[2]
    if not name:
        raise SoapFault("Client", "Element metadata must have an xsi:type")
    kind = context.kind(name)
    return kind, soap.text(element, "fullName") or "", schema.from_xml(element, kind.name)


def _bounded(items: Sequence[object]) -> None:
    if len(items) > MAX_COMPONENTS:
        message = f"record limit reached. cannot submit more than {MAX_COMPONENTS} records into this call"
        raise SoapFault("EXCEEDED_ID_LIMIT", message)
