"""07 · Assigning Conexiom Permission Sets to Existing Users."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import model_validator

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.errors import ParameterError, serving
from cnxlib.model import Check
from cnxlib.phases.audience import AssignmentParams, RemovalParams, audience, given, taken
from cnxlib.phases.base import Phase
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.conexiom_sets import MINIMUM
from cnxlib.resources.holders import who_holds_what
from cnxlib.resources.in_words import named
from cnxlib.resources.report import Report
from cnxlib.resources.seats import check_seats, without_a_seat
from cnxlib.resources.selection import counted, named_are_active, selected
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

_BOTH = "assignments and remove mean the same users: {}"


class Params(AssignmentParams, RemovalParams):
    """Parameters of 07_existing_users."""

    @model_validator(mode="after")
    def _not_both(self) -> Params:
        """Refuse what is given and taken in the same words, before 05 takes it away; the org tells the rest."""
        given_to, taken_from = (
            {(one.set, *named): text for one in selections for named, text in one.spelt_out()}
            for selections in (given(self), self.remove)
        )
        both = sorted(f"{given_to[same]} ({same[0]})" for same in given_to.keys() & taken_from.keys())
        if both:
            raise ValueError(f"{_BOTH.format(named(both, 5))}; take them out of one of the two")
        return self


def _wanted(params: Params) -> Asking[Sequence[Wanted]]:
    selections = given(params)
    with serving("G7.1"):
        giving = yield from selected(selections)
    taking = yield from taken(params, ("G7.1", "G7.2"))
    both = [f"{username} ({label})" for username, label in sorted(set(giving) & set(taking))]
    if both:
        raise ParameterError(_BOTH.format(named(both, 5)), guide=("G7.1",), hint="Take them out of one of the two.")
    with serving("G7.3"):
        lacking = yield from audience(params, selections).lacking()
    # Whoever loses the Minimum set on request is not given it again in the same breath.
    lacking_minimum = [name for name in lacking.to_be_given if (name, MINIMUM) not in taking]
    wanted = {(username, label): Wanted(username, label, ("G7.3",)) for username, label in _minimum(lacking_minimum)}
    wanted.update({pair: Wanted(*pair, ("G7.1", "G7.2")) for pair in giving})
    wanted.update(taking)
    return [wanted[pair] for pair in sorted(wanted)]


def _minimum(usernames: Sequence[str]) -> list[tuple[str, str]]:
    return [(username, MINIMUM) for username in usernames]


def _selected(params: Params) -> Asking[Check]:
    with serving("G7.1"):
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
    return lambda: _selected(params), lambda: named_are_active(given(params), ("G7.1",)), check_seats


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
