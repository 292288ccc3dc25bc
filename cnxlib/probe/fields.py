"""Facts about fields and objects: what describe and FieldDefinition say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnxlib.probe.fact import fact
from cnxlib.rounds import Asking
from cnxlib.salesforce import Get, Identity, Query, ToolingQuery, soql

_WITHOUT = ("Case.Status", "Case.OwnerId", "Case.CaseNumber", "Account.Name")
_WITH = ("Case.Subject", "Case.AccountId", "Account.BillingAddress", "Account.ShippingAddress")
_AS_KNOWN = f"with: {' '.join(_WITH)}; without: {' '.join(_WITHOUT)}"


def _described(answer: Any) -> Mapping[str, Mapping[str, Any]]:
    return {field["name"]: field for field in answer["fields"]}


def _sorted_out(takes: Mapping[str, bool | None]) -> str:
    """Which of the known fields take field-level security, in the words of `_AS_KNOWN`."""
    names = (*_WITH, *_WITHOUT)
    given = {said: " ".join(name for name in names if takes.get(name) is value) for said, value in _SAID.items()}
    return "; ".join(f"{said}: {text}" for said, text in given.items() if text)


_SAID = {"with": True, "without": False, "not listed": None}


def _definitions(sobject: str) -> ToolingQuery:
    names = [name.partition(".")[2] for name in (*_WITH, *_WITHOUT) if name.startswith(f"{sobject}.")]
    select = "SELECT QualifiedApiName, IsFlsEnabled FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName"
    return ToolingQuery(soql(f"{select} = {{}} AND QualifiedApiName IN {{}} LIMIT 50", sobject, names))


@fact(expected=_AS_KNOWN, source="recorded describes")
def describe_says_which_fields_take_security(me: Identity) -> Asking[str | None]:
    """Describe's `permissionable` is true for the compound addresses, false for Case.Status."""
    takes: dict[str, bool | None] = {}
    answers = yield [Get("sobjects/Case/describe"), Get("sobjects/Account/describe")]
    for sobject, answer in zip(("Case", "Account"), answers, strict=True):
        takes.update({f"{sobject}.{name}": one["permissionable"] for name, one in _described(answer).items()})
    return _sorted_out(takes)


@fact(expected=_AS_KNOWN, source="inferred: IsFlsEnabled says what describe's permissionable says")
def field_definitions_say_the_same(me: Identity) -> Asking[str | None]:
    """FieldDefinition.IsFlsEnabled sorts the fields as describe does."""
    takes: dict[str, bool | None] = {}
    for sobject, rows in zip(("Case", "Account"), (yield [_definitions("Case"), _definitions("Account")]), strict=True):
        takes.update({f"{sobject}.{row['QualifiedApiName']}": row["IsFlsEnabled"] for row in rows})
    return _sorted_out(takes)


@fact(expected="no row", source="inferred from permissionable = false")
def no_rows_for_case_status(me: Identity) -> Asking[str | None]:
    """There are no FieldPermissions rows for Case.Status, for it takes no field-level security."""
    (rows,) = yield [
        Query("SELECT Id FROM FieldPermissions WHERE SobjectType = 'Case' AND Field = 'Case.Status' LIMIT 1")
    ]
    return "rows" if rows else "no row"


@fact(expected="left out", source="inferred")
def describe_hides_fields(me: Identity) -> Asking[str | None]:
    """Describe leaves out the fields that the user may not read."""
    definitions = (
        "SELECT QualifiedApiName, IsFlsEnabled FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Account' LIMIT 2000"
    )
    readable = soql(
        "SELECT Field FROM FieldPermissions WHERE SobjectType = 'Account' AND PermissionsRead = true "
        "AND ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {})",
        me.user_id,
    )
    describe, fields, rows = yield [Get("sobjects/Account/describe"), ToolingQuery(definitions), Query(readable)]
    guarded = {row["QualifiedApiName"] for row in fields if row["IsFlsEnabled"]}
    lacking = guarded - {row["Field"].partition(".")[2] for row in rows}
    shown = lacking & _described(describe).keys()
    if not lacking:
        return None
    return "left out" if not shown else "shown all the same" if shown == lacking else "some of them shown"


@fact(expected="not deletable", source="inferred")
def users_cannot_be_deleted(me: Identity) -> Asking[str | None]:
    """Users cannot be deleted, only deactivated."""
    (answer,) = yield [Get("sobjects/User/describe")]
    return "deletable" if answer["deletable"] else "not deletable"


@fact(expected="fixed", source="Object Reference, PermissionSet")
def licence_of_a_set_is_fixed(me: Identity) -> Asking[str | None]:
    """A permission set's LicenseId is given when it is made, and never changed."""
    (answer,) = yield [Get("sobjects/PermissionSet/describe")]
    one = _described(answer)["LicenseId"]
    return "fixed" if one["createable"] and not one["updateable"] else "can be changed"


@fact(expected="DefaultOff DefaultOn", source="Object Reference, PermissionSetTabSetting")
def tab_settings_have_two_values(me: Identity) -> Asking[str | None]:
    """PermissionSetTabSetting.Visibility is DefaultOn or DefaultOff; no row means none."""
    (answer,) = yield [Get("sobjects/PermissionSetTabSetting/describe")]
    return " ".join(sorted(one["value"] for one in _described(answer)["Visibility"]["picklistValues"]))
