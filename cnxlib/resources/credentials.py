"""How Conexiom will log in as the integration user: what a person has to do for it, and that it comes before API Only.

Sources: Salesforce Help, Reset Your Security Token (no API shows or sends one, and an API-only user has no page to ask
for it on); Set Trusted IP Ranges for Your Organization; OAuth 2.0 Client Credentials Flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cnxlib.history import Confirmation
from cnxlib.model import ManualStep, Observation, Table
from cnxlib.resources.bearer import Bearer
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, soql

Route = Literal["security_token", "trusted_ip", "client_credentials"]

API_ONLY = "ApiUserOnly"


@dataclass(frozen=True)
class LoginRoute:
    """How Conexiom logs in, and whether the user may log in by API alone.

    Parameters
    ----------
    phase:
        Id of the phase, by which the step is confirmed.
    route:
        One of the three ways.
    username:
        The user.
    api_only:
        Whether API Only User is wanted.
    url:
        The org's address.
    """

    phase: str
    route: Route
    username: str
    api_only: bool
    url: str

    def step(self, born_api_only: bool = False) -> ManualStep:
        """What a person does, click by click; `born_api_only` where the profile itself is API-only."""
        what, path = self._clicks(born_api_only)
        if self.api_only:
            what += " API Only User is not granted before this is confirmed; the next apply after that grants it."
        return ManualStep(self.route, ("G2.7", "G2.3"), what, url=f"{self.url}{path}")

    def _clicks(self, born_api_only: bool) -> tuple[str, str]:
        if self.route == "trusted_ip":
            return (
                "Let Conexiom log in without a security token: ask Conexiom for the addresses that it calls from; then "
                "Setup → Security → Network Access → New, first and last address, Save. This holds for every user; to "
                f"limit {self.username} to these addresses as well, use its profile's Login IP Ranges.",
                "/lightning/setup/NetworkAccess/home",
            )
        if self.route == "client_credentials":
            return (
                "Let Conexiom log in by client credentials: Setup → App Manager → Conexiom → Manage → Edit Policies "
                "(an External Client App: External Client App Manager → Conexiom → Policies → Edit) → Enable Client "
                f"Credentials Flow, Run As {self.username}, Save. Ask Conexiom first whether it logs in that way.",
                "/lightning/setup/NavigationMenus/home",
            )
        if born_api_only:
            return (
                f"Get the security token of {self.username}, whose profile keeps it from logging in: Setup → Security "
                "→ Login Access Policies → Administrators Can Log in as Any User; Setup → Users → Login beside the "
                "user → My Settings → Personal → Reset My Security Token. It comes by e-mail; hand it to Conexiom with "
                "the password. Where that page is refused, use credential_route trusted_ip.",
                "/lightning/setup/ManageUsers/home",
            )
        return (
            f"Get the security token of {self.username}: log in as that user in a private window (its password is in "
            "the secret store) → avatar → Settings → Personal → Reset My Security Token → Reset Security Token. It "
            "comes by e-mail; hand it to Conexiom with the password.",
            "/lightning/setup/ManageUsers/home",
        )

    def system_permissions(
        self, bearer: Bearer, always: Sequence[str], born_api_only: bool = False
    ) -> Asking[tuple[str, ...]]:
        """The system permissions to grant now: API Only User not before the step is confirmed."""
        if not self.api_only:
            return tuple(always)
        settled = yield from _granted(bearer)
        if not settled:
            step = self.step(born_api_only)
            (confirmed,) = yield [Confirmation(self.phase, step.step, step.digest)]
            settled = confirmed is not None
        return (*always, API_ONLY) if settled else tuple(always)

    def observe(self, bearer: Bearer, born_api_only: bool) -> Asking[Observation]:
        """The manual step where it is this phase's to wait for, else a table that tells it.

        A security token that nothing here depends on is handed over, and waited for, with the other credentials.
        """
        granted = self.api_only and (yield from _granted(bearer))
        step = self.step(born_api_only)
        if (self.api_only and not granted) or born_api_only or self.route != "security_token":
            return Observation(manual=(step,))
        return Observation(tables=(Table("How Conexiom logs in", ("way", "what to do"), ((self.route, step.what),)),))


def _granted(bearer: Bearer) -> Asking[bool]:
    """Whether the set or the profile grants API Only User already: then there is nothing to wait for."""
    if bearer.kind == "profile":
        query = soql("SELECT PermissionsApiUserOnly FROM Profile WHERE Name = {}", bearer.name)
    else:
        own = "IsOwnedByProfile = false AND NamespacePrefix = null"
        query = soql(f"SELECT PermissionsApiUserOnly FROM PermissionSet WHERE Name = {{}} AND {own}", bearer.name)
    (rows,) = yield [Query(query)]
    return bool(rows and rows[0]["PermissionsApiUserOnly"])
