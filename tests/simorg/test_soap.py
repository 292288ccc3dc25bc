"""SOAP envelopes: read whatever the prefixes, refused when they are not what they should be."""

import pytest

from cnxlib.simorg import soap
from cnxlib.simorg.soap import SoapFault

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Envelope><Body><login><username>&b;</username></login></Body></Envelope>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<Envelope><Body><login><username>&a;</username></login></Body></Envelope>"""


def test_prefixes_do_not_matter() -> None:
    call = soap.parse(
        b'<?xml version="1.0"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:q="urn:x">'
        b"<env:Header>"
        b"<q:SessionHeader><q:sessionId> 00D!abc </q:sessionId></q:SessionHeader></env:Header>"
        b"<env:Body><q:readMetadata><q:type>CaseSettings</q:type></q:readMetadata></env:Body></env:Envelope>"
    )
    assert (call.name, call.session_id, soap.text(call.element, "type")) == ("readMetadata", "00D!abc", "CaseSettings")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Envelope>",
        b"<html/>",
        b"<Envelope/>",
        b"<Envelope><Body/></Envelope>",
        b"<Envelope><Body><a/><b/></Body></Envelope>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"\xff\xfe\x00",
        LAUGHS,
        EXTERNAL,
    ],
)
def test_what_is_no_call_is_a_client_fault(body: bytes) -> None:
    with pytest.raises(SoapFault) as caught:
        soap.parse(body)
    assert caught.value.code == "Client"


def test_a_fault_carries_its_code_where_clients_look() -> None:
    response = SoapFault("INVALID_LOGIN", "No & no", "LoginFault").response("urn:fault.partner.soap.sforce.com")
    body = bytes(response.body).decode()
    assert response.status_code == 500
    assert "<faultcode>sf:INVALID_LOGIN</faultcode>" in body
    assert "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>" in body
    assert "INVALID_LOGIN: No &amp; no" in body


def test_values_as_xml() -> None:
    assert soap.xml("a", {"t": True, "none": None, "many": [1, 2], "text": "<\x00&"}) == (
        "<a><t>true</t><many>1</many><many>2</many><text>&lt;&amp;</text></a>"
    )


@pytest.mark.parametrize("segment", ["30.0", "69.0", "59", "5x.0", "", "059.0"])
def test_versions_outside_those_served(segment: str) -> None:
    with pytest.raises(SoapFault, match="Invalid Api version"):
        soap.api_version(segment)
