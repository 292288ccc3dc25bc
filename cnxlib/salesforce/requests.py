"""What can be asked of an org: plain values that resources yield and `Org.send` answers.

Reads are hashable, so that the doubles of a round can be dropped. A `Secret` stands for its value in any write: it is
looked up only while the request is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Secret:
    """Stands for the secret that a reference leads to ("age:NAME")."""

    reference: str


@dataclass(frozen=True)
class _Soql:
    soql: str

    @property
    def sobject(self) -> str:
        """API name of the object whose rows are asked for, "" where none is named."""
        found = re.search(r"(?i)\bFROM\s+(\w+)", self.soql)
        return found[1] if found else ""


@dataclass(frozen=True)
class Query(_Soql):
    """SOQL by the REST API. Answer: all rows, as dicts without `attributes`; parent fields as nested dicts."""


@dataclass(frozen=True)
class ToolingQuery(_Soql):
    """SOQL by the Tooling API. Answer: as for `Query`."""


@dataclass(frozen=True)
class ReadMetadata:
    """One component by Metadata API readMetadata. Answer: a dict without empty properties, None where it is missing."""

    type: str
    full_name: str


@dataclass(frozen=True)
class Get:
    """One REST resource by its path below /services/data/vXX.0/. Answer: its JSON."""

    path: str


@dataclass(frozen=True)
class LoginDoor:
    """What a way of logging in says to a user, or an app, whom no org knows. Answer: the code of its refusal.

    `version` is the API version of SOAP login(), or the grant type of the token endpoint. Nobody's failed logins are
    counted, for there is no such user.
    """

    door: Literal["soap", "oauth"]
    version: str


@dataclass(frozen=True)
class AuthorizeDoor:
    """Whether the authorize endpoint knows an app with that callback URL. Answer: the code of its refusal, "" if so.

    Nobody logs in for it.
    """

    client_id: str
    redirect_uri: str


@dataclass(frozen=True)
class TokenDoor:
    """What the token endpoint says. Answer: the code of its refusal, "" where it gave a token (revoked at once).

    Parameters
    ----------
    form:
        Names and values of what is posted; a `Secret` stands for its value.
    """

    form: tuple[tuple[str, str | Secret], ...]


@dataclass(frozen=True)
class SecretHeld:
    """Whether the secret store holds `name` for this org. Answer: its reference, "" where not; costs no request."""

    name: str


@dataclass(frozen=True)
class SecretMatches:
    """Whether the secret held under `name` for this org is `value`. Answer: a bool; costs no request."""

    name: str
    value: str


@dataclass(frozen=True)
class SecretsMark:
    """A short text that is another one as soon as any of some secrets is. Answer: 12 hexadecimal digits.

    It tells nothing about them (HMAC-SHA256 with a key that the store holds for this org), so it may be written down:
    it says whether what was handed over is what is in use. Costs no request.
    """

    references: tuple[str, ...]


@dataclass(frozen=True)
class Insert:
    """Create one row. Answer: its id."""

    sobject: str
    values: Mapping[str, Any]
    tooling: bool = False


@dataclass(frozen=True)
class Update:
    """Change one row. Answer: None."""

    sobject: str
    id: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Delete:
    """Delete one row. Answer: None."""

    sobject: str
    id: str


@dataclass(frozen=True)
class RowResult:
    """What became of one row of a collection."""

    id: str
    code: str = ""
    message: str = ""
    org: str = field(default="", compare=False)
    """Alias of the org, for who is told of the error."""

    @property
    def ok(self) -> bool:
        """Whether the row was written."""
        return not self.code


@dataclass(frozen=True)
class InsertRows:
    """Create up to 200 rows of one object, each for itself. Answer: a `RowResult` for each."""

    sobject: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class DeleteRows:
    """Delete up to 200 rows by id, each for itself. Answer: a `RowResult` for each."""

    ids: Sequence[str]


@dataclass(frozen=True)
class SetPassword:
    """Draw a user's new password, set it (REST, sObject User Password), then keep it in the store under `name`.

    In this order: a password that is kept was set. Answer: None.
    """

    user_id: str
    name: str


@dataclass(frozen=True)
class WriteMetadata:
    """One component by createMetadata or updateMetadata; `component` includes fullName. Answer: None."""

    op: Literal["create", "update"]
    type: str
    component: Mapping[str, Any]


@dataclass(frozen=True)
class Component:
    """One file of a deployment.

    Parameters
    ----------
    type, full_name:
        As package.xml lists it.
    path:
        Its place in the zip ("externalClientApps/Conexiom.eca").
    properties:
        Its elements, without fullName; a `Secret` stands for its value.
    """

    type: str
    full_name: str
    path: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Deploy:
    """Begin a deployment, all or nothing. Answer: its id, which `Get("metadata/deployRequest/ID")` asks after."""

    components: Sequence[Component]


@dataclass(frozen=True)
class DeleteMetadata:
    """One component by deleteMetadata; that none is there counts as done. Answer: None."""

    type: str
    full_name: str


@dataclass(frozen=True)
class MakeSecret:
    """Draw 64 letters and digits and keep them in the store under `name` for this org. Answer: a `Secret`.

    Costs no request.
    """

    name: str


def working_address(email: str) -> str:
    """An address without what a sandbox adds to those of its users when it is made (Salesforce Help, Sandboxes)."""
    return email.removesuffix(".invalid")


@dataclass(frozen=True)
class Identity:
    """Who is logged in where."""

    org_id: str
    org_name: str
    org_type: str
    """One of production, sandbox, developer, trial."""
    user_id: str
    username: str
    email: str
    url: str
    api_version: str

    @property
    def mailbox(self) -> str:
        """Where the user gets mail."""
        return working_address(self.email)
