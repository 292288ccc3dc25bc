"""types.yaml says of the metadata components what Salesforce's WSDL says."""

from pathlib import Path

import pytest
import simple_salesforce
from lxml import etree

from cnxlib.simorg.metadata.kinds import KINDS
from cnxlib.simorg.metadata.schema import Field, from_xml, missing, schema, to_xml
from cnxlib.simorg.soap import SoapFault

XSD = {"x": "http://www.w3.org/2001/XMLSchema"}


@pytest.fixture(scope="module")
def wsdl() -> etree._ElementTree:
    return etree.parse(Path(simple_salesforce.__file__).with_name("metadata.wsdl"))


def test_structs_are_those_of_the_wsdl(wsdl: etree._ElementTree) -> None:
    described = {element.get("name"): element for element in wsdl.iterfind(".//x:complexType", XSD)}
    for struct, fields in schema().structs.items():
        expected = {
            element.get("name"): Field(
                (element.get("type") or "").partition(":")[2],
                element.get("maxOccurs") != "unbounded" and element.get("minOccurs", "1") == "1",
                element.get("maxOccurs") == "unbounded",
            )
            for element in described[struct].iterfind(".//x:element", XSD)
        }
        assert list(fields.items()) == list(expected.items()), struct


def test_structs_with_a_full_name_are_the_metadata_of_the_wsdl(wsdl: etree._ElementTree) -> None:
    described = {element.get("name"): element for element in wsdl.iterfind(".//x:complexType", XSD)}
    extending = {name for name in schema().structs if described[name].find(".//x:extension", XSD) is not None}
    assert schema().named == extending


def test_enumerations_are_those_of_the_wsdl(wsdl: etree._ElementTree) -> None:
    described = {element.get("name"): element for element in wsdl.iterfind(".//x:simpleType", XSD)}
    for enum, values in schema().enums.items():
        assert values == tuple(element.get("value") for element in described[enum].iterfind(".//x:enumeration", XSD)), (
            enum
        )


def test_every_kind_is_described() -> None:
    assert KINDS.keys() <= schema().structs.keys()


def element(inside: str) -> etree._Element:
    from defusedxml.ElementTree import fromstring

    return fromstring(f'<metadata xmlns="http://soap.sforce.com/2006/04/metadata">{inside}</metadata>')


def test_a_component_passes_through_both_ways() -> None:
    value = from_xml(
        element(
            "<fullName>A</fullName><label>L</label><contactEmail>a@b.c</contactEmail><oauthConfig><scopes>Full</scopes><scopes>Web</scopes>"
            "<isAdminApproved>1</isAdminApproved><callbackUrl>https://x</callbackUrl></oauthConfig>"
        ),
        "ConnectedApp",
    )
    oauth = {"scopes": ["Full", "Web"], "isAdminApproved": True, "callbackUrl": "https://x"}
    assert value == {"label": "L", "contactEmail": "a@b.c", "oauthConfig": oauth}
    ordered = to_xml(value, "ConnectedApp")
    assert list(ordered) == ["contactEmail", "label", "oauthConfig"]
    assert list(ordered["oauthConfig"]) == ["callbackUrl", "isAdminApproved", "scopes"]


@pytest.mark.parametrize(
    ("struct", "inside", "message"),
    [
        ("CaseSettings", "<nonsense/>", "nonsense invalid at this location in type CaseSettings"),
        (
            "CaseSettings",
            "<emailToCase><enableEmailToCase>True</enableEmailToCase></emailToCase>",
            "'True' is not valid for the type xsd:boolean",
        ),
        (
            "ConnectedApp",
            "<oauthConfig><scopes>Everything</scopes></oauthConfig>",
            "'Everything' is not a valid value for the enum",
        ),
    ],
)
def test_what_the_wsdl_does_not_allow_is_a_fault(struct: str, inside: str, message: str) -> None:
    with pytest.raises(SoapFault, match=message):
        from_xml(element(inside), struct)


def test_missing_elements_are_named_by_path() -> None:
    assert missing({"label": "L", "oauthConfig": {}}, "ConnectedApp") == ["contactEmail", "oauthConfig.callbackUrl"]
