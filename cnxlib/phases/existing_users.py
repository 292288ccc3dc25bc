"""07 · Assigning Conexiom Permission Sets to Existing Users."""

from __future__ import annotations

from collections.abc import Sequence

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.errors import ParameterError
from cnxlib.model import Check
from cnxlib.phases.audience import AssignmentParams, RemovalParams, audience, given, taken
from cnxlib.phases.base import Phase
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.conexiom_sets import MINIMUM
from cnxlib.resources.holders import who_holds_what
from cnxlib.resources.report import Report
from cnxlib.resources.seats import check_seats, without_a_seat
from cnxlib.resources.selection import counted, selected
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(AssignmentParams, RemovalParams):
    """Parameters of 07_existing_users."""


def _wanted(params: Params) -> Asking[Sequence[Wanted]]:
    selections = given(params)
    giving = yield from selected(selections)
    taking = yield from taken(params, ("G7.1", "G7.2"))
    both = sorted(set(giving) & set(taking))
    if both:
        username, label = both[0]
        raise ParameterError(
            f"assignments and remove both name {username} and {label}",
            guide=("G7.1",),
            hint="Take the user out of one of them.",
        )
    lacking = yield from audience(params, selections).lacking()
    # Whoever loses the Minimum set on request is not given it again in the same breath.
    lacking_minimum = [name for name in lacking.users if (name, MINIMUM) not in taking]
    wanted = {(username, label): Wanted(username, label, ("G7.3",)) for username, label in _minimum(lacking_minimum)}
    wanted.update({pair: Wanted(*pair, ("G7.1", "G7.2")) for pair in giving})
    wanted.update(taking)
    return [wanted[pair] for pair in sorted(wanted)]


def _minimum(usernames: Sequence[str]) -> list[tuple[str, str]]:
    return [(username, MINIMUM) for username in usernames]


def _selected(params: Params) -> Asking[Check]:
    count = yield from counted(given(params))
    return Check("users to assign", True, "info", detail=f"{count} assignments at most", guide=("G7.1",))


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    def users() -> Asking[Sequence[str]]:
        giving = yield from selected(given(params))
        return sorted({username for username, _ in giving})

    return (
        Assignments(lambda: _wanted(params), parameter="assignments", url=me.url),
        Report(without_a_seat(users, ("G7.1",), me.url)),
        Report(who_holds_what("07")),
    )


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return lambda: _selected(params), check_seats


PHASE = Phase(
    id="07_existing_users",
    title="Assigning Conexiom Permission Sets to Existing Users",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G7.1", "G7.2", "G7.3"),
    needs=("01_install_package", "06_visibility"),
    setup_path="/lightning/setup/PermSets/home",
)
