"""The org's entry in the inventory: where its references lead, and whether its address answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from cnxlib.errors import CnxError, SecretError
from cnxlib.inventory import OrgEntry, SalesforceCliLogin, inventory_path
from cnxlib.model import Check
from cnxlib.salesforce.reach import reach
from cnxlib.secrets import resolve
from cnxlib.secrets.salesforce_cli import session_of, version

CLOCK_S = 60.0
"""How far this machine's clock may differ from Salesforce's, in seconds: a JWT assertion lasts three minutes."""

NEEDED_TO_LOG_IN = ("login reference", "Salesforce CLI", "network")
"""Names of the checks without which no login is tried."""


def checks(alias: str, entry: OrgEntry) -> Sequence[Check]:
    """The checks of an entry, up to the login."""
    login = entry.login
    said = f"{inventory_path()}: {login.route} at {login.at}" + (", a simulated org" if entry.simulated else "")
    found = [Check("inventory entry", True, "info", detail=said)]
    url = login.url.rstrip("/")
    for name, reference in login.references().items():
        found.append(_leads("login reference", name, reference))
    if isinstance(login, SalesforceCliLogin):
        check, url = _cli(login.alias)
        found.append(check)
    for name, reference in _of_parameters(entry):
        found.append(_leads("parameter reference", name, reference))
    if url:
        found += _network(alias, url, entry)
    return found


def _leads(kind: str, name: str, reference: str) -> Check:
    try:
        resolve(reference)
    except SecretError as error:
        return Check(kind, False, detail=f"{name}, {reference}: {error.message}", hint=error.hint)
    return Check(kind, True, detail=f"{name}: {reference}")


def _of_parameters(entry: OrgEntry) -> Iterator[tuple[str, str]]:
    """The parameters that are references, as those of the phases are named: installation_key_ref, smtp_ref."""
    for notebook, values in entry.parameters.items():
        for name, value in values.items():
            if name.endswith("_ref") and isinstance(value, str) and value:
                yield f"{notebook} {name}", value


def _cli(alias: str) -> tuple[Check, str]:
    """The Salesforce CLI's session, and the org's address; "" where there is none."""
    try:
        held = session_of(alias)
    except SecretError as error:
        return Check("Salesforce CLI", False, detail=error.message, hint=error.hint), ""
    said = f"{version()}: {held.username} at {held.instance_url}"
    return Check("Salesforce CLI", True, detail=said), held.instance_url


def _network(alias: str, url: str, entry: OrgEntry) -> Sequence[Check]:
    try:
        reached = reach(alias, url, entry.ca_cert)
    except CnxError as error:  # no answer, no trust, or a file of certificates that is not there
        return [Check("network", False, detail=error.message, hint=error.hint)]
    way = f"by the proxy {reached.proxy}" if reached.proxy else "without a proxy"
    said = f"{url} in {reached.seconds:.1f} s {way}, vouched for by {reached.trusted_by}"
    if reached.certificate:
        said += f", certificate SHA-256 {reached.certificate[:16]}…"
    found = [Check("network", True, detail=said)]
    if reached.ahead_s is not None:
        off = abs(reached.ahead_s)
        word = "ahead of" if reached.ahead_s > 0 else "behind"
        said = "as the org's" if off < 2 else f"{off:.0f} s {word} the org's"
        severity: Literal["required", "warning"] = "required" if entry.login.route == "jwt" else "warning"
        hint = "Set this machine's clock right: assertions are good for three minutes, and records tell the time."
        found.append(Check("clock", off <= CLOCK_S, severity, detail=said, hint=hint))
    return found
