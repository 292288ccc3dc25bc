"""05 · Conexiom Permission Sets."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.errors import ParameterError, serving
from cnxlib.model import Check
from cnxlib.phases.audience import RemovalParams, taken
from cnxlib.phases.base import Phase, UsernameOrBlank
from cnxlib.resources.assignment import Assignments, Wanted, assignment_id
from cnxlib.resources.conexiom_sets import ADMIN_USER, MINIMUM, SUPER_USER, conexiom_sets
from cnxlib.resources.holders import holdings, who_holds_what
from cnxlib.resources.in_form import in_form
from cnxlib.resources.report import Report
from cnxlib.resources.seats import check_seats, without_a_seat
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(RemovalParams):
    """Parameters of 05_permission_sets."""

    admin_username: UsernameOrBlank = Field(
        "",
        title="Administrator",
        description='the administrator ("" is who is logged in)',
        json_schema_extra=in_form(
            offers="users", help="Who sets Conexiom up, by user name. Leave it empty if that is you."
        ),
    )


def _sets_exist() -> Asking[Check]:
    with serving("G5.1"):
        sets = yield from conexiom_sets()
    said = ", ".join(f"{one.label} ({one.name})" for one in sets.values())
    return Check("the four permission sets are there", True, detail=said, guide=("G5.1",))


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    admin = params.admin_username or me.username

    def assignments() -> Asking[Sequence[Wanted]]:
        # Others lose theirs here already, so that 06 measures those who stay.
        taking = yield from taken(params, ("G5.1",))
        own = [pair for pair in taking if pair in ((admin, ADMIN_USER), (admin, SUPER_USER))]
        if own:
            raise ParameterError(
                f"remove names {admin} and {own[0][1]}, which the administrator needs for the set-up",
                guide=("G5.2",),
                hint="Take it out of remove, or name another administrator in admin_username.",
            )
        first = Wanted(admin, ADMIN_USER, ("G5.2",))
        second = Wanted(admin, SUPER_USER, ("G5.2",), after=(assignment_id(admin, ADMIN_USER),))
        return [first, second, *(taking[pair] for pair in sorted(taking))]

    def users() -> Asking[Sequence[str]]:
        held = yield from holdings()
        return sorted({admin, *(one.username for one in held if one.active)})

    return (
        Assignments(assignments, makes=(MINIMUM,), parameter="admin_username", url=me.url),
        Report(without_a_seat(users, ("G5.1",), me.url)),
        Report(who_holds_what("05")),
    )


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return _sets_exist, check_seats


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
