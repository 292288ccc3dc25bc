"""FileProperties: what listMetadata and a retrieval tell of a component beside its content."""

from __future__ import annotations

from typing import Any

from ..org import Org
from .components import Kind


def of_component(org: Org, kind: Kind, name: str, id_: str) -> dict[str, Any]:
    """FileProperties of one component, in the order of the WSDL.

    Who made a component and when is not kept; it is told of all that the org's own maker made them with the org.
    """
    namespace = _namespace(name)
    return _properties(
        org,
        file=kind.file(name),
        name=name,
        id_=id_,
        more={
            "manageableState": "installed" if namespace else "unmanaged",
            "namespacePrefix": namespace,
            "type": kind.listed,
        },
    )


def of_manifest(org: Org, path: str) -> dict[str, Any]:
    """FileProperties of package.xml, which stands among a retrieval's files."""
    more = {"manageableState": "unmanaged", "namespacePrefix": None, "type": "Package"}
    return _properties(org, file=path, name=path, id_="", more=more)


def _properties(org: Org, *, file: str, name: str, id_: str, more: dict[str, Any]) -> dict[str, Any]:
    organization = org.rows("Organization")[0]
    maker = org.rows("User", Id=organization["CreatedById"])
    maker_name = str(maker[0]["Name"]) if maker else ""
    moment = str(organization["CreatedDate"]).replace("+0000", "Z")
    return {
        "createdById": organization["CreatedById"],
        "createdByName": maker_name,
        "createdDate": moment,
        "fileName": file,
        "fullName": name,
        "id": id_,
        "lastModifiedById": organization["CreatedById"],
        "lastModifiedByName": maker_name,
        "lastModifiedDate": moment,
        **more,
    }


def _namespace(name: str) -> str | None:
    """The namespace in a full name: `ns__Set`, `Account.ns__Field__c`; a name's own `__c` is none."""
    local = name.rpartition(".")[2].removesuffix("__c")
    namespace, separator, _ = local.partition("__")
    return namespace if separator else None
