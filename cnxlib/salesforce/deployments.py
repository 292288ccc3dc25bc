"""Deployments: several metadata components that are made together or not at all.

Source: Metadata API, the REST resource deployRequest (a zip with package.xml in a multipart body). createMetadata
writes components one by one, of one type a call: what is left of an app after the second was refused is no app.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import requests

from cnxlib.salesforce.refusals import refusal_from_body
from cnxlib.salesforce.requests import Component

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"


class DeployDoor:
    """Deploys components by their XML.

    Parameters
    ----------
    alias, url, version, session_id:
        The org, its address, the API version and a session of it.
    http:
        The session that the requests go through.
    """

    def __init__(self, alias: str, url: str, version: str, session_id: str, http: requests.Session) -> None:
        self._alias, self._url, self._version = alias, url, version
        self._session_id, self._http = session_id, http

    def deploy(self, components: Sequence[Component]) -> str:
        """Begin a deployment of `components`, all or nothing; returns its id.

        Raises
        ------
        SalesforceError
            Salesforce refused the request itself; what becomes of the components is asked for by the id.
        """
        options = {"deployOptions": {"singlePackage": True, "rollbackOnError": True, "testLevel": "NoTestRun"}}
        parts: dict[str, tuple[str | None, str | bytes, str]] = {
            "json": (None, json.dumps(options), "application/json"),
            "file": ("deploy.zip", archive(components, self._version), "application/zip"),
        }
        answer = self._http.post(
            f"{self._url}/services/data/v{self._version}/metadata/deployRequest",
            files=parts,
            headers={"Authorization": f"Bearer {self._session_id}"},
        )
        body = answer.json()
        if answer.status_code >= 400:
            raise refusal_from_body(body, answer.status_code, self._alias)
        return str(body["id"])


def archive(components: Sequence[Component], version: str) -> bytes:
    """A zip of package.xml and one file a component."""
    by_type: dict[str, list[str]] = {}
    for component in components:
        by_type.setdefault(component.type, []).append(component.full_name)
    types = "".join(
        "<types>" + "".join(f"<members>{escape(name)}</members>" for name in names) + f"<name>{type}</name></types>"
        for type, names in by_type.items()
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("package.xml", _document("Package", f"{types}<version>{version}</version>"))
        for component in components:
            files.writestr(component.path, _document(component.type, _elements(component.properties)))
    return content.getvalue()


def _document(name: str, inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{_NAMESPACE}">{inside}</{name}>\n'


def _elements(properties: Mapping[str, Any]) -> str:
    """The properties as elements in alphabetical order, which is the order of the WSDL's types."""
    return "".join(f"<{name}>{escape(_text(properties[name]))}</{name}>" for name in sorted(properties))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
