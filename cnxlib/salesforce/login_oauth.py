"""OAuth's token endpoint: JWT bearer, client credentials, and username-password flow.

simple-salesforce has these flows too, at *.salesforce.com on port 443 alone.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cnxlib.errors import LoginRefused, SecretError
from cnxlib.salesforce.login_refusals import oauth_refusal
from cnxlib.salesforce.login_session import Session, post
from cnxlib.secrets.touched import touch

PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"
"""The audiences of a JWT (Salesforce Help, OAuth 2.0 JWT Bearer Flow: the authorization server's address)."""

ASSERTION_S = 180
"""How long an assertion is good, in seconds; Salesforce asks for some three minutes at most."""


def by_key(
    alias: str, url: str, username: str, client_id: str, key: str, audience: str | None, http: requests.Session
) -> Session:
    """Open a session by the JWT bearer flow; `key` is a PEM without a passphrase, "" or None as audience derives it.

    Raises
    ------
    SecretError
        `key` is no such PEM of an RSA key; nothing was sent.
    LoginRefused
        The org said no.
    """
    claims = {
        "iss": client_id,
        "sub": username,
        "aud": (audience or audience_of(url)).rstrip("/"),
        "exp": int(time.time()) + ASSERTION_S,
    }
    signed = touch(assertion(alias, claims, key))
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}
    return _token(alias, url, username, form, http)


def by_client(alias: str, url: str, client_id: str, secret: str, http: requests.Session) -> Session:
    """Open a session by the client credentials flow. No scope is named: the flow takes none.

    Raises
    ------
    LoginRefused
        The org said no.
    """
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return _token(alias, url, "the app", form, http)


def by_password(
    alias: str, url: str, username: str, password: str, client_id: str, secret: str, http: requests.Session
) -> Session:
    """Open a session by the username-password flow; `password` is the password with the security token behind it.

    Raises
    ------
    LoginRefused
        The org said no.
    """
    form = {
        "grant_type": "password",
        "client_id": client_id,
        "client_secret": secret,
        "username": username,
        "password": password,
    }
    return _token(alias, url, username, form, http)


def audience_of(url: str) -> str:
    """The audience of a JWT for an address: sandboxes' and scratch orgs' is the test login's.

    Their hosts are test.salesforce.com, acme--uat.sandbox.my.salesforce.com, name.scratch.my.salesforce.com, and
    acme--uat.my.salesforce.com of old (Salesforce Help, My Domain URL Formats).
    """
    host = urlsplit(url).hostname or ""
    first, _, rest = host.partition(".")
    kind = rest.partition(".")[0]
    return SANDBOX if first == "test" or "--" in first or kind in ("sandbox", "scratch") else PRODUCTION


def assertion(alias: str, claims: Mapping[str, Any], key: str) -> str:
    """A JSON Web Token of `claims`, signed with the RSA key of a PEM by RS256 (RFC 7515, RFC 7518).

    Raises
    ------
    SecretError
        There is no RSA key in it that can be read; it is not shown.
    """
    try:
        loaded = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it wants a passphrase
        loaded = None
    if not isinstance(loaded, RSAPrivateKey):
        raise SecretError(
            "The private_key of the org's entry leads to no RSA key that can be read",
            org=alias,
            hint="It must be a PEM without a passphrase (BEGIN PRIVATE KEY), the one whose certificate the app holds.",
        )
    parts = [_part(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    content = ".".join(parts)
    return f"{content}.{_part(loaded.sign(content.encode(), PKCS1v15(), SHA256()))}"


def refusal_of(url: str, form: Mapping[str, str], http: requests.Session) -> str:
    """The code by which the token endpoint refuses `form`."""
    answer = post("", f"{url}/services/oauth2/token", http, data=form)
    code = _object(answer).get("error")
    return str(code) if code else f"HTTP {answer.status_code}"


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _token(alias: str, url: str, who: str, form: Mapping[str, str], http: requests.Session) -> Session:
    answer = post(alias, f"{url}/services/oauth2/token", http, data=form)
    told = _object(answer)
    token, address = told.get("access_token"), str(told.get("instance_url") or "").rstrip("/")
    if not token:
        raise oauth_refusal(alias, f"{who} at {url}", told, answer.status_code)
    touch(str(token))
    if not address.startswith("https://"):
        raise LoginRefused(f"{url} opened a session without telling the org's https address", org=alias)
    return Session(str(token), address)


def _object(answer: requests.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
