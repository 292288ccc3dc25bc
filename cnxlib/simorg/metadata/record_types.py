"""RecordType and BusinessProcess as metadata components: what offers users other values of an object's picklists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import unquote

from ..errors import ApiError
from ..org import Actor, Org
from . import field_types
from .components import Kind, Value, merge
from .objects import object_of

TYPES = "RecordTypeExtras"
"""Kind of the documents that hold what a record type has in metadata alone, by its id."""

VALUES = "BusinessProcessValues"
"""Kind of the documents that hold the `values` of a business process, by its id."""

PROCESSED = {"Case": "Status", "Lead": "Status", "Opportunity": "StageName", "Solution": "Status"}
"""The objects whose record types each have a business process, and the field whose values a process names."""

_AS_COLUMNS = {"active", "businessProcess", "description", "label"}


@dataclass(frozen=True)
class BusinessProcess(Kind):
    """Support, sales, lead and solution processes, `Case.Support`: the values of the status that a record may have."""

    element: ClassVar[str] = "businessProcesses"

    def names(self, org: Org) -> dict[str, str]:
        """The processes by object and name, which may have spaces (`Opportunity.Bulk Orders`)."""
        return {f"{row['TableEnumOrId']}.{row['Name']}": str(row["Id"]) for row in org.rows("BusinessProcess")}

    def read(self, org: Org, name: str) -> Value | None:
        """One process."""
        id_ = self.names(org).get(name)
        if id_ is None:
            return None
        row = org.get("BusinessProcess", id_)
        value = {"description": row["Description"], "isActive": row["IsActive"], **(org.document(VALUES, id_) or {})}
        return {element: each for element, each in value.items() if each is not None}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make a process of an object that has such."""
        sobject = object_of(org, name).name
        if sobject not in PROCESSED:
            text = f"{sobject} has no business processes"  # [R: code and text]
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", text, ["fullName"])
        self._check(org, sobject, value)
        own_name = _process_name(name)
        if name in self.names(org):
            raise self.duplicate(name)
        id_ = org.put("BusinessProcess", {"TableEnumOrId": sobject, "Name": own_name, **_process_columns(value)})
        org.put_document(VALUES, id_, {"values": value["values"]})

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change description, values, or whether it is offered for new record types."""
        id_ = self.id_of(org, name)
        self._check(org, name.partition(".")[0], value)
        org.store.update("BusinessProcess", id_, _process_columns(value))
        org.put_document(VALUES, id_, {"values": value["values"]})

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Take a process away that no record type has. [R] that it can be deleted, and the refusal's code and text"""
        id_ = self.id_of(org, name)
        if used := org.rows("RecordType", BusinessProcessId=id_):
            raise ApiError("DEPENDENCY_EXISTS", f"{name} is used by the record type {used[0]['DeveloperName']}")
        org.store.delete("BusinessProcess", id_)
        org.drop_document(VALUES, id_)

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Give the process another name, on the same object."""
        id_ = self.id_of(org, old)
        if new in self.names(org) or new.partition(".")[0] != old.partition(".")[0]:
            raise self.duplicate(new)
        org.store.update("BusinessProcess", id_, {"Name": _process_name(new)})

    def _check(self, org: Org, sobject: str, value: Value) -> None:
        """Refuse a process without values (CumulusCI issue 1115), or with one that the object's field has not."""
        if not value.get("values"):
            raise ApiError("REQUIRED_FIELD_MISSING", "Required field is missing: values", ["values"])
        self.require(value)
        known = org.schema[sobject].fields[PROCESSED[sobject].lower()]
        for part in value["values"]:
            # Names of values come percent-encoded where they have other characters than letters and digits
            if unquote(part.get("fullName", "")) not in known.values:
                text = f"Picklist value: {part.get('fullName', '')} in picklist: {known.name} not found"  # [R]
                raise ApiError("INVALID_CROSS_REFERENCE_KEY", text, ["values"])


