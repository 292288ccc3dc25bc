"""Calls on the REST and Tooling doors, and their answers.

They are apart from HTTP because the parts of a composite or a batch are calls too, and never were HTTP requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .actor import Actor
from .errors import ApiError, not_found
from .org import Org
from .versions import known


@dataclass(frozen=True)
class Call:
    """One REST call.

    Attributes:
        path: below the version (and `tooling/`), without slashes at its ends, unquoted.
        base: what the addresses in the answer begin with, `/services/data/v62.0` (with `/tooling`).
        origin: scheme and host of the request, for absolute addresses.
        dispatch: serves a further call: a part of this one.
    """

    org: Org
    actor: Actor
    dispatch: Callable[[Call], Answer]
    method: str
    version: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    tooling: bool = False
    origin: str = ""

    @property
    def base(self) -> str:
        """What the addresses of rows begin with."""
        return f"/services/data/v{self.version}" + ("/tooling" if self.tooling else "")

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object sent; an empty body is an empty object.

        Raises:
            ApiError: JSON_PARSER_ERROR.
        """
        value = parse_json(self.raw)
        if not isinstance(value, dict):
            raise ApiError("JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
        return value

    def within(self, method: str, url: str, raw: bytes, headers: Mapping[str, str] | None = None) -> Call:
        """The call of a part of this one; its address may begin at `/services/data/` or at the version.

        Raises:
            ApiError: NOT_FOUND: it leads elsewhere.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            raise not_found() from None
        match = _ADDRESS.fullmatch(parts.path)
        if not match:
            raise not_found()
        version, tooling, path = match["version"], match["tooling"], match["path"]
        return replace(
            self,
            method=method.upper(),
            version=known(version),
            path=unquote(path or "").strip("/"),
            params=dict(parse_qsl(parts.query, keep_blank_values=True)),
            raw=raw,
            headers={name.lower(): str(value) for name, value in (headers or {}).items()},
            tooling=tooling is not None,
        )


_ADDRESS = re.compile(
    r"/?(?:services/data/)?v(?P<version>[\d.]+)(?:/(?P<tooling>tooling(?=/|$)))?(?:/(?P<path>.*))?", re.DOTALL
)


@dataclass(frozen=True)
class Answer:
    """The answer to a call: a status, and a body unless there is none."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Resource:
    """A kind of address and what serves it, by method; the pattern's groups are the handler's further arguments."""

    pattern: re.Pattern[str]
    handlers: Mapping[str, Handler]


def resource(pattern: str, **handlers: Handler) -> Resource:
    """A resource for addresses below the version: `resource("sobjects/(.+)", GET=...)`."""
    return Resource(re.compile(pattern), handlers)


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def parse_json(raw: bytes) -> Any:
    """The JSON value of a body, whatever its Content-Type says.

    Raises:
        ApiError: JSON_PARSER_ERROR.
    """
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_json) if raw.strip() else {}
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
        return value
    except UnicodeError:
        raise ApiError("JSON_PARSER_ERROR", "Invalid UTF-8 in the request body") from None
    except json.JSONDecodeError as problem:
        found = problem.doc[problem.pos : problem.pos + 1]
        what = f"Unexpected character ('{found}' (code {ord(found)}))" if found else "Unexpected end-of-input"
        text = f"{what}: {problem.msg} at [line:{problem.lineno}, column:{problem.colno}]"
        raise ApiError("JSON_PARSER_ERROR", text) from None
    except (RecursionError, ValueError):
        raise ApiError(
            "JSON_PARSER_ERROR", "The request body is nested too deeply or holds a number too long"
        ) from None
