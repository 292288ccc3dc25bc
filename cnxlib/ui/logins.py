"""What each way to log in to an org asks for, and the inventory's entry that comes of it.

The rules are those of the inventory's own models; what people paste is made to fit them: an address with a path, the
address of Lightning pages, the name of a key's file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator, model_validator

from cnxlib.errors import InventoryError
from cnxlib.inventory import (
    ClientCredentialsLogin,
    JwtLogin,
    Login,
    PasswordLogin,
    SalesforceCliLogin,
    SessionLogin,
    read_inventory,
)
from cnxlib.resources.in_form import EXPERTS, in_form
from cnxlib.secrets import FORMS, REFERENCE
from cnxlib.secrets.salesforce_cli import ALIAS

Where = Literal["production", "sandbox", "own"]

_WHERE = {
    "production": "Production, a Developer Edition or a trial (login.salesforce.com)",
    "sandbox": "Sandbox (test.salesforce.com)",
    "own": "By its own address (My Domain)",
}
HOSTS = {"production": "https://login.salesforce.com", "sandbox": "https://test.salesforce.com"}
"""Where the users of all such orgs log in, by the kind of org."""


def _needed(value: str) -> str:
    if not value.strip():
        raise ValueError("is required")
    return value.strip()


def _reference(value: str) -> str:
    if value and not re.fullmatch(REFERENCE, value):
        raise ValueError(f"must be a reference ({FORMS}); the secret itself belongs into the field above")
    return value


Needed = Annotated[str, AfterValidator(_needed)]
Secret = Annotated[str, AfterValidator(_reference)]
NeededSecret = Annotated[str, AfterValidator(_needed), AfterValidator(_reference)]


def _address(help: str, **more: Any) -> Any:
    return Field("", title="Address of the org", description=help, examples=[], **more)


class Entered(BaseModel):
    """What every way asks for."""

    way: ClassVar[str] = ""

    alias: str = Field("", title="Your name for this org", description="as you will call it here, such as acme-sandbox")
    ca_cert: str = Field(
        "",
        title="Certificates to trust",
        description="a file (PEM), where your company's network opens encrypted connections; else empty",
        json_schema_extra=in_form(group=EXPERTS),
    )

    @field_validator("alias")
    @classmethod
    def _is_free(cls, alias: str) -> str:
        if not alias:
            raise ValueError("give it a name")
        if not re.fullmatch(ALIAS, alias):
            raise ValueError("letters, digits and . _ - @ + only, beginning with a letter or digit; no spaces")
        if alias in aliases() and not cls._may_be_there(alias):
            raise ValueError("there is an org of this name already: choose it above, or take another name")
        return alias

    @field_validator("ca_cert")
    @classmethod
    def _is_a_file(cls, name: str) -> str:
        if name and not Path(name).expanduser().is_file():
            raise ValueError("there is no such file on this computer")
        return name

    @classmethod
    def _may_be_there(cls, alias: str) -> bool:
        return False

    def login(self) -> Login:
        """The inventory's entry for it; raises `ValidationError` as its model does."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _fits(self) -> Entered:
        self.login()  # its refusals bear the same names as the fields here
        return self


class _AtAHost(Entered):
    where: Where = Field("production", title="Kind of org", json_schema_extra=in_form(choices=_WHERE))
    url: str = _address(
        "as in your browser: https://acme.my.salesforce.com", json_schema_extra=in_form(only_when={"where": ["own"]})
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str, info: ValidationInfo) -> str:
        return address(url) if info.data.get("where") == "own" else url

    @property
    def host(self) -> str:
        """Where the login is made."""
        return HOSTS.get(self.where, self.url)


class ByBrowser(_AtAHost):
    """With the browser, by the Salesforce CLI."""

    way: ClassVar[str] = "sf"

    @classmethod
    def _may_be_there(cls, alias: str) -> bool:
        """An org of the same way: its session is renewed."""
        return may_be_renewed(alias)

    def login(self) -> Login:
        """The CLI's org of the same name."""
        return SalesforceCliLogin(route="sf", alias=self.alias)