@dataclass(frozen=True)
class RecordType(Kind):
    """Record types, `Case.Support`."""

    element: ClassVar[str] = "recordTypes"

    def names(self, org: Org) -> dict[str, str]:
        """The record types by object and developer name."""
        return {f"{row['SobjectType']}.{row['DeveloperName']}": str(row["Id"]) for row in org.rows("RecordType")}

    def read(self, org: Org, name: str) -> Value | None:
        """One record type."""
        id_ = self.names(org).get(name)
        if id_ is None:
            return None
        row = org.get("RecordType", id_)
        value = {"active": row["IsActive"], "description": row["Description"], "label": row["Name"]}
        if row["BusinessProcessId"]:
            value["businessProcess"] = org.get("BusinessProcess", row["BusinessProcessId"])["Name"]
        found = (org.document(TYPES, id_) or {}) | value
        return {element: each for element, each in found.items() if each is not None}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Make a record type of an object that the org has."""
        self.require(value)
        sobject = object_of(org, name).name
        developer_name = name.partition(".")[2]
        field_types.check_name(developer_name)
        if name in self.names(org):
            raise self.duplicate(name)
        row = {"SobjectType": sobject, "DeveloperName": developer_name, **_columns(value)}
        row["BusinessProcessId"] = self._process(org, sobject, value)
        self._keep(org, org.put("RecordType", row), value)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change label, description, whether it is active, its process, or its picklists."""
        self.require(value)
        id_ = self.names(org).get(name)
        if id_ is None:
            raise self.unknown(name)
        process = self._process(org, name.partition(".")[0], value)
        org.store.update("RecordType", id_, {**_columns(value), "BusinessProcessId": process})
        self._keep(org, id_, value)

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Refused: Salesforce deletes record types in Setup alone. [R: code]; the text is in Gearset's manual."""
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", "Cannot delete record type through API")

    def rename(self, org: Org, actor: Actor, old: str, new: str) -> None:
        """Give the record type another developer name, on the same object."""
        id_ = self.names(org).get(old)
        if id_ is None:
            raise self.unknown(old)
        if new in self.names(org) or new.partition(".")[0] != old.partition(".")[0]:
            raise self.duplicate(new)
        field_types.check_name(new.partition(".")[2])
        org.store.update("RecordType", id_, {"DeveloperName": new.partition(".")[2]})

    def _process(self, org: Org, sobject: str, value: Value) -> str | None:
        """The id of the process: required for some objects and not allowed for the others (Metadata API, RecordType).

        It is named without its object, in files as in calls. The texts of what is missing or unknown are those that
        users' notes on deployments quote; [R: codes, and the text of what is not allowed].
        """
        name = value.get("businessProcess")
        if sobject not in PROCESSED:
            if name:
                text = f"businessProcess is not allowed in record types of {sobject}"
                raise ApiError("FIELD_INTEGRITY_EXCEPTION", text, ["businessProcess"])
            return None
        if not name:
            raise ApiError("REQUIRED_FIELD_MISSING", "Required field is missing: businessProcess", ["businessProcess"])
        for row in org.rows("BusinessProcess", TableEnumOrId=sobject, Name=name):
            return str(row["Id"])
        text = f"In field: businessProcess - no BusinessProcess named {sobject}.{name} found"
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", text, ["businessProcess"])

    def _keep(self, org: Org, id_: str, value: Value) -> None:
        rest = {element: each for element, each in value.items() if element not in _AS_COLUMNS}
        if rest:
            org.put_document(TYPES, id_, merge(org.document(TYPES, id_) or {}, rest))


def _columns(value: Value) -> dict[str, Any]:
    return {"Name": value["label"], "IsActive": value["active"], "Description": value.get("description")}


def _process_name(name: str) -> str:
    """The name in a process's full name; any, of up to 80 characters (Object Reference, BusinessProcess)."""
    own = name.partition(".")[2]
    if not own.strip():
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [fullName]", ["fullName"])
    if len(own) > 80:
        text = f"Business Process Name: data value too large: {own} (max length=80)"
        raise ApiError("STRING_TOO_LONG", text, ["fullName"])
    return own


def _process_columns(value: Value) -> dict[str, Any]:
    active = {"IsActive": value["isActive"]} if "isActive" in value else {}
    return {"Description": value.get("description"), **active}
