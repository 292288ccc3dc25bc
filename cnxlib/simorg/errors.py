"""The errors that Salesforce's APIs answer, as exceptions, and the JSON shapes they take.

``ApiError`` is raised by whatever notices that a request cannot be served; the door through which the request came
turns it into
that API's shape: a list for REST and Tooling, an item of ``errors`` for a row of a collection, a fault for SOAP.
``RowError`` is the subset that concerns one row to be written: Salesforce adds ``fields`` to those in REST as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import languages


class ApiError(Exception):
    """A request refused, in Salesforce's words.

    Args:
        code: the API's status code, such as ``INVALID_FIELD``.
        message: the text for people; clients must not match on it.
        fields: API names of the fields concerned.
        status: the HTTP status of the REST answer.
        others: further errors of the same request; Salesforce tells them in one list.
    """

    def __init__(
        self, code: str, message: str, fields: Iterable[str] = (), status: int = 400, others: Iterable[ApiError] = ()
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self._text = message
        self.fields = tuple(fields)
        self.status = status
        self.others = tuple(others)

    @property
    def message(self) -> str:
        """The text for people, in the language of who calls."""
        return languages.message(self._text)

    def all(self) -> tuple[ApiError, ...]:
        """This error and the others of the same request."""
        return (self, *self.others)

    def rest(self) -> dict[str, Any]:
        """The item of the list that REST and Tooling answer."""
        shape: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            shape["fields"] = list(self.fields)
        return shape

    def item(self) -> dict[str, Any]:
        """The item of ``errors`` in the result of one row of a collection (and in SOAP's SaveResult)."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


class RowError(ApiError):
    """A row that cannot be written; REST always tells its ``fields``, an empty list where none is to blame."""

    def rest(self) -> dict[str, Any]:
        """The item of the list that REST and Tooling answer."""
        return {"message": self.message, "errorCode": self.code, "fields": list(self.fields)}


def not_found() -> ApiError:
    """The answer for a resource that does not exist."""
    return ApiError("NOT_FOUND", "The requested resource does not exist", status=404)


def insufficient_access(
    message: str = "You don't have access to this record. Ask your administrator for help or to request access.",
) -> ApiError:
    """The answer for a user who may not do this (REST API, INSUFFICIENT_ACCESS)."""
    return RowError("INSUFFICIENT_ACCESS_OR_READONLY", message)


def method_not_allowed(method: str, allowed: Iterable[str]) -> ApiError:
    """The answer for an HTTP method that the resource does not serve."""
    return ApiError(
        "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}", status=405
    )
