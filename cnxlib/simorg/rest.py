"""The REST and Tooling doors: the table of their resources, and the way from HTTP to a call on an org and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import changes, collection, composite, describe, password, query, sobjects, tree
from .actor import Actor
from .calls import Answer, Call, Resource, resource
from .errors import ApiError, method_not_allowed, not_found
from .gate import BODY
from .identity import app_credentials
from .identity.sessions import authenticate as by_session
from .metadata import rest_door
from .org import Org
from .versions import VERSIONS, version_rows

DAILY_LIMIT = 15_000
"""API requests a day that `Sforce-Limit-Info` and the limits resource tell (a Developer Edition's)."""

Authenticate = Callable[[Request], tuple[Org, Actor]]

_RESOURCES = ("sobjects", "query", "queryAll", "limits", "composite", "tooling")


def _index(call: Call) -> Answer:
    """The resource map; clients find out by `identity` who is logged in."""
    names = ("sobjects", "query", "composite") if call.tooling else _RESOURCES
    found = {name: f"{call.base}/{name}" for name in names}
    return Answer(body={**found, "identity": f"{call.origin}/id/{call.org.org_id}/{call.actor.user_id}"})


def _limits(call: Call) -> Answer:
    """What may be used in a day, and what is left."""
    left = max(0, DAILY_LIMIT - call.org.api_calls)
    storage = {"Max": 5, "Remaining": 5}
    return Answer(
        body={
            "DailyApiRequests": {"Max": DAILY_LIMIT, "Remaining": left},
            "DailyAsyncApexExecutions": {"Max": 250_000, "Remaining": 250_000},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyWorkflowEmails": {"Max": 1_000, "Remaining": 1_000},
            "DataStorageMB": storage,
            "FileStorageMB": storage,
            "SingleEmail": {"Max": 15, "Remaining": 15},
        }
    )


# What a page of an object shows, which is not simulated; else these would be taken for ids and external id fields
_PAGES = "describe|quickActions|listviews|compactLayouts|defaultValues|relevantItems"


def _not_here(call: Call) -> Answer:
    raise not_found()


RESOURCES: list[Resource] = [
    resource("", GET=_index),
    resource("limits", GET=_limits),
    resource("limits/recordCount", GET=changes.counts),
    resource("query", GET=query.query),
    resource("queryAll", GET=query.query_all),
    resource("query(?:All)?/([^/]+)", GET=query.more),
    resource("composite", POST=composite.composite),
    resource("composite/batch", POST=composite.batch),
    resource("composite/tree/([^/]+)", POST=tree.create),
    resource("composite/sobjects", POST=collection.create, PATCH=collection.update, DELETE=collection.delete),
    resource("composite/sobjects/([^/]+)", POST=collection.retrieve, GET=collection.retrieve),
    resource("composite/sobjects/([^/]+)/([^/]+)", PATCH=collection.upsert),
    resource("apps/oauth/usage", GET=app_credentials.usage),
    resource("apps/oauth/credentials/([^/]+)", GET=app_credentials.credentials),
    resource("apps/oauth/credentials/([^/]+)/([^/]+)", GET=app_credentials.credential),
    resource("metadata/deployRequest", POST=rest_door.begin),
    resource("metadata/deployRequest/([^/]+)", GET=rest_door.status, PATCH=rest_door.cancel),
    resource("sobjects", GET=describe.everything),
    resource("sobjects/([^/]+)", GET=describe.basic, POST=sobjects.create),
    resource("sobjects/([^/]+)/describe", GET=describe.one),
    resource(f"sobjects/[^/]+/(?:{_PAGES})(?:/.*)?", GET=_not_here),
    resource("sobjects/([^/]+)/updated", GET=changes.updated),
    resource("sobjects/([^/]+)/deleted", GET=changes.deleted),
    resource("sobjects/User/([^/]+)/password", GET=password.state, POST=password.change, DELETE=password.forget),
    resource(
        "sobjects/([^/]+)/([^/]+)",
        GET=sobjects.read,
        PATCH=sobjects.update,
        DELETE=sobjects.delete,
        POST=sobjects.create_at,
    ),
    resource("sobjects/([^/]+)/([^/]+)/(.+)", GET=sobjects.read_by, PATCH=sobjects.upsert, DELETE=sobjects.delete_by),
]


def dispatch(call: Call) -> Answer:
    """Serve a call; what Salesforce refuses is an answer too."""
    try:
        return _serve(call)
    except ApiError as error:
        return Answer(error.status, [each.rest() for each in error.all()])


def _serve(call: Call) -> Answer:
    for each in RESOURCES:
        match = each.pattern.fullmatch(call.path)
        if match:
            handler = each.handlers.get(call.method) or (each.handlers.get("GET") if call.method == "HEAD" else None)
            if handler is None:
                raise method_not_allowed(call.method, each.handlers)
            return handler(call, *match.groups())
    raise not_found()


def routes(authenticate: Authenticate = by_session) -> list[Route]:
    """The routes below /services/data.

    Args:
        authenticate: finds org and actor of a request.
    """

    def versions(request: Request) -> Response:
        return JSONResponse(version_rows())

    def serve(request: Request) -> Response:
        try:
            org, actor = authenticate(request)
            _check_format(request)
            call = _call(request, org, actor)
        except ApiError as error:
            return JSONResponse([each.rest() for each in error.all()], error.status)
        answer = dispatch(call)
        org.api_calls += 1
        headers = {"Sforce-Limit-Info": f"api-usage={org.api_calls}/{DAILY_LIMIT}", **answer.headers}
        if answer.body is None or request.method == "HEAD":
            return Response(status_code=answer.status, headers=headers)
        return JSONResponse(answer.body, answer.status, headers)

    methods = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
    return [
        Route("/services/data", versions, methods=["GET"]),
        Route("/services/data/", versions, methods=["GET"]),
        Route("/services/data/{rest:path}", serve, methods=methods),
    ]


def _check_format(request: Request) -> None:
    """Refuse XML, which Salesforce's REST API writes where it alone is accepted.

    Raises:
        ApiError: NOT_ACCEPTABLE (406). [R] The code, by its HTTP status; Salesforce has no reason to send it here.
    """
    accepted = {part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")}
    if "application/xml" in accepted and not accepted & {"*/*", "application/*", "application/json"}:
        raise ApiError("NOT_ACCEPTABLE", "This resource is not available as application/xml", status=406)


def _call(request: Request, org: Org, actor: Actor) -> Call:
    params = dict(request.query_params)
    method = params.pop("_HttpMethod", request.method).upper()
    first = Call(org, actor, dispatch, method, VERSIONS[-1], "", origin=f"{request.url.scheme}://{request.url.netloc}")
    address = request.scope["raw_path"].decode("latin-1")
    call = first.within(method, address, request.scope.get(BODY, b""), request.headers)
    return replace(call, params=params)
