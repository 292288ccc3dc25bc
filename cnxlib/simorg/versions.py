"""The API versions that the org serves."""

from __future__ import annotations

from typing import Any

from .errors import not_found

FIRST, LAST = 31, 68
VERSIONS = [f"{number}.0" for number in range(FIRST, LAST + 1)]
_SEASONS = ("Winter", "Spring", "Summer")


def label(number: int) -> str:
    """The release of a version: Winter '26 is 65, and there are three a year."""
    year, season = divmod(number - 65, 3)
    return f"{_SEASONS[season]} '{26 + year:02d}"


def version_rows() -> list[dict[str, Any]]:
    """The answer of /services/data."""
    return [
        {"label": label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(FIRST, LAST + 1)
    ]


def known(version: str) -> str:
    """The version, if it is served.

    Raises:
        ApiError: NOT_FOUND.
    """
    if version not in VERSIONS:
        raise not_found()
    return version
