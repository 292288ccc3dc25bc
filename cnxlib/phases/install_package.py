"""01 · Installing Application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check, ManualStep
from cnxlib.phases.base import PACKAGE_VERSION_ID, REFERENCE_OR_BLANK, Phase, PhaseParams
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.resources.package import GUIDE_VERSION_ID, check_remote_sites, check_version
from cnxlib.resources.package_install import Package
from cnxlib.resources.salesforce_id import has_valid_checksum
from cnxlib.resources.seats import check_seats_if_installed
from cnxlib.resources.setting import Setting
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(PhaseParams):
    """Parameters of 01_install_package."""

    package_version_id: str = Field(
        GUIDE_VERSION_ID,
        title="Package version",
        pattern=PACKAGE_VERSION_ID,
        description="package version to install (04t…); a newer one is fine too",
    )
    installation_key_ref: str = Field(
        "",
        title="Installation key",
        pattern=REFERENCE_OR_BLANK,
        description="reference to the installation key, if one is asked for (env:NAME, file:PATH, age:NAME)",
        json_schema_extra=in_form(
            group=EXPERTS, help="Only where Conexiom gave you a key for the package; most packages ask for none."
        ),
    )
    security_type: Literal["admins", "all"] = Field(
        "admins",
        title="Install for",
        description="who may use the package at once",
        json_schema_extra=in_form(choices={"admins": "Admins only (as the guide does)", "all": "All users"}),
    )
    allow_remote_sites: bool = Field(
        False,
        title="Allow the package's remote sites",
        description="allow the addresses that the package wants to call",
        json_schema_extra=in_form(
            help="The package may want to call addresses outside Salesforce. Preflight lists them; nothing is allowed "
            "before you tick this."
        ),
    )
    enable_email_to_case: bool = Field(
        False,
        title="Switch Email-to-Case on",
        description="switch Email-to-Case on where it is off; it can never be switched off again",
        json_schema_extra=in_form(
            help="Left alone, Email-to-Case is only checked. Once on, it can never be switched off again."
        ),
    )
    install_timeout_minutes: int = Field(
        30,
        ge=1,
        le=240,
        title="Longest wait, in minutes",
        description="minutes to wait for the installation",
        json_schema_extra=in_form(group=EXPERTS),
    )

    @field_validator("package_version_id")
    @classmethod
    def _checksum(cls, value: str) -> str:
        if len(value) == 18 and not has_valid_checksum(value):
            raise ValueError("the id's last three characters do not fit the others; copy it again")
        return value


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (
        lambda: check_version(params.package_version_id, params.installation_key_ref),
        lambda: check_remote_sites(params.package_version_id, params.allow_remote_sites),
        lambda: check_seats_if_installed(("G1.1",)),
        lambda: _install_link(me, params.package_version_id),
    )


def _install_link(me: Identity, version_id: str) -> Asking[Check]:
    yield from ()
    link = f"{me.url}/packaging/installPackage.apexp?p0={version_id}"
    return Check("link to install by hand", True, "info", detail=link, guide=("G1.3",))


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    return (
        Package(
            params.package_version_id,
            params.installation_key_ref,
            "Full" if params.security_type == "all" else "None",
            params.allow_remote_sites,
            params.install_timeout_minutes * 60.0,
        ),
        Setting(
            "Email-to-Case",
            "CaseSettings",
            "Case",
            ("emailToCase", "enableEmailToCase"),
            wanted=True,
            guide=("G1.2",),
            change=params.enable_email_to_case,
            reversible=False,
            manual=ManualStep(
                "email_to_case",
                ("G1.2",),
                "Email-to-Case is off. Switch it on (Setup, Email-to-Case), or set enable_email_to_case to have the "
                "runbook do it. It can never be switched off again.",
                url=f"{me.url}/lightning/setup/EmailToCase/home",
                closed_by="decision",
                as_it_is="Email-to-Case is off",
            ),
        ),
    )


PHASE = Phase(
    id="01_install_package",
    title="Installing Application",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G1.1", "G1.2", "G1.3"),
    setup_path="/lightning/setup/ImportedPackage/home",
)
