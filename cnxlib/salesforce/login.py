"""Logging in: from an inventory entry to a session."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import lxml.etree
import requests

from cnxlib.errors import LoginRefused
from cnxlib.inventory import OrgEntry, SessionLogin
from cnxlib.secrets import resolve

SOAP_VERSION = "64.0"
"""The last API version that has SOAP login(); absent from 65 on."""

_ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com">
<env:Body><u:login><u:username>{username}</u:username><u:password>{password}</u:password></u:login></env:Body>
</env:Envelope>"""


@dataclass(frozen=True)
class Session:
    """A session id and the address it is good for ("https://host[:port]")."""

    id: str
    url: str


def log_in(alias: str, entry: OrgEntry, http: requests.Session) -> Session:
    """Open a session by the entry's route.

    Raises
    ------
    LoginRefused
        The org said no; says how to find out why.
    SecretError
        A reference leads nowhere; nothing was sent.
    requests.RequestException
        No answer.
    """
    login = entry.login
    if isinstance(login, SessionLogin):
        return Session(resolve(login.session), login.url.rstrip("/"))
    # simple-salesforce's own SOAP login insists on *.salesforce.com on port 443, hence this request of our own.
    secret = resolve(login.password) + (resolve(login.security_token) if login.security_token else "")
    answer = http.post(
        f"{login.url.rstrip('/')}/services/Soap/u/{SOAP_VERSION}",
        data=_ENVELOPE.format(username=escape(login.username), password=escape(secret)).encode(),
        headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": "login"},
    )
    found = _texts(answer.content)
    if "sessionId" in found and "serverUrl" in found:
        server = urlsplit(found["serverUrl"])
        return Session(found["sessionId"], f"{server.scheme}://{server.netloc}")
    said = found.get("faultstring") or f"HTTP {answer.status_code} without a session"
    raise LoginRefused(
        f"The login of {login.username} at {login.url} was refused: {said}",
        org=alias,
        hint="Check user name, password and security token (a new password makes a new token). "
        "Setup, Login History shows the reason; SOAP login may be switched off in the org.",
    )


def _texts(content: bytes) -> dict[str, str]:
    """The texts of an XML answer by local name, empty for anything that is no XML."""
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = lxml.etree.fromstring(content, parser)
    except lxml.etree.XMLSyntaxError:
        return {}
    return {
        lxml.etree.QName(node).localname: node.text.strip()
        for node in root.iter(lxml.etree.Element)
        if node.text and node.text.strip()
    }
