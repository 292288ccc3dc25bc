"""The JWT bearer flow's assertion: RS256, signed with the key whose certificate the app holds, not expired."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from ..orgs import Orgs
from . import clients
from .clients import Client
from .problems import OAuthError

_AUDIENCE = re.compile(
    r"https://(login|test)\.salesforce\.com/?(services/oauth2/token)?|https?://(127\.0\.0\.1|localhost)(:\d+)?/?.*"
)


def verify(orgs: Orgs, assertion: str) -> tuple[Client, str]:
    """The app and the username of a valid assertion.

    Raises:
        OAuthError: no such app; an assertion that is malformed, wrongly signed, expired, or for another audience.
    """
    head, _, tail = assertion.rpartition(".")
    header_part, _, claims_part = head.partition(".")
    header, claims = _json(header_part), _json(claims_part)
    client = clients.find(orgs, str(claims.get("iss", "")))
    if client is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if header.get("alg") != "RS256" or not _signed(client, head.encode(), _bytes(tail)):
        raise OAuthError("invalid_grant", "invalid assertion")
    if not _AUDIENCE.fullmatch(str(claims.get("aud", ""))):
        raise OAuthError("invalid_grant", "audience is invalid")
    try:
        left = float(claims.get("exp", 0)) - datetime.now(UTC).timestamp()
    except (TypeError, ValueError):
        left = 0.0
    # However far away: the Salesforce CLI writes milliseconds where seconds belong, and is let in.
    if left <= 0:
        raise OAuthError("invalid_grant", "expired authorization code")
    return client, str(claims.get("sub") or claims.get("prn") or "")


def certificate(text: str) -> x509.Certificate:
    """The certificate in the metadata of an app: a PEM, or its Base64 alone, as metadata of real apps has it.

    Raises:
        ValueError: it holds none.
    """
    pem = text.strip()
    if "BEGIN CERTIFICATE" not in pem:
        pem = f"-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----"
    return x509.load_pem_x509_certificate(pem.encode())


def _signed(client: Client, content: bytes, signature: bytes) -> bool:
    try:
        key = certificate(client.certificate).public_key()
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(signature, content, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise OAuthError("invalid_grant", "invalid assertion") from None


def _json(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        raise OAuthError("invalid_grant", "invalid assertion") from None
    if not isinstance(found, dict):
        raise OAuthError("invalid_grant", "invalid assertion")
    return found
