"""08 · Assigning Permission Sets to New Users."""

from __future__ import annotations

from collections.abc import Sequence

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.history import Made
from cnxlib.model import Check, ManualStep, Observation
from cnxlib.phases.audience import JoiningParams, UserToCreate, audience, ruled
from cnxlib.phases.base import Phase
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.conditional import OnlyIf
from cnxlib.resources.conexiom_sets import MINIMUM
from cnxlib.resources.holders import holdings, leavers
from cnxlib.resources.in_words import named
from cnxlib.resources.report import Report
from cnxlib.resources.selection import selected
from cnxlib.resources.user import NewUser, User, find_users, inactive_users, people
from cnxlib.rounds import Asking, together
from cnxlib.salesforce import Identity, working_address

SETUP = "/lightning/setup/ManageUsers/home"


class Params(JoiningParams):
    """Parameters of 08_new_users."""


def _wanted(params: Params) -> Asking[Sequence[Wanted]]:
    rules = ruled(params)
    by_rule, gone, there, lacking = yield from together(
        selected(rules), _gone(params), find_users(_names(params)), audience(params, rules).lacking()
    )
    # Who is inactive now, or not there yet, is found by no rule before the apply, and by each after it.
    returning = (yield from selected(rules, leaving=True)) if gone and params.reactivate else []
    pairs = {*by_rule, *(pair for pair in returning if pair[0].casefold() in gone)}
    for user in params.new_users:
        if user.username.casefold() not in gone or params.reactivate:
            pairs.update((user.username, label) for label in user.sets)
        if user.username not in there:
            pairs.update((user.username, rule.set) for rule in rules if rule.profile == user.profile)
    # Holders from before are phase 07's to look after; this one is about those who come in here.
    coming = {username.casefold() for username, _ in pairs}
    pairs.update((username, MINIMUM) for username in lacking.to_be_given if username.casefold() in coming)
    return [Wanted(username, label, ("G8.1",)) for username, label in sorted(pairs)]


def _names(params: Params) -> list[str]:
    return [user.username for user in params.new_users]


def _gone(params: Params) -> Asking[dict[str, str]]:
    return (yield from inactive_users(_names(params)))


def _new_user(user: UserToCreate, reactivate: bool) -> Resource:
    wanted = NewUser(
        user.username, user.last_name, user.first_name, user.alias, user.profile, user.email, take_over=True
    )

    def left() -> Asking[str]:
        gone = yield from inactive_users([] if reactivate else [user.username])
        return f"{user.username} was deactivated and stays so (G8.1)." if gone else ""

    return OnlyIf(left, User(wanted, ("G8.1",), "new_users"))


def _not_needed(params: Params) -> str:
    return "" if params.new_users or params.rules else "No new users and no rules are given (G8.1)."


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    return (
        *(_new_user(user, params.reactivate) for user in params.new_users),
        Assignments(lambda: _wanted(params), makes=_names(params), parameter="rules", url=me.url),
        *((Report(lambda: _leavers(params, me.url)),) if params.new_users or params.rules else ()),
    )


def _leavers(params: Params, url: str) -> Asking[Observation]:
    """Inactive users: those who hold a set, and those who are listed and left alone."""
    found, gone = yield from together(holdings(), _gone(params))
    step = ManualStep(
        "inactive_users",
        ("G8.1",),
        f"Decide on the users of new_users who were deactivated: {', '.join(sorted(gone.values()))}. Whoever has left "
        "is taken out of new_users. Whoever is back is activated, and given their sets, by reactivate.",
        url=f"{url}{SETUP}",
        closed_by="decision",
        as_it_is=f"inactive are {', '.join(sorted(gone.values()))}",
    )
    return Observation(
        manual=(step,) if gone and not params.reactivate else (),
        tables=tuple(leavers(found)),
        done=(step.step,) if params.new_users and not gone else (),
    )


def _nobody_returns(params: Params) -> Asking[Check]:
    """Whether users who are to be there were deactivated: who left must not come back by an old list."""
    name = "users to be there are active"
    if not params.new_users:
        yield from ()
        return Check(name, True, "info", detail="none are named", guide=("G8.1",))
    gone = yield from _gone(params)
    if params.reactivate:
        hint = "Applying activates them, for reactivate is set. Whoever has left is to be taken out of new_users."
    else:
        hint = "They stay inactive and are given nothing. Whoever is back is activated by reactivate."
    return Check(
        name,
        not gone,
        "warning",
        detail=f"inactive: {', '.join(sorted(gone.values()))}" if gone else "",
        hint=hint if gone else "",
        guide=("G8.1",),
    )


def _are_meant(params: Params) -> Asking[Check]:
    """Whether users who are there already are the people of new_users: somebody else would get Conexiom's sets."""
    gone, rows = yield from together(_gone(params), people(_names(params)))
    (made,) = yield [Made("user")]
    meant = {user.username.casefold(): user for user in params.new_users}
    others = [
        f"{row['Username']} is {_person(row['FirstName'], row['LastName'], row['Email'])}, not "
        f"{_person(user.first_name, user.last_name, user.email)}"
        for row in rows
        for user in (meant[row["Username"].casefold()],)
        if made.get(user.username) != row["Id"]
        and (params.reactivate or row["Username"].casefold() not in gone)
        and _compared(row["LastName"], row["Email"]) != _compared(user.last_name, user.email)
    ]
    return Check(
        "users found by their user names are those who are meant",
        not others,
        "warning",
        detail=named(others, 5),
        hint="They are given the sets all the same: where somebody else is meant, correct the user name."
        if others
        else "",
        guide=("G8.1",),
    )


def _person(first_name: str | None, last_name: str, email: str) -> str:
    return f"{first_name or ''} {last_name} <{email}>".lstrip()


def _compared(last_name: str, email: str) -> tuple[str, str]:
    return last_name.casefold(), working_address(email.casefold())


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    return lambda: _nobody_returns(params), lambda: _are_meant(params)


PHASE = Phase(
    id="08_new_users",
    title="Assigning Permission Sets to New Users",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G8.1",),
    needs=("01_install_package", "06_visibility"),
    setup_path=SETUP,
    not_needed=_not_needed,
)
