"""Logging in: from an inventory entry to a session."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4
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
    secret = resolve(login.password) + (resolve(login.security_token) if login.security_token else "")
    answer = _soap_login(login.url.rstrip("/"), SOAP_VERSION, login.username, secret, http)
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


def refusal_of_nobody(url: str, door: str, version: str, http: requests.Session) -> str:
    """The code by which a way of logging in refuses a user, or an app, whom no org knows.

    Parameters
    ----------
    url:
        The org's address.
    door:
        "soap" or "oauth".
    version:
        The API version of SOAP login(), or the grant type of the token endpoint.
    http:
        The session that the request goes through.
    """
    nobody = f"nobody-{uuid4().hex}"
    if door == "soap":
        answer = _soap_login(url, version, f"{nobody}@nowhere.invalid", nobody, http)
        code = _texts(answer.content).get("faultcode", "").rpartition(":")[2]
        return code or f"HTTP {answer.status_code}"
    form = {"grant_type": version, "client_id": nobody, "client_secret": nobody}
    if version == "password":
        form |= {"username": f"{nobody}@nowhere.invalid", "password": nobody}
    answer = http.post(f"{url}/services/oauth2/token", data=form)
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _soap_login(url: str, version: str, username: str, password: str, http: requests.Session) -> requests.Response:
    # simple-salesforce's own SOAP login insists on *.salesforce.com on port 443, hence this request of our own.
    return http.post(
        f"{url}/services/Soap/u/{version}",
        data=_ENVELOPE.format(username=escape(username), password=escape(password)).encode(),
        headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": "login"},
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
