"""06 · Creating Visibility Permission Set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.errors import serving
from cnxlib.model import Check, Observation
from cnxlib.phases.audience import AssignmentParams, JoiningParams, audience, given, mapped, ruled
from cnxlib.phases.base import Phase
from cnxlib.resources.access import disagreeing
from cnxlib.resources.conditional import OnlyIf
from cnxlib.resources.conexiom_sets import MINIMUM
from cnxlib.resources.conexiom_users import ACCOUNT_RIGHTS, CASE_RIGHTS, Audience, lacking_of
from cnxlib.resources.field_permissions import FieldPermissions
from cnxlib.resources.grants import object_permissions, tab_settings
from cnxlib.resources.permission_set import PermissionSet, api_name
from cnxlib.resources.report import Report
from cnxlib.resources.selection import named_are_active
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(AssignmentParams, JoiningParams):
    """Parameters of 06_visibility."""


def _audience(params: Params) -> Audience:
    return replace(audience(params, [*given(params), *ruled(params)]), fields_guide=("G6.4",))


def _access(who: Audience) -> Asking[Check]:
    # The guide asks this of Account and Case, whether or not Case is then given by the set.
    with serving("G6.1"):
        found = yield from replace(who, service_cloud_alerts=True).lacking()
    count = len(found.users) + len(found.joining)
    detail = f"{count} of {found.measured} lack some of it" if count else f"all {found.measured} have it"
    return Check("Conexiom users have the access they need", not count, "info", detail=detail, guide=("G6.1",))


def _cross_check(who: Audience) -> Asking[Check]:
    with serving("G6.1"):
        found = yield from replace(who, service_cloud_alerts=True).lacking()
        differing = yield from disagreeing(found.sample)
    differing.extend(
        f"the group {name} is not calculated yet: what it grants may change" for name in found.outdated_groups
    )
    return Check(
        "Salesforce says the same of their access",
        not differing,
        "warning",
        detail="; ".join(differing) or f"{len(found.sample)} asked, of whom no two hold the same sets",
        hint="Wait until Salesforce has calculated the groups (Setup, Permission Set Groups), then look at the "
        "user's access summary in Setup before you rely on the plan."
        if differing
        else "",
        guide=("G6.1",),
    )


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    who, name = _audience(params), api_name(MINIMUM)

    def nobody_lacks() -> Asking[str]:
        found = yield from who.lacking()
        return "" if found else f"All Conexiom users have the access that {MINIMUM} would give (G6.1)."

    def who_lacks_what() -> Asking[Observation]:
        return lacking_of((yield from who.lacking()))

    rights: dict[str, tuple[str, ...]] = {"Account": ACCOUNT_RIGHTS}
    guide: dict[str, tuple[str, ...]] = {"Account": ("G6.2",)}
    tabs: tuple[str, ...] = ()
    if params.service_cloud_alerts:
        rights["Case"], guide["Case"], tabs = CASE_RIGHTS, ("G6.3",), ("standard-Case",)
    wanted: tuple[Resource, ...] = (
        PermissionSet(MINIMUM, (), ("G6.2",)),
        object_permissions(name, rights, guide),
        tab_settings(name, tabs, ("G6.3",)),
        FieldPermissions(name, mapped(params.mapped_fields), ("G6.4",)),
    )
    return (*(OnlyIf(nobody_lacks, resource) for resource in wanted), Report(who_lacks_what))


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    who = _audience(params)
    return lambda: _access(who), lambda: named_are_active(given(params), ("G6.1",)), lambda: _cross_check(who)


PHASE = Phase(
    id="06_visibility",
    title="Creating Visibility Permission Set",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G6.1", "G6.2", "G6.3", "G6.4"),
    needs=("01_install_package",),
    setup_path="/lightning/setup/PermSets/home",
)
