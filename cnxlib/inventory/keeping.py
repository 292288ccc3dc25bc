"""Writing orgs.yaml: an org that is added, changed or taken out, and the answers that are kept for an org.

Whoever reads sees the file as it was before or after, never between; writers wait for each other. Comments, order and
the file's mode stay. No secret is written: logins hold references, and what looks like a secret is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, TypeAdapter

from cnxlib.errors import InventoryError, ParameterError, UnknownOrg
from cnxlib.inventory.logins import Login
from cnxlib.inventory.reading import content_of, entries, inventory_path
from cnxlib.inventory.writing import BEGINNING, InventoryFile, orgs_of, writing
from cnxlib.secrets.redaction import finds


class Parameterised(Protocol):
    """What is to be known of a phase here (`cnxlib.phases.Phase`)."""

    @property
    def id(self) -> str:
        """Name of the notebook."""

    @property
    def params(self) -> type[BaseModel]:
        """The model of its parameters."""

    @property
    def own_parameters(self) -> list[str]:
        """Names of the parameters that are the phase's own."""


@dataclass(frozen=True)
class Kept:
    """What was kept where.

    Attributes
    ----------
    path:
        The inventory.
    names:
        Of the parameters whose values are others in the file now; empty where it said the same before.
    """

    path: Path
    names: tuple[str, ...]


def keep_parameters(
    alias: str,
    phase_id: str,
    values: Mapping[str, Any],
    phases: Sequence[Parameterised],
    path: Path | None = None,
) -> Kept:
    """Keep parameters in the org's entry, so that every later run takes them.

    All entries of an org are one namespace: a name that another phase's entry holds is changed there. A value that is
    the default is taken out.

    Parameters
    ----------
    alias:
        The org.
    phase_id:
        The phase whose entry takes what none holds yet.
    values:
        JSON values (or what pydantic makes JSON of) by name.
    phases:
        All there are.
    path:
        The inventory, the one in use by default.

    Raises
    ------
    ParameterError
        A name is none of the phase's own, or a value looks like a secret. Nothing was written.
    UnknownOrg, InventoryError
        There is no such entry, or the file cannot be read or written; it is as it was.
    """
    phase = next((one for one in phases if one.id == phase_id), None)
    for name, value in values.items():
        if phase is None or name not in phase.own_parameters:
            raise ParameterError(f"{phase_id} has no parameter {name} that could be kept", org=alias)
        _refuse_secret(alias, name, value)
    wanted = {name: _json(value) for name, value in values.items()}
    with writing(path) as file:
        held = _parameters(file, alias)
        before = copy.deepcopy(held)
        for name, value in wanted.items():
            places = [one for one, entry in held.items() if name in entry]
            if _is_default(name, value, phases):
                for place in places:
                    file.remove(("orgs", alias, "parameters", place, name))
                    del held[place][name]
                    held = {one: entry for one, entry in held.items() if entry or one != place}
                continue
            for place in places or [phase_id]:
                if held.get(place, {}).get(name) != value or name not in held.get(place, {}):
                    file.put(("orgs", alias, "parameters", place, name), value)
                    held.setdefault(place, {})[name] = value
        file.save(lambda content: _set(content["orgs"], alias, held))
    changed = [name for name in wanted if _of(before, name) != _of(held, name)]
    return Kept(file.path, tuple(changed))


def add_org(alias: str, login: Login, ca_cert: Path | None = None, path: Path | None = None) -> Path:
    """Add an org to the inventory, which is made where there is none (mode 0600); returns the inventory.

    Parameters
    ----------
    alias:
        Its name here, which no other org has.
    login:
        How it is reached; its secrets are references.
    ca_cert:
        Certificates to trust beside the usual ones, PEM.
    path:
        The inventory, the one in use by default.

    Raises
    ------
    InventoryError
        There is an org of that name, or the file cannot be read or written; it is as it was.
    """
    entry = _reached(login, ca_cert)
    with writing(path) as file:
        if not file.text.strip():
            file.text = BEGINNING
        if alias in map(str, orgs_of(file)):
            raise InventoryError(f"{file.path} has an org {alias} already", hint="Choose another name for the new one.")
        file.put(("orgs", alias), entry)
        file.save(lambda content: content.update(orgs={**(content["orgs"] or {}), alias: entry}))
    return file.path


