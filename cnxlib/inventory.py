"""The inventory: orgs.yaml, which says how each org is reached and which parameters its set-up takes.

It holds references to secrets ("env:NAME", "file:PATH", "age:NAME", "keyring:SERVICE/NAME" or "sf:ALIAS"), never a
secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from cnxlib.errors import InventoryError, UnknownOrg

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


class OrgEntry(BaseModel):
    """One org of the inventory.

    `parameters` holds, per notebook, the values that its `parameters` cell would: the same names, the same JSON values.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    login: Annotated[Login, Field(discriminator="route")]
    ca_cert: Path | None = None
    simulated: bool = False
    parameters: Mapping[str, Mapping[str, Any]] = {}


class _Double(Exception):
    """A key that one mapping holds twice."""

    def __init__(self, key: str, line: int, first: int) -> None:
        super().__init__(key)
        self.key, self.line, self.first = key, line, first


class _NoDoubles(yaml.SafeLoader):
    """YAML's own rule is that a mapping's keys differ; PyYAML takes the last of two without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """The mapping as it is written, before `<<` brings in others; raises `_Double` where a key is there twice."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):  # by its text: an alias is a text here, so 1 and "1" are the same
                line = key.start_mark.line + 1
                if key.value in lines:
                    raise _Double(key.value, line, lines[key.value])
                lines[key.value] = line
        return node


def inventory_path() -> Path:
    """The file in use: $CNX_ORGS, else ./orgs.yaml, else the one in the user's config directory."""
    named = os.environ.get("CNX_ORGS")
    if named:
        return Path(named).expanduser().resolve()
    here = Path("orgs.yaml").resolve()
    return here if here.exists() else Path(platformdirs.user_config_dir("conexiom-runbook")) / "orgs.yaml"


def read_inventory(path: Path | None = None) -> dict[str, OrgEntry]:
    """The orgs by alias, in the file's order.

    Raises
    ------
    InventoryError
        The file is missing, no YAML, or an entry is malformed; says which and where.
    """
    path = path or inventory_path()
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _NoDoubles)
    except FileNotFoundError:
        raise InventoryError(
            f"There is no inventory of orgs at {path}",
            hint="Copy orgs.example.yaml there and fill it in, or name another file in CNX_ORGS. "
            "`cnx demo` needs none: it brings a simulated org.",
        ) from None
    except _Double as error:
        raise InventoryError(
            f"{path}, line {error.line}: {error.key!r} is there twice (first in line {error.first})",
            hint="Take one of the two away, or give it another name.",
        ) from None
    except yaml.MarkedYAMLError as error:
        # Only the place: the error's own text shows the line, and somebody may have written a secret there.
        place = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InventoryError(f"{path}{place} is no YAML: {error.problem}", hint="Mend the file.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise InventoryError(f"{path} cannot be read: {said}", hint="Mend the file.") from None
    orgs = content.get("orgs") if isinstance(content, dict) else None
    if not isinstance(orgs, dict):
        raise InventoryError(f"{path} has no `orgs:` mapping", hint="See orgs.example.yaml for the shape.")
    return {str(alias): _entry(path, str(alias), entry) for alias, entry in orgs.items()}


def _entry(path: Path, alias: str, entry: Any) -> OrgEntry:
    try:
        return OrgEntry.model_validate(entry)
    except ValidationError as error:
        # The refused value is not shown: somebody may have written a secret where a reference belongs.
        said = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise InventoryError(
            f"{path}: the entry of {alias} is malformed: {said}",
            org=alias,
            hint="A secret is given by reference: env:NAME, file:PATH, age:NAME, keyring:SERVICE/NAME or sf:ALIAS. "
            "See orgs.example.yaml.",
        ) from None


def find_org(alias: str, path: Path | None = None) -> OrgEntry:
    """The entry of `alias`; raises `UnknownOrg` naming those there are."""
    orgs = read_inventory(path)
    if alias not in orgs:
        known = ", ".join(orgs) or "none"
        raise UnknownOrg(
            f"There is no org {alias!r} in {path or inventory_path()}",
            hint=f"Known orgs: {known}. Add yours to that file, or name another file in CNX_ORGS.",
        )
    return orgs[alias]
