"""07 · Assigning Conexiom Permission Sets to Existing Users."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.errors import ParameterError
from cnxlib.model import Check
from cnxlib.phases.audience import AssignmentParams, audience, given
from cnxlib.phases.base import Phase
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.conexiom_sets import MINIMUM
from cnxlib.resources.holders import who_holds_what
from cnxlib.resources.report import Report
from cnxlib.resources.selection import Selection, selected
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity


class Params(AssignmentParams):
    """Parameters of 07_existing_users."""

    remove: tuple[Selection, ...] = Field((), description="from whom a set is taken: the same shape as assignments")


def _wanted(params: Params) -> Asking[Sequence[Wanted]]:
    selections = given(params)
    giving = yield from selected(selections)
    taking = yield from selected(params.remove)
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
    wanted.update({pair: Wanted(*pair, ("G7.1", "G7.2"), present=False) for pair in taking})
    return [wanted[pair] for pair in sorted(wanted)]


def _minimum(usernames: Sequence[str]) -> list[tuple[str, str]]:
    return [(username, MINIMUM) for username in usernames]


def _selected(params: Params) -> Asking[Check]:
    giving = yield from selected(given(params))
    users = len({username for username, _ in giving})
    return Check("users to assign", True, "info", detail=f"{len(giving)} assignments to {users} users", guide=("G7.1",))


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    return Assignments(lambda: _wanted(params), parameter="assignments"), Report(who_holds_what)


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (lambda: _selected(params),)


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
