"""What a login opens, and the request that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from cnxlib.errors import LoginRefused


@dataclass(frozen=True)
class Session:
    """A session id and the address it is good for ("https://host[:port]")."""

    id: str = field(repr=False)
    url: str


def post(alias: str, url: str, http: requests.Session, **content: Any) -> requests.Response:
    """Send what is secret to a login address, and nowhere else: a redirection is not followed.

    Raises
    ------
    LoginRefused
        The address sends elsewhere.
    """
    answer = http.post(url, allow_redirects=False, **content)
    if answer.is_redirect:
        host = urlsplit(answer.headers.get("Location", "")).netloc
        raise LoginRefused(
            f"{urlsplit(url).netloc} does not take the login, and sends to {host or 'another address'}",
            org=alias,
            hint="Check the url in the org's entry: https://login.salesforce.com, https://test.salesforce.com, or the "
            "org's My Domain.",
        )
    return answer
