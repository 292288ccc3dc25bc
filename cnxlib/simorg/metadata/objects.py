"""CustomObject and CustomField as metadata components: the standard objects, and what is added to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..errors import ApiError
from ..org import Actor, Org
from ..schema import SObject
from . import field_types
from .components import Kind, Value, merge

OBJECTS = "CustomObjectExtras"
"""Kind of the documents that hold what an object has in metadata alone, by its name."""

FIELDS = "CustomFieldMetadata"
"""Kind of the documents that hold custom fields as they were sent, by full name."""

_SHARING = {"sharingModel": "InternalSharingModel", "externalSharingModel": "ExternalSharingModel"}
"""The organization-wide defaults, by element: the columns of EntityDefinition that tell them."""

_SUBSCRIBERS = {
    "businessOwnerGroup", "businessOwnerUser", "businessStatus", "complianceGroup", "inlineHelpText", "maskChar",
    "maskType", "securityClassification", "trackFeedHistory", "trackHistory",
}  # fmt: skip
"""What whoever installed a package may change of its fields, as Setup's page of such a field lists it."""


def object_of(org: Org, name: str) -> SObject:
    """The object of a component's full name (`Account.Region__c`): one whose fields and access a customer may set.

    Raises:
        ApiError: INVALID_CROSS_REFERENCE_KEY: there is none.
    """
    wanted = name.partition(".")[0]
    found = org.sobject(wanted)
    if found is None or not found.permissionable:
        text = f"In field: fullName - no CustomObject named {wanted} found"
        raise ApiError("INVALID_CROSS_REFERENCE_KEY", text, ["fullName"])
    return found


