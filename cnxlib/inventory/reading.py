"""Reading orgs.yaml: the orgs by alias."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnxlib.errors import InventoryError, UnknownOrg
from cnxlib.inventory.logins import Login

OF_THE_SIMULATION = "CNX_SIM_ORGS"
"""The environment variable that names the inventory of simulated orgs which go with the process that brought them."""


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


class NoDoubles(yaml.SafeLoader):
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


def goes_with_the_simulation() -> bool:
    """Whether the inventory in use is that of simulated orgs, and gone with them (`cnx lab --demo`, `cnx sim run`)."""
    named = os.environ.get(OF_THE_SIMULATION)
    return bool(named) and Path(str(named)).resolve() == inventory_path()


def read_inventory(path: Path | None = None) -> dict[str, OrgEntry]:
    """The orgs by alias, in the file's order.

    Raises
    ------
    InventoryError
        The file is missing, no YAML, or an entry is malformed; says which and where.
    """
    path = path or inventory_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InventoryError(
            f"There is no inventory of orgs at {path}",
            hint="Add an org in the notebook 00_start_here, or copy orgs.example.yaml there and fill it in, or name "
            "another file in CNX_ORGS. `cnx demo` needs none: it brings a simulated org.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    return entries(path, content_of(path, text))


def content_of(path: Path, text: str) -> Any:
    """The YAML in `text`, which is that of the file `path`; raises `InventoryError`, which says where it is none."""
    try:
        return yaml.load(text, NoDoubles)
    except _Double as error:
        raise InventoryError(
            f"{path}, line {error.line}: {error.key!r} is there twice (first in line {error.first})",
            hint="Take one of the two away, or give it another name.",
        ) from None
    except yaml.MarkedYAMLError as error:
        # Only the place: the error's own text shows the line, and somebody may have written a secret there.
        place = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InventoryError(f"{path}{place} is no YAML: {error.problem}", hint="Mend the file.") from None
    except yaml.YAMLError as error:
        raise unreadable(path, error) from None


def entries(path: Path, content: Any) -> dict[str, OrgEntry]:
    """The orgs by alias that `content` holds; raises `InventoryError` naming the entry that is malformed."""
    orgs = content.get("orgs") if isinstance(content, dict) else None
    if not isinstance(orgs, dict):
        raise InventoryError(f"{path} has no `orgs:` mapping", hint="See orgs.example.yaml for the shape.")
    return {str(alias): _entry(path, str(alias), entry) for alias, entry in orgs.items()}


def unreadable(path: Path, error: Exception) -> InventoryError:
    """The error that says why `path` cannot be read."""
    said = getattr(error, "strerror", None) or "it is no UTF-8 text"
    return InventoryError(f"{path} cannot be read: {said}", hint="Mend the file.")


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
