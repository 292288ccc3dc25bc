"""The parameters' models: what they refuse, and how they say it."""

from __future__ import annotations

from typing import Any

import pytest

from cnxlib.errors import ParameterError, UnknownPhase
from cnxlib.phases import PHASES, find_phase

AGE_KEY = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
SMTP = {"deliver": "smtp", "support_email": "support@conexiom.example", "smtp_host": "mail.acme.example"}
CALLBACK = {"callback_url": "https://portal-acme.example/login"}


@pytest.mark.parametrize(
    ("phase", "values", "field"),
    [
        ("01", {"package_version_id": "04t123"}, "package_version_id"),
        ("01", {"package_version_id": "04t5x000000YKbXAAX"}, "package_version_id"),
        ("01", {"package_version_id": "0335x000000YKbXAAW"}, "package_version_id"),
        ("01", {"installation_key_ref": "hunter2"}, "installation_key_ref"),
        ("01", {"install_timeout_minutes": 0}, "install_timeout_minutes"),
        ("01", {"mode": "aply"}, "mode"),
        ("01", {"packge_version_id": "x"}, "packge_version_id"),
        ("02", {"user_email": "not an address"}, "user_email"),
        ("02", {"user_username": "nobody"}, "user_username"),
        ("02", {"access_via": "role"}, "access_via"),
        ("02", {"access_via": "profile", "base_profile": "Standard User"}, "base_profile"),
        ("02", {"access_via": "profile", "label": "Conexiom: Integration"}, "label"),
        ("03", {}, "callback_url"),
        ("03", {"callback_url": "http://plain.example"}, "callback_url"),
        ("03", {"callback_url": "https://"}, "callback_url"),
        ("03", {"callback_url": "https://x.example/a b"}, "callback_url"),
        ("03", {"callback_url": "https://x.example:99999/"}, "callback_url"),
        ("03", {**CALLBACK, "contact_email": "a@b"}, "contact_email"),
        ("03", {**CALLBACK, "app_name": "Conexiom App"}, "app_name"),
        ("03", {**CALLBACK, "route": "external_client_app", "conexiom_accepts": "connected_app"}, "route"),
        ("06", {"mapped_fields": ["Phone"]}, "mapped_fields"),
        ("06", {"mapped_fields": "Account.Phone"}, "must be a list"),
        ("07", {"assignments": [{"set": "Conexiom Boss", "users": ["a@b.example"]}]}, "assignments"),
        ("07", {"assignments": [{"set": "Conexiom User"}]}, "assignments"),
        ("07", {"assignments": [{"set": "Conexiom User", "role": "CSR", "profile": "P"}]}, "assignments"),
        (
            "07",
            {
                "assignments": [{"set": "Conexiom User", "users": ["A@b.example", "c@d.example"]}],
                "remove": [{"set": "Conexiom User", "users": ["a@B.example"]}],
            },
            "mean the same users: A@b.example (Conexiom User); take them out",
        ),
        (
            "07",
            {
                "assignments": [{"set": "Conexiom User", "profile": "Sales"}],
                "remove": [{"set": "Conexiom User", "profile": "Sales"}],
            },
            "mean the same users: profile Sales (Conexiom User)",
        ),
        ("08", {"new_users": [{"username": "a@b.example"}]}, "new_users"),
        ("08", {"rules": [{"when": {}, "sets": ["Conexiom User"]}]}, "rules"),
        ("09", {"region": "antarctica"}, "region"),
        ("09", {"deliver": "smtp"}, "deliver"),
        ("09", {**SMTP, "smtp_user": "u"}, "smtp_ref"),
        ("09", {**SMTP, "smtp_user": "u", "smtp_ref": "env:P", "smtp_tls": "none"}, "smtp_tls"),
        ("09", {**SMTP, "support_email": "müller@conexiom.example"}, "support_email"),
        ("09", {**SMTP, "smtp_host": "https://mail.example"}, "smtp_host"),
        ("09", {"credentials": "in_body"}, "deliver=smtp"),
        ("09", {**SMTP, "credentials": "in_body"}, "confirm_in_body"),
        ("09", {**SMTP, "credentials": "in_body", "confirm_in_body": "other@conexiom.example"}, "confirm_in_body"),
        (
            "09",
            {**SMTP, "credentials": "in_body", "confirm_in_body": SMTP["support_email"], "smtp_tls": "none"},
            "smtp_tls",
        ),
        ("09", {"recipient_key": "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafq"}, "recipient_key"),
        ("09", {"recipient_key": AGE_KEY, "seal_passphrase_ref": "env:P"}, "seal_passphrase_ref"),
        ("09", {"rotate": ["password"]}, "rotate"),
        ("09", {"rotate": ["everything@CHG-1"]}, "rotate"),
        ("09", {"smtp_ref": "hunter2"}, "smtp_ref"),
        ("09", {"recipient_key": "AGE-SECRET-KEY-hunter2"}, "recipient_key"),
        ("03", {"callback_url": "https://user:hunter2@portal.example/"}, "callback_url"),
        ("02", {"label": "日本語"}, "label"),
        ("07", {"users_csv": "/nowhere/users.csv"}, "users_csv"),
    ],
)
def test_refused(phase: str, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ParameterError) as caught:
        find_phase(phase).parse({"org": "acme", **values})
    assert field in caught.value.message
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.id)
def test_every_parameter_has_a_help_and_dry_run_is_the_default(phase: Any) -> None:
    params = phase.parse({"org": "acme", **(CALLBACK if phase.id.startswith("03") else {})})
    assert params.mode == "plan"
    for name, field in phase.params.model_fields.items():
        assert field.description, name


def test_both_spellings_of_super_user_mean_the_same() -> None:
    for spelling in ("Conexiom SuperUser", "Conexiom Super User", "conexiom superuser"):
        params = find_phase("07").parse({"org": "a", "assignments": [{"set": spelling, "users": ["a@b.example"]}]})
        assert params.assignments[0].set == "Conexiom SuperUser"


@pytest.mark.parametrize("name", ["1", "01", "01_install_package"])
def test_a_phase_is_found_by_number_and_by_name(name: str) -> None:
    assert find_phase(name) is PHASES[0]


@pytest.mark.parametrize("name", ["", "0", "10", "install", "01_", "²"])
def test_an_unknown_phase_names_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownPhase, match="09_support_request"):
        find_phase(name)


def test_needs_name_earlier_phases() -> None:
    ids = [phase.id for phase in PHASES]
    for phase in PHASES:
        assert all(need in ids[: ids.index(phase.id)] for need in phase.needs)