@dataclass(frozen=True)
class CustomObject(Kind):
    """The standard objects that take custom fields, with their fields, processes and record types."""

    parts: tuple[Kind, ...] = ()

    def names(self, org: Org) -> dict[str, str]:
        """The objects."""
        return {each.name: "" for each in org.schema.objects.values() if each.permissionable}

    def read(self, org: Org, name: str) -> Value | None:
        """One object with its parts; its standard fields by name alone."""
        if name not in self.names(org):
            return None
        value: Value = {"sharingModel": "ReadWrite", **(org.document(OBJECTS, name) or {})}
        for part in self.parts:
            value[part.element] = [
                {"fullName": each.partition(".")[2], **(part.read(org, each) or {})}
                for each in sorted(part.names(org))
                if each.partition(".")[0] == name
            ]
        # [R] Salesforce tells more of standard fields: which of them are tracked
        standard = [{"fullName": each.name} for each in org.schema[name].fields.values() if each.permissionable]
        value["fields"] += [each for each in standard if not each["fullName"].endswith("__c")]
        return value

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Refused: there are no custom objects here."""
        if name in self.names(org):
            raise self.duplicate(name)
        raise ApiError("CUSTOM_ENTITY_OR_FIELD_LIMIT", "reached maximum number of custom objects")

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Change the object's own properties, and make or change the parts that are named."""
        if name not in self.names(org):
            raise self.unknown(name)
        own = {element: each for element, each in value.items() if element not in {part.element for part in self.parts}}
        if own:
            org.put_document(OBJECTS, name, merge(org.document(OBJECTS, name) or {}, own))
            sharing = {column: own[element] for element, column in _SHARING.items() if element in own}
            (entity,) = org.rows("EntityDefinition", QualifiedApiName=name)
            org.store.update("EntityDefinition", entity["Id"], sharing)
        for part in self.parts:
            for each in value.get(part.element, []):
                full_name = f"{name}.{each.get('fullName', '')}"
                rest = {element: found for element, found in each.items() if element != "fullName"}
                (part.update if part.read(org, full_name) is not None else part.create)(
                    org, actor, full_name, rest, version
                )

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Refused: standard objects cannot be deleted."""
        if name not in self.names(org):
            raise self.unknown(name)
        raise ApiError("OBJECT_CANNOT_BE_DELETED", f"Cannot delete standard object: {name}")  # [R: text]


@dataclass(frozen=True)
class CustomField(Kind):
    """Custom fields, `Account.Region__c`: a column of the object, seen in describe and FieldDefinition."""

    element: ClassVar[str] = "fields"

    def names(self, org: Org) -> dict[str, str]:
        """The custom fields of all objects, those of packages too."""
        return {
            f"{each.name}.{one.name}": ""
            for each in org.schema.objects.values()
            if each.permissionable
            for one in each.fields.values()
            if one.custom
        }

    def read(self, org: Org, name: str) -> Value | None:
        """One field; of a standard one, nothing but that it is there."""
        sobject, _, field_name = name.partition(".")
        each = org.sobject(sobject)
        one = each.field(field_name) if each and each.permissionable else None
        if one is None:
            return None
        return (org.document(FIELDS, name) or field_types.described(one)) if one.custom else {}

    def create(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Add the field to its object."""
        each = object_of(org, name)
        field_name = name.partition(".")[2]
        if each.field(field_name) is not None:
            text = f"There is already a field named {field_name} on {each.label}."
            raise ApiError("DUPLICATE_DEVELOPER_NAME", text, ["fullName"])
        self._write(org, f"{each.name}.{field_name}", value)

    def update(self, org: Org, actor: Actor, name: str, value: Value, version: int) -> None:
        """Replace the field's description; its type stays."""
        before = self.read(org, name)
        if before is None:
            raise self.unknown(name)
        each = object_of(org, name)
        one = each.fields[name.partition(".")[2].lower()]
        if not one.custom:
            org.put_document(FIELDS, name, merge(org.document(FIELDS, name) or {}, value))
            return
        if one.namespace:
            self._update_managed(org, name, before, value)
            return
        if value.get("type", before["type"]) != before["type"]:
            text = f"Cannot change the type of {name} from {before['type']} to {value['type']}"  # [R]
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", text, ["type"])
        self._write(org, f"{each.name}.{one.name}", merge(before, value))

    def delete(self, org: Org, actor: Actor, name: str) -> None:
        """Take the field away, with what is granted on it."""
        if name not in self.names(org):
            raise self.unknown(name)
        _refuse_managed(org, name)
        org.drop_field(*name.split(".", 1))
        org.drop_document(FIELDS, name)

    def _update_managed(self, org: Org, name: str, before: Value, value: Value) -> None:
        """Change what a package's field leaves to its subscribers; the rest may be said again as it is.

        Raises:
            ApiError: CANNOT_MODIFY_MANAGED_OBJECT, worded as in SalesforceFoundation/NPSP issue 6679 (which has the
                field's 00N id as component).
        """
        # An element that is left out and an empty or false one are the same
        changed = {element: each for element, each in value.items() if (each or None) != (before.get(element) or None)}
        for element in sorted(changed.keys() - _SUBSCRIBERS):
            raise ApiError(
                "CANNOT_MODIFY_MANAGED_OBJECT",
                f"Cannot modify managed object: entity=CustomFieldDefinition, component={name}, "
                f"field={element[0].upper()}{element[1:]}, state=installed: newValue='{changed[element]}', "
                f"oldValue='{before.get(element)}'",
            )
        if changed:
            org.put_document(FIELDS, name, merge(before, changed))

    def _write(self, org: Org, name: str, value: Value) -> None:
        sobject, _, field_name = name.partition(".")
        org.add_field(sobject, field_name, field_types.description(org, field_name, value))
        org.put_document(FIELDS, name, value)


def _refuse_managed(org: Org, name: str) -> None:
    """A package's fields are the package's. [R: text]"""
    sobject, _, field_name = name.partition(".")
    if org.schema[sobject].fields[field_name.lower()].namespace:
        text = f"Cannot delete managed object: entity=CustomField, component={name}"
        raise ApiError("CANNOT_DELETE_MANAGED_OBJECT", text)
