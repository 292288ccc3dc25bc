"""All checks of an org, in the order in which one depends on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnxlib.doctor import access, doors, entry, machine, room
from cnxlib.errors import CnxError
from cnxlib.inventory import OrgEntry, find_org
from cnxlib.model import Check
from cnxlib.rounds import Asking, Rounds
from cnxlib.salesforce import Identity
from cnxlib.salesforce.org import Org, connect


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Parameters
    ----------
    alias:
        The org.
    me:
        Who is logged in where; None where nobody could log in.
    checks:
        In the order in which they were made.
    api_calls:
        HTTP requests sent to the org, once somebody was logged in.
    error:
        Why nobody could log in, where it was tried.
    org:
        The org, still logged in, where that was asked for.
    """

    alias: str
    me: Identity | None
    checks: tuple[Check, ...]
    api_calls: int
    error: CnxError | None = None
    org: Org | None = None

    @property
    def ok(self) -> bool:
        """Whether all that is required is there."""
        return all(check.ok for check in self.checks if check.severity == "required")

    def as_json(self) -> dict[str, Any]:
        """The published shape."""
        me = self.me
        org = {"alias": self.alias, "id": "", "name": "", "type": ""}
        if me is not None:
            org |= {"id": me.org_id, "name": me.org_name, "type": me.org_type}
        checks = [check.as_json() for check in self.checks]
        return {"org": org, "ok": self.ok, "checks": checks, "api_calls": self.api_calls}


def diagnose(alias: str, records: Path, *, hold: bool = False) -> Diagnosis:
    """Look into everything that the phases rely on.

    Parameters
    ----------
    alias:
        The org, by its name in the inventory.
    records:
        The folder under which run records are kept.
    hold:
        Whether to leave the org logged in, for more work; who asks for it closes it.

    Raises
    ------
    UnknownOrg, InventoryError
        There is no such org, or no inventory that can be read.
    """
    given = find_org(alias)
    checks = [*machine.checks(records), *entry.checks(alias, given)]
    if not all(check.ok for check in checks if check.name in entry.NEEDED_TO_LOG_IN):
        return Diagnosis(alias, None, tuple(checks), 0)
    try:
        org = connect(alias, given)
    except CnxError as error:
        hint = error.hint or "See the message."
        checks.append(Check("login", False, detail=error.message, hint=hint))
        return Diagnosis(alias, None, tuple(checks), 0, error)
    held = False
    try:
        me = org.identity
        checks.append(Check("login", True, detail=f"{me.username} by {given.login.route} at {me.url}"))
        checks += _of_org(org, given)
        held = hold
        return Diagnosis(alias, me, tuple(checks), org.api_calls, org=org if hold else None)
    finally:
        if not held:
            org.close()


def _of_org(org: Org, given: OrgEntry) -> Sequence[Check]:
    """The checks that ask the org; what it refuses to tell is a finding too."""
    me = org.identity
    asked: list[tuple[str, Asking[Check]]] = [
        *doors.checks(me, org.api_versions),
        *access.checks(me),
        *room.checks(me, given.parameters),
    ]
    found = Rounds(org.send, emit=lambda name, data: None).drive([check for _, check in asked])
    return [_told(name, each) for (name, _), each in zip(asked, found, strict=True)]


def _told(name: str, found: Check | CnxError) -> Check:
    if isinstance(found, CnxError):
        return Check(name, False, "warning", detail=found.message, hint=found.hint)
    return found
