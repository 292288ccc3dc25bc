"""What the org says of its objects: the global describe and the describe of one."""

from __future__ import annotations

from typing import Any

from . import dml
from .calls import Answer, Call
from .ids import MASTER_RECORD_TYPE
from .languages import label
from .schema import INFERRED, Field, SObject

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
# What no field of this org is, and what none has
_FALSE = [
    "aiPredictionField",
    "cascadeDelete",
    "caseSensitive",
    "dependentPicklist",
    "deprecatedAndHidden",
    "displayLocationInDecimal",
    "encrypted",
    "formulaTreatNullNumberAsZero",
    "highScaleNumber",
    "htmlFormatted",
    "queryByDistance",
    "restrictedDelete",
    "searchPrefilterable",
    "writeRequiresMasterRead",
]
_NULL = [
    "calculatedFormula",
    "controllerName",
    "defaultValueFormula",
    "extraTypeInfo",
    "filteredLookupInfo",
    "inlineHelpText",
    "mask",
    "maskType",
    "referenceTargetField",
    "relationshipOrder",
]


def everything(call: Call) -> Answer:
    """GET sobjects: all objects in short."""
    objects = sorted(call.org.schema.objects.values(), key=lambda each: each.name)
    served = [each for each in objects if each.served(call.tooling) and dml.readable(each, call.actor)]
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [_short(call, each) for each in served]})


def basic(call: Call, name: str) -> Answer:
    """GET sobjects/T: the object in short. Recently viewed rows are not kept."""
    each = dml.entity(call.org, name, call.actor, call.tooling)
    return Answer(body={"objectDescribe": _short(call, each), "recentItems": []})


def one(call: Call, name: str) -> Answer:
    """GET sobjects/T/describe: the object with its fields, those that the caller may not see left out."""
    each = dml.entity(call.org, name, call.actor, call.tooling)
    return Answer(body=described(call, each))


def _allowed(call: Call, each: SObject, word: str, able: bool) -> bool:
    return able and (not each.permissionable or call.actor.may(word, each.name))


def _short(call: Call, each: SObject) -> dict[str, Any]:
    url = f"{call.base}/sobjects/{each.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": _allowed(call, each, "Create", each.createable),
        "custom": each.name.endswith("__c"),
        "customSetting": False,
        "deepCloneable": False,
        "deletable": _allowed(call, each, "Delete", each.deletable),
        "deprecatedAndHidden": False,
        "feedEnabled": each.permissionable,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": each.prefix if each.prefix != INFERRED else None,
        "label": label(each.label),
        "labelPlural": label(each.plural),
        "layoutable": each.permissionable,
        "mergeable": False,
        "mruEnabled": each.permissionable,
        "name": each.name,
        "queryable": each.queryable,
        "replicateable": each.view is None,
        "retrieveable": each.view is None,
        "searchable": each.permissionable,
        "triggerable": each.permissionable,
        "undeletable": each.soft_delete and each.deletable,
        "updateable": _allowed(call, each, "Edit", each.updateable),
        "urls": {
            "sobject": url,
            "describe": f"{url}/describe",
            "rowTemplate": f"{url}/{{ID}}",
        },
    }


def described(call: Call, each: SObject) -> dict[str, Any]:
    """The whole describe of an object."""
    children = [
        {
            "cascadeDelete": False,
            "childSObject": link.sobject,
            "deprecatedAndHidden": False,
            "field": link.field,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": link.name,
            "restrictedDelete": False,
        }
        for link in call.org.schema.children(each.name)
        if call.actor.sees(child := call.org.schema[link.sobject], child.fields[link.field.lower()])
    ]
    visible = [
        item for item in each.fields.values() if call.actor.sees(each, item) and (call.tooling or not item.tooling)
    ]
    return {
        **_short(call, each),
        "actionOverrides": [],
        "childRelationships": children,
        "compactLayoutable": each.permissionable,
        "fields": [_field(call, each, item) for item in visible],
        "recordTypeInfos": _record_types(call, each),
        "supportedScopes": [{"label": f"All {each.plural.lower()}", "name": "everything"}],
    }


def _record_types(call: Call, each: SObject) -> list[dict[str, Any]]:
    rows = [*call.org.rows("RecordType", SobjectType=each.name), None] if each.permissionable else []
    return [
        {
            "active": row["IsActive"] if row else True,
            "available": row["IsActive"] if row else True,
            "defaultRecordTypeMapping": row is None,
            "developerName": row["DeveloperName"] if row else "Master",
            "master": row is None,
            "name": row["Name"] if row else "Master",
            "recordTypeId": row["Id"] if row else MASTER_RECORD_TYPE,
            "urls": {},
        }
        for row in rows
    ]


def entries(call: Call, each: SObject, item: Field) -> tuple[str, ...]:
    """The entries of a picklist; those that name objects and fields follow from the schema."""
    guarded = [other for other in call.org.schema.objects.values() if other.permissionable]
    if item.name == "SobjectType" and not item.values:
        return tuple(other.name for other in guarded)
    if each.name == "FieldPermissions" and item.name == "Field":
        return tuple(f"{other.name}.{f.name}" for other in guarded for f in other.fields.values() if f.permissionable)
    return item.values


def _field(call: Call, each: SObject, item: Field) -> dict[str, Any]:
    number = item.type in ("double", "currency", "percent")
    editable = call.actor.edits(each, item)
    picked = item.type in ("picklist", "multipicklist")
    return {
        **dict.fromkeys(_FALSE, False),
        **dict.fromkeys(_NULL),
        "aggregatable": item.groupable,
        "autoNumber": item.autonumber,
        "byteLength": item.length * 3 if item.is_text else item.length,
        "calculated": item.sql is not None,
        "compoundFieldName": item.compound,
        "createable": item.createable and editable,
        "custom": item.custom,
        "defaultValue": item.default if item.type == "boolean" else None,
        "defaultedOnCreate": item.defaulted or item.type == "boolean",
        "digits": 8 if item.type == "int" else 0,
        "externalId": item.external_id,
        "filterable": item.filterable,
        "groupable": item.groupable,
        "idLookup": item.type == "id" or item.external_id or item.unique,
        "label": label(item.label),
        "length": item.length,
        "name": item.name,
        "nameField": item.name == each.name_field,
        "namePointing": len(item.refers) > 1,
        "nillable": item.nillable,
        "permissionable": each.permissionable and item.permissionable,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": value == item.default,
                "label": label(value),
                "validFor": None,
                "value": value,
            }
            for value in (entries(call, each, item) if picked else ())
        ],
        "polymorphicForeignKey": len(item.refers) > 1,
        "precision": 18 if number else 0,
        "referenceTo": list(item.refers),
        "relationshipName": item.relationship,
        "restrictedPicklist": item.restricted,
        "scale": 2 if number else 0,
        "soapType": _SOAP.get(item.type, "xsd:string"),
        "sortable": item.sortable,
        "type": item.type,
        "unique": item.unique,
        "updateable": item.updateable and editable,
    }