def change_org(alias: str, login: Login, ca_cert: Path | None = None, path: Path | None = None) -> Path:
    """Change how an org is reached; its parameters, and all else in its entry, stay. Returns the inventory.

    Parameters are those of `add_org`; raises `UnknownOrg` or `InventoryError`, after which the file is as it was.
    """
    wanted = _reached(login, ca_cert)
    with writing(path) as file:
        _parameters(file, alias)  # that there is such an entry
        for name in ("login", "ca_cert"):
            if name in wanted:
                file.put(("orgs", alias, name), wanted[name])
            else:
                file.remove(("orgs", alias, name))

        def change(content: Any) -> None:
            orgs = content["orgs"]
            key = _key(orgs, alias)
            rest = {name: value for name, value in orgs[key].items() if name not in ("login", "ca_cert")}
            orgs[key] = {**rest, **wanted}

        file.save(change)
    return file.path


def remove_org(alias: str, path: Path | None = None) -> Path:
    """Take an org out of the inventory, with its parameters; returns the inventory.

    Raises
    ------
    UnknownOrg, InventoryError
        There is no such org, other entries stand upon this one, or the file cannot be read or written; it is as it was.
    """
    with writing(path) as file:
        _parameters(file, alias)
        if len(orgs_of(file)) == 1:
            file.put(("orgs",), {})
        else:
            file.remove(("orgs", alias))

        def change(content: Any) -> None:
            del content["orgs"][_key(content["orgs"], alias)]

        file.save(change)
    return file.path


def check_addable(path: Path | None = None) -> None:
    """Raise `InventoryError` where no org could be added, since the file there is cannot be read or is malformed."""
    file = InventoryFile((path or inventory_path()).resolve())
    if file.text.strip():
        entries(file.path, {"orgs": orgs_of(file)})


def _parameters(file: InventoryFile, alias: str) -> dict[str, dict[str, Any]]:
    if not file.text.strip():
        raise UnknownOrg(f"There is no inventory of orgs at {file.path}", org=alias, hint="Add the org first.")
    orgs = entries(file.path, content_of(file.path, file.text))
    if alias not in orgs:
        known = ", ".join(orgs) or "none"
        raise UnknownOrg(f"There is no org {alias!r} in {file.path}", hint=f"Known orgs: {known}.")
    return {name: dict(values) for name, values in orgs[alias].parameters.items()}


def _set(orgs: dict[Any, Any], alias: str, parameters: Mapping[str, Any]) -> None:
    key = _key(orgs, alias)
    rest = {name: value for name, value in orgs[key].items() if name != "parameters"}
    orgs[key] = {**rest, "parameters": dict(parameters)} if parameters else rest


def _key(orgs: Mapping[Any, Any], alias: str) -> Any:
    """The alias as the file has it, which may be a number."""
    return next(key for key in orgs if str(key) == alias)


def _reached(login: Login, ca_cert: Path | None) -> dict[str, Any]:
    """The part of an entry that says how an org is reached."""
    trusted = {} if ca_cert is None else {"ca_cert": str(ca_cert)}
    return {"login": login.model_dump(mode="json", exclude_none=True), **trusted}


def _of(held: Mapping[str, Mapping[str, Any]], name: str) -> list[Any]:
    return [entry[name] for entry in held.values() if name in entry]


def _is_default(name: str, value: Any, phases: Sequence[Parameterised]) -> bool:
    fields = [one.params.model_fields[name] for one in phases if name in one.own_parameters]
    return all(_json(field.get_default(call_default_factory=True)) == value for field in fields)


def _json(value: Any) -> Any:
    return TypeAdapter(Any).dump_python(value, mode="json")


def _refuse_secret(alias: str, name: str, value: Any) -> None:
    """Raise `ParameterError` where a text in `value` is a secret, or looks like one; without showing it."""
    from cnxlib.secrets.secret_rules import suspicions  # on demand: it loads the rules of many services

    for key, text in _texts(name, _json(value)):
        if finds(text.encode("utf-8", "surrogatepass")) or suspicions(key, text):
            raise ParameterError(
                f"The value of {name} looks like a secret, so it is not kept",
                org=alias,
                hint="Keep the secret elsewhere (cnx secrets set NAME) and give its reference: age:NAME.",
            )


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """All texts in a JSON value, each with the name that is nearest above it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(name, item)
