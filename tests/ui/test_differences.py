from cnxlib.changes import Change
from cnxlib.model import Check
from cnxlib.ui.differences import before_after, changes_grid, shown, step_words

ORG = "https://acme.my.salesforce.com"


def test_a_setting_is_off_or_on() -> None:
    change = Change("update", "setting", "Email-to-Case", {"value": False}, {"value": True})
    assert before_after(change) == ["off → on"]


def test_properties_read_as_in_setup() -> None:
    rights = {"PermissionsApiEnabled": True, "PermissionsApexRestServices": False, "callbackUrl": ["https://a.example"]}
    lines = before_after(Change("create", "permission_set", "Conexiom", None, rights))
    assert lines == ["not there →", "API Enabled: yes", "Apex REST Services: no", "Callback URL: https://a.example"]


def test_a_tab_that_goes_is_told_as_it_was() -> None:
    change = Change("delete", "tab_setting", "Set/standard-Case", {"Visibility": "DefaultOn"}, None)
    assert before_after(change) == ["Available and Visible", "→ not there"]


def test_long_lists_and_many_properties_are_counted() -> None:
    assert shown(["a", "b", "c", "d"]) == "a, b, c, d"
    assert shown(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more"
    lines = before_after(Change("create", "profile", "P", None, {f"P{number}": True for number in range(40)}))
    assert len(lines) == 14
    assert lines[-1] == "… and 28 more properties"


def test_each_change_has_a_link_to_where_it_is_made_by_hand() -> None:
    user = Change("create", "user", "ann@acme.example", None, {"LastName": "Ann"})
    grid = changes_grid([user], url=f"{ORG}/")
    assert grid is not None
    assert f'<a href="{ORG}/lightning/setup/ManageUsers/home"' in grid.html()
    unknown = changes_grid([user])
    assert unknown is not None
    assert "<a " not in unknown.html()
    assert "Users" in unknown.text()


def test_the_package_is_installed_by_the_guides_link() -> None:
    package = Change("create", "package", "Conexiom for Salesforce", None, {"version": "1.9.0.1"}, reversible=False)
    link = Check("link", True, "info", detail=f"{ORG}/packaging/installPackage.apexp?p0=04t5x000000YKbXAAW")
    grid = changes_grid([package], url=ORG, checks=[link])
    assert grid is not None
    assert f'href="{ORG}/packaging/installPackage.apexp?p0=04t5x000000YKbXAAW"' in grid.html()
    without = changes_grid([package], url=ORG)
    assert without is not None
    assert f'href="{ORG}/lightning/setup/ImportedPackage/home"' in without.html()


def test_kinds_are_called_as_people_call_them() -> None:
    access = {"op": "update", "kind": "object_permissions", "key": "Set/Case"}
    assert step_words(access) == "~ change object access Case in Set"
    given = {"op": "create", "kind": "assignment", "key": "ann@acme.example/Conexiom User"}
    assert step_words(given) == "+ create assignment Conexiom User to ann@acme.example"
    assert step_words({"op": "create", "kind": "lamp", "key": "a/b"}) == "+ create lamp a/b"


def test_what_is_held_is_told_once() -> None:
    state = {"user": "ann@acme.example", "permission_set": "Conexiom User"}
    key = "ann@acme.example/Conexiom User"
    assert before_after(Change("create", "assignment", key, None, state)) == ["not held → held"]
    assert before_after(Change("delete", "assignment", key, state, None)) == ["held → not held"]


def test_the_package_can_be_taken_back_where_undo_is_told_to_and_an_upgrade_cannot() -> None:
    new = Change("create", "package", "Conexiom for Salesforce", None, {"version": "1.9.0.1"}, reversible=False)
    newer = Change("update", "package", "Conexiom for Salesforce", {"version": "1.8"}, {"version": "1.9"}, (), False)
    told = [changes_grid([one]) for one in (new, newer)]
    assert told[0] is not None and told[1] is not None
    assert "--include-package" in told[0].html() and "for good" not in told[0].html()
    assert "for good" in told[1].html()
