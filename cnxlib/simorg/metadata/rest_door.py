"""The Metadata API's REST door, `metadata/deployRequest`: deploying a zip by multipart, its status, taking it back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from ..calls import Answer, Call, parse_json
from ..errors import ApiError, not_found
from . import jobs, results
from .deployment import Options

_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)"?', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)


def begin(call: Call) -> Answer:
    """POST: a multipart body with the options (JSON) and the zip, or the id of a validation to be deployed."""
    _authorise(call)
    version = int(float(call.version))
    options = Options()
    if call.headers.get("content-type", "").lower().startswith("multipart/"):
        parts = dict(_parts(call))
        content = parts.get("zip", b"")
        if not content:
            raise ApiError("INVALID_OPERATION", "No zip file content passed in")
        options = Options.read(_options(parts.get("json", b"")))
        id_ = jobs.deploy(call.org, call.actor, content, options, version)
    else:
        validated = call.body.get("validatedDeployRequestId")
        if not isinstance(validated, str):
            raise ApiError("INVALID_MULTIPART_REQUEST", "Multipart message expected")  # [R]
        id_ = jobs.redeploy(call.org, call.actor, validated, version)
        options = Options.read(jobs.find(call.org, id_)["options"])
    return _told(call, id_, status=201, details=False, more={"deployOptions": options.as_json()})


def status(call: Call, id_: str) -> Answer:
    """GET: the deployment's result; with its components where `includeDetails` is true."""
    _authorise(call)
    return _told(call, id_, details=call.params.get("includeDetails", "").lower() == "true")


def cancel(call: Call, id_: str) -> Answer:
    """PATCH with `{"deployResult": {"status": "Canceling"}}`: take the deployment back."""
    _authorise(call)
    wanted = call.body.get("deployResult")
    if not isinstance(wanted, Mapping) or wanted.get("status") != "Canceling":
        raise ApiError("INVALID_OPERATION", "Only the status Canceling can be set")  # [R: text]
    jobs.cancel(call.org, call.actor, _known(call, id_)["id"])
    return _told(call, id_, status=202, details=False)


def _authorise(call: Call) -> None:
    if not call.actor.has("ModifyMetadata", "ModifyAllData"):
        text = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
        raise ApiError("INSUFFICIENT_ACCESS", text, status=403)


def _known(call: Call, id_: str) -> dict[str, Any]:
    try:
        return jobs.find(call.org, id_, "deploy")
    except ApiError:
        raise not_found() from None


def _told(call: Call, id_: str, *, details: bool, status: int = 200, more: Mapping[str, Any] | None = None) -> Answer:
    job = _known(call, id_)
    result = results.deployed(call.org, job, details=details)
    url = f"{call.origin}{call.base}/metadata/deployRequest/{job['id']}"
    return Answer(status, {"id": job["id"], "url": url, **(more or {}), "deployResult": result})


def _options(raw: bytes) -> Mapping[str, Any]:
    found = parse_json(raw)
    options = found.get("deployOptions", {}) if isinstance(found, dict) else None
    if not isinstance(options, dict):
        raise ApiError("JSON_PARSER_ERROR", "deployOptions is required to be a JSON object")
    for name in options.keys() - {each.name for each in fields(Options)}:
        raise ApiError("JSON_PARSER_ERROR", f'Unrecognized field "{name}"')  # [R]
    return options


def _parts(call: Call) -> Iterator[tuple[str, bytes]]:
    """The parts of a multipart body (RFC 7578) as `zip`, which has a file's name, and `json`, which has none.

    Clients name them differently: `file` and `json`, or `file` and `entity_content`.
    """
    match = _BOUNDARY.search(call.headers.get("content-type", ""))
    if match is None:
        raise ApiError("INVALID_MULTIPART_REQUEST", "Multipart boundary expected")  # [R]
    marker = b"\r\n--" + match[1].encode("latin-1", "replace")
    for part in (b"\r\n" + call.raw).split(marker)[1:]:
        if part.startswith(b"--"):
            return
        head, separator, content = part.partition(b"\r\n\r\n")
        disposition = _DISPOSITION.search(head.replace(b"\r\n", b"\n"))
        if separator and disposition:
            is_json = b"application/json" in head.lower() or b"filename" not in disposition[1].lower()
            yield ("json" if is_json else "zip"), content
