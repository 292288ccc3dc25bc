"""The apps that clients log in through: connected apps and external client apps.

They are found by their consumer key, which is unique over all orgs.
"""

from __future__ import annotations

import hmac
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..org import Org
from ..orgs import Orgs

SECRETS = "_ClientSecret"
"""Kind of the documents that hold consumer secrets, by consumer key: apart from the app, never read with it."""


PUBLIC = {
    "PlatformCLI": ("Salesforce CLI", "http://localhost:1717/OauthRedirect", ("RefreshToken", "Api", "Web")),
    "3MVG9i1HRpGLXp.or6OVlWVWyn8DXi9xueKNM4npq_AWh.yqswojK9sE5WY7f.biP0w7bNJIENfXc7JMDZGO1": (
        "CumulusCI",
        "http://localhost:7788/callback",
        ("RefreshToken", "Full", "Web"),
    ),
}
"""The command lines' own apps: name, callback and scopes by consumer key. No org here has made them, and each can be
logged in to by them. The keys are what the clients send unless they are told another; they have no secret."""


@dataclass(frozen=True)
class Client:
    """One app as the token endpoint sees it.

    Attributes:
        org: where it is used.
        home: where it was made and its secret is; None for an app of nobody's here.
        external: it is an external client app (which has no username-password flow), not a connected app.
        run_as: the username that the client credentials flow runs as; empty where that flow is off.
        approved_only: only users whom an administrator has approved may use it.
        certificate: the certificate (PEM) that assertions of the JWT bearer flow are checked with; may be empty.
    """

    org: Org
    home: Org | None
    name: str
    key: str
    external: bool
    callbacks: tuple[str, ...]
    scopes: tuple[str, ...]
    run_as: str
    certificate: str
    secret_optional: bool
    approved_only: bool = False

    @property
    def installed(self) -> bool:
        """Whether the org that it is used in has it: a connected app can be used in others too."""
        return self.home is self.org

    def used_in(self, org: Org) -> Client:
        """The app as it is used in another org."""
        return replace(self, org=org)

    def secret_matches(self, given: str) -> bool:
        """Whether `given` is the app's consumer secret."""
        stored = self.home.document(SECRETS, self.key) if self.home else None
        return stored is not None and hmac.compare_digest(str(stored["secret"]).encode(), given.encode())


def find(orgs: Orgs, key: str) -> Client | None:
    """The app with that consumer key, in whichever org it is."""
    for org in orgs.live() if key else ():
        if org.document(SECRETS, key) is None:
            continue
        for name, app in org.documents("ConnectedApp").items():
            if app.get("oauthConfig", {}).get("consumerKey") == key:
                return _connected(org, name, app["oauthConfig"])
        for settings in org.documents("ExtlClntAppGlobalOauthSettings").values():
            if settings.get("consumerKey") == key:
                return _external(org, settings)
    return _public(orgs, key) if key in PUBLIC else None


def taken(orgs: Iterable[Org], key: str) -> bool:
    """Whether some app of some org has that consumer key."""
    return any(org.document(SECRETS, key) is not None for org in orgs)


def keep_secret(org: Org, key: str, secret: str) -> None:
    """Keep the consumer secret that goes with `key`."""
    org.put_document(SECRETS, key, {"secret": secret})


def new_key() -> str:
    """A consumer key of the shape that Salesforce makes."""
    return "3MVG9" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(80))


def new_secret() -> str:
    """A consumer secret of the shape that Salesforce makes: 64 hexadecimal digits."""
    return secrets.token_hex(32).upper()


def _connected(org: Org, name: str, oauth: Mapping[str, Any]) -> Client:
    return Client(
        org=org,
        home=org,
        name=name,
        key=oauth["consumerKey"],
        external=False,
        callbacks=tuple(oauth["callbackUrl"].split()),
        scopes=tuple(oauth.get("scopes", ())),
        run_as=oauth.get("oauthClientCredentialUser", "") if oauth.get("isClientCredentialEnabled") else "",
        certificate=oauth.get("certificate", ""),
        secret_optional=oauth.get("isConsumerSecretOptional", False),
        approved_only=oauth.get("isAdminApproved", False),
    )


def _external(org: Org, settings: Mapping[str, Any]) -> Client:
    app = settings["externalClientApplication"]
    mine = [
        found
        for found in org.documents("ExtlClntAppOauthSettings").values()
        if found["externalClientApplication"] == app
    ]
    policies = [
        found
        for found in org.documents("ExtlClntAppOauthConfigurablePolicies").values()
        if found["externalClientApplication"] == app
    ]
    allowed = settings.get("isClientCredentialsFlowEnabled") and any(
        policy.get("isClientCredentialsFlowEnabled") for policy in policies
    )
    scopes = ",".join(found.get("commaSeparatedOauthScopes", "") for found in mine)
    return Client(
        org=org,
        home=org,
        name=app,
        key=settings["consumerKey"],
        external=True,
        callbacks=tuple(settings.get("callbackUrl", "").split()),
        scopes=tuple(scope.strip() for scope in scopes.split(",") if scope.strip()),
        run_as=next((policy.get("clientCredentialsFlowUser", "") for policy in policies), "") if allowed else "",
        certificate=settings.get("certificate", ""),
        secret_optional=settings.get("isConsumerSecretOptional", False),
        approved_only=any(each.get("permittedUsersPolicyType") == "AdminApprovedPreAuthorized" for each in policies),
    )


def _public(orgs: Orgs, key: str) -> Client | None:
    """A command line's app, in some org until it is known who logs in."""
    name, callback, scopes = PUBLIC[key]
    org = next(iter(orgs), None)
    if org is None:
        return None
    return Client(
        org=org,
        home=None,
        name=name,
        key=key,
        external=False,
        callbacks=(callback,),
        scopes=scopes,
        run_as="",
        certificate="",
        secret_optional=True,
    )
