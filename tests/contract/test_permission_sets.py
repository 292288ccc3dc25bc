"""Permission sets as rows and as components: what one API writes, the other shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .clients import Components, Rows
from .node import Refused

Unique = Callable[[str], str]
Tidy = Callable[..., None]
ACCESS = {"allowCreate": True, "allowRead": True, "allowEdit": False, "allowDelete": False}
NO_MORE = {"modifyAllRecords": False, "viewAllRecords": False}


def component(name: str, **more: Any) -> dict[str, Any]:
    """A permission set with access to accounts and one of their fields."""
    return {
        "fullName": name,
        "label": f"{name} label",
        "objectPermissions": [{"object": "Account", **ACCESS, **NO_MORE}],
        "fieldPermissions": [{"field": "Account.Phone", "readable": True, "editable": False}],
        "userPermissions": [{"name": "ApiEnabled", "enabled": True}],
        **more,
    }


def row_of(rows: Rows, name: str) -> dict[str, Any]:
    (found,) = rows.query(f"SELECT Id, Label, PermissionsApiEnabled, IsCustom FROM PermissionSet WHERE Name = '{name}'")
    return found


def test_a_component_is_seen_as_rows(
    components: Components, other_rows: Rows, other_components: Components, unique: Unique, tidy: Tidy
) -> None:
    name = unique("Component")
    components.create("PermissionSet", component(name))
    tidy(components.delete, "PermissionSet", name)
    found = row_of(other_rows, name)
    assert (found["Label"], found["PermissionsApiEnabled"]) == (f"{name} label", True)
    where = f"FROM {{}} WHERE ParentId = '{found['Id']}'"
    assert other_rows.query(
        f"SELECT SobjectType, PermissionsCreate, PermissionsRead, PermissionsEdit {where.format('ObjectPermissions')}"
    ) == [{"SobjectType": "Account", "PermissionsCreate": True, "PermissionsRead": True, "PermissionsEdit": False}]
    assert other_rows.query(f"SELECT Field, PermissionsRead, PermissionsEdit {where.format('FieldPermissions')}") == [
        {"Field": "Account.Phone", "PermissionsRead": True, "PermissionsEdit": False}
    ]
    assert name in other_components.names("PermissionSet")
    components.delete("PermissionSet", name)
    assert other_rows.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'") == []
    assert other_components.read("PermissionSet", name) is None


def test_rows_are_seen_as_a_component(rows: Rows, other_components: Components, unique: Unique, tidy: Tidy) -> None:
    name = unique("Rows")
    made = rows.create("PermissionSet", {"Name": name, "Label": name, "PermissionsApiEnabled": True})
    tidy(rows.delete, "PermissionSet", made)
    rows.create("ObjectPermissions", {"ParentId": made, "SobjectType": "Case", "PermissionsRead": True})
    rows.create(
        "FieldPermissions",
        {"ParentId": made, "SobjectType": "Case", "Field": "Case.Subject", "PermissionsRead": True},
    )
    rows.create("PermissionSetTabSetting", {"ParentId": made, "Name": "standard-Case", "Visibility": "DefaultOn"})
    found = other_components.read("PermissionSet", name)
    assert found is not None
    assert [(each["object"], each["allowRead"], each["allowEdit"]) for each in found["objectPermissions"]] == [
        ("Case", True, False)
    ]
    assert [(each["field"], each["readable"], each["editable"]) for each in found["fieldPermissions"]] == [
        ("Case.Subject", True, False)
    ]
    assert [(each["tab"], each["visibility"]) for each in found["tabSettings"]] == [("standard-Case", "Visible")]
    assert [each["name"] for each in found["userPermissions"]] == ["ApiEnabled"]


def test_an_update_of_a_component_switches_off_what_it_leaves_out(
    components: Components, other_rows: Rows, unique: Unique, tidy: Tidy
) -> None:
    name = unique("Narrower")
    components.create("PermissionSet", component(name))
    tidy(components.delete, "PermissionSet", name)
    components.update("PermissionSet", {"fullName": name, "label": "Less"})
    found = row_of(other_rows, name)
    assert (found["Label"], found["PermissionsApiEnabled"]) == ("Less", False)
    assert other_rows.query(f"SELECT Id FROM ObjectPermissions WHERE ParentId = '{found['Id']}'") == []


def test_an_upsert_makes_and_changes(components: Components, other_rows: Rows, unique: Unique, tidy: Tidy) -> None:
    name = unique("Upserted")
    for label in ("First", "Second"):
        components.upsert("PermissionSet", {"fullName": name, "label": label})
        tidy(components.delete, "PermissionSet", name)
        assert row_of(other_rows, name)["Label"] == label


def test_assignments(rows: Rows, other_rows: Rows, me: str, unique: Unique, tidy: Tidy) -> None:
    made = rows.create("PermissionSet", {"Name": unique("Assigned"), "Label": "Assigned"})
    tidy(rows.delete, "PermissionSet", made)
    assignment = {"AssigneeId": me, "PermissionSetId": made}
    first = rows.create("PermissionSetAssignment", assignment)
    tidy(rows.delete, "PermissionSetAssignment", first)
    with pytest.raises(Refused) as caught:
        other_rows.create("PermissionSetAssignment", assignment)
    assert caught.value.code == "DUPLICATE_VALUE"
    soql = f"SELECT Assignee.Id FROM PermissionSetAssignment WHERE PermissionSetId = '{made}'"
    assert other_rows.query(soql) == [{"Assignee": {"Id": me}}]
    sets = other_rows.query(
        f"SELECT (SELECT PermissionSetId FROM PermissionSetAssignments) FROM User WHERE Id = '{me}'"
    )
    assert made in [each["PermissionSetId"] for each in sets[0]["PermissionSetAssignments"]]
    rows.delete("PermissionSetAssignment", first)
    assert other_rows.query(soql) == []


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("REQUIRED_FIELD_MISSING", "PermissionSet", {"Name": "{name}2"}),
    (
        "FIELD_INTEGRITY_EXCEPTION",
        "ObjectPermissions",
        {"ParentId": "{id}", "SobjectType": "Account", "PermissionsEdit": True},
    ),
    (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "ObjectPermissions",
        {"ParentId": "{id}", "SobjectType": "Nope", "PermissionsRead": True},
    ),
    (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "PermissionSetTabSetting",
        {"ParentId": "{id}", "Name": "standard-Case", "Visibility": "Sometimes"},
    ),
    ("FIELD_INTEGRITY_EXCEPTION", "PermissionSetAssignment", {"AssigneeId": "{id}", "PermissionSetId": "{id}"}),
]


@pytest.mark.parametrize(("code", "sobject", "values"), REFUSED, ids=[f"{n}-{c}" for n, (c, *_) in enumerate(REFUSED)])
def test_what_is_refused(
    rows: Rows, unique: Unique, tidy: Tidy, code: str, sobject: str, values: dict[str, Any]
) -> None:
    name = unique("Refusing")
    made = rows.create("PermissionSet", {"Name": name, "Label": name})
    tidy(rows.delete, "PermissionSet", made)
    known = {"{name}": name, "{name}2": f"{name}2", "{id}": made}
    with pytest.raises(Refused) as caught:
        rows.create(sobject, {field: known.get(str(value), value) for field, value in values.items()})
    assert caught.value.code == code
