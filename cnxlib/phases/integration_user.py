"""02 · Conexiom Integration User."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cnxlib.engine import CheckGenerator, Resource
from cnxlib.model import Check, Observation
from cnxlib.phases.base import Phase
from cnxlib.phases.integration_params import Params, integration_username
from cnxlib.resources.account import account_as_it_is, check_account, check_not_oneself
from cnxlib.resources.assignment import Assignments, Wanted
from cnxlib.resources.bearer import Bearer
from cnxlib.resources.conexiom_sets import ADMIN_USER, SUPER_USER
from cnxlib.resources.conexiom_users import ACCOUNT_RIGHTS, CASE_RIGHTS
from cnxlib.resources.credentials import LoginRoute
from cnxlib.resources.field_permissions import Field as SalesforceField
from cnxlib.resources.field_permissions import FieldPermissions
from cnxlib.resources.grants import Grants, object_permissions
from cnxlib.resources.lazily import Lazily
from cnxlib.resources.licences import INTEGRATION, Candidate, SetLicences, check_licences, choose, set_licence_id
from cnxlib.resources.password import Password
from cnxlib.resources.permission_set import PermissionSet, api_name, check_its_alone
from cnxlib.resources.profile import Profile, ProfileGrants, profile_bearer
from cnxlib.resources.record_types import CaseRecordTypes, check_record_types
from cnxlib.resources.report import Report
from cnxlib.resources.seats import check_seats_if_installed, without_a_seat
from cnxlib.resources.user import NewUser, User
from cnxlib.rounds import Asking
from cnxlib.salesforce import Identity

ID = "02_integration_user"

FIELDS = (
    SalesforceField("Account", "BillingAddress"),
    SalesforceField("Account", "ShippingAddress"),
    SalesforceField("Account", label="Conexiom ID", edit=True),
    # Case's "Account Name" is the lookup AccountId; Case.Status takes no field-level security.
    SalesforceField("Case", "AccountId", edit=True),
    SalesforceField("Case", "Status", edit=True),
    SalesforceField("Case", "Subject", edit=True),
)


def _needed(params: Params) -> Asking[Check]:
    yield from ()
    uses = [("Email-to-Case integration", params.email_to_case_integration), ("cases for alerts", params.case_alerts)]
    said = ", ".join(name for name, used in uses if used)
    return Check("an integration user is needed", True, "info", detail=said or "no", guide=("G2.1",))


def _candidate(params: Params, me: Identity) -> Candidate:
    username = integration_username(params.user_username, me)
    return Candidate(username, params.base_profile, own_profile=params.access_via == "profile")


def _checks(params: Params, me: Identity) -> Sequence[CheckGenerator]:
    needed = partial(_needed, params)
    if _not_needed(params):
        return needed, check_record_types
    candidate = _candidate(params, me)
    by_set = params.access_via == "permission_set"
    return (
        needed,
        check_record_types,
        partial(check_not_oneself, candidate.username, me.username),
        partial(check_licences, candidate),
        partial(check_account, candidate.username, params.label),
        *((partial(check_its_alone, params.label, candidate.username, ("G2.2",)),) if by_set else ()),
        partial(check_seats_if_installed, ("G2.8",)),
    )


def _not_needed(params: Params) -> str:
    if params.email_to_case_integration or params.case_alerts:
        return ""
    return "Neither the Email-to-Case integration nor cases for alerts are used (G2.1)."


class _Wanted:
    """What the phase wants, in the parts that depend on the licence, which the org decides."""

    def __init__(self, params: Params, me: Identity) -> None:
        self._params, self._me = params, me
        self.candidate = _candidate(params, me)
        self.username = self.candidate.username
        self._by_profile = self.candidate.own_profile
        self.bearer = profile_bearer(params.label) if self._by_profile else Bearer(api_name(params.label))
        self.writer: type[Grants] = ProfileGrants if self._by_profile else Grants
        self._route = LoginRoute(
            ID, params.org, params.credential_route, self.username, params.api_only, me.url, params.app_name
        )

    def holder(self) -> Asking[Resource]:
        """The permission set or the profile, with the system permissions that it may have by now."""
        choice = yield from choose(self.candidate)
        always = ("ApexRestServices", "ApiEnabled")
        system = yield from self._route.system_permissions(self.bearer, always, choice.licence == INTEGRATION)
        guide = ("G2.2", "G2.3")
        if self._by_profile:
            return Profile(self._params.label, choice.licence, system, self.username, guide)
        return PermissionSet(self._params.label, system, guide)

    def user(self) -> Asking[Resource]:
        """The user, with the profile that fits its licence."""
        choice = yield from choose(self.candidate)
        wanted = NewUser(
            self.username,
            last_name="Integration User",
            first_name="Conexiom",
            alias="cnxint",
            profile=choice.profile or self._params.label,
            email=self._params.user_email or self._me.mailbox,
            take_over=self._params.take_over_existing,
            profile_is_made=self._by_profile,
        )
        return User(wanted, ("G2.7",), "user_username")

    def users(self) -> Asking[Sequence[str]]:
        """Who is to use the application."""
        yield from ()
        return [self.username]

    def set_licences(self) -> Asking[Sequence[str]]:
        """The permission set licences that come before the sets."""
        return (yield from choose(self.candidate)).set_licences

    def assignments(self) -> Asking[Sequence[Wanted]]:
        """The sets of the user; its own one only where the access does not come by the profile."""
        licences = yield from self.set_licences()
        after = tuple(set_licence_id(self.username, licence) for licence in licences)
        own = [] if self._by_profile else [Wanted(self.username, self._params.label, ("G2.7",), after=after)]
        return [*own, *(Wanted(self.username, label, ("G2.8",), after=after) for label in (ADMIN_USER, SUPER_USER))]

    def login(self) -> Asking[Observation]:
        """How Conexiom logs in, as a manual step or a table."""
        choice = yield from choose(self.candidate)
        return (yield from self._route.observe(self.bearer, choice.licence == INTEGRATION))


def _resources(params: Params, me: Identity) -> Sequence[Resource]:
    wanted = _Wanted(params, me)
    bearer, username = wanted.bearer, wanted.username
    rights = {"Account": ACCOUNT_RIGHTS, "Case": CASE_RIGHTS}
    objects = tuple(f"object_permissions:{bearer.name}/{sobject}" for sobject in rights)
    return (
        Lazily(wanted.holder),
        object_permissions(bearer, rights, dict.fromkeys(rights, ("G2.5",)), wanted.writer),
        CaseRecordTypes(bearer, params.case_record_types, objects, ("G2.4",)),
        FieldPermissions(bearer, FIELDS, ("G2.6",), wanted.writer),
        Lazily(wanted.user),
        Password(username, ("G2.7",)),
        SetLicences(username, wanted.set_licences, ("G2.7", "G2.8")),
        Assignments(wanted.assignments, makes=(username, params.label), parameter="user_username"),
        Report(wanted.login),
        Report(without_a_seat(wanted.users, ("G2.8",), me.url)),
        Report(partial(account_as_it_is, username)),
    )


PHASE = Phase(
    id=ID,
    title="Conexiom Integration User",
    params=Params,
    checks=_checks,
    resources=_resources,
    guide=("G2.1", "G2.2", "G2.3", "G2.4", "G2.5", "G2.6", "G2.7", "G2.8"),
    needs=("01_install_package",),
    setup_path="/lightning/setup/PermSets/home",
    not_needed=_not_needed,
)
