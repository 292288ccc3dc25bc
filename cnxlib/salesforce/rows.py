"""Rows of a collection: what became of each."""

from __future__ import annotations

from cnxlib.errors import SalesforceError
from cnxlib.salesforce.refusals import refusal
from cnxlib.salesforce.requests import RowResult


def row_error(result: RowResult) -> SalesforceError | None:
    """The error of one row of a collection, None where it was written."""
    return None if result.ok else refusal(result.code, result.message, org=result.org)
