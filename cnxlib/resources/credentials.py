"""How Conexiom will log in as the integration user: what a person has to do for it, and that it comes before API Only.

Sources: Salesforce Help, Reset Your Security Token (no API shows or sends one, and an API-only user has no page to ask
for it on); Set Trusted IP Ranges for Your Organization; OAuth 2.0 Client Credentials Flow. Metadata API,
SecuritySettings (networkAccess.ipRanges), ConnectedApp (isClientCredentialEnabled, oauthClientCredentialUser),
ExtlClntAppOauthConfigurablePolicies (isClientCredentialsFlowEnabled, clientCredentialsFlowUser).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cnxlib.history import Confirmation
from cnxlib.model import ManualStep, Observation, Table
from cnxlib.resources.app import API
from cnxlib.resources.bearer import Bearer
from cnxlib.rounds import Asking
from cnxlib.salesforce import Query, ReadMetadata, soql

Route = Literal["security_token", "trusted_ip", "client_credentials"]

API_ONLY = "ApiUserOnly"


@dataclass(frozen=True)
class LoginRoute:
    """How Conexiom logs in, and whether the user may log in by API alone.

    Parameters
    ----------
    phase:
        Id of the phase, by which the step is confirmed.
    alias:
        The org, for the command that shows the password to a person.
    route:
        One of the three ways.
    username:
        The user.
    api_only:
        Whether API Only User is wanted.
    url:
        The org's address.
    app:
        Name of the app (03) by which Conexiom logs in.
    """

    phase: str
    alias: str
    route: Route
    username: str
    api_only: bool
    url: str
    app: str

    def step(self, born_api_only: bool = False) -> ManualStep:
        """What a person does, click by click; `born_api_only` where the profile itself is API-only."""
        what, path = self._clicks(born_api_only)
        if self.api_only:
            what += " API Only User is not granted before this is confirmed; the next apply after that grants it."
        step = ManualStep(self.route, ("G2.7", "G2.3"), what, url=f"{self.url}{path}")
        if self.route != "client_credentials":  # of the others nothing that can be read tells that they are done
            return step
        said = f"the settings that can be read do not let {self.username} log in by client credentials"
        return replace(step, closed_by="decision", as_it_is=said)

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
                "Let Conexiom log in by client credentials; ask Conexiom first whether it logs in that way. 03 makes "
                f"the app {self.app} and gives it the scope Api where credential_route is client_credentials there: "
                "Full Access and Web are left out of such a login. What is yours: Setup → App Manager → the app → "
                "Manage → Edit Policies (an External Client App: External Client App Manager → the app → Policies → "
                f"Edit) → Enable Client Credentials Flow, Run As {self.username}, Save.",
                "/lightning/setup/NavigationMenus/home",
            )
        if born_api_only:
            # That an admin logged in as an API-only user is shown that page is [R]; the step says what else there is.
            return (
                f"Get the security token of {self.username}, whose profile keeps it from logging in: Setup → Security "
                "→ Login Access Policies → Administrators Can Log in as Any User; Setup → Users → Login beside the "
                "user → My Settings → Personal → Reset My Security Token. It comes by e-mail; hand it to Conexiom with "
                "the password. Where that page is refused, use credential_route trusted_ip.",
                "/lightning/setup/ManageUsers/home",
            )
        return (
            f"Get the security token of {self.username}: log in as that user in a private window (its password is in "
            f"the secret store: `cnx handoff tell --org {self.alias} --only password` shows it, in a terminal) → "
            "avatar → Settings → Personal → Reset My Security Token → Reset Security Token. It comes by e-mail; hand "
            "it to Conexiom with the password.",
            "/lightning/setup/ManageUsers/home",
        )

    def system_permissions(
        self, bearer: Bearer, always: Sequence[str], born_api_only: bool = False
    ) -> Asking[tuple[str, ...]]:
        """The system permissions to grant now: API Only User not before the step is confirmed."""
        if not self.api_only:
            return tuple(always)
        settled = (yield from _granted(bearer)) or (yield from self._as_it_is())[0]
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
        if self.route != "security_token":
            settled, table = yield from self._as_it_is()
            return Observation(manual=() if settled else (step,), tables=(table,), done=(step.step,) if settled else ())
        if (self.api_only and not granted) or born_api_only:
            return Observation(manual=(step,))
        return Observation(tables=(Table("How Conexiom logs in", ("way", "what to do"), ((self.route, step.what),)),))

    def _as_it_is(self) -> Asking[tuple[bool, Table]]:
        """Whether what can be read shows that nothing is left to do, and what can be read.

        Which addresses Conexiom calls from is known to nobody here, so trusted ranges are shown, and never enough.
        """
        if self.route == "client_credentials":
            return (yield from self._by_app())
        rows: tuple[tuple[str, ...], ...] = ()
        if self.route == "trusted_ip":
            (settings,) = yield [ReadMetadata("SecuritySettings", "Security")]
            ranges = ((settings or {}).get("networkAccess") or {}).get("ipRanges", ())
            rows = tuple((one.get("start", ""), one.get("end", ""), one.get("description", "")) for one in ranges)
        return False, Table("Trusted IP ranges of the org", ("from", "to", "what for"), rows or (("none", "", ""),))

    def _by_app(self) -> Asking[tuple[bool, Table]]:
        connected, policies, scopes = yield [
            ReadMetadata("ConnectedApp", self.app),
            ReadMetadata("ExtlClntAppOauthConfigurablePolicies", f"{self.app}_oauthPlcy"),
            ReadMetadata("ExtlClntAppOauthSettings", f"{self.app}_oauth"),
        ]
        oauth = (connected or {}).get("oauthConfig") or {}
        on = oauth.get("isClientCredentialEnabled") or (policies or {}).get("isClientCredentialsFlowEnabled")
        user = oauth.get("oauthClientCredentialUser") or (policies or {}).get("clientCredentialsFlowUser") or ""
        listed = oauth.get("scopes") or (scopes or {}).get("commaSeparatedOauthScopes", "").replace(" ", "").split(",")
        rows = (
            ("the app is there", "yes" if connected or policies else f"no: 03 makes {self.app}"),
            ("Client Credentials Flow", "on" if on else "off"),
            ("Run As", user or "nobody"),
            ("scope Api", "yes" if API in listed else "no"),
        )
        settled = bool(on) and user.casefold() == self.username.casefold() and API in listed
        return settled, Table(f"Client credentials of {self.app}", ("what", "now"), rows)


def _granted(bearer: Bearer) -> Asking[bool]:
    """Whether the set or the profile grants API Only User already: then there is nothing to wait for."""
    if bearer.kind == "profile":
        query = soql("SELECT PermissionsApiUserOnly FROM Profile WHERE Name = {}", bearer.name)
    else:
        own = "IsOwnedByProfile = false AND NamespacePrefix = null"
        query = soql(f"SELECT PermissionsApiUserOnly FROM PermissionSet WHERE Name = {{}} AND {own}", bearer.name)
    (rows,) = yield [Query(query)]
    return bool(rows and rows[0]["PermissionsApiUserOnly"])
