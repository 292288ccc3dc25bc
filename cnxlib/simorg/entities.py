"""The org's description of itself, EntityDefinition, FieldDefinition and TabDefinition, made from the schema."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .schema import INFERRED, Field, Schema, SObject, standard

if TYPE_CHECKING:
    from .org import Org

_DATA_TYPES = {
    "id": "Lookup()",
    "boolean": "Checkbox",
    "datetime": "Date/Time",
    "date": "Date",
    "int": "Number",
    "double": "Number",
    "currency": "Currency(16, 2)",
    "picklist": "Picklist",
    "multipicklist": "Picklist (Multi-Select)",
    "email": "Email",
    "phone": "Phone",
    "url": "URL",
    "address": "Address",
    "complexvalue": "Complex",
}


def fill(org: Org) -> None:
    """Write the rows of all objects and fields of the org, which has none yet."""
    rows = _standard() if org.schema is standard() else _rows(org.schema)
    for name, each in rows.items():
        org.put_many(name, each)


def add(org: Org, each: SObject, one: Field) -> None:
    """Write the row of a field that was added, in place of one it had."""
    row = _field(each, one)
    for old in org.rows("FieldDefinition", DurableId=row["DurableId"]):
        row["Id"] = old["Id"]
    org.put("FieldDefinition", row)


def _rows(schema: Schema) -> dict[str, list[dict[str, Any]]]:
    objects = list(schema.objects.values())
    return {
        "EntityDefinition": [_entity(each) for each in objects],
        "FieldDefinition": [_field(each, one) for each in objects for one in each.fields.values() if not one.tooling],
        "TabDefinition": [
            {
                "DurableId": f"standard-{each.name}",
                "Name": f"standard-{each.name}",
                "Label": each.plural,
                "SobjectName": each.name,
            }
            for each in objects
            if each.permissionable
        ],
    }


@lru_cache(maxsize=1)
def _standard() -> dict[str, list[dict[str, Any]]]:
    """The rows that every org starts with; computed once for all orgs of a process."""
    return _rows(standard())


def _entity(each: SObject) -> dict[str, Any]:
    return {
        "DurableId": each.name,
        "QualifiedApiName": each.name,
        "DeveloperName": each.name,
        "MasterLabel": each.label,
        "PluralLabel": each.plural,
        "KeyPrefix": each.prefix if each.prefix != INFERRED else None,
        "PublisherId": "System",
        "IsCustomizable": each.permissionable,
        "IsQueryable": each.queryable,
        "IsRetrieveable": each.view is None,
        "IsApexTriggerable": each.permissionable,
        "IsLayoutable": each.permissionable,
        "IsSearchable": each.permissionable,
        "IsEverCreatable": each.createable,
        "IsEverUpdatable": each.updateable,
        "IsEverDeletable": each.deletable,
        "InternalSharingModel": "ReadWrite" if each.permissionable else None,
        "ExternalSharingModel": "Private" if each.permissionable else None,
    }


def data_type(one: Field) -> str:
    """The type of a field as Setup prints it."""
    if one.refers:
        return f"Lookup({','.join(reversed(one.refers) if one.named else one.refers)})"  # Lookup(User,Group)
    if one.type == "string":
        return "Auto Number" if one.autonumber else f"Text({one.length})"
    if one.type == "textarea":
        return f"Long Text Area({one.length})" if one.length > 255 else f"Text Area({one.length})"
    return _DATA_TYPES.get(one.type, one.type.capitalize())


def _field(each: SObject, one: Field) -> dict[str, Any]:
    local = one.name.removesuffix("__c")
    developer = local.split("__", 1)[1] if one.namespace else local
    return {
        "DurableId": f"{each.name}.{one.name}",
        "EntityDefinitionId": each.name,
        "QualifiedApiName": one.name,
        "DeveloperName": developer.removesuffix("Id") if one.refers and not one.custom else developer,
        "NamespacePrefix": one.namespace,
        "MasterLabel": one.label,
        "Length": one.length,
        "DataType": data_type(one),
        "ValueTypeId": one.type,
        "RelationshipName": one.relationship,
        "IsCalculated": one.sql is not None,
        "IsCompound": one.type == "address",
        "IsFlsEnabled": each.permissionable and one.permissionable,
        "IsIndexed": one.is_id or one.unique or one.external_id,
        "IsNameField": one.name == each.name_field,
        "IsNillable": one.nillable,
        "IsApiFilterable": one.filterable,
        "IsApiGroupable": one.groupable,
        "IsApiSortable": one.sortable,
        "IsListFilterable": one.filterable,
        "IsListSortable": one.sortable,
        "IsListVisible": each.permissionable,
        "IsPolymorphicForeignKey": len(one.refers) > 1,
    }
