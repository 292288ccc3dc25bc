"""05 · Conexiom Permission Sets."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check
from cnxlib.phases.base import Phase, PhaseParams, UsernameOrBlank
from cnxlib.resources.assignment import Assignments, Wanted, assignment_id
from cnxlib.resources.conexiom_sets import ADMIN_USER, SUPER_USER, conexiom_sets
from cnxlib.resources.holders import who_holds_what
from cnxlib.resources.report import Report
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(PhaseParams):
    """Parameters of 05_permission_sets."""

    admin_username: UsernameOrBlank = Field("", description='the administrator ("" is who is logged in)')


def _sets_exist() -> Asking[Check]:
    sets = yield from conexiom_sets()
    said = ", ".join(f"{one.label} ({one.name})" for one in sets.values())
    return Check("the four permission sets are there", True, detail=said, guide=("G5.1",))


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    admin = params.admin_username or me.username

    def assignments() -> Asking[Sequence[Wanted]]:
        yield from ()
        return [
            Wanted(admin, ADMIN_USER, ("G5.2",)),
            Wanted(admin, SUPER_USER, ("G5.2",), after=(assignment_id(admin, ADMIN_USER),)),
        ]

    return Assignments(assignments, parameter="admin_username"), Report(who_holds_what)


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (_sets_exist,)


PHASE = Phase(
    id="05_permission_sets",
    title="Conexiom Permission Sets",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G5.1", "G5.2"),
    needs=("01_install_package",),
    setup_path="/lightning/setup/PermSets/home",
)
