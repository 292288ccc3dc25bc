"""What an org offers: asked in one round, and told as value and label."""

from collections.abc import Sequence
from typing import Any

import pytest

from cnxlib.resources.offers import MOST_USERS, SOURCES, users
from cnxlib.rounds import Rounds
from cnxlib.salesforce import Query, ToolingQuery

ROWS: dict[str, list[dict[str, Any]]] = {
    "Profile": [
        {"Name": "Standard User", "UserLicense": {"Name": "Salesforce"}},
        {"Name": "Bare", "UserLicense": None},
    ],
    "UserRole": [{"Name": "CEO"}, {"Name": "CEO"}],
    "PermissionSet": [{"Name": "Care", "Label": "Customer Care"}],
    "RecordType": [{"DeveloperName": "Order", "Name": "An order"}],
    "ConnectedApplication": [{"Name": "Conexiom"}],
    "FieldDefinition": [
        {"QualifiedApiName": "Phone", "MasterLabel": "Telephone", "IsFlsEnabled": True},
        {"QualifiedApiName": "Id", "MasterLabel": "Id", "IsFlsEnabled": False},
    ],
    "User": [{"Name": "Ann O'Hara", "Username": "ann@x.example", "Email": "ann@y.example"}],
}


class Door:
    def __init__(self) -> None:
        self.rounds: list[list[Any]] = []

    def __call__(self, requests: Sequence[Any]) -> list[Any]:
        self.rounds.append(list(requests))
        return [ROWS[request.soql.split(" FROM ")[1].split()[0]] for request in requests]


def test_all_of_them_take_one_round() -> None:
    door = Door()
    found = Rounds(door, lambda name, data: None).drive([source() for source in SOURCES.values()])
    assert len(door.rounds) == 1
    assert {type(request) for request in door.rounds[0]} == {Query, ToolingQuery}
    assert dict(zip(SOURCES, found, strict=True)) == {
        "profiles": [("Standard User", "Standard User · Salesforce"), ("Bare", "Bare")],
        "roles": [("CEO", "CEO")],
        "permission_sets": [("Care", "Customer Care")],
        "case_record_types": [("Order", "An order")],
        "mapped_fields": [
            ("Account.Phone", "Account: Telephone, to be read"),
            ("Account.Phone:edit", "Account: Telephone, to be edited"),
            ("Case.Phone", "Case: Telephone, to be read"),
            ("Case.Phone:edit", "Case: Telephone, to be edited"),
        ],
        "apps": [("Conexiom", "Conexiom")],
    }


@pytest.mark.parametrize(("typed", "asked"), [("Ann", "'%Ann%'"), ("O'H", r"'%O\'H%'"), ("50%_", r"'%50\%\_%'")])
def test_users_are_searched_by_name_user_name_and_address(typed: str, asked: str) -> None:
    door = Door()
    found = Rounds(door, lambda name, data: None).perform(users(typed))
    assert found == [("ann@x.example", "Ann O'Hara · ann@y.example")]
    ((query,),) = door.rounds
    for column in ("Name", "Username", "Email"):
        assert f"{column} LIKE {asked}" in query.soql
    assert query.soql.endswith(f"LIMIT {MOST_USERS + 1}")
