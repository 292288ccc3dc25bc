"""The Metadata API over simple-salesforce's WSDL client (zeep).

Its `MetadataType` wrapper is passed by: it raises errors as one string and answers a missing component with an object
whose fullName is None. Its service is used directly, over our own HTTP session, so that the requests are counted and
the org's CA and the proxy hold for this door too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests
import zeep
import zeep.exceptions
from simple_salesforce.metadata import SfdcMetadataApi
from zeep.helpers import serialize_object

from cnxlib.errors import OrgUnreachable, SalesforceError
from cnxlib.salesforce.refusals import refusal, refusal_from_body

WSDL_VERSION = "63.0"
"""API version of the WSDL that simple-salesforce ships; its requests go to that version's door."""

READ_LIMIT = 10
"""Components a call (Metadata API, readMetadata)."""


class _Transport(zeep.Transport):
    """Hands zeep only what is SOAP: its parser takes an error's JSON or HTML for an empty envelope."""

    alias = ""

    def post(self, address: str, message: Any, headers: Any) -> requests.Response:
        response: requests.Response = super().post(address, message, headers)  # type: ignore[no-untyped-call]
        if "xml" not in response.headers.get("Content-Type", ""):
            try:
                body = response.json()
            except ValueError:
                body = None
            raise refusal_from_body(body, response.status_code, self.alias)
        return response


class MetadataDoor:
    """Reads and writes metadata components.

    Parameters
    ----------
    alias, url, session_id:
        The org, its address and a session of it.
    http:
        The session that the requests go through.
    """

    def __init__(self, alias: str, url: str, session_id: str, http: requests.Session) -> None:
        self._alias = alias
        api = SfdcMetadataApi(
            session=http,
            session_id=session_id,
            instance="",
            metadata_url=f"{url}/services/Soap/m/{WSDL_VERSION}/",
            headers={},
            api_version=WSDL_VERSION,
        )
        self._client, self._service, self._header = api._client, api._service, api._session_header
        self._client.transport = _Transport(session=http)  # type: ignore[no-untyped-call]
        self._client.transport.alias = alias

    def read(self, type: str, full_names: Sequence[str]) -> list[dict[str, Any] | None]:
        """The components in the order of `full_names` (at most ten), None for each that is missing.

        Raises
        ------
        SalesforceError
            Salesforce refused: the type is unknown to the org, or the user may not read metadata.
        """
        found = self._call("readMetadata", type, list(full_names)) or []
        components = [_bare(serialize_object(component, dict)) for component in found]  # type: ignore[no-untyped-call]
        by_name = {component["fullName"]: component for component in components if component.get("fullName")}
        return [by_name.get(name) for name in full_names]

    def write(self, op: str, type: str, component: Mapping[str, Any]) -> None:
        """Create or update one component.

        Raises
        ------
        SalesforceError
            Salesforce refused; `code` is SaveResult's statusCode.
        """
        try:
            element = self._client.get_type(f"ns0:{type}")(**component)  # type: ignore[no-untyped-call]
        except zeep.exceptions.LookupError:  # its text lists every type there is
            raise SalesforceError(f"API {WSDL_VERSION} has no metadata type {type}", org=self._alias) from None
        except TypeError as error:
            raise SalesforceError(f"{type} has no such property: {error}", org=self._alias) from None
        for result in self._call(f"{op}Metadata", [element]) or []:
            if not result.success:
                first = result.errors[0]
                raise refusal(str(first.statusCode), first.message, first.fields or (), org=self._alias)

    def delete(self, type: str, full_name: str) -> None:
        """Delete one component.

        Raises
        ------
        SalesforceError
            Salesforce refused; `code` is DeleteResult's statusCode.
        """
        for result in self._call("deleteMetadata", type, [full_name]) or []:
            if not result.success:
                first = result.errors[0]
                raise refusal(str(first.statusCode), first.message, first.fields or (), org=self._alias)

    def _call(self, operation: str, *arguments: Any) -> Any:
        try:
            return getattr(self._service, operation)(*arguments, _soapheaders=[self._header])
        except zeep.exceptions.Fault as fault:
            raise refusal(str(fault.code or "").split(":")[-1], fault.message or "", org=self._alias) from None
        except zeep.exceptions.TransportError as error:
            raise refusal(
                "", f"HTTP {error.status_code} from the Metadata API", (), error.status_code, self._alias
            ) from None
        except zeep.exceptions.Error as error:
            raise OrgUnreachable(
                f"The Metadata API's answer to {operation} cannot be read ({type(error).__name__})", org=self._alias
            ) from None


def _bare(value: Any) -> Any:
    """Without the properties that were not sent: zeep fills in None and empty lists for them."""
    if isinstance(value, dict):
        return {name: _bare(item) for name, item in value.items() if item is not None and item != []}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value
