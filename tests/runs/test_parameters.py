"""Which parameters a phase gets, and what is refused before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cnxlib.errors import ParameterError
from cnxlib.inventory import OrgEntry, SessionLogin
from cnxlib.phases import PHASES, find_phase
from cnxlib.runs import read_parameters, resolve, typed_in

CALLBACK = "https://portal-na1.cloud.conexiom.com/Partner/login"
COMMON = {"mode": "plan", "ticket": "CHG-1"}


def entry(parameters: Mapping[str, Mapping[str, Any]] | None = None) -> OrgEntry:
    login = SessionLogin(route="session", url="https://acme.my.salesforce.com", session="env:S")
    return OrgEntry(login=login, parameters=parameters or {})


def resolved(given: Mapping[str, Any], *numbers: str, saved: Mapping[str, Mapping[str, Any]] | None = None) -> Any:
    return resolve("acme", entry(saved), [find_phase(number) for number in numbers], given, COMMON)


def test_values_are_typed_by_the_phase_not_by_their_looks() -> None:
    given = typed_in(["email_to_case_integration=true", "base_profile=2026-11-23", "case_record_types=[on, A]"])
    params = resolved(given, "02")["02_integration_user"]
    assert (params.email_to_case_integration, params.base_profile) == (True, "2026-11-23")
    assert list(params.case_record_types) == ["on", "A"]
    timeout = resolved(typed_in(["install_timeout_minutes=5"]), "01")["01_install_package"]
    assert timeout.install_timeout_minutes == 5


def test_lists_of_objects_are_json_or_yaml() -> None:
    assignment = {"set": "Conexiom User", "users": ["a@acme.example"]}
    as_json = typed_in([f"assignments={json.dumps([assignment])}"])
    as_yaml = typed_in(["assignments=[{set: Conexiom User, users: [a@acme.example]}]"])
    assert as_json == as_yaml == {"assignments": [assignment]}


def test_a_value_may_hold_an_equals_sign() -> None:
    assert typed_in(["callback_url=https://a.example/x?y=z"]) == {"callback_url": "https://a.example/x?y=z"}


@pytest.mark.parametrize("pair", ["novalue", "=x", "mapped_fields=[A"])
def test_malformed_pairs_are_refused(pair: str) -> None:
    with pytest.raises(ParameterError):
        typed_in([pair])


def test_what_is_given_wins_over_the_inventory() -> None:
    saved = {"03_connected_app": {"callback_url": CALLBACK, "app_name": "Saved"}}
    params = resolved({"app_name": "Given"}, "03", saved=saved)["03_connected_app"]
    assert (params.callback_url, params.app_name, params.org, params.ticket) == (CALLBACK, "Given", "acme", "CHG-1")


def test_a_parameter_reaches_every_phase_that_knows_it() -> None:
    params = resolved({"service_cloud_alerts": True}, "06", "07")
    assert [each.service_cloud_alerts for each in params.values()] == [True, True]


def test_an_unknown_name_names_near_ones() -> None:
    with pytest.raises(ParameterError, match="package_version_di") as caught:
        resolved({"package_version_di": "x"}, "01")
    assert "package_version_id" in caught.value.hint


def test_a_parameter_of_another_phase_says_so() -> None:
    with pytest.raises(ParameterError) as caught:
        resolved({"callback_url": CALLBACK}, "01")
    assert "--phase 03" in caught.value.hint


@pytest.mark.parametrize("name", ["org", "mode", "record", "expected_digest", "confirm_org_id", "ticket"])
def test_what_has_an_option_is_not_taken_by_p(name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        resolved({name: "x"}, "01")


def test_all_refused_values_are_told_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        resolved({"package_version_id": "nonsense", "contact_email": "no mail", "callback_url": "ftp://x"}, "01", "03")
    for name in ("package_version_id", "contact_email", "callback_url", "01_install_package", "03_connected_app"):
        assert name in caught.value.message


def test_the_inventory_may_name_phases_that_are_left_out_but_none_unknown() -> None:
    resolved({}, "01", saved={"03_connected_app": {"callback_url": CALLBACK}})
    with pytest.raises(ParameterError, match="03_connected_ap"):
        resolved({}, "01", saved={"03_connected_ap": {}})


def test_each_value_can_be_given_to_papermill() -> None:
    numbers = [phase.id[:2] for phase in PHASES]
    for params in resolved({"callback_url": CALLBACK}, *numbers).values():
        values = params.model_dump(mode="json")
        assert json.loads(json.dumps(values)) == values


@pytest.mark.parametrize("content", ["[]", "{", '"x"'])
def test_a_parameter_file_holds_one_object(tmp_path: Path, content: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(content)
    with pytest.raises(ParameterError, match=r"p\.json"):
        read_parameters(path)


def test_a_missing_parameter_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="missing"):
        read_parameters(tmp_path / "missing.json")
