"""Salesforce's error answers as errors of this project. Matched by code, never by message: messages are translated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnxlib.errors import (
    Duplicate,
    LicenceExhausted,
    LimitExceeded,
    NotFound,
    NotPermitted,
    SalesforceError,
    SessionExpired,
    Temporary,
)

_BY_CODE: dict[str, type[SalesforceError]] = {
    "NOT_FOUND": NotFound,
    "INVALID_CROSS_REFERENCE_KEY": NotFound,
    "ENTITY_IS_DELETED": NotFound,
    "DUPLICATE_VALUE": Duplicate,
    "DUPLICATE_USERNAME": Duplicate,
    "DUPLICATE_DEVELOPER_NAME": Duplicate,
    "LICENSE_LIMIT_EXCEEDED": LicenceExhausted,
    "API_DISABLED_FOR_ORG": NotPermitted,
    "API_CURRENTLY_DISABLED": NotPermitted,
    "REQUEST_LIMIT_EXCEEDED": LimitExceeded,
    "INVALID_SESSION_ID": SessionExpired,
    "UNABLE_TO_LOCK_ROW": Temporary,
    "SERVER_UNAVAILABLE": Temporary,
    "ALREADY_IN_PROCESS": Temporary,
    "PACKAGE_UNAVAILABLE": Temporary,
}

API_ENABLED = (
    "The user needs the permission API Enabled, and the org an edition with the API (Enterprise and above, Developer; "
    "Professional as an addition)."
)
_MISSING = "a permission, a licence or a feature of the org is missing. `{doctor}` says what the user lacks."
_HINTS_OF_CODES = {
    # What is not there is answered as what is hidden from who asks.
    "INVALID_TYPE": f"Either the org has no {{asked}}, or it does not show it to the user who is logged in: {_MISSING}",
    "INVALID_FIELD": f"Either there is no such field{{of}}, or the user who is logged in is not shown it: {_MISSING}",
    "API_DISABLED_FOR_ORG": API_ENABLED,
    "API_CURRENTLY_DISABLED": "Salesforce has the API switched off for now: see https://status.salesforce.com.",
}

_HINTS: dict[type[SalesforceError], str] = {
    NotPermitted: "Log in as an administrator, or have the missing permission granted: `{doctor}` says which it is.",
    LicenceExhausted: "Free a licence (deactivate a user) or buy one, then run again.",
    LimitExceeded: "Where Salesforce speaks of concurrent requests, run again in some minutes; else wait until the "
    "org's 24-hour limit of API requests frees up (Setup, Company Information).",
    SessionExpired: "Log in again, then run again: what is done is kept.",
    Temporary: "Run again in a minute: what is done is kept.",
}

_OTHER = "Mend what Salesforce names, then run again: what is done is kept. `{doctor}` says what the user lacks."
"""What to do about a code that has no remedy of its own."""


def refusal(
    code: str, message: str, fields: Sequence[str] = (), status: int = 0, org: str = "", asked: str = ""
) -> SalesforceError:
    """The error for one errorCode or statusCode.

    Parameters
    ----------
    code, message, fields:
        As Salesforce answered.
    status:
        HTTP status, 0 where unknown.
    org:
        Alias of the org.
    asked:
        API name of the object that was asked for, where it was one.
    """
    code = code.removeprefix("sf:")
    message = message.removeprefix(f"{code}: ")  # a SOAP fault's text begins with its code
    kind = _BY_CODE.get(code, Temporary if status in (502, 503, 504) else SalesforceError)
    if code.startswith("INSUFFICIENT_ACCESS"):  # …_OR_READONLY, …_ON_CROSS_REFERENCE_ENTITY and others
        kind = NotPermitted
    return kind(
        f"{code}: {message}" if code else message,
        code=code,
        fields=fields,
        status=status,
        org=org,
        hint=(_HINTS_OF_CODES.get(code) or _HINTS.get(kind, _OTHER)).format(
            doctor=f"cnx doctor --org {org or 'ALIAS'}",
            asked=asked or "such object",
            of=f" of {asked}" if asked else "",
        ),
    )


def refusal_from_body(body: Any, status: int, org: str = "", asked: str = "") -> SalesforceError:
    """The error in an answer's JSON: a list of {"message","errorCode","fields"}, or OAuth's {"error", ...}.

    The other parameters are those of `refusal`.
    """
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return refusal("", f"HTTP {status} without an error that can be read", status=status, org=org, asked=asked)
    code = str(first.get("errorCode") or first.get("statusCode") or first.get("error") or "")
    message = str(first.get("message") or first.get("error_description") or "")
    return refusal(code, message, first.get("fields") or (), status, org, asked)
