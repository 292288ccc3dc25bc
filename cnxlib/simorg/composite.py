"""Composite requests, whose parts may refer to what came before, and batches, whose parts stand by themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .calls import Answer, Call
from .errors import ApiError
from .faults import PART

MAX_PARTS = 25
MAX_HEAVY = 5
"""Of a composite's 25 parts, how many may be queries or collections."""

_HEAVY = re.compile(r"(?:tooling/)?(?:query(?:All)?(?:/.*)?|composite/sobjects(?:/.*)?)")
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."


class _Undo(Exception):
    """Takes back what a composite with allOrNone has written."""


class _Unresolved(Exception):
    """A reference to what is not there."""

    def __init__(self, path: str, name: str) -> None:
        super().__init__(f"Invalid reference specified. No value for {path} found in {name}")


def _parts(call: Call, key: str) -> list[Mapping[str, Any]]:
    parts = call.body.get(key)
    if (
        not isinstance(parts, list)
        or not parts
        or not all(isinstance(each, dict) and each.get("url") for each in parts)
    ):
        raise ApiError("JSON_PARSER_ERROR", f"{key} must be a list of requests with method and url")
    if len(parts) > MAX_PARTS:
        raise ApiError(
            "LIMIT_EXCEEDED", f"The request holds {len(parts)} subrequests; the limit is {MAX_PARTS}"
        )  # [R: code and text]
    return parts


def composite(call: Call) -> Answer:
    """POST composite: the parts in their order; `@{ref.field}` stands for a value in the answer of the part `ref`."""
    parts = _parts(call, "compositeRequest")
    names = [each.get("referenceId") for each in parts]
    if any(not isinstance(name, str) or not re.fullmatch(r"\w+", name) for name in names) or len(set(names)) < len(
        names
    ):
        raise ApiError("INVALID_INPUT", "Each subrequest needs a referenceId of its own")  # [R: code and text]
    heavy = sum(1 for each in parts if _HEAVY.fullmatch(re.sub(r".*/v[\d.]+/", "", str(each["url"])).partition("?")[0]))
    if heavy > MAX_HEAVY:
        raise ApiError(
            "LIMIT_EXCEEDED", f"The request holds {heavy} queries and collections; the limit is {MAX_HEAVY}"
        )  # [R]
    all_or_none = str(call.body.get("allOrNone")).lower() == "true"
    answers: dict[str, Answer] = {}
    if not all_or_none:
        _serve(call, parts, answers, stop=False)
        return _composed(answers)
    try:
        with call.org.transaction():
            if not _serve(call, parts, answers, stop=True):
                raise _Undo
    except _Undo:
        answers = {
            name: answer if answer is not None and answer.status >= 300 else _halted(_ROLLED_BACK)
            for name, answer in ((str(each["referenceId"]), answers.get(str(each["referenceId"]))) for each in parts)
        }
    return _composed(answers)


def _serve(call: Call, parts: list[Mapping[str, Any]], answers: dict[str, Answer], stop: bool) -> bool:
    """Serve the parts; with `stop`, up to the first that fails. Whether all went well."""
    values: dict[str, Any] = {}
    for each in parts:
        name = str(each["referenceId"])
        try:
            answer = _struck(each) or call.dispatch(_part(call, each, values))
        except _Unresolved as problem:
            answer = _halted(str(problem))
        except ApiError as error:
            answer = Answer(error.status, [one.rest() for one in error.all()])
        answers[name] = answer
        if answer.status < 300:
            values[name] = answer.body
        elif stop:
            return False
    return all(answer.status < 300 for answer in answers.values())


def _struck(each: Mapping[str, Any]) -> Answer | None:
    """The refusal of a part that a fault strikes."""
    strikes = PART.get()
    error = strikes(str(each.get("method", "GET")), str(each["url"])) if strikes else None
    return Answer(error.status, [error.rest()]) if error else None


def _part(call: Call, each: Mapping[str, Any], values: Mapping[str, Any]) -> Call:
    url = _filled(str(each["url"]), values)
    body = each.get("body")
    raw = json.dumps(_filled(body, values)).encode() if body is not None else b""
    headers = each.get("httpHeaders")
    return call.within(str(each.get("method", "GET")), str(url), raw, headers if isinstance(headers, dict) else None)


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """The value with its references replaced; a text that is one reference takes the type of what it stands for."""
    if isinstance(value, dict):
        return {key: _filled(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, values) for each in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _resolve(whole, values)
    return _REFERENCE.sub(lambda match: str(_resolve(match, values)), value)


def _resolve(match: re.Match[str], values: Mapping[str, Any]) -> Any:
    name, steps = match[1], match[2]
    path = f"{name}{steps}"
    if name not in values:
        raise _Unresolved(path, name)
    found = values[name]
    for step in _STEP.finditer(steps):
        if step[2] is not None:
            place = int(step[2])
            if not isinstance(found, list) or place >= len(found):
                raise _Unresolved(path, name)
            found = found[place]
            continue
        key = next((key for key in found if key.lower() == step[1].lower()), None) if isinstance(found, dict) else None
        if key is None:
            raise _Unresolved(path, name)
        found = found[key]
    return found


def _halted(text: str) -> Answer:
    return Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": text}])


def _composed(answers: Mapping[str, Answer]) -> Answer:
    return Answer(
        body={
            "compositeResponse": [
                {
                    "body": answer.body,
                    "httpHeaders": dict(answer.headers),
                    "httpStatusCode": answer.status,
                    "referenceId": name,
                }
                for name, answer in answers.items()
            ]
        }
    )


def batch(call: Call) -> Answer:
    """POST composite/batch: each part by itself; with haltOnError none after the first that fails."""
    parts = _parts(call, "batchRequests")
    halt = str(call.body.get("haltOnError")).lower() == "true"
    results: list[dict[str, Any]] = []
    failed = False
    for each in parts:
        if failed and halt:
            message = "Batch processing halted per request"
            results.append(
                {"statusCode": 412, "result": [{"errorCode": "BATCH_PROCESSING_HALTED", "message": message}]}
            )
            continue
        body = each.get("richInput")
        raw = json.dumps(body).encode() if body is not None else b""
        try:
            part = call.within(str(each.get("method", "GET")), str(each["url"]), raw)
            answer = _struck(each) or call.dispatch(part)
        except ApiError as error:
            answer = Answer(error.status, [one.rest() for one in error.all()])
        failed = failed or answer.status >= 300
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(body={"hasErrors": failed, "results": results})
