"""SOAP envelopes in and out, for the login door (`/services/Soap/u`, `/c`) and the metadata door (`/services/Soap/m`).

Clients differ in their prefixes, so a request is read by local names alone; an answer uses unprefixed element names in
the call's own namespace, because some clients read by tag name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from starlette.responses import Response

from . import languages
from .versions import FIRST, LAST

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
METADATA = "http://soap.sforce.com/2006/04/metadata"

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | list[Value] | None"
"""What an element of an answer holds: None leaves it out, a mapping holds its children in order, a list repeats it."""

_VERSION = re.compile(r"\d{2}\.0")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SoapFault(Exception):
    """A refused SOAP call.

    `code` is the exception code without prefix (`INVALID_LOGIN`), or `Client` for a fault of the envelope itself;
    `kind` is the element that Salesforce puts into the fault's detail (`LoginFault`, `UnexpectedErrorFault`), if any.
    """

    def __init__(self, code: str, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.kind = code, languages.message(message), kind

    def response(self, namespace: str) -> Response:
        """The fault as Salesforce sends it: HTTP 500, its `sf:` prefix bound to `namespace`."""
        if self.code == "Client":
            code, text, detail = f"soapenv:{self.code}", self.message, ""
        else:
            code, text, detail = f"sf:{self.code}", f"{self.code}: {self.message}", ""
            if self.kind:
                inside = xml("sf:exceptionCode", self.code) + xml("sf:exceptionMessage", self.message)
                detail = f'<detail><sf:{self.kind} xsi:type="sf:{self.kind}">{inside}</sf:{self.kind}></detail>'
        body = f"<soapenv:Fault>{xml('faultcode', code)}{xml('faultstring', text)}{detail}</soapenv:Fault>"
        return _envelope(body, f' xmlns:sf="{namespace}"', 500)


@dataclass(frozen=True)
class Call:
    """One parsed request: the call's name, its element, and the session id of its header (None when absent)."""

    name: str
    element: Element
    session_id: str | None


def parse(body: bytes) -> Call:
    """Read a SOAP request.

    Raises:
        SoapFault: no well-formed XML, a document type or an entity declared, or no SOAP envelope with one call in it.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise SoapFault("Client", "DOCTYPE is not allowed in a SOAP message") from None
    except (
        ParseError,
        ValueError,
        LookupError,
    ) as error:  # LookupError: the prolog names an encoding that does not exist
        raise SoapFault("Client", f"The request could not be parsed: {error}") from None
    if local(root) != "Envelope":
        raise SoapFault("Client", f"Envelope expected, found {local(root)}")
    content = child(root, "Body")
    if content is None or len(content) != 1:
        raise SoapFault("Client", "The envelope's Body must hold exactly one call")
    header = child(root, "Header")
    session = None if header is None else child(header, "SessionHeader")
    return Call(local(content[0]), content[0], None if session is None else text(session, "sessionId"))


def api_version(segment: str) -> str:
    """The API version of a SOAP URL's segment (`59.0`).

    Raises:
        SoapFault: UNSUPPORTED_API_VERSION.
    """
    if not _VERSION.fullmatch(segment) or not FIRST <= int(segment.partition(".")[0]) <= LAST:
        raise SoapFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", "UnexpectedErrorFault")
    return segment


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    """The element's namespace, or an empty string."""
    return str(element.tag).rpartition("}")[0].lstrip("{")


def child(element: Element, name: str) -> Element | None:
    """The first child of that local name."""
    return next((found for found in element if local(found) == name), None)


def text(element: Element, name: str) -> str | None:
    """The text of the first child of that local name; None when there is no such child."""
    found = child(element, name)
    return None if found is None else (found.text or "").strip()


def texts(element: Element, name: str) -> list[str]:
    """The texts of all children of that local name."""
    return [(found.text or "").strip() for found in element if local(found) == name]


def xml(name: str, value: Value, attributes: str = "") -> str:
    """`value` as the element `name`: text is escaped, characters that XML cannot carry are dropped."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(xml(name, item, attributes) for item in value)
    if isinstance(value, Mapping):
        inside = "".join(xml(key, item) for key, item in value.items())
    elif isinstance(value, bool):
        inside = "true" if value else "false"
    else:
        inside = escape(_NOT_XML.sub("", str(value)))
    return f"<{name}{attributes}>{inside}</{name}>"


def answer(call: str, namespace: str, result: str) -> Response:
    """The answer to `call`: `result` (serialised elements) within `<callResponse xmlns="namespace">`."""
    return _envelope(f"<{call}Response>{result}</{call}Response>", f' xmlns="{namespace}"', 200)


def _envelope(body: str, namespaces: str, status: int) -> Response:
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}"{namespaces} xmlns:xsi="{XSI}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    return Response(content.encode(), status, media_type="text/xml")
