"""External client apps at the REST door: which there are, and their keys and secrets (Connect REST API, `apps/oauth`).

[R] the names of the answers' members: the documentation that could be read names the resources and parameters alone.
"""

from __future__ import annotations

import hashlib
from typing import Any

from .. import ids
from ..calls import Answer, Call
from ..errors import ApiError, not_found
from ..org import Org
from . import clients, refresh, sessions

_SINCE = 60.0  # the first API version of the credentials (Connect REST API)
_PARTS = ("key", "secret", "keyandsecret")


def usage(call: Call) -> Answer:
    """GET apps/oauth/usage: the external client apps, and how many users each has tokens for."""
    try:
        page, size = (int(call.params.get(name, text)) for name, text in (("page", "0"), ("pageSize", "100")))
    except ValueError:
        raise ApiError("INVALID_QUERY", "page and pageSize must be numbers") from None
    if page < 0 or not 0 < size <= 1000:
        raise ApiError("INVALID_QUERY", "page and pageSize must be positive")
    apps = sorted(call.org.documents("ExternalClientApplication").items())
    listed = [_usage(call.org, name, value) for name, value in apps[page * size : (page + 1) * size]]
    return Answer(body={"apps": listed, "currentPageUrl": f"{call.base}/apps/oauth/usage?page={page}&pageSize={size}"})


def credentials(call: Call, app: str) -> Answer:
    """GET apps/oauth/credentials/{app}: the app's consumers, by id."""
    name = _named(call, app)
    consumers = [
        {"id": consumer_id(call.org, each), "name": each, "key": value["consumerKey"]}
        for each, value in _settings(call.org, name)
    ]
    return Answer(body={"consumers": consumers})


def credential(call: Call, app: str, consumer: str) -> Answer:
    """GET apps/oauth/credentials/{app}/{consumer}: its key; with `part` its secret, or both."""
    part = call.params.get("part", "key")
    if part not in _PARTS:
        raise ApiError("INVALID_QUERY", f"part must be one of {', '.join(_PARTS)}")
    for each, value in _settings(call.org, _named(call, app)):
        if ids.same(consumer, consumer_id(call.org, each)):
            told: dict[str, Any] = {"id": consumer_id(call.org, each), "name": each}
            if "key" in part:
                told["key"] = value["consumerKey"]
            if "secret" in part:
                call.actor.require("ViewClientSecret")
                stored = call.org.document(clients.SECRETS, value["consumerKey"]) or {}
                told["secret"] = stored.get("secret")
            return Answer(body=told)
    raise not_found()


def app_id(org: Org, name: str) -> str:
    """The id of an external client app. [R: the prefix]"""
    return _id(org, "0xI", name)


def consumer_id(org: Org, name: str) -> str:
    """The id of an app's consumer: of its global OAuth settings. [R: the prefix]"""
    return _id(org, "888", name)


def _id(org: Org, prefix: str, name: str) -> str:
    return ids.record_id(prefix, org.org_id, int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big"))


def _settings(org: Org, app: str) -> list[tuple[str, dict[str, Any]]]:
    found = sorted(org.documents("ExtlClntAppGlobalOauthSettings").items())
    return [(name, value) for name, value in found if value["externalClientApplication"] == app]


def _usage(org: Org, name: str, value: dict[str, Any]) -> dict[str, Any]:
    keys = {each["consumerKey"] for _, each in _settings(org, name)}
    kinds = (sessions.KIND, refresh.KIND)
    users = {each["user"] for kind in kinds for each in org.documents(kind).values() if each.get("client") in keys}
    return {"identifier": app_id(org, name), "developerName": name, "label": value["label"], "usersCount": len(users)}


def _named(call: Call, app: str) -> str:
    """The name of the app of that id, where credentials can be read at all."""
    if float(call.version) < _SINCE:
        raise not_found()
    settings = call.org.document("ExternalClientAppSettings", "ExternalClientApp") or {}
    if not settings.get("enableClientSecretInRestApiAccess"):
        text = "Access to consumer keys and secrets by the REST API is not enabled"  # [R: code and text]
        raise ApiError("FUNCTIONALITY_NOT_ENABLED", text, status=403)
    call.actor.require("ViewSetup")
    for name in call.org.documents("ExternalClientApplication"):
        if ids.same(app, app_id(call.org, name)):
            return name
    raise not_found()
