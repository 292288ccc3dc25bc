"""SOAP login(): user name and password, for as long as there are API versions up to 64."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import lxml.etree
import requests

from cnxlib.errors import LoginRefused
from cnxlib.salesforce.login_refusals import soap_refusal
from cnxlib.salesforce.login_session import Session, post

VERSION = "64.0"
"""The last API version that has SOAP login(); absent from 65 on."""

_ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com">
<env:Body><u:login><u:username>{username}</u:username><u:password>{password}</u:password></u:login></env:Body>
</env:Envelope>"""


def log_in(alias: str, url: str, username: str, password: str, http: requests.Session) -> Session:
    """Open a session; `password` is the password with the security token behind it, where one is needed.

    Raises
    ------
    LoginRefused
        The org said no, or the password has expired.
    """
    answer = _ask(alias, url, VERSION, username, password, http)
    found = _texts(answer.content)
    if "sessionId" not in found or "serverUrl" not in found:
        raise soap_refusal(alias, f"{username} at {url}", found, answer.status_code)
    if found.get("passwordExpired") == "true":  # SOAP API, LoginResult: the session is good for setPassword alone
        raise LoginRefused(
            f"The password of {username} has expired",
            org=alias,
            hint="Log in by a browser and choose a new one, which makes a new security token too; then store both.",
        )
    server = urlsplit(found["serverUrl"])
    return Session(found["sessionId"], f"{server.scheme}://{server.netloc}")


def refusal_of(url: str, version: str, username: str, password: str, http: requests.Session) -> str:
    """The code by which login() of that API version refuses them."""
    answer = _ask("", url, version, username, password, http)
    return _texts(answer.content).get("faultcode", "").rpartition(":")[2] or f"HTTP {answer.status_code}"


def _ask(alias: str, url: str, version: str, username: str, password: str, http: requests.Session) -> requests.Response:
    # simple-salesforce's own SOAP login insists on *.salesforce.com on port 443, hence this request of our own.
    return post(
        alias,
        f"{url}/services/Soap/u/{version}",
        http,
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
