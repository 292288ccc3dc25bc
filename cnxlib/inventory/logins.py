"""How an org is logged in to: one model for each route.

A field that is a secret takes a reference to it ("env:NAME", "file:PATH", "age:NAME", "keyring:SERVICE/NAME" or
"sf:ALIAS"), never the secret.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator, model_validator

REFERENCE = r"^(env|file|age|keyring|sf):.+$"

Reference = Annotated[str, StringConstraints(pattern=REFERENCE)]
Url = Annotated[str, StringConstraints(pattern=r"^https://[^\s/?#@]+/?$")]
CliAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$")]

_FOR_EVERYBODY = ("login.salesforce.com", "test.salesforce.com")
"""Hosts where users of all orgs log in."""


class _Login(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def references(self) -> dict[str, str]:
        """The references to secrets that this login needs, by the name that each has in the entry."""
        return {}

    @property
    def at(self) -> str:
        """Where the login is made, for people."""
        return str(getattr(self, "url", ""))


class SalesforceCliLogin(_Login):
    """The session of the Salesforce CLI: `sf org login web --alias ALIAS`, for single sign-on and MFA."""

    route: Literal["sf"]
    alias: CliAlias

    @property
    def url(self) -> str:
        """Empty: the Salesforce CLI knows the org's address."""
        return ""

    @property
    def at(self) -> str:
        """Where the login is made, for people."""
        return f"the Salesforce CLI's org {self.alias}"


class JwtLogin(_Login):
    """OAuth 2.0 JWT bearer flow: an app that holds the certificate of `private_key` logs in as `username`.

    `url` is https://login.salesforce.com, https://test.salesforce.com or the org's My Domain; `audience`, if it is not
    given, follows from it.
    """

    route: Literal["jwt"]
    url: Url = "https://login.salesforce.com"
    username: str
    client_id: str
    private_key: Reference
    audience: Url | None = None

    def references(self) -> dict[str, str]:
        """The references to secrets that this login needs, by the name that each has in the entry."""
        return {"private_key": self.private_key}


class ClientCredentialsLogin(_Login):
    """OAuth 2.0 client credentials flow: an app logs in as the user that it runs as; `url` is the org's My Domain."""

    route: Literal["client_credentials"]
    url: Url
    client_id: str
    client_secret: Reference

    @field_validator("url")
    @classmethod
    def _is_my_domain(cls, url: str) -> str:
        if url.rstrip("/").removeprefix("https://") in _FOR_EVERYBODY:
            raise ValueError("must be the org's own address (Setup, My Domain): this flow is served there alone")
        return url

    def references(self) -> dict[str, str]:
        """The references to secrets that this login needs, by the name that each has in the entry."""
        return {"client_secret": self.client_secret}


class SessionLogin(_Login):
    """A session id or access token that was got elsewhere; "sf:ALIAS" is that of the Salesforce CLI."""

    route: Literal["session"]
    url: Url
    session: Reference

    def references(self) -> dict[str, str]:
        """The references to secrets that this login needs, by the name that each has in the entry."""
        return {"session": self.session}


class PasswordLogin(_Login):
    """User name, password and, outside trusted IP ranges, the security token.

    By OAuth's username-password flow where an app (`client_id` and `client_secret`) is given, else by SOAP login()
    (API ≤ 64).
    """

    route: Literal["password"]
    url: Url = "https://login.salesforce.com"
    username: str
    password: Reference
    security_token: Reference | None = None
    client_id: str | None = None
    client_secret: Reference | None = None

    @model_validator(mode="after")
    def _whole_app(self) -> PasswordLogin:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("client_id and client_secret are given together, or neither of them")
        return self

    def references(self) -> dict[str, str]:
        """The references to secrets that this login needs, by the name that each has in the entry."""
        named = {
            "password": self.password,
            "security_token": self.security_token,
            "client_secret": self.client_secret,
        }
        return {name: reference for name, reference in named.items() if reference}


Login = SalesforceCliLogin | JwtLogin | ClientCredentialsLogin | SessionLogin | PasswordLogin
