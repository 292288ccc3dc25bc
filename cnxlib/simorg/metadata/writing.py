"""Writing one component, by a CRUD call or a deployment: who may, in a transaction of its own, with its trace."""

from __future__ import annotations

from collections.abc import Callable

from .. import dml, soap
from ..errors import ApiError
from ..org import Actor, Org
from .components import Kind, Value


def create(org: Org, actor: Actor, kind: Kind, name: str, value: Value, version: int) -> bool:
    """Make a component; True: it was made.

    Raises:
        ApiError: refused.
    """
    _named(name)
    kind.authorise(actor)
    kind.create(org, actor, name, value, version)
    _trace(org, actor, "created", kind, name)
    return True


def update(org: Org, actor: Actor, kind: Kind, name: str, value: Value, version: int) -> bool:
    """Change a component; False: none was made.

    Raises:
        ApiError: refused.
    """
    _named(name)
    kind.authorise(actor)
    kind.update(org, actor, name, value, version)
    _trace(org, actor, "changed", kind, name)
    return False


def upsert(org: Org, actor: Actor, kind: Kind, name: str, value: Value, version: int) -> bool:
    """Make a component or change the one of that name; whether it was made.

    Raises:
        ApiError: refused.
    """
    there = name in kind.names(org) or kind.read(org, name) is not None
    return (update if there else create)(org, actor, kind, name, value, version)


def delete(org: Org, actor: Actor, kind: Kind, name: str) -> None:
    """Take a component away.

    Raises:
        ApiError: refused.
    """
    kind.authorise(actor)
    kind.delete(org, actor, name)
    _trace(org, actor, "deleted", kind, name)


def rename(org: Org, actor: Actor, kind: Kind, old: str, new: str) -> None:
    """Give a component another full name.

    Raises:
        ApiError: refused.
    """
    _named(new)
    kind.authorise(actor)
    kind.rename(org, actor, old, new)
    _trace(org, actor, "renamed", kind, f"{old} to {new}")


def attempt(org: Org, work: Callable[[], object]) -> tuple[object, list[soap.Value]]:
    """Do `work` in a transaction: what it returned, and the Errors of the Metadata API, none where it succeeded."""
    try:
        with org.transaction():
            return work(), []
    except ApiError as error:
        return None, [
            {"fields": list(each.fields), "message": each.message, "statusCode": each.code} for each in error.all()
        ]


def _named(name: str) -> None:
    if not name:
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [fullName]", ["fullName"])


def _trace(org: Org, actor: Actor, verb: str, kind: Kind, name: str) -> None:
    """A row of the setup audit trail. [R] the words that Salesforce has for each kind of component."""
    if not kind.as_rows:
        display = f"{verb.capitalize()} {kind.name} {name}"
        dml.trace(org, actor.user_id, f"{verb}{kind.name}"[:40], "Metadata API", display)
