"""The inventory: orgs.yaml, which says how each org is reached and which parameters its set-up takes.

It holds references to secrets ("env:NAME", "file:PATH", "age:NAME"), never a secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cnxlib.errors import InventoryError, UnknownOrg

Reference = Annotated[str, StringConstraints(pattern=r"^(env|file|age):.+$")]
Url = Annotated[str, StringConstraints(pattern=r"^https://[^\s/?#]+/?$")]


class PasswordLogin(BaseModel):
    """SOAP login with user name, password and, outside trusted IP ranges, the security token (API ≤ 64)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    route: Literal["password"]
    url: Url = "https://login.salesforce.com"
    username: str
    password: Reference
    security_token: Reference | None = None


class SessionLogin(BaseModel):
    """A session id or access token that was got elsewhere, such as by the Salesforce CLI."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    route: Literal["session"]
    url: Url
    session: Reference


class OrgEntry(BaseModel):
    """One org of the inventory.

    `parameters` holds, per notebook, the values that its `parameters` cell would: the same names, the same JSON values.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    login: Annotated[PasswordLogin | SessionLogin, Field(discriminator="route")]
    ca_cert: Path | None = None
    simulated: bool = False
    parameters: Mapping[str, Mapping[str, Any]] = {}


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
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InventoryError(
            f"There is no inventory of orgs at {path}",
            hint="Copy orgs.example.yaml there and fill it in, or name another file in CNX_ORGS. "
            "`cnx demo` needs none: it brings a simulated org.",
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
            hint="A secret is given by reference: env:NAME, file:PATH or age:NAME. See orgs.example.yaml.",
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