class ByPassword(_AtAHost):
    """With user name, password and security token."""

    way: ClassVar[str] = "password"
    username: Needed = Field("", title="User name", description="of the administrator, such as admin@acme.example")
    password: NeededSecret = Field(
        "", title="Password", description="kept encrypted on this computer", json_schema_extra=in_form(kind="secret")
    )
    security_token: Secret = Field(
        "",
        title="Security token",
        description="from Salesforce's mail (Settings, Reset My Security Token); empty inside trusted networks",
        json_schema_extra=in_form(kind="secret"),
    )
    client_id: str = Field(
        "",
        title="Consumer key of an app",
        description="only to log in by OAuth's username-password flow",
        json_schema_extra=in_form(group=EXPERTS),
    )
    client_secret: Secret = Field(
        "",
        title="Consumer secret of that app",
        description="kept encrypted on this computer",
        json_schema_extra=in_form(kind="secret", group=EXPERTS),
    )

    def login(self) -> Login:
        """By SOAP login(), or by OAuth where an app is given."""
        names = ("username", "password", "security_token", "client_id", "client_secret")
        return PasswordLogin.model_validate({"route": "password", "url": self.host, **_given(self, names)})


class ByCertificate(_AtAHost):
    """With a key of one's own, of which an app in the org holds the certificate."""

    way: ClassVar[str] = "jwt"
    username: Needed = Field("", title="User name", description="whom the app logs in, such as admin@acme.example")
    client_id: Needed = Field(
        "", title="Consumer key of the app", description="Setup, App Manager, View, Manage details"
    )
    private_key: Needed = Field(
        "",
        title="File of the private key",
        description="on this computer, PEM, without a passphrase: /home/me/acme.pem",
    )

    @field_validator("private_key")
    @classmethod
    def _is_there(cls, name: str) -> str:
        if not name or re.match(REFERENCE, name):
            return name
        if not Path(name).expanduser().is_file():
            raise ValueError("there is no such file on this computer")
        return f"file:{Path(name).expanduser().resolve()}"

    def login(self) -> Login:
        """By OAuth's JWT bearer flow."""
        given = _given(self, ("username", "client_id", "private_key"))
        return JwtLogin.model_validate({"route": "jwt", "url": self.host, **given})


class _AtItsOwn(Entered):
    url: str = _address("the org's own (Setup, My Domain): https://acme.my.salesforce.com")

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return address(url)


class ByApp(_AtItsOwn):
    """With the key and secret of an app, which runs as the user that it names."""

    way: ClassVar[str] = "client_credentials"
    client_id: Needed = Field(
        "", title="Consumer key of the app", description="Setup, App Manager, View, Manage details"
    )
    client_secret: NeededSecret = Field(
        "",
        title="Consumer secret",
        description="kept encrypted on this computer",
        json_schema_extra=in_form(kind="secret"),
    )

    def login(self) -> Login:
        """By OAuth's client credentials flow."""
        given = _given(self, ("url", "client_id", "client_secret"))
        return ClientCredentialsLogin.model_validate({"route": "client_credentials", **given})


class BySession(_AtItsOwn):
    """With a session that was got elsewhere."""

    way: ClassVar[str] = "session"
    session: NeededSecret = Field(
        "",
        title="Session id or access token",
        description="kept encrypted on this computer; it ends within hours",
        json_schema_extra=in_form(kind="secret"),
    )

    def login(self) -> Login:
        """With that session."""
        return SessionLogin.model_validate({"route": "session", **_given(self, ("url", "session"))})


def aliases() -> Mapping[str, Login]:
    """The orgs that there are, with their logins; none where there is no usable inventory."""
    try:
        return {alias: entry.login for alias, entry in read_inventory().items()}
    except InventoryError:
        return {}


def may_be_renewed(alias: str) -> bool:
    """Whether it is an org of the Salesforce CLI, which has the same name there: it can be logged in to again here."""
    entry = aliases().get(alias)
    return isinstance(entry, SalesforceCliLogin) and entry.alias == alias


def address(text: str) -> str:
    """The address of the org that somebody pasted, "https://host".

    The host of Lightning pages (name.lightning.force.com) is that of the org's pages, not of its logins
    (name.my.salesforce.com), as the Salesforce CLI's reference says of --instance-url.
    """
    given = text.strip()
    parts = urlsplit(given if "://" in given else f"https://{given}")
    host = (parts.hostname or "").removesuffix(".")
    if parts.scheme != "https" or parts.username or "." not in host or not re.fullmatch(r"[a-z0-9.-]+", host):
        raise ValueError("give the org's address, such as https://acme.my.salesforce.com")
    host = re.sub(r"\.lightning\.force\.com$", ".my.salesforce.com", host)
    try:
        return f"https://{host}:{parts.port}" if parts.port else f"https://{host}"
    except ValueError:
        raise ValueError("give the org's address, such as https://acme.my.salesforce.com") from None


def _given(entered: BaseModel, names: tuple[str, ...]) -> dict[str, str]:
    values = {name: getattr(entered, name) for name in names}
    return {name: value for name, value in values.items() if value}
