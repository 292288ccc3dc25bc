"""08 · Assigning Permission Sets to New Users."""

from __future__ import annotations

from collections.abc import Sequence

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check, Observation
from cnxlib.phases.audience import JoiningParams, UserToCreate, audience, ruled
from cnxlib.phases.base import Phase
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.conexiom_sets import MINIMUM
from cnxlib.resources.holders import holdings, leavers
from cnxlib.resources.report import Report
from cnxlib.resources.selection import selected
from cnxlib.resources.user import NewUser, User
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity, Query, soql
from cnxlib.salesforce.soql import in_lists


class Params(JoiningParams):
    """Parameters of 08_new_users."""


def _wanted(params: Params) -> Asking[Sequence[Wanted]]:
    by_rule = yield from selected(ruled(params))
    pairs = {*by_rule, *((user.username, label) for user in params.new_users for label in user.sets)}
    lacking = yield from audience(params, ruled(params), params.new_users).lacking()
    # Holders from before are phase 07's to look after; this one is about those who come in here.
    coming = {username for username, _ in pairs}
    pairs.update((username, MINIMUM) for username in (*lacking.users, *lacking.joining) if username in coming)
    return [Wanted(username, label, ("G8.1",)) for username, label in sorted(pairs)]


def _new_user(user: UserToCreate) -> User:
    wanted = NewUser(
        user.username, user.last_name, user.first_name, user.alias, user.profile, user.email, take_over=True
    )
    return User(wanted, ("G8.1",), "new_users")


def _not_needed(params: Params) -> str:
    return "" if params.new_users or params.rules else "No new users and no rules are given (G8.1)."


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    names = tuple(user.username for user in params.new_users)
    return (
        *(_new_user(user) for user in params.new_users),
        Assignments(lambda: _wanted(params), makes=names, parameter="rules", url=me.url),
        *((Report(_leavers),) if params.new_users or params.rules else ()),
    )


def _leavers() -> Asking[Observation]:
    found = yield from holdings()
    return Observation(tables=tuple(leavers(found)))


def _nobody_returns(params: Params) -> Asking[Check]:
    """Whether users who are to be there were deactivated: who left must not come back by an old list."""
    name = "users to be there are active"
    if not params.new_users:
        yield from ()
        return Check(name, True, "info", detail="none are named", guide=("G8.1",))
    queries = [
        Query(soql("SELECT Username FROM User WHERE IsActive = false AND Username IN {}", list(part)))
        for part in in_lists(sorted(user.username for user in params.new_users))
    ]
    answers = yield queries
    gone = sorted(row["Username"] for rows in answers for row in rows)
    return Check(
        name,
        not gone,
        "warning",
        detail=f"inactive: {', '.join(gone)}" if gone else "",
        hint="Applying activates them. Whoever has left should be taken out of new_users instead." if gone else "",
        guide=("G8.1",),
    )


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return (lambda: _nobody_returns(params),)


PHASE = Phase(
    id="08_new_users",
    title="Assigning Permission Sets to New Users",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G8.1",),
    needs=("01_install_package", "06_visibility"),
    setup_path="/lightning/setup/ManageUsers/home",
    not_needed=_not_needed,
)
