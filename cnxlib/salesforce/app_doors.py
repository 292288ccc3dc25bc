"""What the doors of OAuth say to an app: whether they know it, and whether a user may log in by it.

Salesforce spreads a new app over its servers within some ten minutes; until then they refuse it as unknown. Nobody is
logged in to find that out: the authorize endpoint shows its login page, or says what is wrong with the app, and the
token endpoint checks key and secret before it looks at a code.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from cnxlib.errors import SalesforceError
from cnxlib.salesforce.refusals import refusal
from cnxlib.secrets.touched import touch

_PASSING = (429, 502, 503, 504)
# On the page that says what is wrong with an app: error=invalid_client_id&error_description=… [R: its form]
_ERROR = re.compile(r"\berror\"?\s*[=:]\s*\"?([a-z_]+)")
_REFUSED_APP = ("invalid_client_id", "redirect_uri_mismatch", "invalid_client")


def authorize(url: str, client_id: str, redirect_uri: str, http: requests.Session) -> str:
    """The code by which the authorize endpoint refuses an app with that callback URL, "" where it asks who is there.

    An error that it sends to the callback URL (such as a missing PKCE challenge) shows that it knows both.
    """
    answer = http.get(
        f"{url}/services/oauth2/authorize",
        params={"response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri},
        allow_redirects=False,
    )
    _passing(answer)
    to = answer.headers.get("Location", "")
    if to.startswith(redirect_uri):
        return ""
    told = [*parse_qs(urlsplit(to).query).get("error", ())]
    if answer.status_code >= 400:
        told += _ERROR.findall(answer.text)[:1] or [f"HTTP {answer.status_code}"]
    elif not told:
        # A page of error with status 200 [R]: only what is known to be said of an app counts there.
        told = [code for code in _ERROR.findall(answer.text) if code in _REFUSED_APP][:1]
    return told[0] if told else ""


def token(url: str, form: dict[str, str], http: requests.Session) -> str:
    """The code by which the token endpoint refuses `form`, "" where it gave a token; that one is revoked at once."""
    answer = http.post(f"{url}/services/oauth2/token", data=form, allow_redirects=False)
    _passing(answer)
    told = _object(answer)
    given = told.get("access_token")
    if given:
        http.post(f"{url}/services/oauth2/revoke", data={"token": touch(str(given))}, allow_redirects=False)
        return ""
    return str(told.get("error") or f"HTTP {answer.status_code}")


def _passing(answer: requests.Response) -> None:
    """Raises `Temporary` where the answer is not about the app at all."""
    if answer.status_code in _PASSING:
        error: SalesforceError = refusal("SERVER_UNAVAILABLE", f"HTTP {answer.status_code}", status=answer.status_code)
        raise error


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
