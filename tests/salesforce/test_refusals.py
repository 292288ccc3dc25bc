"""Salesforce's errors, matched by code."""

from __future__ import annotations

from typing import Any

import pytest

from cnxlib import errors
from cnxlib.salesforce.refusals import refusal, refusal_from_body


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("DUPLICATE_VALUE", 400, errors.Duplicate),
        ("DUPLICATE_USERNAME", 0, errors.Duplicate),
        ("NOT_FOUND", 404, errors.NotFound),
        ("INSUFFICIENT_ACCESS", 403, errors.NotPermitted),
        ("INSUFFICIENT_ACCESS_APEX_CLASS", 403, errors.NotPermitted),
        ("REQUEST_LIMIT_EXCEEDED", 403, errors.LimitExceeded),
        ("LICENSE_LIMIT_EXCEEDED", 0, errors.LicenceExhausted),
        ("sf:INVALID_SESSION_ID", 401, errors.SessionExpired),
        ("UNABLE_TO_LOCK_ROW", 400, errors.Temporary),
        ("", 503, errors.Temporary),
        ("FIELD_INTEGRITY_EXCEPTION", 400, errors.SalesforceError),
    ],
)
def test_the_code_decides_and_the_message_does_not(code: str, status: int, kind: type) -> None:
    assert type(refusal(code, "Duplicado: no se puede", status=status)) is kind


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (
            [{"errorCode": "INVALID_FIELD", "message": "No such column", "fields": ["X"]}],
            "INVALID_FIELD",
            "No such column",
        ),
        ({"error": "invalid_grant", "error_description": "expired"}, "invalid_grant", "expired"),
        ("<html>Bad gateway</html>", "", "HTTP 502"),
        ([], "", "HTTP 502"),
    ],
)
def test_bodies(body: Any, code: str, says: str) -> None:
    error = refusal_from_body(body, 502, "acme")
    assert error.code == code
    assert says in error.message
    assert error.org == "acme"


def test_a_code_is_said_once() -> None:
    error = refusal("sf:INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS: insufficient rights")
    assert error.message == "INSUFFICIENT_ACCESS: insufficient rights"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("INVALID_TYPE", "the org has no LoginHistory, or it does not show it to the user who is logged in"),
        ("INVALID_FIELD", "there is no such field of LoginHistory, or the user who is logged in is not shown it"),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "Log in as an administrator"),
        ("SOMETHING_NEW", "Mend what Salesforce names"),
        ("", "Mend what Salesforce names"),
    ],
)
def test_every_code_has_a_remedy_that_names_the_org(code: str, says: str) -> None:
    hint = refusal(code, "nicht verfügbar", org="acme", asked="LoginHistory").hint
    assert says in hint
    assert "`cnx doctor --org acme`" in hint


def test_what_is_asked_for_need_not_be_known() -> None:
    assert "the org has no such object, or" in refusal("INVALID_TYPE", "").hint
    assert "there is no such field, or" in refusal("INVALID_FIELD", "").hint
