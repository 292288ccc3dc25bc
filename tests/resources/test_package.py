"""Installing the package: what passes is tried again, what does not is told at once."""

from __future__ import annotations

from typing import Any

import pytest

from cnxlib.errors import CnxError, OrgUnreachable, StepFailed
from cnxlib.resources.package import check_remote_sites
from cnxlib.resources.package_install import Package
from cnxlib.rounds import Rounds
from cnxlib.salesforce import Insert


class Installer:
    """Answers what `Package.apply` asks; `outcomes` is how each installation ends."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes, self.begun, self.running = list(outcomes), 0, False
        self.fractions: list[float | None] = []
        self.now = 0.0
        self.listed = "IN_PROGRESS"
        self.validation = "NO_ERRORS_DETECTED"

    def install(self) -> None:
        rounds = Rounds(self.send, self.emit, sleep=self.sleep, clock=lambda: self.now)
        rounds.perform(Package("04t5x000000YKbXAAW").apply((), {}))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def emit(self, name: str, data: Any) -> None:
        self.fractions.append(data["fraction"])

    def send(self, requests: Any) -> list[Any]:
        return [self.answer(request) for request in requests]

    def answer(self, request: Any) -> Any:
        if isinstance(request, Insert):
            self.begun += 1
            if isinstance(self.outcomes[0], CnxError):
                self.running = True
                return self.outcomes.pop(0)
            return "0Hf000000000001AAA"
        if "ORDER BY" in request.soql:
            return [{"Id": "0Hf000000000001AAA", "Status": self.listed}] if self.running else []
        if "FROM InstalledSubscriberPackage" in request.soql:
            return []
        if "FROM SubscriberPackageVersion" in request.soql:
            row = {"SubscriberPackageId": "0335x000000CnxPAAS", "InstallValidationStatus": self.validation}
            numbers = dict.fromkeys(("MajorVersion", "MinorVersion", "PatchVersion", "BuildNumber"), 1)
            return [{**row, **numbers, "IsPasswordProtected": False}]
        status = self.outcomes[0]
        if status == "SUCCESS":
            return [{"Status": "SUCCESS", "Errors": None}]
        if status == "IN_PROGRESS":
            self.outcomes.pop(0)
            return [{"Status": "IN_PROGRESS", "Errors": None}]
        return [{"Status": "ERROR", "Errors": {"errors": [{"message": self.outcomes.pop(0)}]}}]


def test_what_passes_by_itself_is_tried_again() -> None:
    installer = Installer("This package is not yet available", "SUCCESS")
    installer.install()
    assert installer.begun == 2
    assert installer.now >= 60


def test_a_version_that_is_being_spread_is_known_by_its_code() -> None:
    installer = Installer("Dieses Paket ist noch nicht verfügbar", "SUCCESS")
    installer.validation = "PACKAGE_UNAVAILABLE_ZIP"
    installer.install()
    assert installer.begun == 2


def test_it_is_not_tried_for_ever() -> None:
    installer = Installer(*["unable to obtain exclusive access to this record"] * 9)
    with pytest.raises(StepFailed, match="exclusive access"):
        installer.install()
    assert installer.begun == 3


def test_what_does_not_pass_is_told_at_once() -> None:
    installer = Installer("Missing Organization Feature: Knowledge", "SUCCESS")
    with pytest.raises(StepFailed, match="Missing Organization Feature"):
        installer.install()
    assert installer.begun == 1


def test_a_request_whose_answer_was_lost_is_found_and_not_sent_again() -> None:
    installer = Installer(OrgUnreachable("no answer"), "SUCCESS")
    installer.install()
    assert installer.begun == 1


def test_a_request_whose_answer_was_lost_may_have_ended_by_the_time_it_is_found() -> None:
    installer = Installer(OrgUnreachable("no answer"), "SUCCESS")
    installer.listed = "SUCCESS"
    installer.install()
    assert installer.begun == 1


def test_an_earlier_installation_is_not_taken_for_the_one_whose_answer_was_lost() -> None:
    installer = Installer(OrgUnreachable("no answer"), "SUCCESS")
    installer.running, installer.listed = True, "SUCCESS"
    with pytest.raises(OrgUnreachable):
        installer.install()


def test_the_bar_is_that_of_the_time_there_is() -> None:
    installer = Installer("IN_PROGRESS", "IN_PROGRESS", "SUCCESS")
    installer.install()
    told = [fraction for fraction in installer.fractions if fraction is not None]
    assert told == sorted(told) and 0 <= told[-1] < 0.01


def test_addresses_are_shown_with_what_they_are_allowed_by() -> None:
    asked = check_remote_sites("04t5x000000YKbXAAW", False)
    next(asked)
    numbers = dict.fromkeys(("MajorVersion", "MinorVersion", "PatchVersion", "BuildNumber"), 1)
    row = {"SubscriberPackageId": "033", "IsPasswordProtected": False, "InstallValidationStatus": "", **numbers}
    sites = {
        "RemoteSiteSettings": {"settings": [{"url": "https://a.example"}, {"url": "https://b.example"}]},
        "CspTrustedSites": {"settings": [{"endpointUrl": "https://b.example"}]},
    }
    with pytest.raises(StopIteration) as ended:
        asked.send([[{**row, **sites}], []])
    assert ended.value.value.detail.startswith(
        "https://a.example (remote site), https://b.example (remote site and CSP trusted site): not allowed"
    )
